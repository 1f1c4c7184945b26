//! The layout of a shim: the native library that stands where a compiler expects a proc macro's.
//!
//! The writer (`pm-shim-writer`) puts a [`Shim`] into the library; its entry points pass it to the
//! loader with rustc's own argument. All fields are 8 bytes.
//!
//! | offset | field | |
//! | --- | --- | --- |
//! | 0 | `magic` | [`MAGIC`]: `pm-shim` and the layout's version |
//! | 8 | `state` | null; the loader's, to be used atomically |
//! | 16, 24 | `profile` | address and length of a text: the name of the bridge ([`pm_abi::Profile`]) |
//! | 32, 40 | `artifact` | address and length of a text: where the artifact may be found |
//! | 48, 56 | `rustc` | address and length of a text: the version string of the macro's rustc |
//! | 64, 72 | `sandbox` | address and length of opaque bytes: what the macros are allowed |
//! | 80 | `count` | how many macros there are |
//! | 88, 96 | `identity` | address and length of a text: the crate's id, and its macros in their order |
//! | 104 | `run` | null; the address of [`RUN`] once it's known, used atomically |
//!
//! An entry point's index is its macro's place in the list of declarations.

mod identity;
mod layout;

pub use identity::identity;
pub use layout::{BridgeConfig, Buffer, Bytes, Closure, MAGIC, RUN, Run, Shim};
