//! The macro crates.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use super::{MacroCache, sealed, touch};
use crate::sources;

/// The files of an entry; the module and its artifact keep their one time of modification, by which a
/// loader sees that they belong together.
const MODULE: &str = "module.wasm";
const ARTIFACT: &str = "module.cwasm";
const METADATA: &str = "metadata.rmeta";
/// Written last, and holds the digests of the others.
pub(super) const MANIFEST: &str = "manifest";

/// What is kept of a macro crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) module: PathBuf,
    pub(crate) artifact: PathBuf,
    /// The `.rmeta` of the host.
    pub(crate) metadata: PathBuf,
}

/// Digests of the files, in the order of [`Entry::files`].
#[derive(Serialize, Deserialize)]
struct Manifest {
    digests: [String; 3],
}

impl Entry {
    fn at(directory: &Path) -> Self {
        Self {
            module: directory.join(MODULE),
            artifact: directory.join(ARTIFACT),
            metadata: directory.join(METADATA),
        }
    }

    fn files(&self) -> [&Path; 3] {
        [&self.module, &self.artifact, &self.metadata]
    }

    fn digests(&self) -> io::Result<[String; 3]> {
        let [module, artifact, metadata] = self.files().map(sources::digest);
        Ok([module?, artifact?, metadata?])
    }
}

impl MacroCache {
    pub(super) fn macros(&self) -> PathBuf {
        self.root().join("macros")
    }

    /// The macro crate of a key; one that is damaged is removed.
    pub(crate) fn find_macro(&self, key: &str) -> Option<Entry> {
        let directory = self.macros().join(key);
        if !directory.exists() {
            return None;
        }
        let entry = Entry::at(&directory);
        let manifest = directory.join(MANIFEST);
        let expected = sealed::read(&manifest).map(|manifest: Manifest| manifest.digests);
        if expected.is_some() && entry.digests().ok() == expected {
            touch(&manifest);
            return Some(entry);
        }
        // Another process may do the same, or the disk not let us: it's a miss either way.
        _ = self.remove(&directory);
        None
    }

    /// Keeps a macro crate, and forgets others if there are too many then.
    pub(crate) fn add_macro(&self, key: &str, files: &Entry) -> io::Result<()> {
        let directory = self.macros().join(key);
        fs::create_dir_all(self.temporary())?;
        let made = tempfile::tempdir_in(self.temporary())?;
        let entry = Entry::at(made.path());
        for (from, to) in files.files().into_iter().zip(entry.files()) {
            link(from, to)?;
        }
        let manifest = Manifest {
            digests: entry.digests()?,
        };
        sealed::write(&made.path().join(MANIFEST), &self.temporary(), &manifest)?;
        fs::create_dir_all(self.macros())?;
        let made = made.keep();
        if let Err(error) = fs::rename(&made, &directory) {
            _ = fs::remove_dir_all(&made);
            // Another build was first, with the same.
            return if directory.exists() {
                Ok(())
            } else {
                Err(error)
            };
        }
        self.forget()
    }

    /// Removes an entry, so that nobody sees half of one.
    pub(super) fn remove(&self, path: &Path) -> io::Result<()> {
        let gone = tempfile::tempdir_in(self.temporary())?;
        fs::rename(path, gone.path().join("gone"))?;
        gone.close()
    }
}

/// Makes `to` the same file as `from`, or a copy where the file system has no links, with the same time. What
/// is at `to` is replaced by one rename.
pub(crate) fn link(from: &Path, to: &Path) -> io::Result<()> {
    let directory = to.parent().unwrap_or(Path::new("."));
    let temporary = tempfile::Builder::new()
        .prefix(".pm-aot-link-")
        .tempdir_in(directory)?;
    let file = temporary.path().join("file");
    if fs::hard_link(from, &file).is_err() {
        fs::copy(from, &file)?;
        let modified = fs::metadata(from)?.modified()?;
        fs::File::options()
            .write(true)
            .open(&file)?
            .file()
            .set_modified(modified)?;
    }
    // Where both are one file already, renaming does nothing, and the directory takes the rest away.
    fs::rename(&file, to)
}
