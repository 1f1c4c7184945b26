//! Native proc-macro crates with the macros of others, which run the wasm artifacts.

use crate::cases::Case;
use crate::once::{once, scratch};
use crate::workspace::{Extern, Workspace, folders, messages, run, toolchain};
use fs_err as fs;
use pm_abi::{Declaration, MacroKind};
use pm_loader::artifact::{Artifact, path_for};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

/// The macro crates that take the place of those that a case names.
#[derive(Clone, Debug, Default)]
pub struct Oracles {
    libraries: BTreeMap<String, PathBuf>,
    record: Option<PathBuf>,
}

impl Oracles {
    /// Makes those that the case needs.
    pub fn for_case(workspace: &Workspace, case: &Case) -> Oracles {
        let library = runtime();
        let named = workspace
            .externs
            .iter()
            .filter(|known| case.names(&known.name));
        let libraries = named
            .filter_map(|known| {
                let wasm = known.wasm.as_deref()?;
                Some((known.name.clone(), build(&library, known, wasm)))
            })
            .collect();
        Oracles {
            libraries,
            record: None,
        }
    }

    /// Has all that crosses the bridge appended to a file.
    #[must_use]
    pub fn record(mut self, file: &Path) -> Oracles {
        self.record = Some(file.to_owned());
        self
    }

    /// The library in the place of a macro crate.
    pub(crate) fn library(&self, name: &str) -> &PathBuf {
        self.libraries
            .get(name)
            .unwrap_or_else(|| panic!("no oracle was made for `{name}`"))
    }

    pub(crate) fn configure(&self, rustc: &mut Command) {
        match &self.record {
            Some(file) => rustc.env("PM_ORACLE_RECORD", file),
            None => rustc.env_remove("PM_ORACLE_RECORD"),
        };
    }
}

/// `tests/oracle`, built.
#[derive(Debug, Serialize, Deserialize)]
struct Runtime {
    rlib: PathBuf,
    libraries: Vec<PathBuf>,
}

fn runtime() -> Runtime {
    once("oracle", || {
        let toolchain = toolchain();
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("oracle");
        let mut cargo = toolchain.unstable_command(&toolchain.cargo);
        cargo
            .args(["build", "--locked", "--message-format", "json"])
            .current_dir(root);
        cargo.env("CARGO_TARGET_DIR", scratch().join("oracle"));
        let messages = messages(&mut cargo);
        let last = messages
            .iter()
            .rfind(|message| message["target"]["name"] == "pm_oracle");
        let files = last.and_then(|message| message["filenames"].as_array());
        let mut files = files.into_iter().flatten().filter_map(|file| file.as_str());
        let rlib = files.find(|file| file.ends_with(".rlib")).expect("an rlib");
        Runtime {
            rlib: rlib.into(),
            libraries: folders(&messages),
        }
    })
}

/// Makes the crate for one macro crate, unless it is there.
fn build(runtime: &Runtime, known: &Extern, wasm: &Path) -> PathBuf {
    let name = &known.name;
    let artifact = Artifact::open(&path_for(wasm))
        .unwrap_or_else(|refusal| panic!("no artifact for {}: {refusal}", wasm.display()));
    let source = source(
        wasm,
        &known.edition,
        &artifact.manifest().module.declarations,
    );
    let stem = wasm
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a file with a name");
    let folder = scratch().join("oracles").join(stem);
    fs::create_dir_all(&folder).expect("the scratch folder can be written to");
    let lock = fs::File::create(folder.join("lock")).expect("a lock file");
    lock.file().lock().expect("a lock");

    let (source_file, library) = (folder.join("lib.rs"), folder.join(format!("lib{name}.so")));
    let is_newer = modified(&library) > modified(&runtime.rlib);
    if is_newer && fs::read_to_string(&source_file).is_ok_and(|found| found == source) {
        return library;
    }
    fs::write(&source_file, &source).expect("the scratch folder can be written to");
    let toolchain = toolchain();
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.args([
        "--crate-type=proc-macro",
        "--cap-lints=allow",
        "--edition",
        &known.edition,
    ]);
    // Facades are linked to a crate of the same name; this makes it another.
    rustc.args([
        "--crate-name",
        name,
        "-Cmetadata=pm-oracle",
        "-Cprefer-dynamic",
        "-o",
    ]);
    rustc.arg(&library).arg(&source_file);
    rustc.arg(format!("--extern=pm_oracle={}", runtime.rlib.display()));
    for folder in &runtime.libraries {
        rustc
            .arg("-L")
            .arg(format!("dependency={}", folder.display()));
    }
    run(&mut rustc);
    library
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path)
        .and_then(|metadata| metadata.modified())
        .ok()
}

/// A proc-macro crate with these macros.
fn source(wasm: &Path, edition: &str, declarations: &[Declaration]) -> String {
    let mut out = format!("//! Edition {edition}.\nextern crate pm_oracle;\n");
    out.push_str("extern crate proc_macro;\nuse proc_macro::TokenStream;\n");
    _ = writeln!(
        out,
        "const WASM: &str = {:?};",
        wasm.to_str().expect("a path in UTF-8")
    );
    for (index, declaration) in declarations.iter().enumerate() {
        let name = &declaration.name;
        match declaration.kind {
            MacroKind::Derive => {
                let attributes = declaration.attributes.join(", ");
                _ = write!(
                    out,
                    "\n#[proc_macro_derive({name}, attributes({attributes}))]\n\
                     pub fn derive_{index}(item: TokenStream) -> TokenStream {{\n    \
                     pm_oracle::derive(WASM, {index}, item)\n}}\n"
                );
            }
            MacroKind::Attr => {
                _ = write!(
                    out,
                    "\n#[proc_macro_attribute]\n\
                     pub fn {name}(args: TokenStream, item: TokenStream) -> TokenStream {{\n    \
                     pm_oracle::attribute(WASM, {index}, args, item)\n}}\n"
                );
            }
            MacroKind::Bang => {
                _ = write!(
                    out,
                    "\n#[proc_macro]\n\
                     pub fn {name}(input: TokenStream) -> TokenStream {{\n    \
                     pm_oracle::bang(WASM, {index}, input)\n}}\n"
                );
            }
        }
    }
    out
}
