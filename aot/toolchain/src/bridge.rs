//! The bridge of a toolchain's rustc, and the reason for which it is accepted.

use pm_abi::Profile;
use serde::{Deserialize, Serialize};

use crate::Toolchain;

/// The bridge of a rustc: the messages and layouts between it and its macros.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bridge {
    /// The name of its profile ([`pm_abi::Profile`]).
    pub profile: String,
    /// The reason why that is certain.
    pub accepted: Accepted,
}

/// The reason for which a rustc's bridge is accepted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "how", rename_all = "kebab-case")]
pub enum Accepted {
    /// Each item of its sources on which the profile relies has a known digest.
    KnownSources,
    /// Some items are not known, but it passed the conformance check.
    Conformance {
        /// The items that are not known.
        unknown: Vec<String>,
        /// The messages of the check, all of which were the same natively and from wasm.
        messages: usize,
    },
}

impl std::fmt::Display for Bridge {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (", self.profile)?;
        match &self.accepted {
            Accepted::KnownSources => write!(f, "known sources)"),
            Accepted::Conformance { unknown, messages } => {
                let items = unknown.len();
                write!(
                    f,
                    "conformance check passed: {messages} messages; {items} unknown items in its \
                     sources)"
                )
            }
        }
    }
}

/// Runs the conformance check of a rustc whose sources are not known (`pm-conformance`).
pub trait Conformance {
    /// Checks a rustc by a toolchain that is built and not finished yet; returns the number of
    /// messages that were the same.
    ///
    /// # Errors
    /// [`CheckError`].
    fn check(&self, toolchain: &Toolchain, profile: &'static Profile) -> Result<usize, CheckError>;
}

/// A conformance check that was not passed. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    /// The rustc doesn't conform: the first difference. This result is kept.
    #[error("{0}")]
    Differs(String),
    /// The check could not be run to its end, so nothing is known: the reason.
    #[error("{0}")]
    Failed(String),
}

/// No check: a rustc whose sources are not known is not set up.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoCheck;

impl Conformance for NoCheck {
    fn check(&self, _: &Toolchain, _: &'static Profile) -> Result<usize, CheckError> {
        let reason = "this program contains no conformance check";
        Err(CheckError::Failed(reason.into()))
    }
}
