//! The reasons for which a rustc does not pass.

use std::io;

/// The reason for which a rustc does not pass the conformance check. Displayed as a lowercase fragment.
#[derive(Debug, thiserror::Error)]
pub enum ConformanceError {
    /// The two forms of the probe differ.
    #[error("a macro behaves differently natively and from wasm: {what}")]
    Differs {
        /// The first difference.
        what: String,
    },
    /// The probe doesn't call a method, so nothing is known of it.
    #[error("the check does not call `{method}`, so it shows nothing about it")]
    NotCalled {
        /// The method.
        method: String,
    },
    /// A part of the probe doesn't compile.
    #[error("the check's `{what}` does not compile with this rustc:\n{detail}")]
    Compile {
        /// The file.
        what: &'static str,
        /// The end of rustc's messages.
        detail: String,
    },
    /// The probe can't be run from wasm.
    #[error("the check's macros cannot be prepared: {0}")]
    Prepare(String),
    /// The recorder's log can't be read.
    #[error("the check's record of `{0}` is cut off")]
    Log(&'static str),
    /// A file can't be read or written, or rustc can't be started.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl ConformanceError {
    /// Returns true if this is about the rustc, so that the check has the same result the next time.
    /// The others are about this machine: a full disk, a file that is missing.
    #[must_use]
    pub fn is_verdict(&self) -> bool {
        match self {
            Self::Differs { .. } | Self::NotCalled { .. } | Self::Compile { .. } => true,
            Self::Prepare(_) | Self::Log(_) | Self::Io(_) => false,
        }
    }
}
