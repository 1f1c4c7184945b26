//! A refusal of a rustc by the conformance check, kept in the place of its toolchain.

use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::SetupError;

/// The file in a toolchain's folder.
const FILE: &str = "refused.json";

/// The version of the tools: another one checks again.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// A refusal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    version: String,
    reason: String,
}

impl Refusal {
    /// A refusal by these tools.
    pub(crate) fn new(reason: String) -> Self {
        Self {
            version: VERSION.to_owned(),
            reason,
        }
    }

    /// The reason in a toolchain's folder. None if there is no refusal, one of another version, or a
    /// damaged one.
    pub(crate) fn read(folder: &Path) -> Option<String> {
        let text = fs_err::read(folder.join(FILE)).ok()?;
        let refusal: Refusal = serde_json::from_slice(&text).ok()?;
        (refusal.version == VERSION).then_some(refusal.reason)
    }

    /// Writes it into a folder.
    pub(crate) fn write(&self, folder: &Path) -> Result<(), SetupError> {
        let json = serde_json::to_vec_pretty(self).map_err(std::io::Error::from)?;
        Ok(fs_err::write(folder.join(FILE), json)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_one_of_this_version_is_read() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(Refusal::read(folder.path()), None);
        Refusal::new("a reason".into())
            .write(folder.path())
            .unwrap();
        assert_eq!(Refusal::read(folder.path()).as_deref(), Some("a reason"));
        let other = Refusal {
            version: "0.0.1".into(),
            reason: "a reason".into(),
        };
        other.write(folder.path()).unwrap();
        assert_eq!(Refusal::read(folder.path()), None);
        fs_err::write(folder.path().join(FILE), "{").unwrap();
        assert_eq!(Refusal::read(folder.path()), None);
    }
}
