//! The units that macro crates are made of, and what is known of each.

use std::io;
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::{MacroCache, sealed, touch};
use crate::known::{Input, Known};
use crate::sources::Hasher;

/// So many variants of one unit are looked at: one project's branches, not its history.
const MAX_VARIANTS: usize = 16;

impl MacroCache {
    pub(super) fn units(&self) -> PathBuf {
        self.root().join("units")
    }

    pub(super) fn wanted(&self) -> PathBuf {
        self.root().join("wanted")
    }

    /// The unit of these inputs, if its sources and variables are those of one that is known.
    pub(crate) fn find_unit(&self, input: &Input, directory: &Path) -> Option<Known> {
        let variants = fs::read_dir(self.units().join(&input.digest)).ok()?;
        let mut variants: Vec<_> = variants
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let used = fs::metadata(&path).ok()?.modified().ok()?;
                Some((used, path))
            })
            .collect();
        variants.sort_by(|a, b| b.cmp(a));
        variants
            .into_iter()
            .take(MAX_VARIANTS)
            .find_map(|(_, path)| {
                let known: Known = sealed::read(&path)?;
                known.is_current(input, directory).then(|| {
                    touch(&path);
                    known
                })
            })
    }

    pub(crate) fn add_unit(&self, known: &Known) -> io::Result<()> {
        let variant = self.units().join(&known.input).join(known.key());
        if variant.exists() {
            touch(&variant);
            return Ok(());
        }
        fs::create_dir_all(self.temporary())?;
        sealed::write(&variant, &self.temporary(), known)
    }

    /// Notes that a project (by its side directory) needs a library for more than macro crates.
    pub(crate) fn want(&self, key: &str, project: &Path) -> io::Result<()> {
        let path = self.wanted_in(key, project);
        if path.exists() {
            return Ok(());
        }
        fs::create_dir_all(self.wanted())?;
        fs::write(path, "")
    }

    pub(crate) fn is_wanted(&self, key: &str, project: &Path) -> bool {
        let path = self.wanted_in(key, project);
        let wanted = path.exists();
        if wanted {
            touch(&path);
        }
        wanted
    }

    fn wanted_in(&self, key: &str, project: &Path) -> PathBuf {
        let mut hasher = Hasher::default();
        hasher.add(key).add(&project.to_string_lossy());
        self.wanted().join(hasher.finish())
    }
}
