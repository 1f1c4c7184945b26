//! A cargo workspace of the tests, built natively and for wasm.

use crate::once::{once, scratch};
use fs_err as fs;
use pm_toolchain::{NoCheck, Request, Silent, Toolchain};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

/// The toolchain that `pm-aot setup` makes.
pub fn toolchain() -> &'static Toolchain {
    static TOOLCHAIN: OnceLock<Toolchain> = OnceLock::new();
    TOOLCHAIN.get_or_init(|| {
        once("toolchain", || {
            let request = Request::from_env().expect("a cache directory");
            pm_toolchain::setup(&request, &mut Silent, &NoCheck)
                .unwrap_or_else(|error| panic!("no toolchain: {error}\nhelp: {}", error.help()))
        })
    })
}

/// A package of the tests, with all that its cases can name.
#[derive(Debug, Serialize, Deserialize)]
pub struct Workspace {
    /// Where its `Cargo.toml` is.
    pub root: PathBuf,
    /// The package's direct dependencies.
    pub externs: Vec<Extern>,
    /// The folders of their dependencies.
    pub libraries: Vec<PathBuf>,
}

/// A direct dependency.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Extern {
    /// The name that the package's code knows it by.
    pub name: String,
    /// The native library: an `.rlib`, or what a proc macro has.
    pub path: PathBuf,
    /// The wasm module, if it is a proc macro.
    pub wasm: Option<PathBuf>,
    /// The edition of its source, which is that of the spans that a macro makes.
    pub edition: String,
}

impl Workspace {
    /// The macro crate of that name.
    pub fn wasm(&self, name: &str) -> &Path {
        let found = self.externs.iter().find(|known| known.name == name);
        found
            .and_then(|known| known.wasm.as_deref())
            .unwrap_or_else(|| panic!("no macro crate `{name}` in {}", self.root.display()))
    }
}

/// Real macro crates, and what their output needs.
pub fn samples() -> &'static Workspace {
    static SAMPLES: OnceLock<Workspace> = OnceLock::new();
    SAMPLES.get_or_init(|| once("samples", || build("samples")))
}

/// Macro crates of ill or unusual habit.
pub fn fixtures() -> &'static Workspace {
    static FIXTURES: OnceLock<Workspace> = OnceLock::new();
    FIXTURES.get_or_init(|| once("fixtures", || build("fixtures")))
}

/// The second number of the toolchain's rustc: 96 of `rustc 1.96.0`.
pub fn rustc_minor() -> u32 {
    let version = &toolchain().rustc_version;
    let numbers = version.strip_prefix("rustc 1.");
    let minor = numbers.and_then(|numbers| numbers.split('.').next()?.parse().ok());
    minor.unwrap_or_else(|| panic!("not the version of a rustc 1.x: {version}"))
}

/// Without what this test's own cargo has set.
pub fn without_cargo(command: &mut Command) -> &mut Command {
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("CARGO") {
            command.env_remove(name);
        }
    }
    command
}

/// The binary under test: `PM_AOT`, or what cargo makes of this workspace now.
pub fn pm_aot() -> PathBuf {
    if let Some(path) = std::env::var_os("PM_AOT") {
        return path.into();
    }
    once("pm-aot", || {
        let manifest = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml");
        let mut cargo = Command::new(env!("CARGO"));
        // The whole workspace's features, so that nothing is compiled a second time.
        cargo.args(["build", "--workspace", "--bin", "pm-aot", "--locked"]);
        cargo
            .args(["--message-format", "json", "--manifest-path"])
            .arg(manifest);
        let program: PathBuf = messages(&mut cargo)
            .iter()
            .find_map(|message| Some(message["executable"].as_str()?.into()))
            .expect("cargo says where the binary is");
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/build-loader.sh");
        run(Command::new(script).env("CARGO", env!("CARGO")));
        program
    })
}

fn build(name: &str) -> Workspace {
    let root = source(name);
    let target = scratch().join(name);
    let in_workspace = |command: &mut Command| {
        // The fixtures' `.cargo/config.toml` is found from the working directory.
        command.current_dir(&root).env("CARGO_TARGET_DIR", &target);
    };
    let mut aot = Command::new(pm_aot());
    aot.args(["build", "--locked"]);
    in_workspace(&mut aot);
    run(&mut aot);

    // Nothing is left to build: this asks cargo where everything is.
    let toolchain = toolchain();
    let mut cargo = toolchain.command(&toolchain.cargo);
    cargo.args(["build", "--locked", "--message-format", "json"]);
    in_workspace(&mut cargo);
    let made = messages(&mut cargo);
    let names = dependencies(&root);
    let externs: Vec<Extern> = made
        .iter()
        .filter_map(|message| {
            let name = names.get(message["package_id"].as_str()?)?;
            let (path, wasm) = library(message)?;
            Some(Extern {
                name: name.clone(),
                path,
                wasm,
                edition: message["target"]["edition"].as_str()?.to_owned(),
            })
        })
        .collect();
    assert_eq!(
        externs.len(),
        names.len(),
        "cargo made {externs:#?} of {names:#?}"
    );
    Workspace {
        root,
        externs,
        libraries: folders(&made),
    }
}

