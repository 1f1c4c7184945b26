//! A compiled WASI rustc on disk: `scripts/wasi-rustc.sh` leaves one in the cache.

use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// The file that describes an installation.
const DESCRIPTION: &str = "wasi-rustc.json";

/// A WASI rustc, ready to be mapped.
#[derive(Clone, Debug)]
pub struct Installed {
    /// Its folder.
    pub folder: PathBuf,
    /// What it says of itself.
    pub description: Description,
}

/// The content of `wasi-rustc.json`. Other keys are for people.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Description {
    /// The version string, as it stands in metadata: `rustc 1.96.0 (… 2026-05-25)`.
    pub version: String,
    /// The native sysroot whose libraries it reads.
    pub sysroot: PathBuf,
}

/// Why there is no WASI rustc to be run.
#[derive(Debug, thiserror::Error)]
pub enum InstalledError {
    /// Nothing is there.
    #[error("no WASI rustc in `{}`", folder.display())]
    Missing {
        /// Where it should be.
        folder: PathBuf,
    },
    /// What is there isn't whole.
    #[error("the WASI rustc in `{}` isn't whole: {cause}", folder.display())]
    Damaged {
        /// Its folder.
        folder: PathBuf,
        /// What is wrong.
        cause: String,
    },
}

impl Installed {
    /// Reads the description of the one in a folder.
    ///
    /// # Errors
    ///
    /// See [`InstalledError`].
    pub fn open(folder: &Path) -> Result<Installed, InstalledError> {
        let folder = folder.to_owned();
        let text = match fs_err::read(folder.join(DESCRIPTION)) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Err(InstalledError::Missing { folder });
            }
            Err(error) => {
                let cause = error.to_string();
                return Err(InstalledError::Damaged { folder, cause });
            }
        };
        match serde_json::from_slice(&text) {
            Ok(description) => Ok(Installed {
                folder,
                description,
            }),
            Err(error) => Err(InstalledError::Damaged {
                folder,
                cause: format!("{DESCRIPTION}: {error}"),
            }),
        }
    }

    /// The compiled module.
    #[must_use]
    pub fn code(&self) -> PathBuf {
        self.folder.join("rustc.cwasm")
    }

    /// The module that it was compiled from.
    #[must_use]
    pub fn wasm(&self) -> PathBuf {
        self.folder.join("rustc.wasm")
    }
}
