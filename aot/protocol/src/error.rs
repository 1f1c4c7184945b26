//! Errors, and places in rustc's sources.

use pm_abi::Profile;
use pm_abi::schema::Difference;
use std::fmt;
use std::io;

/// A place in rustc's sources.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, below `library/`.
    pub file: String,
    /// The line, counted from one; zero for the whole file.
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

/// The reason why no profile can be named for a rustc's sources. Displayed as a lowercase fragment.
#[derive(Debug, thiserror::Error)]
pub enum ProtocolError {
    /// A file can't be read. The cause has its path.
    #[error("rustc's sources can't be read")]
    Read(#[from] io::Error),
    /// A file or a part of it can't be parsed.
    #[error("{place}: {message}")]
    Syntax {
        /// The place.
        place: Place,
        /// The parser's message.
        message: String,
    },
    /// An item is missing.
    #[error("{place}: there is no `{item}`")]
    Missing {
        /// The file that has it in known releases.
        place: Place,
        /// The item.
        item: String,
    },
    /// An item is there twice, so it isn't clear which one counts.
    #[error("{place}: there is a second `{item}`")]
    Twice {
        /// The place of the second one.
        place: Place,
        /// The item.
        item: String,
    },
    /// A part of an item is not what is expected there.
    #[error("{place}: `{item}`: found {found}, expected {expected}")]
    Differs {
        /// The place of the first difference.
        place: Place,
        /// The item.
        item: String,
        /// The part that is there.
        found: String,
        /// The part that belongs there.
        expected: String,
    },
    /// An item has a form that is not understood.
    #[error("{place}: `{item}`: {reason}")]
    Unknown {
        /// The place.
        place: Place,
        /// The item.
        item: String,
        /// The part that is not understood, and why.
        reason: String,
    },
    /// All is understood, but it is the bridge of no profile.
    #[error("{place}: {difference} as in {profile}")]
    Profile {
        /// The place of the item.
        place: Place,
        /// The first difference from the profile.
        difference: Difference,
        /// The profile that is most like the sources.
        profile: &'static Profile,
    },
}
