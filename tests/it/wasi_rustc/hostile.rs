//! Macros that break the rules: rustc reports a macro that failed, and goes on.

use super::{folder, output, told, wasi};
use crate::module::Parts;
use pm_tests::workspace::samples;
use wasmparser::{Parser, Payload};

/// The crate whose metadata the modules here have: one derive macro, `Display`.
const CRATE: &str = "displaydoc";

/// A second error, which shows that rustc goes on after the macro's.
const SOURCE: &str = "
    #[derive(displaydoc::Display)] pub struct A;
    pub fn f() -> u8 { \"text\" }";

/// What rustc says where this is the body of the macro's entry point.
fn check(run: &'static str, expect: &str) {
    let real = fs_err::read(samples().wasm(CRATE)).expect("a module");
    let mut metadata = Vec::new();
    let mut symbol = String::new();
    for payload in Parser::new(0).parse_all(&real) {
        match payload.expect("a whole module") {
            Payload::CustomSection(section) if section.name() == ".rustc" => {
                metadata = section.data().to_vec();
            }
            Payload::ExportSection(exports) => {
                for export in exports {
                    let name = export.expect("an export").name;
                    if name.starts_with("__rustc_proc_macro_decls_") {
                        symbol = name.to_owned();
                    }
                }
            }
            _ => {}
        }
    }
    let parts = Parts {
        run,
        symbol: &symbol,
        metadata: Some(&metadata),
        ..Parts::default()
    };
    let folder = folder(&[("lib.rs", SOURCE)]);
    let wasm = folder.path().join("displaydoc.wasm");
    fs_err::write(&wasm, parts.wasm()).expect("a temporary file");
    let mut rustc = wasi();
    rustc.current_dir(folder.path());
    rustc.args(["--crate-type=lib", "--emit=metadata", "--edition=2021"]);
    rustc.args(["--extern=displaydoc=displaydoc.wasm", "lib.rs"]);
    let (code, _, stderr) = told(&output(&mut rustc));
    assert_eq!(code, Some(1), "{run}: {stderr}");
    assert!(
        stderr.contains("proc-macro derive panicked"),
        "{run}: {stderr}"
    );
    assert!(stderr.contains(expect), "{expect:?} isn't in {stderr}");
    assert!(
        stderr.contains("error[E0308]: mismatched types"),
        "{stderr}"
    );
    assert!(!stderr.contains("internal compiler error"), "{stderr}");
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
    let store = "the macro broke the proc-macro protocol: malformed message";
    // No such method.
    check(
        request!(
            "1",
            "(i32.store8 (i32.load (i32.const 7000)) (i32.const 200))"
        ),
        store,
    );
    // Nothing at all.
    check(request!("0",), store);
    // `TokenStream::from_str` of a text of 2 GB.
    check(
        request!(
            "5"
            , "(i32.store8 (i32.load (i32.const 7000)) (i32.const 9))"
            "(i32.store offset=1 (i32.load (i32.const 7000)) (i32.const 0x7fffffff))"
        ),
        store,
    );
}

#[test]
fn handles_that_are_not_its_own() {
    // `TokenStream::clone` of a stream that nobody has.
    check(
        request!(
            "5"
            , "(i32.store8 (i32.load (i32.const 7000)) (i32.const 6))"
            "(i32.store offset=1 (i32.load (i32.const 7000)) (i32.const 77777))"
        ),
        "77777 is not one of its token streams",
    );
    // `Span::debug`, of one.
    check(
        request!(
            "5"
            , "(i32.store8 (i32.load (i32.const 7000)) (i32.const 15))"
            "(i32.store offset=1 (i32.load (i32.const 7000)) (i32.const 77777))"
        ),
        "77777 is not one of its spans",
    );
    // An answer that is a stream of somebody else's.
    check(
        "(memory.copy (local.get $sret) (local.get $config) (i32.const 20))
         (i32.store16 (i32.load (local.get $sret)) (i32.const 0))
         (i32.store offset=2 (i32.load (local.get $sret)) (i32.const 77777))
         (i32.store offset=4 (local.get $sret) (i32.const 6))",
        "77777 is not one of its token streams",
    );
    // An answer that is none.
    check(
        "(memory.copy (local.get $sret) (local.get $config) (i32.const 20))
         (i32.store8 (i32.load (local.get $sret)) (i32.const 9))
         (i32.store offset=4 (local.get $sret) (i32.const 1))",
        "malformed message",
    );
}
