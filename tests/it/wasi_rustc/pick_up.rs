//! Macros are picked up by themselves, from the artifact where one fits.

use super::{copy_macros, folder, native, output, told, wasi};
use fs_err as fs;
use pm_artifact::{Artifact, Manifest, assemble};
use std::path::Path;

const SOURCE: &str = "#[derive(panics::Panics)] pub struct A;";

/// Expands with the macros in `folder/panics.wasm`; returns the log.
#[track_caller]
fn expand(folder: &Path, write: bool) -> String {
    let mut rustc = wasi();
    rustc.current_dir(folder).env("PM_AOT_LOG", "info");
    if write {
        rustc.env("PM_AOT_WRITE", "1");
    }
    rustc.args(["--crate-type=lib", "-Zunpretty=expanded", "--edition=2021"]);
    // Relative, as cargo never has it.
    rustc.args(["--extern=panics=panics.wasm", "lib.rs"]);
    let (code, stdout, stderr) = told(&output(&mut rustc));
    assert_eq!(code, Some(0), "{stderr}");
    assert!(stdout.ends_with("pub struct A;\n"), "{stdout}");
    stderr
}

/// The one line of the log, after the path.
#[track_caller]
fn line(log: &str) -> &str {
    let line = log.trim_end();
    assert_eq!(line.lines().count(), 1, "{log}");
    let (_, line) = line.split_once("panics.wasm: ").expect("the module's name");
    line
}

#[test]
fn the_artifact_beside_the_module() {
    let folder = folder(&[("lib.rs", SOURCE)]);
    copy_macros(folder.path());
    let log = expand(folder.path(), false);
    let time = line(&log).strip_prefix("artifact, ").expect(&log);
    let milliseconds = time.strip_suffix(" ms").expect(&log);
    assert!(milliseconds.parse::<f64>().is_ok(), "{log}");
}

/// Each reason for which an artifact isn't used: the compile succeeds all the same.
#[test]
fn what_does_not_fit_is_compiled_and_told() {
    let folder = folder(&[("lib.rs", SOURCE)]);
    let wasm = copy_macros(folder.path());
    let artifact = wasm.with_extension("cwasm");
    let good = fs::read(&artifact).expect("the artifact");
    let manifest = Artifact::open(&artifact)
        .expect("the artifact")
        .manifest()
        .clone();
    let check = |what: &str, bytes: Vec<u8>, expect: &str| {
        fs::write(&artifact, bytes).expect("a temporary file");
        let log = expand(folder.path(), false);
        let line = line(&log);
        assert!(
            line.starts_with("JIT, ") && line.contains(expect),
            "{what}: {log}"
        );
    };
    let forged = |change: fn(&mut Manifest)| {
        let mut manifest = manifest.clone();
        change(&mut manifest);
        let body = good[..manifest.body.len as usize].to_vec();
        assemble(body, &manifest)
    };
    check(
        "truncated",
        good[..good.len() / 2].to_vec(),
        "(not-an-artifact: ",
    );
    check("empty", Vec::new(), "(not-an-artifact: ");
    let other = forged(|manifest| manifest.wasmtime = "47.0.0".into());
    check("another wasmtime", other, "'47.0.0' but '48.");
    let other = forged(|manifest| manifest.cpu.push("quantum".into()));
    check("another CPU", other, "quantum");
    let other = forged(|manifest| manifest.rustc = "rustc 1.95.0".into());
    check("another rustc", other, "'rustc 1.95.0' but 'rustc 1.96.");
    let other = forged(|manifest| manifest.settings.memory_guard_size += 1);
    check("another setting", other, "(settings: ");

    fs::write(&artifact, &good).expect("a temporary file");
    let mut touched = fs::read(&wasm).expect("the module");
    touched.extend(b"\0\x08\x07touched");
    fs::write(&wasm, touched).expect("a temporary file");
    let log = expand(folder.path(), false);
    assert!(line(&log).contains("(stale: "), "{log}");

    fs::remove_file(&artifact).expect("the artifact");
    let log = expand(folder.path(), true);
    assert!(line(&log).contains("(missing: "), "{log}");
    let log = expand(folder.path(), false);
    assert!(line(&log).starts_with("artifact, "), "{log}");
}

/// Where the macro crate itself doesn't fit, rustc says what it says of a native one.
#[test]
fn a_macro_crate_of_another_rustc() {
    let folder = folder(&[("lib.rs", SOURCE)]);
    let wasm = copy_macros(folder.path());
    let mut bytes = fs::read(&wasm).expect("the module");
    let at = find(&bytes, b"rustc 1.96.0").expect("the version in its metadata");
    bytes[at..at + 12].copy_from_slice(b"rustc 1.95.0");
    fs::write(&wasm, bytes).expect("a temporary file");
    let mut rustc = wasi();
    rustc.current_dir(folder.path());
    rustc.args(["--crate-type=lib", "--emit=metadata", "--edition=2021"]);
    rustc.args(["--extern=panics=panics.wasm", "lib.rs"]);
    let (code, _, stderr) = told(&output(&mut rustc));
    assert_eq!(code, Some(1));
    assert!(
        stderr.contains("error[E0514]: found crate `panics` compiled by an incompatible version"),
        "{stderr}"
    );
    assert!(stderr.contains("rustc 1.95.0"), "{stderr}");
}

/// A path that leads to nothing is rustc's own error.
#[test]
fn a_missing_macro_crate() {
    let folder = folder(&[("lib.rs", SOURCE)]);
    let run = |mut rustc: std::process::Command| {
        rustc.current_dir(folder.path());
        rustc.args(["--crate-type=lib", "--emit=metadata", "--edition=2021"]);
        told(&output(
            rustc.args(["--extern=panics=libpanics.so", "lib.rs"]),
        ))
    };
    assert_eq!(run(wasi()), run(native()));
}

fn find(bytes: &[u8], what: &[u8]) -> Option<usize> {
    bytes.windows(what.len()).position(|window| window == what)
}
