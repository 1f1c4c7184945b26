//! The seam for a compiler, which this crate doesn't contain.

use pm_abi::Profile;
use pm_artifact::Module as ManifestModule;
use std::path::Path;

/// The reason for which a compiler made nothing.
pub type CompileError = Box<dyn std::error::Error + Send + Sync>;

/// Compiles macro crates whose artifact can't be used.
pub trait Compile: Send + Sync {
    /// Switches off, in the configuration of an engine that only loads, the compiler that is linked
    /// into this program.
    fn without_compiler(&self, config: &mut wasmtime::Config);

    /// Compiles the content of a `.wasm` for this process.
    ///
    /// # Errors
    ///
    /// If it isn't a macro crate, or doesn't compile.
    fn compile(&self, wasm: &[u8]) -> Result<Compiled, CompileError>;

    /// Makes the artifact of a `.wasm`, for the next process.
    ///
    /// # Errors
    ///
    /// If it can't be made or written.
    fn write_artifact(&self, wasm: &Path) -> Result<(), CompileError>;
}

/// A macro crate that was compiled in this process.
pub struct Compiled {
    /// The version string of the rustc that compiled it to wasm.
    pub rustc: String,
    /// Its stable crate id.
    pub crate_id: String,
    /// The bridge that it speaks.
    pub profile: &'static Profile,
    /// The description that an artifact's manifest has of it.
    pub module: ManifestModule,
    /// The code.
    pub code: wasmtime::Module,
}
