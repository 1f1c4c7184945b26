//! Why the protocol can't be read.

use pm_bridge::SchemaError;
use std::fmt;
use std::io;

/// Where something stands in rustc's sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, below `library/`.
    pub file: String,
    /// The line, from one on; zero if the whole file is meant.
    pub line: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "library/{}", self.file),
            line => write!(f, "library/{}:{line}", self.file),
        }
    }
}

/// Why the protocol can't be read from a rustc's sources. Displayed as a lowercase fragment.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// A file can't be read. The cause has its path.
    #[error("rustc's sources can't be read")]
    Read(#[from] io::Error),
    /// A file, or a part of it, isn't the Rust that is expected there.
    #[error("{place}: {message}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// Something that this crate relies on isn't there.
    #[error("{place}: there is no `{item}`, so the protocol is not one that pm-aot knows")]
    Missing {
        /// The file.
        place: Place,
        /// What is missing.
        item: String,
    },
    /// Something that must be there once is there again.
    #[error("{place}: there is a second `{item}`, so it isn't clear which one counts")]
    Twice {
        /// Where the second one is.
        place: Place,
        /// What it is.
        item: String,
    },
    /// An item that this crate relies on isn't as it is known.
    #[error(
        "{place}: `{item}` isn't as in rustc 1.96 (its tokens have the digest {digest}), so the \
         protocol is not one that pm-aot knows"
    )]
    Changed {
        /// Where it is.
        place: Place,
        /// The item.
        item: String,
        /// The digest of its tokens.
        digest: String,
    },
    /// A part of an item isn't what this crate relies on.
    #[error(
        "{place}: `{item}` has `{found}` where `{expected}` is expected, so the protocol is not \
         one that pm-aot knows"
    )]
    Differs {
        /// Where the first difference is.
        place: Place,
        /// The item.
        item: String,
        /// The tokens from the difference on.
        found: String,
        /// Those that belong there.
        expected: String,
    },
    /// A type, attribute or form of declaration whose encoding isn't known.
    #[error("{place}: `{item}`: {reason}")]
    Unknown {
        /// Where.
        place: Place,
        /// The item.
        item: String,
        /// What is unknown.
        reason: String,
    },
    /// What was read makes no schema.
    #[error("the protocol makes no sense")]
    Schema(#[from] SchemaError),
}
