//! The native library that stands where cargo expects a proc macro, and calls the loader.
//!
//! rustc and rust-analyzer open a proc macro's `.so` twice: as a file, for the crate's metadata in
//! the section `.rustc`, and as a library, for the declarations that its one exported symbol points
//! to. A *shim* is a library of a few kilobytes and that metadata which has both, and whose macros
//! only call the loader, a shared library that runs the macro's wasm. A rustc that nobody patched
//! takes it for the macro crate.
//!
//! # What a shim contains
//!
//! | section | content |
//! | --- | --- |
//! | `.rustc` | not loaded: the first 8 bytes of the `.rmeta` (`rust\0\0\0` and the metadata's version), its length as u64 little-endian, the `.rmeta` |
//! | `.dynamic` | `NEEDED`: the loader, `SONAME`, bound at load time |
//! | `.dynsym` | exported: `__rustc_proc_macro_decls_…__`; imported: [`RUN`] |
//! | `.rodata` | names, the schema, and the other texts |
//! | `.text` | an entry point for each macro, made by Cranelift |
//! | `.data.rel.ro` | `&'static [ProcMacro]`, where the exported symbol points, then the array and the helper attributes |
//! | `.got` | the addresses of [`RUN`] and of the [`Shim`] |
//! | `.data` | the [`Shim`], then `HandleCounters`, two u32 that start at 1 |
//!
//! # `Shim`
//!
//! What an entry point passes to the loader beside rustc's own argument. All fields are 8 bytes.
//!
//! | offset | field | |
//! | --- | --- | --- |
//! | 0 | `magic` | [`MAGIC`]: `pm-shim` and the layout's version |
//! | 8 | `state` | null; the loader's, to be used atomically |
//! | 16, 24 | `schema` | address and length of opaque bytes: the protocol's description |
//! | 32, 40 | `artifact` | address and length of a text: where the artifact may be found |
//! | 48, 56 | `rustc` | address and length of a text: the version string of the macro's rustc |
//! | 64, 72 | `sandbox` | address and length of opaque bytes: what the macros are allowed |
//! | 80 | `count` | how many macros there are |
//!
//! An entry point's index is its macro's place in the list of declarations.
//!
//! # Features
//!
//! `write` (default) is the writer, with Cranelift and `object`. Without it the crate is the
//! layouts alone and has no dependencies: that is what the loader uses.

mod layout;
#[cfg(feature = "write")]
mod write;

pub use layout::{BridgeConfig, Buffer, Bytes, Closure, MAGIC, RUN, Run, Shim};
#[cfg(feature = "write")]
pub use write::{
    Input, MAX_MACROS, MAX_METADATA, MAX_SANDBOX, MAX_SCHEMA, MAX_TEXT, ShimError, Target, write,
};
