//! `pm-aot cargo --wasi`: whole projects, a published application among them.

use super::{output, plain, succeed, told};
use fs_err as fs;
use pm_tests::once::scratch;
use pm_tests::workspace::{pm_aot, toolchain};
use std::path::{Path, PathBuf};
use std::process::Command;

fn application() -> PathBuf {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("application");
    fs::canonicalize(path).expect("a folder")
}

/// Cargo with the WASI rustc, in a package.
fn wasi(package: &Path, arguments: &[&str]) -> Command {
    let mut cargo = Command::new(pm_aot());
    plain(&mut cargo);
    // A target directory that stays: what doesn't change is compiled once.
    cargo
        .current_dir(package)
        .env("CARGO_TARGET_DIR", scratch().join("application"))
        // As the native one below has it: build scripts look at it.
        .env("RUSTC_BOOTSTRAP", "1")
        // The macros run once or twice: soon compiled is better than fast.
        .env("PM_AOT_OPT_LEVEL", "1")
        .args(["cargo", "--wasi"])
        .args(arguments);
    cargo
}

/// The same with the native one.
fn native(package: &Path, arguments: &[&str]) -> Command {
    let toolchain = toolchain();
    let mut cargo = toolchain.unstable_command(&toolchain.cargo);
    plain(&mut cargo);
    cargo
        .current_dir(package)
        .env("CARGO_TARGET_DIR", scratch().join("application-native"))
        .args(arguments);
    cargo
}

/// What rustc said, without cargo's own lines, which have times and directories in them, and without
/// the loader's, which cargo keeps and shows again.
fn diagnostics(stderr: &str) -> String {
    let verbs = [
        "Compiling",
        "Checking",
        "Finished",
        "Blocking",
        "Waiting",
        "Fresh",
        "Downloading",
        "Downloaded",
        "Building",
        "Updating",
        "Locking",
    ];
    let lines = stderr.lines().filter(|line| {
        let word = line.trim_start().split(' ').next().unwrap_or_default();
        !(line.starts_with("  ") && verbs.contains(&word) || line.starts_with("pm-aot: "))
    });
    lines.map(|line| format!("{line}\n")).collect()
}

/// Every crate of the graph is checked, the published application with its 28,000 lines among them,
/// with serde's, clap's, thiserror's, tokio's, tracing's, strum's and snafu's macros; and what those
/// make of each crate that uses one is what the native rustc says they make.
#[test]
fn an_application() {
    let application = application();
    let mut check = wasi(&application, &["check", "--locked", "-j2"]);
    let log = told(&output(check.env("PM_AOT_LOG", "info")));
    assert_eq!(log.0, Some(0), "{}", log.2);
    assert!(!log.2.contains(": JIT, "), "{}", log.2);

    let expanded = |cargo: &mut Command| String::from_utf8(succeed(cargo)).expect("source code");
    for package in ["application", "just"] {
        let kind = if package == "just" { "--lib" } else { "--bins" };
        let arguments = [
            "rustc",
            "--locked",
            "--quiet",
            "--profile=check",
            "--package",
            package,
            kind,
            "--",
            "-Zunpretty=expanded",
        ];
        let wasi = expanded(&mut wasi(&application, &arguments));
        let native = expanded(&mut native(&application, &arguments));
        assert!(native.len() > 10_000, "{package}: {native}");
        assert!(wasi == native, "{package} expands to something else");
    }
}

/// A copy of the application that tests can change, which shares what its dependencies are
/// compiled to.
fn copy() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let from = application();
    fs::create_dir(folder.path().join("src")).expect("a temporary folder");
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs", "src/task.rs"] {
        fs::copy(from.join(file), folder.path().join(file)).expect("a file");
    }
    folder
}

#[test]
fn changes_profiles_warnings_and_errors() {
    let folder = copy();
    let task = folder.path().join("src/task.rs");
    let source = fs::read_to_string(&task).expect("the source");
    let both = |arguments: &[&str]| {
        let wasi = told(&output(&mut wasi(folder.path(), arguments)));
        let native = told(&output(&mut native(folder.path(), arguments)));
        let (wasi, native) = (
            (wasi.0, wasi.1, diagnostics(&wasi.2)),
            (native.0, native.1, diagnostics(&native.2)),
        );
        assert_eq!(wasi, native, "{arguments:?} (left: WASI, right: native)");
        native
    };
    assert_eq!(both(&["check", "--locked"]).0, Some(0));
    assert_eq!(both(&["check", "--locked"]).0, Some(0));
    assert_eq!(both(&["check", "--locked", "--profile=other"]).0, Some(0));

    fs::write(&task, format!("{source}\nfn unused() {{}}\n")).expect("the source");
    let (code, _, warnings) = both(&["check", "--locked", "-j2"]);
    assert_eq!(code, Some(0));
    assert!(
        warnings.contains("function `unused` is never used"),
        "{warnings}"
    );
    // Cargo shows them again without running rustc.
    assert_eq!(both(&["check", "--locked"]).2, warnings);

    let wrong = source.replace("#[serde(deny_unknown_fields)]", "#[serde(deny_unknown)]");
    fs::write(&task, wrong).expect("the source");
    let (code, _, errors) = both(&["check", "--locked"]);
    assert_eq!(code, Some(101));
    assert!(
        errors.contains("unknown serde container attribute `deny_unknown`"),
        "{errors}"
    );

    fs::write(&task, source).expect("the source");
    assert_eq!(both(&["check", "--locked"]).0, Some(0));
}
