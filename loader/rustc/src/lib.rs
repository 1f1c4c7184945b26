//! Hosts the WASI build of rustc and stands in for `dlopen`.
//!
//! That rustc (`rustc-patch/`) is an ordinary WASI program but for one import: where a native rustc
//! opens a macro crate's library, it asks the host for the crate's declarations. The host
//! ([`Compiler`]) loads the crate through [`pm_loader`], writes the declarations into rustc's memory
//! with entry points of its own in rustc's table, and so stands between two modules: rustc's server
//! on one side, the macro's instance on the other. The bytes of the bridge pass as they are, since
//! both sides have a 32-bit `usize`; `pm-bridge` checks them.

mod bridge;
mod compiler;
mod declare;
mod directories;
mod engine;
mod files;
mod installed;
mod memory;
mod run;

pub use compiler::{Compiler, Ended, Invocation, RunError};
pub use files::Files;
pub use installed::{Installed, InstalledError};

pub use run::Statistics;

/// The import module of the host's function: its last part is the interface's version
/// (`rustc-patch/manifest.toml`).
pub const IMPORT_MODULE: &str = "pm-aot-rustc-1";
