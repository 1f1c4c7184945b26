//! The digests of items in known releases, from the files in `digests/`.
//!
//! A file is one release's. Its lines are
//!
//! ```text
//! # rustc 1.98.1
//! profile 1.98
//! FILE ITEM DIGEST
//! ```
//!
//! where the file is below `library/proc_macro/src/`, the item may have spaces, and the digest is
//! 16 bytes of blake3 in hexadecimal. The example `digests` prints such a file.

use crate::source::Item;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

const FILES: &[&str] = &include!(concat!(env!("OUT_DIR"), "/digests.rs"));

/// Lines by the name of a profile.
#[derive(Debug, Default)]
pub(crate) struct Digests(BTreeMap<String, BTreeSet<String>>);

impl Digests {
    /// Those of all known releases.
    pub(crate) fn known() -> &'static Digests {
        static KNOWN: LazyLock<Digests> = LazyLock::new(|| {
            let mut known = Digests::default();
            FILES.iter().for_each(|file| known.add(file));
            known
        });
        &KNOWN
    }

    /// Adds a file.
    pub(crate) fn add(&mut self, file: &str) {
        let mut profile = "";
        for line in file.lines().filter(|line| !line.starts_with('#')) {
            match line.strip_prefix("profile ") {
                Some(name) => profile = name,
                None => {
                    let lines = self.0.entry(profile.to_owned()).or_default();
                    lines.insert(line.to_owned());
                }
            }
        }
    }

    /// Returns true if a release with that profile has the item with these tokens.
    pub(crate) fn has(&self, profile: &str, item: &Item<'_>) -> bool {
        let lines = self.0.get(profile);
        lines.is_some_and(|lines| lines.contains(&line(item)))
    }
}

/// The line of an item.
pub(crate) fn line(item: &Item<'_>) -> String {
    format!("{} {} {}", item.file.short(), item.name, digest(item))
}

/// The first 16 bytes of the blake3 of an item's tokens, a line each.
pub(crate) fn digest(item: &Item<'_>) -> String {
    let mut hasher = blake3::Hasher::new();
    for token in &item.tokens {
        hasher.update(token.text.as_bytes());
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex()[..32].to_owned()
}

#[cfg(test)]
mod tests {
    use super::{FILES, digest};
    use crate::source::File;
    use pm_abi::Profile;

    fn door(text: &str) -> String {
        let file = File::parse("house.rs".to_owned(), text).unwrap();
        let items = file.items();
        let door = items.iter().find(|item| item.name == "struct Door");
        digest(door.unwrap())
    }

    /// A digest in a file means the same tomorrow.
    #[test]
    fn digests_stay() {
        let door = door("struct Door { wide: u8 }");
        assert_eq!(door, "0ff02eeedbfc261ec62dd88da029ff39");
    }

    /// Comments, formatting and harmless attributes are no difference.
    #[test]
    fn same_digest() {
        let expect = door("struct Door { wide: u8 }");
        for same in [
            "/// A door.\nstruct Door {\n wide: u8 /* in feet */\n}\nstruct Window;",
            "#[cfg_attr(any, doc = \"x\")] #[derive(Clone)] struct Door { #[allow(x)] wide: u8 }",
        ] {
            assert_eq!(door(same), expect, "{same}");
        }
    }

    #[test]
    fn other_digest() {
        let expect = door("struct Door { wide: u8 }");
        for other in [
            "struct Door { wide: u16 }",
            "struct Door { wide: u8, high: u8 }",
            "pub struct Door { wide: u8 }",
            "#[repr(C)] struct Door { wide: u8 }",
            "struct Door { #[cfg(unix)] wide: u8 }",
        ] {
            assert_ne!(door(other), expect, "{other}");
        }
    }

    #[test]
    fn files_are_well_formed() {
        assert!(!FILES.is_empty());
        for file in FILES {
            let mut lines = file.lines();
            assert!(lines.next().unwrap().starts_with("# rustc 1."));
            let profile = lines.next().unwrap().strip_prefix("profile ").unwrap();
            assert!(Profile::by_name(profile).is_some(), "{profile}");
            let lines: Vec<&str> = lines.collect();
            assert!(lines.is_sorted());
            for line in lines {
                let (file, rest) = line.split_once(' ').unwrap();
                let (_, digest) = rest.rsplit_once(' ').unwrap();
                assert!(file.ends_with(".rs"), "{line}");
                assert_eq!(digest.len(), 32, "{line}");
            }
        }
    }
}
