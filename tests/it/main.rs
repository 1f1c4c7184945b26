//! Integration tests of the whole: one binary, one module a subject.

mod format;
mod hostile;
mod module;
mod snapshot;
