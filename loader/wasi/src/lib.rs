//! The part of WASI preview 1 that proc macros use, deterministic and denied by default.
