//! Procedural macros as sandboxed WebAssembly, at native speed: the pm-aot command.
