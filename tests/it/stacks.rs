//! The stack that is left for whoever answers on the macro's.

use crate::module::Parts;
use pm_loader::{Dispatch, ExpandError, Options, STACK_IN_PLACE, WasiCtx};
use std::hint::black_box;
use std::sync::Arc;

/// Recurses as often as its input says, and there sends it as a request.
const DESCEND: &str = "(memory.copy (i32.const 7000) (local.get $config) (i32.const 20))
     (call $descend (i32.load (i32.load (i32.const 7000)))
       (i32.load offset=20 (local.get $config)))
     (memory.copy (local.get $sret) (i32.const 7100) (i32.const 20))";

const DESCENT: &str = "(func $descend (param $depth i32) (param $dispatch i32)
     (if (local.get $depth)
       (then (call $descend (i32.sub (local.get $depth) (i32.const 1)) (local.get $dispatch))
         (i32.store (i32.const 6000) (local.get $depth)))
       (else (call_indirect (type $call) (i32.const 7100) (i32.const 0) (i32.const 7000)
         (local.get $dispatch)))))";

/// Uses so much of the stack that it's called on, and answers.
struct Greedy(usize);

impl Dispatch for Greedy {
    fn dispatch(&mut self, _request: &[u8], _reply: &mut Vec<u8>) {
        unreachable!("it answers in place");
    }

    fn dispatch_in_place(&mut self, _request: &[u8], reply: &mut Vec<u8>) -> bool {
        let mut block = [1_u8; 4096];
        black_box(&mut block);
        if let Some(left) = self.0.checked_sub(4200) {
            Greedy(left).dispatch_in_place(&[], reply);
        } else {
            reply.push(7);
        }
        black_box(&mut block);
        true
    }
}

#[test]
fn as_much_as_is_promised_wherever_the_macro_is() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wasm = folder.path().join("macros.wasm");
    let parts = Parts {
        run: DESCEND,
        fields: DESCENT,
        ..Parts::default()
    };
    fs_err::write(&wasm, parts.wasm()).expect("a temporary folder");
    let loader = pm_compile::loader(Options::default()).expect("an engine");
    let macros = loader.load(&wasm).expect("a macro crate");
    let expand = |depth: u32, stack| {
        let wasi = WasiCtx::new(Arc::default());
        let outcome = macros.expand(0, &depth.to_le_bytes(), &mut Greedy(stack), wasi);
        outcome.result.map(|expanded| expanded.output)
    };
    // How deep it can go, to a fiftieth.
    let mut deepest = 1000;
    let overflow = loop {
        match expand(deepest + deepest / 50, 0) {
            Ok(answer) => assert_eq!(answer, [7]),
            Err(error) => break error,
        }
        deepest += deepest / 50;
    };
    assert!(matches!(overflow, ExpandError::StackOverflow), "{overflow}");
    assert!(deepest > 10_000, "{deepest}");
    assert_eq!(expand(deepest, STACK_IN_PLACE).expect("an answer"), [7]);
}
