//! What can go wrong before or between expansions.

use pm_server::Span;

/// Why a file can't be expanded. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ExpandFileError {
    /// The file isn't Rust, or what the macros made of it isn't.
    #[error("{}: {message}", if *.expanded { "the expanded file is not valid Rust" } else { "the file is not valid Rust" })]
    Syntax {
        /// What the parser said.
        message: String,
        /// Where.
        span: Span,
        /// Whether macros had been expanded before.
        expanded: bool,
    },
    /// Macros make more uses of macros without end.
    #[error("macros still make uses of macros after {0} rounds")]
    Recursion(usize),
}
