//! What can be missing, and the command that mends it.

use std::io;
use std::path::PathBuf;

/// Why there is no toolchain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Neither `PM_AOT_CACHE` nor a home directory.
    #[error("no cache directory is known for this user")]
    NoCacheDir,
    /// The cache directory cannot be used.
    #[error("the cache directory `{path}` cannot be used")]
    Cache {
        /// The directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl SetupError {
    /// What to do about it, as one line for people, with the command to run.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::NoCacheDir => "set PM_AOT_CACHE to a directory that you may write to".into(),
            Self::Cache { .. } => "set PM_AOT_CACHE to a directory that you may write to".into(),
        }
    }
}
