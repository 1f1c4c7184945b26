//! The proc-macro ABI of rustc as it appears in a wasm32 module.
//!
//! Knows bytes and layouts, and no runtime. Source of the layouts: rustc 1.96,
//! `library/proc_macro/src/bridge/`.

mod declaration;
mod declare;
mod dispatch;
pub mod layout;
mod module;

pub use declaration::{Declaration, DeclarationError, MacroKind, read_declarations};
pub use declare::{COUNTERS_SIZE, counters_address, declarations_size, write_declarations};
pub use dispatch::{Dispatch, SHALLOW_METHODS, STACK_IN_PLACE};
pub use module::{InspectError, Inspection, inspect};
