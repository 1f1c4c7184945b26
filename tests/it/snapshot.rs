//! The snapshot: what it accepts, what it refuses, and that it is a function of its input.

use crate::module::{Parts, wasm};
use pm_snapshot::snapshot;

#[track_caller]
fn refused(parts: &Parts, expect: &str) {
    let error = snapshot(&parts.wasm())
        .expect_err("it must be refused")
        .to_string();
    assert!(error.contains(expect), "{error:?} lacks {expect:?}");
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let wasm = wasm();
    assert_eq!(snapshot(&wasm).unwrap(), snapshot(&wasm).unwrap());
}

#[test]
fn the_result_is_a_valid_module_with_the_promised_interface() {
    let snapshot = snapshot(&wasm()).unwrap();
    wasmparser::validate(&snapshot.wasm).unwrap();
    let text = wasmprinter::print_bytes(&snapshot.wasm).unwrap();
    for expect in [
        r#"(import "pm-aot" "dispatch_in_place" (func (;0;)"#,
        r#"(import "pm-aot" "dispatch" (func (;1;)"#,
        r#"(import "pm-aot" "reserve""#,
        r#"(import "pm-aot" "drop""#,
        r#"(export "memory""#,
        r#"(export "malloc""#,
        r#"(export "free""#,
        r#"(export "run 0""#,
        "(table (;0;) 7 7 funcref)",
    ] {
        assert!(text.contains(expect), "no {expect} in\n{text}");
    }
    assert!(
        !text.contains("__stack_pointer") && !text.contains("@custom"),
        "{text}"
    );
    assert_eq!(snapshot.callbacks.dispatch, 4);
    assert_eq!(snapshot.declarations[0].name, "Trait");
    assert_eq!(snapshot.exchange.address, 8192);
}

#[test]
fn start_up_runs_once_and_its_stack_is_not_kept() {
    let parts = Parts {
        fields: r#"(func (export "_initialize")
            (i32.store (i32.const 100) (i32.const 0x2a2a2a2a))
            (i32.store (i32.const 6000) (i32.const 0x2b2b2b2b)))"#,
        ..Parts::default()
    };
    let text = wasmprinter::print_bytes(&snapshot(&parts.wasm()).unwrap().wasm).unwrap();
    assert!(!text.contains("_initialize"), "{text}");
    assert!(
        text.contains("++++"),
        "what start-up wrote is kept:\n{text}"
    );
    assert!(!text.contains("****"), "the dead stack is zeroed:\n{text}");
}

#[test]
fn what_cannot_become_a_snapshot_is_refused_with_the_reason() {
    let parts = |imports, fields| Parts {
        imports,
        fields,
        ..Parts::default()
    };
    refused(
        &Parts {
            rustc: "rustc 1.97.0-nightly",
            names_bridge: false,
            ..Parts::default()
        },
        "made by rustc 1.97.0-nightly, whose proc-macro bridge is not known",
    );
    refused(
        &Parts {
            rustc: "rustc 1.960.0",
            names_bridge: false,
            ..Parts::default()
        },
        "made by rustc 1.960.0",
    );
    refused(
        &parts(
            r#"(import "env" "getrusage" (func (param i32 i32) (result i32)))"#,
            "",
        ),
        "unknown import `env` `getrusage`",
    );
    refused(
        &parts(
            r#"(import "wasi_snapshot_preview1" "fd_write" (func (param i64)))"#,
            "",
        ),
        "unknown import `wasi_snapshot_preview1` `fd_write`",
    );
    refused(
        &parts(r#"(import "env" "memory" (memory 1))"#, ""),
        "imported memories are not supported",
    );
    refused(
        &parts("", "(table 1 1 funcref)"),
        "it has more than one table",
    );
    refused(
        &parts("", r#"(func (export "_initialize") unreachable)"#),
        "its start-up failed in `_initialize`: wasm trap",
    );
    refused(
        &parts(
            "",
            r#"(func (export "_initialize") (i32.store (i32.const 4136) (i32.const 9)))"#,
        ),
        "the entry point of #[derive(Trait)] is table slot 9",
    );
}
