//! Compiling a case with native rustc.

use crate::cases::Case;
use crate::once::{once, scratch};
use crate::workspace::{Extern, Workspace, pm_aot, run, toolchain, without_cargo};
use fs_err as fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Which form of the macros a case gets.
#[derive(Clone, Copy, Debug)]
pub enum Macros {
    /// What cargo built.
    Native,
    /// The wasm artifacts, in native rustc, by shims.
    Shims,
    /// The wasm artifacts, in the WASI rustc.
    WasiRustc,
}

/// What a compilation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compiled {
    /// rustc's exit status, in words.
    pub status: String,
    /// What rustc and the macros wrote to stdout.
    pub stdout: Vec<u8>,
    /// What rustc and the macros wrote to stderr.
    pub stderr: Vec<u8>,
    /// The expanded source, if that was asked for and there is any.
    pub expanded: Option<String>,
}

impl Compiled {
    /// Whether rustc had nothing to object to.
    pub fn succeeded(&self) -> bool {
        self.status == "exit status: 0"
    }
}

/// How far rustc goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goal {
    /// It prints the expanded source.
    Expand,
    /// It checks the types, too, and so has more to say.
    Check,
}

/// Compiles a case. `out` is a folder for what rustc makes.
pub fn compile(
    workspace: &Workspace,
    case: &Case,
    macros: Macros,
    goal: Goal,
    out: &Path,
) -> Compiled {
    let (mut rustc, made) = command(workspace, case, macros, goal, out);
    finish(&mut rustc, goal, &made)
}

/// Runs a [`command`].
pub fn finish(rustc: &mut Command, goal: Goal, made: &Path) -> Compiled {
    let output = rustc
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("{rustc:?}: {error}"));
    Compiled {
        status: output.status.to_string(),
        stdout: output.stdout,
        stderr: output.stderr,
        expanded: match goal {
            Goal::Expand => fs::read_to_string(made).ok(),
            Goal::Check => None,
        },
    }
}

/// The rustc that does it, and the file that it makes.
pub fn command(
    workspace: &Workspace,
    case: &Case,
    macros: Macros,
    goal: Goal,
    out: &Path,
) -> (Command, PathBuf) {
    fs::create_dir_all(out).expect("the scratch folder can be written to");
    let made = out.join(match goal {
        Goal::Expand => "expanded.rs",
        Goal::Check => "libcase.rmeta",
    });
    let _ = fs::remove_file(&made);
    let mut rustc = rustc(workspace, case, macros);
    // A rustc that panics itself, as 1.85 does at some diagnostics, would name a file of its report.
    rustc.env("RUSTC_ICE", "0");
    rustc.arg("-o").arg(&made).arg(&case.path);
    match goal {
        Goal::Expand => rustc.arg("-Zunpretty=expanded"),
        Goal::Check => rustc.arg("--emit=metadata"),
    };
    for known in &workspace.externs {
        let path = match (macros, &known.wasm) {
            (Macros::Shims, Some(_)) => shim(known),
            _ => known.path.clone(),
        };
        rustc.arg(format!("--extern={}={}", known.name, path.display()));
    }
    (rustc, made)
}

/// The shim of a macro crate, made once.
pub fn shim(known: &Extern) -> PathBuf {
    let name = known.path.file_name().and_then(|name| name.to_str());
    let name = name.expect("a library's name");
    once(&format!("shim-{name}"), || {
        let folder = scratch().join("shims");
        fs::create_dir_all(&folder).expect("the scratch folder can be written to");
        make_shim(&known.path, &folder.join(name))
    })
}

/// Makes the shim of a native library with its artifact beside it.
pub fn make_shim(library: &Path, shim: &Path) -> PathBuf {
    let mut make = Command::new(pm_aot());
    make.args(["shim", "--quiet", "--output"]);
    run(make.arg(shim).arg(library));
    shim.to_owned()
}

/// rustc as cargo would call it for the package, as far as a macro can see.
fn rustc(workspace: &Workspace, case: &Case, macros: Macros) -> Command {
    let toolchain = toolchain();
    let mut rustc = match macros {
        Macros::Native | Macros::Shims => toolchain.unstable_command(&toolchain.rustc),
        Macros::WasiRustc => wasi_rustc(),
    };
    rustc.current_dir(&workspace.root);
    without_cargo(&mut rustc).envs(variables(workspace));
    rustc
        .env("CARGO", &toolchain.cargo)
        .env("RUST_BACKTRACE", "0");
    rustc.args([
        "--crate-type=lib",
        "--crate-name=case",
        "--color=never",
        // To files whose names depend on the folder.
        "-Zwrite-long-types-to-disk=no",
        "--edition",
    ]);
    rustc.arg(case.edition());
    for folder in &workspace.libraries {
        rustc
            .arg("-L")
            .arg(format!("dependency={}", folder.display()));
    }
    rustc
}

/// `pm-aot rustc`, which takes unstable features as the native one here does.
pub fn wasi_rustc() -> Command {
    let mut rustc = toolchain().unstable_command(pm_aot());
    rustc.arg("rustc");
    rustc
}

/// The variables about the package that cargo sets.
pub fn variables(workspace: &Workspace) -> Vec<(String, String)> {
    let root = workspace.root.to_str().expect("a path in UTF-8");
    let name = workspace
        .root
        .file_name()
        .and_then(|name| name.to_str())
        .expect("a name");
    [
        ("CARGO_CRATE_NAME", "case"),
        ("CARGO_MANIFEST_DIR", root),
        ("CARGO_PKG_AUTHORS", "A. Uthor:B. Uthor"),
        ("CARGO_PKG_DESCRIPTION", "A test."),
        ("CARGO_PKG_HOMEPAGE", ""),
        ("CARGO_PKG_NAME", name),
        ("CARGO_PKG_VERSION", "1.2.3-pre"),
        ("CARGO_PKG_VERSION_MAJOR", "1"),
        ("CARGO_PKG_VERSION_MINOR", "2"),
        ("CARGO_PKG_VERSION_PATCH", "3"),
        ("CARGO_PKG_VERSION_PRE", "pre"),
    ]
    .map(|(name, value)| (name.to_owned(), value.to_owned()))
    .into()
}
