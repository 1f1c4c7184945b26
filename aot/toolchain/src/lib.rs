//! Finds or makes the toolchain that compiles proc-macro crates to WebAssembly.
