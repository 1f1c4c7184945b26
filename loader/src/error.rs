//! Why a macro can't be loaded, and why an expansion failed.

use crate::Refusal;
use std::path::PathBuf;

/// Why a proc macro can't be loaded at all.
#[derive(Debug, thiserror::Error)]
pub enum LoadError {
    /// No artifact fits, and nothing can be compiled instead.
    #[error("no usable artifact `{}`: {refusal}", path.display())]
    NoArtifact {
        /// The artifact's path.
        path: PathBuf,
        /// Why it isn't used.
        refusal: Refusal,
    },
    /// No artifact fits, and neither does the `.wasm`.
    #[error("`{}` can't be used: {cause} (its artifact wasn't used: {refusal})", path.display())]
    Module {
        /// The `.wasm`'s path.
        path: PathBuf,
        /// Why the artifact isn't used.
        refusal: Refusal,
        /// What is wrong with the `.wasm`.
        #[source]
        cause: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The macro crate belongs to another rustc.
    #[error(
        "`{}` was compiled by '{found}' but '{expected}' asks for it: rebuild it with that rustc",
        path.display()
    )]
    Rustc {
        /// The `.wasm`'s path.
        path: PathBuf,
        /// The version string in its metadata.
        found: String,
        /// The version string of the compiler that asks.
        expected: String,
    },
    /// wasmtime can't run on this machine.
    #[error("the WebAssembly engine can't be started: {0}")]
    Engine(String),
}

/// Why an expansion ended without an answer of the macro.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandError {
    /// There is no such declaration.
    #[error("the crate has no macro number {0}")]
    NoSuchMacro(usize),
    /// Its code can't be used, which is seen when it's mapped.
    #[error("{0}")]
    Load(String),
    /// It called `std::process::exit`.
    #[error("the macro ended its process with exit status {0}")]
    Exit(i32),
    /// It recursed deeper than its stack allows.
    #[error("the macro overflowed its stack")]
    StackOverflow,
    /// It needed more memory than a module can have.
    #[error("the macro ran out of memory")]
    OutOfMemory,
    /// It broke the bridge's rules: a wild pointer, a wrong length.
    #[error("the macro broke the proc-macro protocol: {0}")]
    Protocol(String),
    /// Whoever answered it can't any more ([`Dispatch::is_gone`](crate::Dispatch::is_gone)).
    #[error("nobody answers the macro any more")]
    Gone,
    /// It trapped otherwise.
    #[error("the macro crashed: {0}")]
    Trap(String),
}
