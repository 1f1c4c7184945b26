//! The commands, one file each: its options, whose doc comment is its help, and what it does.

pub(crate) mod build;
pub(crate) mod cache;
pub(crate) mod cargo;
pub(crate) mod clean;
pub(crate) mod completions;
pub(crate) mod doctor;
pub(crate) mod expand;
pub(crate) mod explain;
pub(crate) mod info;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod precompile;
pub(crate) mod precompile_rustc;
pub(crate) mod reference;
pub(crate) mod rustc;
pub(crate) mod setup;
pub(crate) mod shim;
pub(crate) mod verify;
