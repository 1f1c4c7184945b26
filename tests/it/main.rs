//! Integration tests of the whole: one binary, one module a subject.

mod fallback;
mod format;
mod habits;
mod hostile;
mod module;
mod samples;
mod snapshot;
mod wasi;
