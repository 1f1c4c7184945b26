//! The WASI rustc is a rustc: what it prints, expands, says and leaves behind is what the native one
//! does, and it runs macros from their artifacts.
//!
//! `scripts/wasi-rustc.sh` must have made it: `scripts/test.sh` does both.

mod cargo;
mod expansions;
mod hostile;
mod metadata;
mod pick_up;
mod program;

use pm_tests::workspace::{fixtures, run, toolchain, without_cargo};
use std::path::Path;
use std::process::{Command, Output};

/// The native rustc, as these tests compare with it.
fn native() -> Command {
    let toolchain = toolchain();
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    plain(&mut rustc);
    rustc
}

/// The WASI rustc.
fn wasi() -> Command {
    let mut rustc = pm_tests::compile::wasi_rustc();
    plain(&mut rustc);
    rustc
}

/// Without what this test's own cargo, or a user, has set.
fn plain(rustc: &mut Command) {
    without_cargo(rustc)
        .env("RUST_BACKTRACE", "0")
        .env_remove("PM_AOT_LOG");
}

fn output(command: &mut Command) -> Output {
    command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"))
}

/// What came out, as text: exit code, stdout, stderr.
fn told(output: &Output) -> (Option<i32>, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

/// Runs both with the same arguments in the same directory, and holds one against the other.
#[track_caller]
fn same(directory: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let run = |mut rustc: Command| told(&output(rustc.current_dir(directory).args(arguments)));
    let (native, wasi) = (run(native()), system_numbers(run(wasi())));
    assert_eq!(wasi, native, "{arguments:?} (left: WASI, right: native)");
    native
}

/// The numbers of system errors, which std shows, are WASI's in the WASI rustc.
fn system_numbers(told: (Option<i32>, String, String)) -> (Option<i32>, String, String) {
    let (code, stdout, stderr) = told;
    (
        code,
        stdout,
        stderr.replace("(os error 44)", "(os error 2)"),
    )
}

/// A folder with files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, content) in files {
        let path = folder.path().join(name);
        fs_err::create_dir_all(path.parent().expect("a parent")).expect("a temporary folder");
        fs_err::write(path, content).expect("a temporary folder");
    }
    folder
}

/// A macro crate of the fixtures, copied with its artifact into a folder.
fn copy_macros(folder: &Path) -> std::path::PathBuf {
    let from = fixtures().wasm("panics");
    let wasm = folder.join("panics.wasm");
    for (from, to) in [
        (from.to_owned(), wasm.clone()),
        (from.with_extension("cwasm"), wasm.with_extension("cwasm")),
    ] {
        let modified = fs_err::metadata(&from).and_then(|metadata| metadata.modified());
        fs_err::copy(&from, &to).expect("a temporary folder");
        let copy = fs_err::File::options()
            .write(true)
            .open(&to)
            .expect("the copy");
        copy.file()
            .set_modified(modified.expect("a time"))
            .expect("the copy's time");
    }
    wasm
}

/// Runs what must succeed.
fn succeed(command: &mut Command) -> Vec<u8> {
    run(command)
}
