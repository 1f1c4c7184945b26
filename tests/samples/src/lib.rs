//! Nothing: `cargo build` of this package makes the macro crates and facades that `cases/` use.
