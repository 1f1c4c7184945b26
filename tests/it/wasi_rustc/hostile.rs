//! Macros that break the rules: rustc reports a macro that failed, and goes on.

use super::{folder, output, told, wasi};
use crate::handles::{CRATE, SOURCE, VIOLATIONS, check_text, module, module_that_runs};
use pm_abi::Profile;

/// What rustc says where this is the body of the macro's entry point.
fn check(run: &str, expect: &str) {
    compile(&module_that_runs(profile(), run, ""), expect);
}

/// The bridge of the WASI rustc.
fn profile() -> &'static Profile {
    Profile::by_name("1.95").expect("a profile")
}

/// Compiles a crate with a module in the place of [`CRATE`]'s, whose expansion fails for this reason.
fn compile(module: &[u8], expect: &str) {
    let folder = folder(&[("lib.rs", SOURCE)]);
    let wasm = folder.path().join(format!("{CRATE}.wasm"));
    fs_err::write(&wasm, module).expect("a temporary file");
    let mut rustc = wasi();
    rustc.current_dir(folder.path());
    rustc.args(["--crate-type=lib", "--emit=metadata", "--edition=2021"]);
    rustc.arg(format!("--extern={CRATE}={CRATE}.wasm"));
    rustc.arg("lib.rs");
    let (code, _, stderr) = told(&output(&mut rustc));
    assert_eq!(code, Some(1), "{stderr}");
    check_text(&stderr, expect);
}

/// Writes a request into the input buffer, sends it, and returns the reply.
macro_rules! request {
    ($len:literal, $($write:literal)*) => {
        concat!(
            "(memory.copy (i32.const 7000) (local.get $config) (i32.const 20))",
            $($write,)*
            "(i32.store offset=4 (i32.const 7000) (i32.const ", $len, "))",
            "(call_indirect (type $call) (i32.const 7100) ",
            "  (i32.load offset=24 (local.get $config)) (i32.const 7000) ",
            "  (i32.load offset=20 (local.get $config)))",
            "(memory.copy (local.get $sret) (i32.const 7100) (i32.const 20))",
        )
    };
}

#[test]
fn wild_pointers_and_lengths() {
    check(
        "(i32.store (i32.const 0xfffffff0) (i32.const 0))",
        "out of bounds memory access",
    );
    check(
        "(i32.store (local.get $sret) (i32.const 0xfffffff0))
         (i32.store offset=4 (local.get $sret) (i32.const 100))
         (i32.store offset=8 (local.get $sret) (i32.const 100))",
        "lies outside its memory",
    );
    check(
        "(i32.store offset=4 (local.get $sret) (i32.const -1))",
        "a buffer of 0 bytes has 4294967295 in use",
    );
    check("unreachable", "the macro crashed");
    check(
        "(call $run (local.get $sret) (local.get $config))",
        "overflowed its stack",
    );
}

#[test]
fn garbage_messages() {
    // No such method.
    check(
        request!(
            "1",
            "(i32.store8 (i32.load (i32.const 7000)) (i32.const 200))"
        ),
        "unknown method [200]",
    );
    // Nothing at all.
    check(request!("0",), "unknown method []");
    // `TokenStream::from_str` of a text of 2 GB.
    check(
        request!(
            "5"
            , "(i32.store8 (i32.load (i32.const 7000)) (i32.const 9))"
            "(i32.store offset=1 (i32.load (i32.const 7000)) (i32.const 0x7fffffff))"
        ),
        "the message is truncated",
    );
}

/// The cases under a stock rustc, here too.
#[test]
fn violations() {
    for violation in VIOLATIONS {
        compile(&module(profile(), violation.conversation), violation.expect);
    }
}

#[test]
fn outputs() {
    // A stream of somebody else's.
    check(
        "(memory.copy (local.get $sret) (local.get $config) (i32.const 20))
         (i32.store16 (i32.load (local.get $sret)) (i32.const 0))
         (i32.store offset=2 (i32.load (local.get $sret)) (i32.const 77777))
         (i32.store offset=4 (local.get $sret) (i32.const 6))",
        "77777 is not one of its token stream handles",
    );
    // None.
    check(
        "(memory.copy (local.get $sret) (local.get $config) (i32.const 20))
         (i32.store8 (i32.load (local.get $sret)) (i32.const 9))
         (i32.store offset=4 (local.get $sret) (i32.const 1))",
        "invalid tag 9 for Result",
    );
}
