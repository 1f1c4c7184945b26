//! A stand-alone proc-macro server: tokens and spans without a compiler.
