//! Modules that break the rules: refused with a reason, and the host goes on.

use crate::module::{ANSWER_NOTHING, Parts};
use pm_loader::{Dispatch, ExpandError, Options, ProcMacro, WasiCtx};
use std::sync::Arc;

/// Answers every request with as many bytes as the request's first four say.
#[derive(Default)]
struct Repeat {
    requests: Vec<Vec<u8>>,
    /// On the macro's stack; else on its own.
    is_in_place: bool,
}

impl Repeat {
    fn answer(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        assert!(reply.is_empty());
        self.requests.push(request.to_vec());
        let len = request
            .first_chunk()
            .map_or(0, |len| u32::from_le_bytes(*len));
        reply.resize(len as usize, 0x55);
    }
}

impl Dispatch for Repeat {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        assert!(!self.is_in_place);
        self.answer(request, reply);
    }

    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        if self.is_in_place {
            self.answer(request, reply);
        }
        self.is_in_place
    }
}

fn load(parts: &Parts) -> (tempfile::TempDir, ProcMacro) {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("hostile.wasm");
    fs_err::write(&path, parts.wasm()).unwrap();
    let loader = pm_compile::loader(Options::default()).unwrap();
    let loaded = loader.load(&path).unwrap();
    (directory, loaded)
}

fn expand(run: &'static str) -> (Result<Vec<u8>, ExpandError>, Repeat) {
    expand_with(&Parts {
        imports: r#"(import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))"#,
        run,
        ..Parts::default()
    })
}

fn expand_with(parts: &Parts) -> (Result<Vec<u8>, ExpandError>, Repeat) {
    let (_directory, loaded) = load(parts);
    let ways = [false, true].map(|is_in_place| {
        let mut dispatch = Repeat {
            is_in_place,
            ..Repeat::default()
        };
        let outcome = loaded.expand(0, b"input", &mut dispatch, WasiCtx::new(Arc::default()));
        (outcome.result.map(|expanded| expanded.output), dispatch)
    });
    let texts = ways
        .each_ref()
        .map(|(result, dispatch)| format!("{result:?} {:?}", dispatch.requests));
    assert_eq!(texts[0], texts[1], "where it's answered changes nothing");
    let [first, _] = ways;
    first
}

#[track_caller]
fn check(run: &'static str, expect: &str) {
    let (result, _) = expand(run);
    let error = result.expect_err("it breaks the rules").to_string();
    assert!(error.contains(expect), "{error:?} lacks {expect:?}");
}

#[test]
fn an_honest_module_answers() {
    let (result, dispatch) = expand(ANSWER_NOTHING);
    assert_eq!(result.unwrap(), [0, 1]);
    assert!(dispatch.requests.is_empty());
}

/// A call of the host's `dispatch` with what `$buffer` says, through the table as a macro does it.
macro_rules! dispatch {
    ($buffer:literal) => {
        concat!(
            "(memory.copy (i32.const 7000) (local.get $config) (i32.const 20))",
            $buffer,
            "(call_indirect (type $call) (i32.const 7100) (i32.const 0) (i32.const 7000) ",
            "  (i32.load offset=20 (local.get $config)))",
            "(memory.copy (local.get $sret) (i32.const 7100) (i32.const 20))",
        )
    };
}

#[test]
fn requests_and_replies_of_any_length_are_carried() {
    // The input is the request: "inpu" is a length of 1.9 GB.
    let (result, _) = expand(dispatch!(
        "(i32.store (i32.load (i32.const 7000)) (i32.const 3))"
    ));
    assert_eq!(result.unwrap(), [0x55; 3]);
    // More than the exchange block has: the module's `malloc` is asked.
    let (result, dispatch) = expand(dispatch!(
        "(i32.store (i32.load (i32.const 7000)) (i32.const 70000))"
    ));
    assert_eq!(result.unwrap(), vec![0x55; 70000]);
    assert_eq!(dispatch.requests, [[0x70, 0x11, 1, 0, b't']]);
}

