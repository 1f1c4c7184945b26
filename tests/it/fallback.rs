//! Without an artifact, and with a stale one, the `.wasm` is compiled: the same expansion, the reason
//! told.

use fs_err as fs;
use pm_tests::cases::Case;
use pm_tests::workspace::{pm_aot, samples, without_cargo};
use std::path::Path;
use std::process::Command;

/// Expands a case by the macros of a crate: what they make of it, and the line of the log on where
/// their code came from.
fn expand(case: &Case, wasm: &Path) -> (String, String) {
    let mut expand = Command::new(pm_aot());
    without_cargo(&mut expand)
        .current_dir(&samples().root)
        .env("PM_AOT_LOG", "info")
        .args(["expand", "--edition", case.edition(), "--allow-read", "."])
        .arg("--macro")
        .arg(wasm)
        .arg(&case.path);
    let output = expand
        .output()
        .unwrap_or_else(|error| panic!("{expand:?}: {error}"));
    let text = |bytes| String::from_utf8(bytes).expect("text");
    let (stdout, stderr) = (text(output.stdout), text(output.stderr));
    assert!(output.status.success(), "{expand:?}: {stderr}");
    let log = stderr.lines().find(|line| line.starts_with("pm-aot: "));
    let log = log.unwrap_or_else(|| panic!("nothing is logged: {stderr}"));
    (stdout, log.to_owned())
}

/// The same module with one more custom section: another file, the same macro.
fn touched(wasm: &[u8]) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    wasm.extend(b"\0\x08\x07touched");
    wasm
}

fn check(name: &str) {
    let case = Case::read_all(samples(), name).remove(0);
    let wasm = samples().wasm(name);
    let (expected, log) = expand(&case, wasm);
    assert!(log.contains(": artifact, "), "{log}");
    assert!(
        expected.len() > case.source.len() / 2,
        "{name} makes nothing of {}",
        case.path.display()
    );

    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("macro.wasm");
    fs::copy(wasm, &copy).expect("the module");
    let (without, log) = expand(&case, &copy);
    assert!(
        log.contains(": JIT, ") && log.contains("(missing: "),
        "{log}"
    );
    assert_eq!(without, expected);

    let artifact = copy.with_extension("cwasm");
    fs::copy(wasm.with_extension("cwasm"), &artifact).expect("the artifact");
    fs::write(&copy, touched(&fs::read(wasm).expect("the module"))).expect("a temporary file");
    let (stale, log) = expand(&case, &copy);
    assert!(log.contains(": JIT, ") && log.contains("(stale: "), "{log}");
    assert!(log.contains("when it was compiled"), "{log}");
    assert_eq!(stale, expected);
}

macro_crates!(crates);
