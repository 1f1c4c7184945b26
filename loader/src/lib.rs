//! Maps a precompiled proc macro, checks that it fits, and expands with it.
//!
//! A [`Loader`] is made once a process, a [`ProcMacro`] once a crate, an instance once an expansion.
//! Who answers a macro's requests is behind [`Dispatch`]; the front doors only answer.
//!
//! Without the feature `compile` this crate contains no compiler, and a `.wasm` without an artifact
//! that fits is an error. With it, the loader compiles the `.wasm` and says so.

pub mod artifact;
mod call;
mod code;
#[cfg(feature = "compile")]
pub mod compile;
mod decide;
mod error;
mod expand;
mod load;
mod log;
mod mail;
mod panic_message;
mod refusal;
mod state;

pub use error::{ExpandError, LoadError};
pub use expand::{Expanded, Outcome};
pub use load::{Loader, Options, Origin, ProcMacro};
pub use log::LogLevel;
pub use panic_message::error_message;
pub use refusal::{Refusal, RefusalCode};

pub use pm_abi::{Declaration, Dispatch, MacroKind, SHALLOW_METHODS, STACK_IN_PLACE};
pub use pm_wasi::{Access, Captured, Grants, Output, WasiCtx};
