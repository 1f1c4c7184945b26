//! The libraries that cargo says it has made, and the records of how.

use std::path::{Path, PathBuf};

use cargo_metadata::{Message, TargetKind};
use fs_err as fs;

use crate::record::Record;
use crate::store::{Store, UnitId, unit_of_library};

/// A library of cargo's build, new or fresh.
#[derive(Clone, Debug)]
pub(crate) struct Artifact {
    /// Cargo's name for the package, as `--package` takes it.
    pub(crate) package_id: String,
    pub(crate) crate_name: String,
    pub(crate) is_macro: bool,
    source: PathBuf,
    files: Vec<PathBuf>,
}

impl Artifact {
    /// The library that a line of cargo's JSON messages is about.
    pub(crate) fn parse(line: &[u8]) -> Option<Self> {
        let message: Message = serde_json::from_slice(line).ok()?;
        let Message::CompilerArtifact(artifact) = message else {
            return None;
        };
        let is =
            |kinds: &[TargetKind]| artifact.target.kind.iter().any(|kind| kinds.contains(kind));
        let is_macro = is(&[TargetKind::ProcMacro]);
        let library = is(&[TargetKind::Lib, TargetKind::RLib, TargetKind::DyLib]);
        if !(is_macro || library) || artifact.profile.test {
            return None;
        }
        Some(Self {
            package_id: artifact.package_id.repr,
            crate_name: artifact.target.name.replace('-', "_"),
            is_macro,
            source: artifact.target.src_path.into(),
            files: artifact.filenames.into_iter().map(Into::into).collect(),
        })
    }

    /// What cargo made: for a macro its shared library, not what belongs to it.
    pub(crate) fn native(&self) -> Option<&Path> {
        self.files
            .iter()
            .find(|file| unit_of_library(file).is_some())
            .map(PathBuf::as_path)
    }

    /// The unit that made it, if there is a record that is up to date.
    pub(crate) fn unit(&self, store: &Store) -> Option<UnitId> {
        let mut ids = self.files.iter().filter_map(|file| unit_of_library(file));
        if let Some(id) = ids.find(|id| Record::read(store, id).is_some()) {
            return Some(id);
        }
        // What cargo was asked to build by name it links out of the directory where rustc made
        // it, to a name without a hash.
        let entries = fs::read_dir(store.units()).ok()?;
        entries
            .filter_map(|entry| Some(entry.ok()?.path().file_stem()?.to_str()?.to_owned()))
            .filter(|id| id.starts_with(&self.crate_name))
            .find(|id| {
                Record::read(store, id).is_some_and(|record| {
                    record.source().as_ref() == Some(&self.source)
                        && self.files.iter().any(|file| is_same(file, &record.native))
                })
            })
    }

    /// Name and version out of cargo's name for the package (`…/NAME#VERSION` or
    /// `…#NAME@VERSION`), for where there is no record to ask.
    pub(crate) fn name_and_version(&self) -> (&str, &str) {
        let (place, fragment) = self
            .package_id
            .rsplit_once('#')
            .unwrap_or(("", &self.package_id));
        fragment.split_once('@').unwrap_or_else(|| {
            (
                place.split(['/', '?']).next_back().unwrap_or_default(),
                fragment,
            )
        })
    }
}

/// Whether two names are of one file, or of copies: cargo copies where it cannot link.
fn is_same(left: &Path, right: &Path) -> bool {
    let (Ok(a), Ok(b)) = (fs::metadata(left), fs::metadata(right)) else {
        return false;
    };
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        if (a.dev(), a.ino()) == (b.dev(), b.ino()) {
            return true;
        }
    }
    a.len() == b.len()
        && matches!((fs::read(left), fs::read(right)), (Ok(left), Ok(right)) if left == right)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_package_id_has_name_and_version() {
        let check = |id: &str, expect: (&str, &str)| {
            let artifact = Artifact {
                package_id: id.into(),
                crate_name: String::new(),
                is_macro: true,
                source: PathBuf::new(),
                files: Vec::new(),
            };
            assert_eq!(artifact.name_and_version(), expect);
        };
        check(
            "registry+https://example.org/index#serde_derive@1.0.229",
            ("serde_derive", "1.0.229"),
        );
        check("path+file:///w/macros#0.1.0", ("macros", "0.1.0"));
        check("path+file:///w/dir#macros@0.1.0", ("macros", "0.1.0"));
        check(
            "git+https://example.org/r/macros?branch=x#a@1.0.0-b.1",
            ("a", "1.0.0-b.1"),
        );
    }

    #[test]
    fn only_libraries_that_are_no_tests() {
        let line = |kind: &str, test: bool| {
            format!(
                r#"{{"reason":"compiler-artifact","package_id":"path+file:///w/a-b#0.1.0",
                "manifest_path":"/w/a-b/Cargo.toml","target":{{"kind":["{kind}"],
                "crate_types":["{kind}"],"name":"a-b","src_path":"/w/a-b/src/lib.rs",
                "edition":"2024","doc":true,"doctest":true,"test":true}},
                "profile":{{"opt_level":"0","debuginfo":2,"debug_assertions":true,
                "overflow_checks":true,"test":{test}}},"features":[],
                "filenames":["/w/target/debug/deps/liba_b-1.rlib"],"executable":null,
                "fresh":true}}"#
            )
            .replace('\n', "")
        };
        let check = |kind: &str, test: bool, expect: Option<bool>| {
            let found = Artifact::parse(line(kind, test).as_bytes());
            assert_eq!(found.map(|artifact| artifact.is_macro), expect, "{kind}");
        };
        check("proc-macro", false, Some(true));
        check("lib", false, Some(false));
        check("proc-macro", true, None);
        check("custom-build", false, None);
        check("bin", false, None);
        assert!(Artifact::parse(br#"{"reason":"build-finished","success":true}"#).is_none());
    }

    #[test]
    fn a_copy_is_the_same() {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        fs::write(at("a"), "1").unwrap();
        fs::hard_link(at("a"), at("linked")).unwrap();
        fs::copy(at("a"), at("copied")).unwrap();
        fs::write(at("other"), "2").unwrap();
        assert!(is_same(&at("a"), &at("linked")) && is_same(&at("a"), &at("copied")));
        assert!(!is_same(&at("a"), &at("other")) && !is_same(&at("a"), &at("none")));
    }
}
