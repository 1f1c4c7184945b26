//! Finds or makes the toolchain that compiles proc-macro crates to WebAssembly.
//!
//! [`setup()`] looks for a rustc with its library sources, a wasi-libc and a linker, and builds the
//! standard library and `proc_macro` for `wasm32-wasip1`, with unwinding, once per rustc, in the
//! user's cache. [`find`] answers what is there already; [`diagnose()`] says what is there and what
//! is not. Nothing here knows of wasmtime, artifacts or cargo's build of the user's workspace.

mod bridge;
mod cache;
mod command;
mod debian;
mod diagnose;
mod error;
mod exceptions;
mod help;
mod inputs;
mod library;
mod link;
mod mirror;
mod origin;
mod parts;
mod progress;
mod refusal;
mod request;
mod rustc;
mod rustup;
mod setup;
mod spec;
mod toolchain;
mod version;

pub use bridge::{Accepted, Bridge, CheckError, Conformance, NoCheck};
pub use cache::{answers_dir, cache_dir};
pub use diagnose::{Check, Status, diagnose};
pub use error::{SetupError, with_causes};
pub use origin::{Origin, Part};
pub use progress::{Progress, Silent};
pub use request::Request;
pub use rustc::sysroot;
pub use rustup::has_rustup;
pub use setup::{cargo, find, setup};
pub use toolchain::{PanicStrategy, Toolchain};

/// Not of this crate: std's for macros. Here, it's tested.
#[cfg(test)]
#[path = "../runtime/lists.rs"]
mod lists;
#[cfg(test)]
mod lists_tests;

/// Not of this crate: the linker's of an old compiler. Here, it's tested.
#[cfg(test)]
#[path = "../runtime/exceptions.rs"]
mod translation;
#[cfg(test)]
mod translation_tests;
