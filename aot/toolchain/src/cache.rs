//! Where things are kept: `toolchains/ID`, `debian/NAME_VERSION`, and `tmp` for what is not
//! finished. Everything appears by one rename, under one lock, so what has its name is whole.
//! Programs' answers, in `answers`, need no lock.

use std::fs::File;
use std::path::{Path, PathBuf};

use etcetera::BaseStrategy;
use tempfile::TempDir;

use crate::request::path;
use crate::{Progress, SetupError};

/// The cache directory: `PM_AOT_CACHE`, else `pm-aot` in the platform's.
///
/// # Errors
/// When neither is known, as for a user without a home.
pub fn cache_dir() -> Result<PathBuf, SetupError> {
    if let Some(directory) = path("PM_AOT_CACHE") {
        // Child processes run elsewhere.
        let absolute = std::path::absolute(&directory);
        return absolute.map_err(|source| SetupError::Cache {
            path: directory,
            source,
        });
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| SetupError::NoCacheDir)?;
    Ok(strategy.cache_dir().join("pm-aot"))
}

/// Where, in a cache directory, programs' answers are kept (`pm_answers`).
#[must_use]
pub fn answers_dir(cache: &Path) -> PathBuf {
    cache.join("answers")
}

/// The directory, and the places in it.
#[derive(Clone, Debug)]
pub(crate) struct Cache {
    root: PathBuf,
}

impl Cache {
    /// The cache of that name, whether it exists or not.
    pub(crate) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    /// The directory itself.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// A finished toolchain's place.
    pub(crate) fn toolchain(&self, id: &str) -> PathBuf {
        self.root.join("toolchains").join(id)
    }

    /// Where private prefixes are.
    pub(crate) fn prefixes(&self) -> PathBuf {
        self.root.join("debian")
    }

    /// Where programs' answers are.
    pub(crate) fn answers(&self) -> PathBuf {
        answers_dir(&self.root)
    }

    /// Makes the directory and tries whether it can be written to.
    pub(crate) fn writable(&self) -> Result<(), SetupError> {
        let error = |source| SetupError::Cache {
            path: self.root.clone(),
            source,
        };
        fs_err::create_dir_all(&self.root).map_err(error)?;
        tempfile::tempfile_in(&self.root).map(drop).map_err(error)
    }

    /// The bytes that can still be written.
    pub(crate) fn available_space(&self) -> Result<u64, SetupError> {
        fs4::available_space(&self.root).map_err(|source| SetupError::Cache {
            path: self.root.clone(),
            source,
        })
    }

    /// Makes the directory and waits until no other set-up uses it.
    pub(crate) fn lock(&self, progress: &mut dyn Progress) -> Result<Locked, SetupError> {
        let error = |source| SetupError::Cache {
            path: self.root.clone(),
            source,
        };
        fs_err::create_dir_all(self.root.join("tmp")).map_err(error)?;
        let path = self.root.join("lock");
        // Opened for writing: some network file systems lock no other files exclusively.
        let file = File::options()
            .create(true)
            .append(true)
            .open(&path)
            .map_err(error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                progress.step(
                    "Waiting",
                    &format!("for another set-up that holds {}", path.display()),
                );
                file.lock().map_err(error)?;
            }
            Err(std::fs::TryLockError::Error(source)) => return Err(error(source)),
        }
        let locked = Locked {
            root: self.root.clone(),
            _file: file,
        };
        locked.remove_leftovers();
        Ok(locked)
    }
}

/// The cache while this process alone changes it.
#[derive(Debug)]
pub(crate) struct Locked {
    root: PathBuf,
    _file: File,
}

impl Locked {
    /// Removes what interrupted set-ups have left, as far as it goes: a compiler that outlived
    /// its set-up may still be writing there.
    fn remove_leftovers(&self) {
        for entry in fs_err::read_dir(self.root.join("tmp"))
            .into_iter()
            .flatten()
            .flatten()
        {
            let _ = fs_err::remove_dir_all(entry.path());
        }
    }

    /// A directory for unfinished things, removed when dropped.
    pub(crate) fn staging(&self) -> Result<TempDir, SetupError> {
        let tmp = self.root.join("tmp");
        let directory = tempfile::Builder::new().prefix("set-up-").tempdir_in(&tmp);
        directory.map_err(|source| SetupError::Cache { path: tmp, source })
    }

    /// Gives a finished directory its name.
    pub(crate) fn finish(&self, from: &Path, to: &Path) -> Result<(), SetupError> {
        if let Some(parent) = to.parent() {
            fs_err::create_dir_all(parent)?;
        }
        if to.exists() {
            // Of the same name but not found good: by an older version, or damaged by hand.
            let old = self.staging()?;
            fs_err::rename(to, old.path().join("old"))?;
        }
        Ok(fs_err::rename(from, to)?)
    }

    /// Whether a number of bytes can be written.
    pub(crate) fn require(&self, needed: u64) -> Result<(), SetupError> {
        let available = Cache::new(&self.root).available_space()?;
        if available < needed {
            return Err(SetupError::NoSpace {
                path: self.root.clone(),
                needed,
                available,
            });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::Silent;

    #[test]
    fn one_set_up_at_a_time() {
        struct Told(mpsc::Sender<String>);
        impl Progress for Told {
            fn step(&mut self, verb: &str, _what: &str) {
                self.0.send(verb.to_owned()).unwrap();
            }
            fn ticks(&mut self, _done: u64, _total: u64) {}
        }

        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path());
        let first = cache.lock(&mut Silent).unwrap();
        let (sender, told) = mpsc::channel();
        let second = std::thread::spawn({
            let cache = cache.clone();
            move || cache.lock(&mut Told(sender)).map(drop)
        });
        assert_eq!(
            told.recv_timeout(Duration::from_secs(60)).unwrap(),
            "Waiting"
        );
        assert!(!second.is_finished());
        drop(first);
        second.join().unwrap().unwrap();
    }

    #[test]
    fn leftovers_are_removed_and_names_appear_whole() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path());
        let left = root.path().join("tmp/set-up-old/half");
        fs_err::create_dir_all(&left).unwrap();
        let locked = cache.lock(&mut Silent).unwrap();
        assert!(!left.exists());

        for content in ["old", "new"] {
            let staging = locked.staging().unwrap();
            let made = staging.path().join("made");
            fs_err::create_dir(&made).unwrap();
            fs_err::write(made.join("file"), content).unwrap();
            locked.finish(&made, &cache.toolchain("id")).unwrap();
        }
        assert_eq!(
            fs_err::read_to_string(cache.toolchain("id").join("file")).unwrap(),
            "new"
        );
        assert_eq!(
            fs_err::read_dir(root.path().join("tmp")).unwrap().count(),
            0
        );
    }

    #[test]
    fn a_file_is_no_cache() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = Cache::new(file.path()).lock(&mut Silent).unwrap_err();
        assert!(matches!(error, SetupError::Cache { .. }), "{error:?}");
        assert!(error.help().contains("PM_AOT_CACHE"));
    }

    #[test]
    fn space_is_required() {
        let root = tempfile::tempdir().unwrap();
        let locked = Cache::new(root.path()).lock(&mut Silent).unwrap();
        locked.require(1).unwrap();
        let error = locked.require(u64::MAX).unwrap_err();
        assert!(error.help().starts_with("free some space"), "{error}");
    }
}
