//! What an answer depends on.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Everything that an answer depends on, as one digest.
///
/// Each part is hashed with its kind and length, so that no two lists of parts are alike.
#[derive(Clone, Debug, Default)]
pub struct Circumstances {
    hasher: blake3::Hasher,
}

impl Circumstances {
    /// A word: an argument, a directory's name.
    pub fn word(&mut self, word: &OsStr) {
        self.part("word", word.as_encoded_bytes());
    }

    /// The variables of an environment whose names matter.
    pub fn variables(
        &mut self,
        environment: &BTreeMap<OsString, OsString>,
        matters: impl Fn(&str) -> bool,
    ) {
        self.part("variables", &[]);
        for (name, value) in environment {
            if matters(&name.to_string_lossy()) {
                self.word(name);
                self.word(value);
            }
        }
    }

    /// A small file, by path and content, which is returned: nothing where there is none, or none that can be read.
    pub fn content(&mut self, path: &Path) -> Option<Vec<u8>> {
        self.part("content", path.as_os_str().as_encoded_bytes());
        // Most of those that are asked for aren't there, so without fs_err's texts.
        match std::fs::read(path) {
            Ok(content) => {
                self.part("is", &content);
                Some(content)
            }
            Err(error) => {
                self.part("is not", error.kind().to_string().as_bytes());
                None
            }
        }
    }

    /// A large file that nobody changes in place, by its path without links, its size and time of change.
    ///
    /// # Errors
    /// Those of reading its metadata.
    pub fn stamp(&mut self, path: &Path) -> io::Result<()> {
        let path = &fs_err::canonicalize(path)?;
        let file = fs_err::metadata(path)?;
        let time = file.modified()?.duration_since(UNIX_EPOCH);
        self.part("stamp", path.as_os_str().as_encoded_bytes());
        self.part("size", &file.len().to_le_bytes());
        let time = time.unwrap_or_default().as_nanos();
        self.part("time", &time.to_le_bytes());
        Ok(())
    }

    /// A program of a toolchain, as [`stamp`](Self::stamp). Nothing if it isn't in a sysroot: only what lies there is
    /// believed to answer the same each time. A script in another place, or a rustup proxy, may choose by the
    /// directory that it runs in, or by settings of its own.
    #[must_use]
    pub fn program(&mut self, path: &Path) -> Option<()> {
        let path = fs_err::canonicalize(path).ok()?;
        let root = path.parent()?.parent()?;
        if !root.join("lib/rustlib").is_dir() {
            return None;
        }
        self.stamp(&path).ok()
    }

    fn part(&mut self, kind: &str, bytes: &[u8]) {
        for bytes in [kind.as_bytes(), bytes] {
            self.hasher.update(&(bytes.len() as u64).to_le_bytes());
            self.hasher.update(bytes);
        }
    }

    /// The digest, in hex.
    #[must_use]
    pub fn digest(&self) -> String {
        self.hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn digest(describe: impl FnOnce(&mut Circumstances)) -> String {
        let mut circumstances = Circumstances::default();
        describe(&mut circumstances);
        circumstances.digest()
    }

    #[test]
    fn parts_are_told_apart() {
        let words = |words: &[&str]| {
            digest(|about| words.iter().for_each(|word| about.word(word.as_ref())))
        };
        let variables = |variables: &[(&str, &str)]| {
            let variables = variables.iter();
            let variables = variables.map(|(name, value)| (name.into(), value.into()));
            digest(|about| about.variables(&variables.collect(), |name| name != "c"))
        };
        let all = [
            words(&[]),
            words(&[""]),
            words(&["ab"]),
            words(&["a", "b"]),
            words(&["b", "a"]),
            variables(&[]),
            variables(&[("a", "b")]),
            variables(&[("b", "a")]),
        ];
        let distinct: std::collections::BTreeSet<_> = all.iter().collect();
        assert_eq!(distinct.len(), all.len());
        assert_eq!(words(&["a", "b"]), words(&["a", "b"]));
        assert_eq!(
            variables(&[("c", "d"), ("a", "b")]),
            variables(&[("a", "b")])
        );
    }

    #[test]
    fn a_file_counts_by_its_content() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        let content = || digest(|about| drop(about.content(&file)));
        let absent = content();
        fs_err::write(&file, "").unwrap();
        let empty = content();
        fs_err::write(&file, "text").unwrap();
        let text = content();
        assert!(absent != empty && empty != text && absent != text);
        assert_eq!(content(), text);
        fs_err::remove_file(&file).unwrap();
        assert_eq!(content(), absent);
        // A folder of that name can't be read, which is another thing than none.
        fs_err::create_dir(&file).unwrap();
        assert_ne!(content(), absent);
    }

    #[test]
    fn a_stamp_is_of_size_and_time() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        Circumstances::default().stamp(&file).unwrap_err();
        fs_err::write(&file, "text").unwrap();
        let stamp = || digest(|about| about.stamp(&file).unwrap());
        let first = stamp();
        assert_eq!(stamp(), first);
        let open = || std::fs::File::options().append(true).open(&file).unwrap();
        let time = open().metadata().unwrap().modified().unwrap();
        fs_err::write(&file, "texts").unwrap();
        open().set_modified(time).unwrap();
        assert_ne!(stamp(), first);
        fs_err::write(&file, "text").unwrap();
        open()
            .set_modified(time + std::time::Duration::from_nanos(1))
            .unwrap();
        assert_ne!(stamp(), first);
        open().set_modified(time).unwrap();
        assert_eq!(stamp(), first);
    }
}
