//! The artifact of a macro crate, `NAME.cwasm`: its format, and the check that it fits.
//!
//! wasmtime's ELF file comes first, since wasmtime maps a file from its start and tolerates what
//! follows; then our manifest, then a fixed footer. docs/FORMAT.md gives every byte; `read` and `write`
//! mirror each other. Nothing here needs an engine: [`Settings`], the target and the CPU features are
//! plain data, which `pm-engine` applies.

mod compatibility;
mod cpu;
mod footer;
mod manifest;
mod read;
mod refusal;
mod settings;
mod write;

pub use compatibility::{check_compatible, check_fresh};
pub use cpu::{Cpu, TARGET, missing_cpu_features};
pub use footer::{FOOTER_LEN, FORMAT_VERSION, Footer, MAGIC};
pub use manifest::{Body, Digest, Manifest, Module, Source};
pub use read::Artifact;
pub use refusal::{Refusal, RefusalCode};
pub use settings::{HOST_STACK, MAX_COMPILER_STACK, MAX_WASM_STACK, Settings};
pub use write::{TEMPORARY, assemble};

use std::path::{Path, PathBuf};

/// The full version of the wasmtime that makes and maps artifacts. wasmtime's own check compares the
/// major version alone; ours compares this. A test of `pm-engine` holds it against the wasmtime that is
/// linked in.
pub const WASMTIME_VERSION: &str = "48.0.8";

/// The artifact's path for a module's path: `NAME.cwasm` beside `NAME.wasm`.
pub fn path_for(wasm: &Path) -> PathBuf {
    wasm.with_extension("cwasm")
}
