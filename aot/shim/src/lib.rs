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
//! | `.dynamic` | `SONAME`, bound at load time; nothing is `NEEDED` |
//! | `.dynsym` | exported: `__rustc_proc_macro_decls_…__`; imported: `dlopen` and its like |
//! | `.rodata` | names, the schema, and the other texts |
//! | `.text` | an entry point for each macro, and what finds the loader, made by Cranelift |
//! | `.data.rel.ro` | `&'static [ProcMacro]`, where the exported symbol points, then the array and the helper attributes |
//! | `.got` | the addresses of all that the code names |
//! | `.data` | the [`Shim`], then `HandleCounters`, two u32 that start at 1 |
//!
//! The loader is opened, and [`RUN`] looked up in it, when the first macro of a crate is called. A loader
//! that isn't there is then a panic's message of that macro, which says what to do, and not a library
//! that the program fails to load; and a crate of which no macro is used costs no loader.
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
//! | 88, 96 | `identity` | address and length of a text: the crate's id, and its macros in their order |
//! | 104 | `run` | null; the address of [`RUN`] once it's known, used atomically |
//!
//! An entry point's index is its macro's place in the list of declarations.
//!
//! # Features
//!
//! `write` (default) is the writer, with Cranelift and `object`. `identity` is the text by which a loader
//! knows the artifact of a shim. Without them the crate is the layouts alone and has no dependencies.

#[cfg(feature = "identity")]
mod identity;
mod layout;
#[cfg(feature = "write")]
mod write;

#[cfg(feature = "identity")]
pub use identity::identity;
pub use layout::{BridgeConfig, Buffer, Bytes, Closure, MAGIC, RUN, Run, Shim};
#[cfg(feature = "write")]
pub use write::{
    Input, MAX_MACROS, MAX_METADATA, MAX_SANDBOX, MAX_SCHEMA, MAX_TEXT, ShimError, Target, write,
};
