//! What a proc-macro crate declares: the elements of its `&'static [ProcMacro]`.

use serde::{Deserialize, Serialize};

/// The kind of a procedural macro.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MacroKind {
    /// `#[proc_macro_derive]`: one token stream in.
    Derive,
    /// `#[proc_macro_attribute]`: two token streams in, the attribute's and the item's.
    Attr,
    /// `#[proc_macro]`: one token stream in.
    Bang,
}

/// One macro of a proc-macro crate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// What follows `#[proc_macro…]`.
    pub kind: MacroKind,
    /// The name of the derived trait, of the attribute, or of the function-like macro.
    pub name: String,
    /// The helper attributes of a derive; empty for the other kinds.
    pub attributes: Vec<String>,
    /// The table slot of the entry point, `extern "C" fn(BridgeConfig) -> Buffer`.
    pub run: u32,
}
