//! Which macros of a crate are meant.

use pm_abi::{Declaration, MacroKind};

/// Some macros of a crate.
#[derive(Clone, Debug)]
pub struct Selection<'a> {
    declarations: &'a [Declaration],
    only: Option<(MacroKind, String)>,
}

impl<'a> Selection<'a> {
    /// All of them.
    pub fn all(declarations: &'a [Declaration]) -> Self {
        Selection {
            declarations,
            only: None,
        }
    }

    /// One, by its kind and name. `None` if the crate doesn't have it.
    pub fn one(declarations: &'a [Declaration], kind: MacroKind, name: &str) -> Option<Self> {
        let selection = Selection {
            declarations,
            only: Some((kind, name.to_owned())),
        };
        selection.find(kind, name).map(|_| selection)
    }

    /// The number of a macro, if it is meant.
    pub(crate) fn find(&self, kind: MacroKind, name: &str) -> Option<usize> {
        if self
            .only
            .as_ref()
            .is_some_and(|only| (only.0, only.1.as_str()) != (kind, name))
        {
            return None;
        }
        self.declarations
            .iter()
            .position(|known| known.kind == kind && known.name == name)
    }
}

/// A derive of the standard library's, which a macro of that name is only instead of if it is
/// imported.
pub(crate) fn is_builtin_derive(name: &str) -> bool {
    matches!(
        name,
        "Clone" | "Copy" | "Debug" | "Default" | "Eq" | "Hash" | "Ord" | "PartialEq" | "PartialOrd"
    )
}
