//! What to do about a refusal: the next command.

use pm_loader::{Refusal, RefusalCode};
use std::path::Path;

/// What to do so that the artifact of this module is used.
pub(crate) fn for_module(refusal: &Refusal, wasm: &Path) -> Option<String> {
    let wasm = wasm.display();
    Some(match refusal.code() {
        RefusalCode::Missing
        | RefusalCode::NotAnArtifact
        | RefusalCode::Format
        | RefusalCode::Manifest
        | RefusalCode::Truncated
        | RefusalCode::Abi
        | RefusalCode::Profile
        | RefusalCode::Wasmtime
        | RefusalCode::Target
        | RefusalCode::Cpu
        | RefusalCode::Settings
        | RefusalCode::Stale => format!("run `pm-aot precompile {wasm}`"),
        // What `precompile` takes for fresh, since it doesn't read the code.
        RefusalCode::Body => format!("run `pm-aot precompile --force {wasm}`"),
        RefusalCode::Rustc => {
            "build the macro again with the rustc that asks: `pm-aot build --rustc PATH`".into()
        }
        _ => return None,
    })
}

/// The same for an artifact that was named itself.
pub(crate) fn for_artifact(refusal: &Refusal, artifact: &Path) -> Option<String> {
    match refusal.code() {
        RefusalCode::Missing => None,
        _ => for_module(refusal, &artifact.with_extension("wasm")),
    }
}
