//! Without an artifact, and with a stale one, the loader compiles the `.wasm`: the macro asks and
//! answers the same, and the reason is told.

use fs_err as fs;
use pm_loader::{Grants, Loader, Options, Origin, ProcMacro, RefusalCode, WasiCtx};
use pm_tests::cases::Case;
use pm_tests::compile::variables;
use pm_tests::replay::{Recording, Replay, read};
use pm_tests::verdict::{Expect, same};
use pm_tests::workspace::samples;
use std::path::Path;
use std::sync::Arc;

/// Expands all that was recorded.
fn replay(macros: &ProcMacro, recordings: &[Recording]) {
    let mut grants = Grants::default();
    grants.crate_variables(variables(samples()));
    grants.read(&samples().root).expect("the package's folder");
    let grants = Arc::new(grants);
    for recording in recordings {
        let wasi = WasiCtx::new(Arc::clone(&grants));
        let input = &recording.input;
        let mut replay = Replay::new(recording);
        let outcome = macros.expand(recording.index, input, &mut replay, wasi);
        let what = macros.declarations()[recording.index].to_string();
        assert_eq!(replay.deviation, None, "{what}");
        assert_eq!(replay.left(), 0, "{what}: requests were not made");
        let output = outcome.result.map(|expanded| expanded.output);
        assert_eq!(output.as_ref(), Ok(&recording.output), "{what}");
    }
}

fn load(wasm: &Path) -> ProcMacro {
    let loader = Loader::new(Options::default()).expect("an engine");
    loader.load(wasm).unwrap_or_else(|error| panic!("{error}"))
}

fn refusal(macros: &ProcMacro) -> (RefusalCode, String) {
    match macros.origin() {
        Origin::Jit { refusal } => (refusal.code(), refusal.text().to_owned()),
        Origin::Artifact => panic!("an artifact was used that should not have been"),
    }
}

/// The same module with one more custom section: another file, the same macro.
fn touched(wasm: &[u8]) -> Vec<u8> {
    let mut wasm = wasm.to_vec();
    wasm.extend(b"\0\x08\x07touched");
    wasm
}

fn check(name: &str) {
    let case = Case::read_all(samples(), name).remove(0);
    let mut recordings = read(&same(samples(), &case, Expect::Success));
    // The case may use other macro crates too, whose expansions are in the file as well.
    let wasm = samples().wasm(name);
    recordings.retain(|recording| recording.module == wasm);
    assert!(
        !recordings.is_empty(),
        "{} uses no macro of {name}",
        case.path.display()
    );

    let folder = tempfile::tempdir().expect("a temporary folder");
    let copy = folder.path().join("macro.wasm");
    fs::copy(wasm, &copy).expect("the module");
    let without = load(&copy);
    assert_eq!(refusal(&without).0, RefusalCode::Missing);
    replay(&without, &recordings);

    let artifact = copy.with_extension("cwasm");
    fs::copy(wasm.with_extension("cwasm"), &artifact).expect("the artifact");
    let with = load(&copy);
    assert_eq!(with.origin(), &Origin::Artifact);
    replay(&with, &recordings);

    fs::write(&copy, touched(&fs::read(wasm).expect("the module"))).expect("a temporary file");
    let stale = load(&copy);
    let (code, text) = refusal(&stale);
    assert_eq!(code, RefusalCode::Stale);
    assert!(text.contains("when it was compiled"), "{text}");
    replay(&stale, &recordings);
}

macro_crates!(crates);
