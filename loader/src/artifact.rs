//! The artifact, `NAME.cwasm`: wasmtime's ELF file, then our manifest, then a fixed footer.
//!
//! The ELF file comes first since wasmtime maps a file from its start and tolerates what follows.
//! docs/FORMAT.md gives every byte; `read` and `write` mirror each other.

mod footer;
mod manifest;
mod read;
mod write;

pub use footer::{FOOTER_LEN, FORMAT_VERSION, Footer, MAGIC};
pub use manifest::{Body, Digest, Manifest, Module, Source};
pub use read::Artifact;
#[cfg(feature = "compile")]
pub(crate) use write::write_atomically;
pub use write::{TEMPORARY, assemble};

use std::path::{Path, PathBuf};

/// The artifact's path for a module's path: `NAME.cwasm` beside `NAME.wasm`.
pub fn path_for(wasm: &Path) -> PathBuf {
    wasm.with_extension("cwasm")
}
