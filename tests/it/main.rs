//! Integration tests of the whole: one binary, one module a subject.
