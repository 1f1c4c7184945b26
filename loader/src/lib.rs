//! Maps a precompiled proc macro, checks that it fits, and expands with it.
//!
//! A [`Loader`] is made once a process, a [`ProcMacro`] once a crate, an instance once an expansion.
//! The front door that answers a macro's requests is behind [`Dispatch`].
//!
//! This crate contains no compiler. A `.wasm` without an artifact that fits is an error, unless the
//! loader was made with something that compiles ([`Loader::with_compiler`]; `pm-compile` has it).

mod call;
mod code;
mod compile;
mod error;
mod expand;
mod load;
mod log;
mod mail;
mod panic_message;
mod state;

pub use compile::{Compile, CompileError, Compiled};
pub use error::{ExpandError, LoadError};
pub use expand::{Expanded, Outcome};
pub use load::{Loader, Options, Origin, ProcMacro};
pub use log::LogLevel;

pub use pm_abi::{Declaration, Dispatch, MacroKind, Profile, STACK_IN_PLACE};
pub use pm_artifact::{Refusal, RefusalCode};
pub use pm_wasi::{Access, Captured, Grants, Output, WasiCtx};