/// The host asks for memory while it has a reply to deliver, and is asked for another one.
#[test]
fn a_request_inside_of_malloc_has_its_own_reply() {
    let (result, dispatch) = expand_with(&Parts {
        run: dispatch!(
            "(i32.store (i32.const 6000) (i32.load offset=20 (local.get $config)))
             (i32.store (i32.load (i32.const 7000)) (i32.const 70000))"
        ),
        // A request for three bytes, in a buffer for four.
        malloc: "(if (i32.load (i32.const 6000))
            (then (i32.store (i32.const 7400) (i32.const 3))
              (i32.store (i32.const 7300) (i32.const 7400))
              (i32.store (i32.const 7304) (i32.const 4))
              (i32.store (i32.const 7308) (i32.const 4))
              (call_indirect (type $call) (i32.const 7200) (i32.const 0) (i32.const 7300)
                (i32.load (i32.const 6000)))))",
        ..Parts::default()
    });
    assert_eq!(result.unwrap(), vec![0x55; 70000]);
    assert_eq!(dispatch.requests[1..], [[3, 0, 0, 0]]);
}

#[test]
fn wild_pointers_and_lengths_are_refused() {
    check(
        dispatch!("(i32.store (i32.const 7000) (i32.const 0x7ffffff0))"),
        "a message at 0x7ffffff0",
    );
    check(
        dispatch!("(i32.store (i32.const 7000) (i32.const -1))"),
        "a message at 0xffffffff",
    );
    check(
        dispatch!("(i32.store offset=4 (i32.const 7000) (i32.const 0x7fffffff))"),
        "a buffer of 65472 bytes has 2147483647 in use",
    );
    check(
        dispatch!(
            "(i32.store offset=4 (i32.const 7000) (i32.const -1))
             (i32.store offset=8 (i32.const 7000) (i32.const -1))"
        ),
        "(length 4294967295) lies outside its memory",
    );
    // A capacity that isn't there: the reply doesn't fit where the macro says that it does.
    check(
        dispatch!(
            "(i32.store (i32.const 7000) (i32.const 196600))
             (i32.store (i32.const 196600) (i32.const 100))
             (i32.store offset=8 (i32.const 7000) (i32.const 1000))"
        ),
        "a message at 0x2fff8 (length 100)",
    );
    check(
        "(i32.store (local.get $sret) (i32.const -8))",
        "lies outside its memory",
    );
    check(
        "(i32.store offset=4 (local.get $sret) (i32.const 9))",
        "a buffer of 0 bytes has 9 in use",
    );
    let call = "(call_indirect (type $call) (i32.const -4) (i32.const 0) (i32.const 7000)
         (i32.load offset=20 (local.get $config)))";
    check(call, "lies outside its memory");
    let reserve = "(call_indirect (type $call) (i32.const 7100) (local.get $config) (i32.const -1)
         (i32.load offset=12 (local.get $config)))";
    check(reserve, "ran out of memory");
    let reserve = "(call_indirect (type $call) (i32.const 7100) (local.get $config)
         (i32.const 0x10000000) (i32.load offset=12 (local.get $config)))";
    check(reserve, "an allocated block at");
}

#[test]
fn crashes_are_told_apart() {
    check(
        "unreachable",
        "the macro crashed: wasm trap: wasm `unreachable` instruction executed",
    );
    check(
        "(call $exit (i32.const 3))",
        "ended its process with exit status 3",
    );
    check(
        "(call $run (local.get $sret) (local.get $config))",
        "overflowed its stack",
    );
    check(
        "(call_indirect (type $run) (local.get $sret) (local.get $config) (i32.const 0))",
        "uninitialized element",
    );
}

#[test]
fn the_macro_number_is_checked() {
    let (_directory, loaded) = load(&Parts::default());
    let outcome = loaded.expand(1, b"", &mut Repeat::default(), WasiCtx::new(Arc::default()));
    assert_eq!(outcome.result.unwrap_err(), ExpandError::NoSuchMacro(1));
}

#[test]
fn every_expansion_starts_from_the_snapshot() {
    let count = "(i32.store (i32.const 6000) (i32.add (i32.load (i32.const 6000)) (i32.const 1)))
         (memory.copy (local.get $sret) (local.get $config) (i32.const 20))
         (i32.store (i32.load (local.get $sret)) (i32.load (i32.const 6000)))
         (i32.store offset=4 (local.get $sret) (i32.const 4))";
    let (_directory, loaded) = load(&Parts {
        run: count,
        ..Parts::default()
    });
    for _ in 0..3 {
        let outcome = loaded.expand(0, b"", &mut Repeat::default(), WasiCtx::new(Arc::default()));
        assert_eq!(outcome.result.unwrap().output, [1, 0, 0, 0]);
    }
}
