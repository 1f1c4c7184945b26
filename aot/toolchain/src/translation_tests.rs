//! Tests of the translation of legacy exceptions.

use wasmparser::{Validator, WasmFeatures};

use crate::translation::translate;

/// What a function of these tests is in: a tag with a value, one without, and a function that may
/// throw.
fn module(function: &str) -> String {
    format!(
        "(module (import \"m\" \"f\" (func $f (param i32) (result i32)))
           (tag $e (param i32)) (tag $n) (memory 1)
           (func (export \"g\") (param i32) (result i32) {function}))"
    )
}

fn is_valid(wasm: &[u8], features: WasmFeatures) -> Result<(), String> {
    let mut validator = Validator::new_with_features(features);
    let result = validator.validate_all(wasm);
    result.map(drop).map_err(|error| error.to_string())
}

/// The translated function, without the module around it. It is valid without legacy exceptions,
/// and before its translation it was with them.
fn translated(function: &str) -> String {
    let wasm = wat::parse_str(module(function)).unwrap();
    let both = WasmFeatures::default() | WasmFeatures::LEGACY_EXCEPTIONS;
    is_valid(&wasm, both).unwrap();
    is_valid(&wasm, WasmFeatures::default()).unwrap_err();
    let output = translate(&wasm).unwrap();
    let text = wasmprinter::print_bytes(&output).unwrap();
    if let Err(error) = is_valid(&output, WasmFeatures::default()) {
        panic!("{error}\n{text}");
    }
    let lines = text.lines().map(str::trim);
    let function = lines.skip_while(|line| !line.starts_with("(func (;1;)"));
    let inside = function.skip(1).take_while(|line| *line != ")");
    let inside: Vec<&str> = inside.collect();
    inside.join("\n")
}

fn check(function: &str, expect: &str) {
    let expect = expect
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty());
    let expect: Vec<&str> = expect.collect();
    assert_eq!(translated(function), expect.join("\n"));
}

#[test]
fn a_handler_is_behind_the_block_that_it_is_branched_out_of() {
    check(
        "try (result i32)
           local.get 0
           call $f
         catch $e
           i32.const 1
           i32.add
         catch_all
           i32.const 7
         end",
        "block (result i32) ;; label = @1
         block ;; label = @2
         block (result i32) ;; label = @3
         try_table (result i32) (catch $e 0 (;@3;)) (catch_all 1 (;@2;)) ;; label = @4
         local.get 0
         call $f
         end
         br 2 (;@1;)
         end
         i32.const 1
         i32.add
         br 1 (;@1;)
         end
         i32.const 7
         end",
    );
}

#[test]
fn what_is_rethrown_is_kept_in_a_local() {
    check(
        "(local i64)
         try (result i32)
           local.get 0
           call $f
         catch_all
           try
             local.get 0
             call $f
             drop
           catch $e
             drop
             rethrow 1
           catch_all
             rethrow 0
           end
           rethrow 0
         end",
        "(local i64 exnref exnref)
         block (result i32) ;; label = @1
         block (result exnref) ;; label = @2
         try_table (result i32) (catch_all_ref 0 (;@2;)) ;; label = @3
         local.get 0
         call $f
         end
         br 1 (;@1;)
         end
         local.set 2
         block ;; label = @2
         block (result exnref) ;; label = @3
         block (type 3) (result i32 exnref) ;; label = @4
         try_table (catch_ref $e 0 (;@4;)) (catch_all_ref 1 (;@3;)) ;; label = @5
         local.get 0
         call $f
         drop
         end
         br 2 (;@2;)
         end
         local.set 3
         drop
         local.get 2
         throw_ref
         br 1 (;@2;)
         end
         local.set 3
         local.get 3
         throw_ref
         end
         local.get 2
         throw_ref
         end",
    );
}

#[test]
fn a_delegated_exception_is_thrown_in_the_body_that_is_named() {
    check(
        "try $outer (result i32)
           try (result i32)
             try (result i32)
               local.get 0
               call $f
             delegate $outer
           catch_all
             i32.const 1
           end
         catch_all
           i32.const 2
         end",
        "block $outer (result i32)
         block ;; label = @2
         try_table (result i32) (catch_all 0 (;@2;)) ;; label = @3
         block (result exnref) ;; label = @4
         block (result i32) ;; label = @5
         block ;; label = @6
         try_table (result i32) (catch_all 0 (;@6;)) ;; label = @7
         try_table (result i32) (catch_all_ref 3 (;@4;)) ;; label = @8
         local.get 0
         call $f
         end
         end
         br 1 (;@5;)
         end
         i32.const 1
         end
         br 1 (;@3;)
         end
         throw_ref
         end
         br $outer
         end
         i32.const 2
         end",
    );
}

#[test]
fn an_exception_that_is_delegated_to_the_caller_leaves_the_function() {
    check(
        "try (result i32)
           try (result i32)
             local.get 0
             call $f
           delegate 1
         catch_all
           i32.const 1
         end",
        "block (result exnref) ;; label = @1
         block (result i32) ;; label = @2
         block ;; label = @3
         try_table (result i32) (catch_all 0 (;@3;)) ;; label = @4
         try_table (result i32) (catch_all_ref 3 (;@1;)) ;; label = @5
         local.get 0
         call $f
         end
         end
         br 1 (;@2;)
         end
         i32.const 1
         end
         return
         end
         throw_ref",
    );
}

#[test]
fn branches_find_their_labels() {
    check(
        "block $out
           loop $again
             try $t
               local.get 0
               br_table $t $again $out
             catch $n
               br $again
             catch_all
               local.get 0
               br_if $t
               br $out
             end
           end
         end
         i32.const 0",
        "block $out
         loop $again
         block $t
         block ;; label = @4
         block ;; label = @5
         try_table (catch $n 0 (;@5;)) (catch_all 1 (;@4;)) ;; label = @6
         local.get 0
         br_table $t $again $out
         end
         br $t
         end
         br $again
         br $t
         end
         local.get 0
         br_if $t
         br $out
         end
         end
         end
         i32.const 0",
    );
}

/// Whatever encloses what, the result is valid ([`translated`]).
#[test]
fn nested_forms_are_valid() {
    let leaf = "local.get 0 call $f";
    type Form<'a> = &'a dyn Fn(&str) -> String;
    let forms: [Form<'_>; 8] = [
        &|it| format!("try (result i32) {it} end"),
        &|it| format!("try (result i32) {it} catch $e catch $n i32.const 1 end"),
        &|it| format!("try (result i32) {leaf} catch_all {it} end"),
        &|it| {
            format!("try (result i32) {leaf} catch $e drop {it} drop rethrow 0 catch_all {it} end")
        },
        &|it| {
            format!("try (result i32) try (result i32) {it} delegate 0 catch_all i32.const 3 end")
        },
        &|it| format!("try (result i32) {it} delegate 0"),
        &|it| format!("loop (result i32) {it} br_if 0 {it} end"),
        &|it| format!("local.get 0 if (result i32) {it} else {it} end"),
    ];
    for first in &forms {
        for second in &forms {
            for third in &forms {
                let function = first(&second(&third(leaf)));
                if function.contains("try") {
                    translated(&function);
                }
            }
        }
    }
}

#[test]
fn a_module_without_legacy_exceptions_stays_as_it_is() {
    for function in [
        "local.get 0 call $f",
        "(block (result i32) (try_table (catch $e 0) (return (call $f (local.get 0)))) i32.const 1)",
        "(i32.atomic.load (local.get 0))",
        "(i32x4.extract_lane 1 (v128.load (local.get 0)))",
        "(memory.fill (local.get 0) (local.get 0) (local.get 0)) (i32.trunc_sat_f64_s (f64.const 1))",
    ] {
        let wasm = wat::parse_str(module(function)).unwrap();
        assert_eq!(translate(&wasm).unwrap(), wasm, "{function}");
    }
    let empty = wat::parse_str("(module)").unwrap();
    assert_eq!(translate(&empty).unwrap(), empty);
}

#[test]
fn damaged_modules_are_errors() {
    assert_eq!(
        translate(b"ELF").unwrap_err().to_string(),
        "not a WebAssembly module (at offset 0x0)"
    );
    let function = "try (result i32) local.get 0 call $f catch $e rethrow 0 end";
    let wasm = wat::parse_str(module(function)).unwrap();
    for end in 9..wasm.len() {
        // Some ends are between two sections.
        _ = translate(&wasm[..end]);
    }
    for at in 8..wasm.len() {
        for bits in [0x01, 0x10, 0x80, 0xff] {
            let mut damaged = wasm.clone();
            damaged[at] ^= bits;
            _ = translate(&damaged);
        }
    }
}
