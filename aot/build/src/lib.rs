//! Compiles the proc-macro units of a cargo build to WebAssembly as well.
//!
//! Cargo builds proc macros for the host only, and nobody but cargo knows how: which version,
//! features, cfgs, environment and metadata. So cargo runs as the user asked, with this program
//! as its `RUSTC_WRAPPER`. The wrapper runs rustc and writes down the command line of each
//! library (`record`); nothing else happens inside cargo's build. Afterwards cargo's own
//! messages say which macros there are, new or fresh. For each, the records lead from `--extern`
//! to `--extern` to all that is in it (`graph`); the command lines are rewritten for wasm
//! (`rewrite`) and run in parallel (`schedule`). Macros that a macro crate itself uses stay
//! native: rustc runs on the host either way.
//!
//! - What cargo compiled without the wrapper leaves no record, or one that is older than its
//!   output. Cargo is then made to compile exactly that again (`refresh`).
//! - A module is fresh when the digest of all that it is made of is the one kept with it
//!   (`Graph::keys`): toolchain, recipe, command lines, variables and
//!   contents of sources. Times of files decide only whether a record is still about cargo's
//!   output.
//! - Cargo's directories are never assumed: every path comes from a command line or a message.
//!
//! # Paths in the output
//! Code in a macro can see its own source path (`file!()`, the location of a panic) and say it to
//! the user. Native macros say the true path, so wasm macros do too, and no path is remapped
//! beyond what cargo remaps. The price: a module's bytes depend on where the sources are. They do
//! not depend on the target directory, unless a build script wrote sources there.

mod amend;
mod artifact;
mod built;
mod cache;
mod call;
mod cargo;
mod cargo_args;
mod compile;
mod decided;
mod dep_info;
mod engine;
mod error;
mod flags;
mod graph;
mod known;
mod log;
mod materialise;
mod options;
mod outer;
mod placeholder;
mod record;
mod refresh;
mod rewrite;
mod run;
mod schedule;
mod session;
mod sources;
mod store;
mod workspace;
mod wrapper;

pub use built::{Built, BuiltMacro, FailedMacro};
pub use cache::{MacroCache, Usage};
pub use decided::Decided;
pub use engine::build;
pub use error::BuildError;
pub use options::{
    BuildOptions, Event, Hooks, Mode, OptLevel, Settings, ShimFiles, UnknownOptLevel,
};
pub use workspace::{Root, workspace_root};
pub use wrapper::wrapper_main;
