//! The side directory: what the wrapper saw, and the wasm libraries between the macros.
//!
//! `BUILD-DIR/pm-aot/`:
//! - `units/ID.json`: the record of one unit,
//! - `macros/ID.json`: what the policy decided about a macro crate,
//! - `wasm/ID/`: its wasm library, and `key`, which says what that was made of,
//! - `lock`: held while wasm is compiled,
//! - `locks/ID`: held while that library is compiled in its placeholder's stead.
//!
//! An ID is the stem of what cargo made (crate name and `-C extra-filename`) and a digest of the
//! directory that it made it in, so both sides of an `--extern` find it from the path alone.

use std::env::consts::{DLL_EXTENSION, DLL_PREFIX};
use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs_err as fs;
use serde::Serialize;

/// Writes a value to a file, whose folder is made, so that a reader sees the old one or the new one.
pub(crate) fn write_json(file: &Path, value: &impl Serialize) -> io::Result<()> {
    write(file, &serde_json::to_vec(value)?)
}

/// The same for bytes.
fn write(file: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = file.parent().unwrap_or(file);
    fs::create_dir_all(folder)?;
    let mut new = tempfile::NamedTempFile::new_in(folder)?;
    new.write_all(bytes)?;
    new.persist(file)?;
    Ok(())
}

/// The content of `CACHEDIR.TAG`.
const CACHE_DIRECTORY_TAG: &str = "Signature: 8a477f597d28d172789f06886806bc55
# This file is a cache directory tag created by pm-aot.
# For information about cache directory tags see https://bford.info/cachedir/
";

/// Names a unit.
pub(crate) type UnitId = String;

/// The side directory of one build directory.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    root: PathBuf,
}

impl Store {
    pub(crate) fn in_build_dir(build_dir: &Path) -> Self {
        Self {
            root: build_dir.join("pm-aot"),
        }
    }

    pub(crate) fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    pub(crate) fn units(&self) -> PathBuf {
        self.root.join("units")
    }

    pub(crate) fn record(&self, id: &str) -> PathBuf {
        self.units().join(format!("{id}.json"))
    }

    pub(crate) fn macros(&self) -> PathBuf {
        self.root.join("macros")
    }

    pub(crate) fn decided(&self, id: &str) -> PathBuf {
        self.macros().join(format!("{id}.json"))
    }

    pub(crate) fn wasm(&self, id: &str) -> PathBuf {
        self.root.join("wasm").join(id)
    }

    pub(crate) fn key(&self, id: &str) -> PathBuf {
        self.wasm(id).join("key")
    }

    /// Makes the directory, as cargo makes one: what a backup leaves out, and what `cargo clean`
    /// removes, which it doesn't without this mark from 1.98 on. Cargo marks only what it makes
    /// itself, and builds in this one.
    pub(crate) fn create(&self) -> io::Result<()> {
        if let Some(build_dir) = self.root.parent()
            && !build_dir.exists()
        {
            mark(build_dir)?;
        }
        mark(&self.root)
    }

    /// Waits until no other process compiles a library in its placeholder's stead.
    pub(crate) fn lock_unit(&self, id: &str) -> io::Result<File> {
        let directory = self.root.join("locks");
        fs::create_dir_all(&directory)?;
        let path = directory.join(id);
        let file: File = fs::File::create(&path)?.into();
        file.lock().map_err(|error| not_locked(&path, &error))?;
        Ok(file)
    }

    /// Waits for the lock; `waiting` is called when another build has it.
    pub(crate) fn lock(&self, waiting: impl FnOnce(&Path)) -> io::Result<File> {
        self.create()?;
        let path = self.root.join("lock");
        let file: File = fs::File::create(&path)?.into();
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                waiting(&path);
                file.lock().map_err(|error| not_locked(&path, &error))?;
            }
            Err(TryLockError::Error(error)) => return Err(not_locked(&path, &error)),
        }
        Ok(file)
    }
}

/// Makes a directory with a cache directory tag in it (<https://bford.info/cachedir/>).
fn mark(directory: &Path) -> io::Result<()> {
    let tag = directory.join("CACHEDIR.TAG");
    if tag.exists() {
        return Ok(());
    }
    write(&tag, CACHE_DIRECTORY_TAG.as_bytes())
}

fn not_locked(path: &Path, error: &io::Error) -> io::Error {
    io::Error::new(
        error.kind(),
        format!("failed to lock file `{}`: {error}", path.display()),
    )
}

/// The unit that makes the files `STEM.*` in `out_dir`.
pub(crate) fn unit_id(out_dir: &Path, stem: &str) -> UnitId {
    let digest = blake3::hash(out_dir.as_os_str().as_encoded_bytes()).to_hex();
    format!("{stem}-{}", &digest[..16])
}

/// The unit that made a library: `lib….rlib`, `lib….rmeta` or a shared library.
pub(crate) fn unit_of_library(path: &Path) -> Option<UnitId> {
    let stem = path.file_stem()?.to_str()?;
    let prefix = match path.extension()?.to_str()? {
        "rlib" | "rmeta" => "lib",
        extension if extension == DLL_EXTENSION => DLL_PREFIX,
        _ => return None,
    };
    Some(unit_id(path.parent()?, stem.strip_prefix(prefix)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_leads_to_its_unit() {
        let check = |path: &str, stem: Option<&str>| {
            let expect = stem.map(|stem| unit_id(Path::new("/t/debug/deps"), stem));
            assert_eq!(unit_of_library(Path::new(path)), expect, "{path}");
        };
        check("/t/debug/deps/libquote-0123.rlib", Some("quote-0123"));
        check("/t/debug/deps/libquote-0123.rmeta", Some("quote-0123"));
        let library = format!("/t/debug/deps/{DLL_PREFIX}serde_derive-9.{DLL_EXTENSION}");
        check(&library, Some("serde_derive-9"));
        check("/t/debug/deps/serde_derive-9.wasm", None);
        check("/t/debug/deps/quote.rlib", None);
    }

    #[test]
    fn the_directory_is_part_of_the_name() {
        assert_ne!(
            unit_id(Path::new("/a"), "x-1"),
            unit_id(Path::new("/b"), "x-1")
        );
    }

    #[test]
    fn a_second_builder_waits() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::in_build_dir(directory.path());
        let first = store.lock(|_| panic!("nobody has it")).unwrap();
        let (told, wait) = std::sync::mpsc::channel();
        std::thread::scope(|scope| {
            let second = scope.spawn(|| store.lock(move |_| told.send(()).unwrap()).unwrap());
            wait.recv().unwrap();
            drop(first);
            second.join().unwrap();
        });
    }

    #[test]
    fn directories_are_marked_as_cargo_does() {
        let folder = tempfile::tempdir().unwrap();
        let is_marked = |path: &str| folder.path().join(path).join("CACHEDIR.TAG").is_file();
        let _lock = Store::in_build_dir(&folder.path().join("target"))
            .lock(|_| ())
            .unwrap();
        assert!(is_marked("target") && is_marked("target/pm-aot"));
        // It was there before, so it may be anything.
        fs::create_dir(folder.path().join("users")).unwrap();
        let _lock = Store::in_build_dir(&folder.path().join("users"))
            .lock(|_| ())
            .unwrap();
        assert!(!is_marked("users") && is_marked("users/pm-aot"));
    }
}
