//! `pm-aot cargo`: cargo and rustc as they are, with macros from their artifacts. (What those expand to is
//! compared in `samples` and `habits`.)

use fs_err as fs;
use pm_tests::once::scratch;
use pm_tests::workspace::{pm_aot, without_cargo};
use std::path::Path;
use std::process::Command;

/// The example of the repository, with its macros from shims: it's built, it runs, and what happens
/// when an artifact is gone is told.
#[test]
fn a_project() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let example = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/example");
    fs::create_dir(folder.path().join("src")).expect("a temporary folder");
    for file in ["Cargo.toml", "Cargo.lock", "src/main.rs"] {
        fs::copy(example.join(file), folder.path().join(file)).expect("a file");
    }
    let target = scratch().join("stock");
    let cargo = |arguments: &[&str]| {
        let mut cargo = Command::new(pm_aot());
        without_cargo(&mut cargo)
            .current_dir(folder.path())
            .env("CARGO_TARGET_DIR", &target)
            .env("PM_AOT_LOG", "info")
            // The macros run once or twice: soon compiled is better than fast.
            .env("PM_AOT_OPT_LEVEL", "1")
            .arg("cargo")
            .args(arguments);
        let output = cargo
            .output()
            .unwrap_or_else(|error| panic!("{cargo:?}: {error}"));
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), stderr)
    };
    let (succeeded, log) = cargo(&["build", "--locked"]);
    assert!(succeeded, "{log}");
    for name in [
        "clap_derive",
        "derive_more_impl",
        "serde_derive",
        "strum_macros",
        "thiserror_impl",
    ] {
        let lines = log.lines().filter(|line| line.starts_with("pm-aot: "));
        let mut lines = lines.filter(|line| line.contains(&format!("/{name}-")));
        let line = lines
            .next()
            .unwrap_or_else(|| panic!("{name} isn't loaded: {log}"));
        assert!(line.contains(": artifact, "), "{line}");
    }

    // The loader has no compiler, and cargo doesn't know of the artifact: it's made before rustc runs.
    let libraries = target.join("pm-aot/debug/deps");
    let artifacts = fs::read_dir(&libraries).expect("the target directory");
    let artifacts = artifacts.map(|entry| entry.expect("an entry").path());
    let gone: Vec<_> = artifacts
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "cwasm")
        })
        .filter(|path| path.to_string_lossy().contains("/thiserror_impl-"))
        .collect();
    assert_eq!(gone.len(), 1, "{gone:?}");
    fs::remove_file(&gone[0]).expect("the artifact");
    let source = folder.path().join("src/main.rs");
    let text = fs::read_to_string(&source).expect("the source");
    fs::write(&source, format!("{text}\n// Changed.\n")).expect("the source");
    let (succeeded, log) = cargo(&["build", "--locked"]);
    assert!(succeeded, "{log}");
    assert!(log.contains("artifact made again"), "{log}");
    assert!(gone[0].is_file());
    let (succeeded, log) = cargo(&["clean", "--package", "thiserror-impl"]);
    assert!(succeeded, "{log}");
    let (succeeded, log) = cargo(&["build", "--locked"]);
    assert!(succeeded, "{log}");

    let (succeeded, log) = cargo(&["clean"]);
    assert!(succeeded, "{log}");
}
