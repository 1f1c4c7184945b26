//! Instances of one macro crate, one after the other and many at once; and code that is only found to
//! be unusable when it is mapped.

use crate::module::Parts;
use pm_compile::precompile_file;
use pm_loader::{Dispatch, Options, Origin, ProcMacro, RefusalCode, WasiCtx};
use std::sync::Arc;

/// Sends its input as a request, and answers with the reply and how often it was called in its
/// instance.
const ASK_AND_COUNT: &str =
    "(i32.store (i32.const 6000) (i32.add (i32.load (i32.const 6000)) (i32.const 1)))
     (memory.copy (i32.const 7000) (local.get $config) (i32.const 20))
     (call_indirect (type $call) (i32.const 7100) (i32.const 0) (i32.const 7000)
       (i32.load offset=20 (local.get $config)))
     (memory.copy (local.get $sret) (i32.const 7100) (i32.const 20))
     (i32.store offset=4 (i32.load (local.get $sret)) (i32.load (i32.const 6000)))
     (i32.store offset=4 (local.get $sret) (i32.const 8))";

fn artifact() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wasm = folder.path().join("macros.wasm");
    let parts = Parts {
        run: ASK_AND_COUNT,
        ..Parts::default()
    };
    fs_err::write(&wasm, parts.wasm()).expect("a temporary folder");
    precompile_file(&wasm).expect("an artifact");
    (folder, wasm)
}

fn load(wasm: &std::path::Path) -> ProcMacro {
    let loader = pm_compile::loader(Options::default()).expect("an engine");
    loader.load(wasm).expect("a macro crate")
}

/// Answers with how deep it is, after an expansion inside this one.
struct Nested<'a> {
    macros: &'a ProcMacro,
    depth: u32,
}

impl Dispatch for Nested<'_> {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        assert_eq!(request, self.depth.to_le_bytes());
        if let Some(depth) = self.depth.checked_sub(1) {
            expand(self.macros, depth);
        }
        reply.extend(self.depth.to_le_bytes());
    }
}

/// Expands to a depth; the instance has been called once.
fn expand(macros: &ProcMacro, depth: u32) {
    let mut dispatch = Nested { macros, depth };
    let wasi = WasiCtx::new(Arc::default());
    let outcome = macros.expand(0, &depth.to_le_bytes(), &mut dispatch, wasi);
    let mut expect = depth.to_le_bytes().to_vec();
    expect.extend(1_u32.to_le_bytes());
    assert_eq!(outcome.result.expect("an answer").output, expect);
}

#[test]
fn more_inside_each_other_than_a_pool_has_room_for() {
    let (_folder, wasm) = artifact();
    let macros = load(&wasm);
    assert_eq!(macros.origin(), &Origin::Artifact);
    for _ in 0..3 {
        expand(&macros, 20);
    }
}

#[test]
fn more_threads_than_a_pool_has_room_for() {
    let (_folder, wasm) = artifact();
    let macros = load(&wasm);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| (0..50).for_each(|_| expand(&macros, 2)));
        }
    });
}

/// wasmtime refuses the code when it's mapped: the module is compiled then, and it is told.
#[test]
fn code_that_is_not_what_the_manifest_says() {
    let (_folder, wasm) = artifact();
    let path = wasm.with_extension("cwasm");
    let mut bytes = fs_err::read(&path).expect("the artifact");
    bytes[..4].copy_from_slice(b"junk");
    let modified = fs_err::metadata(&path).and_then(|metadata| metadata.modified());
    fs_err::write(&path, bytes).expect("the artifact");
    let file = fs_err::File::options().write(true).open(&path);
    let file = file.expect("the artifact").into_parts().0;
    file.set_modified(modified.expect("a time"))
        .expect("a time");

    let macros = load(&wasm);
    assert_eq!(macros.origin(), &Origin::Artifact);
    expand(&macros, 1);
    let Origin::Jit { refusal } = macros.origin() else {
        panic!("junk was run");
    };
    assert_eq!(refusal.code(), RefusalCode::Body);

    // Nothing is left to be compiled.
    let macros = load(&wasm);
    fs_err::remove_file(&wasm).expect("the module");
    let error = macros
        .prepare()
        .expect_err("neither can be used")
        .to_string();
    assert!(
        error.contains("its artifact wasn't used: body: "),
        "{error}"
    );
}
