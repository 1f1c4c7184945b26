//! Finds what the macros of one crate apply to in a source file, and puts their output there.
//!
//! What a macro is given are rustc's own tokens of the file ([`pm_server::TokenStream`]), as rustc
//! would give them: the attribute gone, conditions on the item evaluated, for a derive also those
//! inside. `syn` only says where things are.
//!
//! Names are not resolved: a macro is known by the last segment of the path that calls it, unless the
//! path begins with `core`, `std` or `alloc`.

mod attribute;
mod cfg;
mod derive;
mod error;
mod file;
mod find;
mod flat;
mod place;
mod select;

pub use cfg::CfgSet;
pub use error::ExpandFileError;
pub use file::{Expanded, Expansion, Use, expand_file};
pub use select::Selection;
