//! The machine's macro cache: what was made of macro crates, for all projects of a user.
//!
//! In its directory, below a folder with the format's number:
//! - `macros/KEY/`: the module, the artifact and the host's metadata of one macro crate
//!   (`macros`), by the key of its unit ([`Known`](crate::known::Known)),
//! - `units/INPUT/VARIANT`: a `Known` of a macro crate, or of a library in one (`units`),
//! - `wanted/…`: that one project needs such a library for itself (`units`),
//! - `tmp/`: what isn't finished; everything appears by a rename, so what has its name is whole.
//!
//! Entries are never changed, only added and removed, so readers need no lock: what is gone while it is
//! read is a miss. A file that isn't what its digest says is one too, and is removed. Whoever
//! adds a macro removes what was used least recently, down to the limit (`limit`).

mod limit;
mod macros;
mod sealed;
mod units;

pub(crate) use macros::{Entry, link};

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::log;

/// Goes up when another version couldn't read what is there.
const FORMAT: &str = "1";

/// The machine's macro cache: where it is, and how large it may become.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MacroCache {
    directory: PathBuf,
    limit: u64,
}

/// What is in a cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Macro crates.
    pub macros: usize,
    /// Units that are known: the macro crates, and the libraries in them.
    pub units: usize,
    /// All files together.
    pub bytes: u64,
}

impl MacroCache {
    /// The limit is in bytes. With one of 0 nothing is kept.
    #[must_use]
    pub fn new(directory: PathBuf, limit: u64) -> Self {
        Self { directory, limit }
    }

    /// Where it is.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How large it may become, in bytes.
    #[must_use]
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// What is in it now.
    ///
    /// # Errors
    /// Where a directory is there and can't be read.
    pub fn usage(&self) -> io::Result<Usage> {
        limit::usage(self)
    }

    /// Removes everything; builds that use it meanwhile do without.
    ///
    /// # Errors
    /// Where something can't be removed.
    pub fn clear(&self) -> io::Result<Usage> {
        let usage = self.usage()?;
        match fs::remove_dir_all(self.root()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(usage),
        }
    }

    /// This cache, if it can be used; else a warning says why it can't.
    pub(crate) fn usable(self) -> Option<Self> {
        match self.prepare() {
            Ok(()) => Some(self),
            Err(error) => {
                log::warn(format_args!("no macro cache: {error}"));
                None
            }
        }
    }

    /// Makes the directory, and tries whether it can be written to.
    fn prepare(&self) -> io::Result<()> {
        fs::create_dir_all(self.temporary())?;
        tempfile::tempfile_in(self.temporary())
            .map(drop)
            .map_err(|error| {
                let text = format!("failed to write to `{}`: {error}", self.directory.display());
                io::Error::new(error.kind(), text)
            })
    }

    fn root(&self) -> PathBuf {
        self.directory.join(FORMAT)
    }

    fn temporary(&self) -> PathBuf {
        self.root().join("tmp")
    }
}

/// That a file or directory of the cache was used now: least recently used goes first.
fn touch(path: &Path) {
    if let Ok(file) = std::fs::File::open(path) {
        // Where it can't be noted it's only forgotten sooner.
        _ = file.set_modified(std::time::SystemTime::now());
    }
}

#[cfg(test)]
mod tests;
