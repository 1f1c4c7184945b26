//! The proc-macro ABI of rustc as it appears in a wasm32 module.
//!
//! Knows bytes and layouts, and no runtime. What depends on the rustc version is in [`Profile`].

pub mod contract;
mod declaration;
mod declare;
mod dispatch;
pub mod layout;
pub mod metadata;
mod module;
mod name;
mod panic;
mod profile;
pub mod schema;

pub use declaration::{Declaration, DeclarationError, MacroKind, read_declarations};
pub use declare::{declarations_size, write_declarations};
pub use dispatch::{Dispatch, STACK_IN_PLACE};
pub use metadata::{MacroInfo, MetadataError};
pub use module::{
    InspectError, Inspection, SectionError, inspect, metadata_section, profile_section,
};
pub use panic::{Width, encode_panic};
pub use profile::{ArgumentOrder, DeclarationLayout, LexErrors, Profile, Tag, UsizeEncoding};