/// The workspace's folder. A rustc that is too old for the versions in its `Cargo.lock` gets a copy
/// with the lock file that is meant for it.
fn source(name: &str) -> PathBuf {
    let folder = fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join(name));
    let folder = folder.expect("a folder");
    let Some(lock) = older_lock(&folder, rustc_minor()) else {
        return folder;
    };
    let copy = scratch().join("sources").join(name);
    mirror(&folder, &copy);
    replace(&lock, &copy.join("Cargo.lock"));
    copy
}

/// The lock file `Cargo-to-1.X.lock` with the smallest X that isn't below the rustc's.
fn older_lock(folder: &Path, minor: u32) -> Option<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let locks = paths.filter_map(|path| {
        let name = path.file_name()?.to_str()?;
        let number = name.strip_prefix("Cargo-to-1.")?.strip_suffix(".lock")?;
        let newest: u32 = number.parse().expect("a lock file's name has a number");
        (minor <= newest).then_some((newest, path))
    });
    Some(locks.min()?.1)
}

/// Makes `to` a copy of `from`. Files that are the same already are left alone: cargo looks at times.
fn mirror(from: &Path, to: &Path) {
    let wanted = |path: &Path| from.join(path.strip_prefix(to).expect("a path below it"));
    for entry in walkdir::WalkDir::new(to).contents_first(true) {
        // On the first run there is nothing.
        let Ok(entry) = entry else { continue };
        let path = entry.path();
        if wanted(path).exists() {
            continue;
        }
        let removed = match entry.file_type().is_dir() {
            true => fs::remove_dir(path),
            false => fs::remove_file(path),
        };
        removed.expect("the scratch folder can be written to");
    }
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.expect("a readable folder");
        let path = to.join(entry.path().strip_prefix(from).expect("a path below it"));
        match entry.file_type().is_dir() {
            true => fs::create_dir_all(&path).expect("the scratch folder can be written to"),
            false if entry.file_name() == "Cargo.lock" => {}
            false => replace(entry.path(), &path),
        }
    }
}

/// Copies a file over another one that differs.
fn replace(from: &Path, to: &Path) {
    let content = fs::read(from).expect("a readable file");
    if fs::read(to).ok().as_ref() != Some(&content) {
        fs::write(to, content).expect("the scratch folder can be written to");
    }
}

/// The library that a message of cargo's is about, and its wasm module.
fn library(message: &serde_json::Value) -> Option<(PathBuf, Option<PathBuf>)> {
    let kind = message["target"]["kind"][0].as_str()?;
    // A library may be made twice: for macros and build scripts, which cargo gives no debug info,
    // and for the program, which is what a case is compiled with.
    let is_for_host = message["profile"]["debuginfo"] == 0;
    let extension = match kind {
        "lib" | "rlib" if is_for_host => return None,
        "lib" | "rlib" => "rlib",
        "proc-macro" => std::env::consts::DLL_EXTENSION,
        _ => return None,
    };
    let files = message["filenames"]
        .as_array()?
        .iter()
        .filter_map(|file| file.as_str());
    let path = files
        .map(PathBuf::from)
        .find(|file| file.extension().is_some_and(|found| found == extension))?;
    let wasm = (kind == "proc-macro").then(|| wasm_beside(&path));
    Some((path, wasm))
}

/// The folders of all that cargo made.
pub(crate) fn folders(messages: &[serde_json::Value]) -> Vec<PathBuf> {
    let files = messages
        .iter()
        .filter_map(|message| message["filenames"].as_array())
        .flatten();
    let folders = files.filter_map(|file| Some(Path::new(file.as_str()?).parent()?.to_owned()));
    folders.collect::<BTreeSet<_>>().into_iter().collect()
}

/// The module beside a native macro: `NAME.wasm` for `libNAME.so`.
fn wasm_beside(native: &Path) -> PathBuf {
    let stem = native
        .file_stem()
        .and_then(|stem| stem.to_str())
        .expect("a file with a name");
    let stem = stem
        .strip_prefix(std::env::consts::DLL_PREFIX)
        .unwrap_or(stem);
    let wasm = native.with_file_name(format!("{stem}.wasm"));
    assert!(wasm.exists(), "`pm-aot build` made no {}", wasm.display());
    wasm
}

/// The direct dependencies of the package at `root`: package ids, and the names in its code.
fn dependencies(root: &Path) -> BTreeMap<String, String> {
    let toolchain = toolchain();
    let mut cargo = toolchain.command(&toolchain.cargo);
    cargo
        .args(["metadata", "--format-version", "1", "--locked"])
        .current_dir(root);
    let metadata: serde_json::Value =
        serde_json::from_slice(&run(&mut cargo)).expect("cargo's metadata are JSON");
    let resolve = &metadata["resolve"];
    let nodes = resolve["nodes"].as_array().expect("a list");
    let node = nodes
        .iter()
        .find(|node| node["id"] == resolve["root"])
        .expect("a root package");
    let text = |value: &serde_json::Value| value.as_str().expect("a string").to_owned();
    let dependencies = node["deps"].as_array().expect("a list").iter();
    dependencies
        .map(|dep| (text(&dep["pkg"]), text(&dep["name"])))
        .collect()
}

/// Runs a cargo that writes JSON lines.
pub(crate) fn messages(command: &mut Command) -> Vec<serde_json::Value> {
    let lines = run(command);
    let lines = lines
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).expect("a line of JSON"))
        .collect()
}

/// Runs a program that must succeed, and returns what it wrote.
pub fn run(command: &mut Command) -> Vec<u8> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(
        output.status.success(),
        "{command:?}: {}\n{}",
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}
