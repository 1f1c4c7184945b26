//! Integration tests of the whole: one binary, one module a subject.

mod build;
mod cli;
mod cli_support;
mod expand;
mod fallback;
mod format;
mod habits;
mod hostile;
mod module;
mod precompile;
mod samples;
mod server;
mod snapshot;
mod wasi;
mod wasi_rustc;
