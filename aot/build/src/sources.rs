//! What went into a unit besides its command line: files by content, variables by value.

use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::dep_info::DepInfo;

/// File systems tell times in ticks of some milliseconds: what was written in the tick before may
/// have been written after.
const TICK: Duration = Duration::from_millis(50);

/// A package with more files than this isn't read through.
const MAX_FILES: usize = 4096;

/// The same in bytes.
const MAX_BYTES: u64 = 64 << 20;

/// A source file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Source {
    /// As rustc names it: absolute, or relative to where rustc ran.
    pub(crate) path: String,
    /// Of its content.
    pub(crate) digest: String,
}

/// The sources that a dep-info file names, as they are now.
pub(crate) fn read(dep_info: &DepInfo, directory: &Path) -> io::Result<Vec<Source>> {
    let sources = dep_info.sources.iter().map(|path| {
        Ok(Source {
            path: path.clone(),
            digest: digest(&directory.join(path))?,
        })
    });
    sources.collect()
}

/// Whether the sources still have their content.
pub(crate) fn are_current(sources: &[Source], directory: &Path) -> bool {
    sources
        .iter()
        .all(|source| digest(&directory.join(&source.path)).is_ok_and(|now| now == source.digest))
}

/// Whether no source was written since, so that a compiler which started then has read what is there.
pub(crate) fn are_older(sources: &[Source], directory: &Path, since: SystemTime) -> bool {
    sources.iter().all(|source| {
        let modified = fs::metadata(directory.join(&source.path)).and_then(|file| file.modified());
        modified.is_ok_and(|modified| modified + TICK < since)
    })
}

/// Whether variables, as dep-info has them, have the same values in this process.
pub(crate) fn are_set(variables: &[String]) -> bool {
    variables.iter().all(|variable| {
        let name = variable.split('=').next().unwrap_or_default();
        match std::env::var(name) {
            Ok(value) => variable.strip_prefix(name) == Some(&format!("={}", escape(&value))),
            Err(std::env::VarError::NotPresent) => variable == name,
            Err(std::env::VarError::NotUnicode(_)) => false,
        }
    })
}

/// As rustc writes values into dep-info.
fn escape(value: &str) -> String {
    value
        .replace('\\', "\\\\")
        .replace('\n', "\\n")
        .replace('\r', "\\r")
}

/// Digest of all of it.
pub(crate) fn combined(sources: &[Source], variables: &[String]) -> String {
    let mut hasher = Hasher::default();
    for source in sources {
        hasher.add(&source.path).add(&source.digest);
    }
    for variable in variables {
        hasher.add(variable);
    }
    hasher.finish()
}

/// Digest of all files below a package's directory, or nothing if they are too many: a macro may read
/// there what no dep-info names.
pub(crate) fn of_package(directory: &Path) -> Option<String> {
    let mut open = vec![directory.to_owned()];
    let mut files = Vec::new();
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).ok()? {
            let entry = entry.ok()?;
            if entry.file_type().ok()?.is_dir() {
                open.push(entry.path());
            } else {
                files.push(entry.path());
            }
            if files.len() + open.len() > MAX_FILES {
                return None;
            }
        }
    }
    files.sort();
    let mut hasher = Hasher::default();
    let mut bytes = 0;
    for file in files {
        bytes += fs::metadata(&file).ok()?.len();
        if bytes > MAX_BYTES {
            return None;
        }
        let name = file.strip_prefix(directory).ok()?.to_str()?.to_owned();
        hasher.add(&name).add(&digest(&file).ok()?);
    }
    Some(hasher.finish())
}

/// Digest of a file's content.
pub(crate) fn digest(path: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    hasher.update_reader(fs::File::open(path)?)?;
    Ok(hasher.finalize().to_hex().to_string())
}

/// Digest of texts, none of which can pass for two or for a part.
#[derive(Default)]
pub(crate) struct Hasher(blake3::Hasher);

impl Hasher {
    pub(crate) fn add(&mut self, text: &str) -> &mut Self {
        self.0.update(&(text.len() as u64).to_le_bytes());
        self.0.update(text.as_bytes());
        self
    }

    pub(crate) fn finish(&self) -> String {
        self.0.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_counts_and_time_tells_what_was_read() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("a.rs"), "a").unwrap();
        let dep_info = DepInfo {
            sources: vec!["a.rs".into()],
            variables: Vec::new(),
        };
        let sources = read(&dep_info, folder.path()).unwrap();
        let now = SystemTime::now();
        assert!(are_current(&sources, folder.path()));
        assert!(!are_older(&sources, folder.path(), now));
        assert!(are_older(&sources, folder.path(), now + TICK * 10));
        fs::write(folder.path().join("a.rs"), "b").unwrap();
        assert!(!are_current(&sources, folder.path()));
        fs::remove_file(folder.path().join("a.rs")).unwrap();
        assert!(!are_current(&sources, folder.path()));
        assert!(!are_older(&sources, folder.path(), now + TICK * 10));
    }

    #[test]
    fn variables_have_the_values_of_this_process() {
        let check = |variable: &str, expect: bool| {
            assert_eq!(are_set(&[variable.to_owned()]), expect, "{variable}");
        };
        let manifest = env!("CARGO_MANIFEST_DIR");
        check(&format!("CARGO_MANIFEST_DIR={manifest}"), true);
        check("CARGO_MANIFEST_DIR=/elsewhere", false);
        check("CARGO_MANIFEST_DIR", false);
        check("PM_AOT_NOBODY_SETS_THIS", true);
        check("PM_AOT_NOBODY_SETS_THIS=", false);
        assert_eq!(escape("a\\b\nc\r"), "a\\\\b\\nc\\r");
    }

    #[test]
    fn a_packages_files_are_in_its_digest() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("src")).unwrap();
        fs::write(folder.path().join("src/lib.rs"), "a").unwrap();
        let before = of_package(folder.path());
        assert!(before.is_some() && of_package(folder.path()) == before);
        fs::write(folder.path().join("src/data"), "b").unwrap();
        assert_ne!(of_package(folder.path()), before);
        assert_eq!(of_package(&folder.path().join("none")), None);
    }

    #[test]
    fn texts_keep_their_borders() {
        let of = |texts: &[&str]| {
            let mut hasher = Hasher::default();
            for text in texts {
                hasher.add(text);
            }
            hasher.finish()
        };
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_ne!(of(&["ab"]), of(&["ab", ""]));
    }
}
