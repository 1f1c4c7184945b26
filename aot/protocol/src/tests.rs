//! Small sources of a bridge in either form, and the reading of them when a part is changed.

mod harmless;
mod real;
mod refused;

use crate::digests::Digests;
use crate::{ProtocolError, Reading, digest_file, read_with};
use fs_err as fs;
use std::collections::BTreeMap;
use std::path::Path;
use tempfile::TempDir;

/// The files below `library/proc_macro/src/`.
#[derive(Clone)]
struct Tree(BTreeMap<String, String>);

impl Tree {
    /// Files after lines `//- NAME`.
    fn parse(text: &str) -> Self {
        let files = text.split("//- ").skip(1).map(|part| {
            let (name, text) = part.split_once('\n').unwrap();
            // A file begins in its first line.
            (name.to_owned(), text.to_owned())
        });
        Self(files.collect())
    }

    /// The bridge of rustc 1.98.
    fn flat() -> Self {
        Self::parse(include_str!("tests/flat.txt"))
    }

    /// The bridge of rustc 1.85.
    fn grouped() -> Self {
        Self::parse(include_str!("tests/grouped.txt"))
    }

    /// The bridge of rustc 1.95: `usize` of the target's width, and two handle counters.
    fn flat_with_counters() -> Self {
        let grouped = Self::grouped();
        let proc_macro = &grouped.0["bridge/client.rs"];
        let proc_macro = &proc_macro[proc_macro
            .find("#[repr(C)]\n#[derive(Copy, Clone)]")
            .unwrap()..];
        let text = |start: &str, end: &str, tree: &Tree| {
            let text = &tree.0["bridge/rpc.rs"];
            let start = text.find(start).unwrap();
            text[start..start + text[start..].find(end).unwrap()].to_owned()
        };
        let tree = Self::flat();
        let padded = text("#[cfg(not", "impl<S> Encode<S> for bool", &tree);
        tree.with("bridge/rpc.rs", &padded, "")
            .with(
                "bridge/rpc.rs",
                "#[cfg(target_pointer_width = \"64\")]\n",
                "",
            )
            .with(
                "bridge/client.rs",
                "#[derive(Copy, Clone)]\npub struct Client {",
                "pub struct Client<I, O> {\n    handle_counters: &'static HandleCounters,",
            )
            .and(
                "bridge/client.rs",
                "#[repr(C)]
                 struct HandleCounters {
                     token_stream: AtomicU32,
                     span: AtomicU32,
                 }
                 static COUNTERS: HandleCounters =
                     HandleCounters { token_stream: AtomicU32::new(1), span: AtomicU32::new(1) };
                ",
            )
            .and("bridge/client.rs", proc_macro)
    }

    /// The bridge of rustc 1.88: groups without source files.
    fn grouped_without_files() -> Self {
        without_source_files(Self::grouped())
    }

    /// With `from`, which must be there once, replaced.
    #[track_caller]
    fn with(mut self, file: &str, from: &str, to: &str) -> Self {
        let text = self.0.get_mut(file).unwrap();
        assert_eq!(text.matches(from).count(), 1, "{from} in {file}");
        *text = text.replace(from, to);
        self
    }

    fn and(mut self, file: &str, more: &str) -> Self {
        self.0.get_mut(file).unwrap().push_str(more);
        self
    }

    /// Reads files of rustc's own, which `library` has.
    fn from_library(library: &Path) -> Self {
        let root = library.join("proc_macro/src");
        let mut files = BTreeMap::new();
        for folder in ["", "bridge/"] {
            for entry in fs::read_dir(root.join(folder)).unwrap() {
                let path = entry.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "rs") {
                    let name = path.file_name().unwrap().to_str().unwrap();
                    let text = fs::read_to_string(&path).unwrap();
                    files.insert(format!("{folder}{name}"), text);
                }
            }
        }
        Self(files)
    }

    fn write(&self) -> TempDir {
        let library = tempfile::tempdir().unwrap();
        for (name, text) in &self.0 {
            let path = library.path().join("proc_macro/src").join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        library
    }

    fn read(&self, known: &Digests) -> Result<Reading, ProtocolError> {
        read_with(self.write().path(), known)
    }

    /// The digests that make it known.
    fn digests(&self) -> Digests {
        let file = digest_file(self.write().path(), "1.0.0").unwrap();
        let mut digests = Digests::default();
        digests.add(&file);
        digests
    }

    /// The profile, and the unknown items.
    #[track_caller]
    fn reading(&self, known: &Digests) -> (&'static str, Vec<String>) {
        let reading = self.read(known).unwrap_or_else(|error| panic!("{error}"));
        let unknown = reading.unknown.into_iter().map(|item| item.item);
        (reading.profile.name, unknown.collect())
    }

    /// The error.
    #[track_caller]
    fn refusal(&self) -> String {
        match self.read(&Digests::default()) {
            Ok(reading) => panic!("this is {}", reading.profile),
            Err(error) => error.to_string(),
        }
    }
}

/// `SourceFile` goes, and `Span` gets two methods, as in rustc 1.88.
fn without_source_files(mut tree: Tree) -> Tree {
    let api = tree.0.get_mut("bridge/mod.rs").unwrap();
    let start = api.find("            SourceFile {").unwrap();
    let end = api.find("            Span {").unwrap();
    api.replace_range(start..end, "");
    let get_file = "                fn source_file($self: $S::Span) -> $S::SourceFile;\n";
    let column = "                fn column($self: $S::Span) -> usize;\n";
    let files = "                fn file($self: $S::Span) -> String;
                fn local_file($self: $S::Span) -> Option<String>;\n";
    tree.with("bridge/mod.rs", get_file, "")
        .with("bridge/mod.rs", column, &format!("{column}{files}"))
        .with("bridge/mod.rs", "            SourceFile,\n", "")
}

#[test]
fn profiles() {
    let check = |tree: Tree, expect: &str| {
        let (profile, unknown) = tree.reading(&Digests::default());
        assert_eq!(profile, expect);
        assert!(
            unknown.contains(&"impl Encode<S> for u8".to_owned()),
            "{unknown:?}"
        );
        let known = tree.digests();
        assert_eq!(tree.reading(&known), (expect, Vec::new()));
    };
    check(Tree::grouped(), "1.85");
    check(Tree::grouped_without_files(), "1.88");
    check(Tree::flat_with_counters(), "1.95");
    check(Tree::flat(), "1.98");
}

/// A digest counts for the profile that it is of.
#[test]
fn digests_of_another_profile() {
    let known = Tree::grouped().digests();
    let (profile, unknown) = Tree::grouped_without_files().reading(&known);
    assert_eq!(profile, "1.88");
    assert!(
        unknown.contains(&"impl Encode<S> for u8".to_owned()),
        "{unknown:?}"
    );
}

/// A difference is one from the release that the sources seem to be.
#[test]
fn hints() {
    let first = "                fn drop($self: $S::FreeFunctions);\n";
    let changed = Tree::grouped_without_files().with("bridge/mod.rs", first, "");
    let check = |folder: &str, version: Option<&str>, expect: &str| {
        let around = tempfile::tempdir().unwrap();
        let around = around.path().join(folder);
        fs::create_dir(&around).unwrap();
        if let Some(version) = version {
            fs::write(around.join("version"), version).unwrap();
        }
        let written = changed.write();
        fs::rename(written.path(), around.join("library")).unwrap();
        match read_with(&around.join("library"), &Digests::default()) {
            Err(ProtocolError::Profile { profile, .. }) => assert_eq!(profile.name, expect),
            other => panic!("{other:?}"),
        }
    };
    check("sources", None, "1.88");
    check("rustc-1.86.0", None, "1.85");
    check("sources", Some("1.85.1 (4eb161250 2025-03-15)\n"), "1.85");
    check(
        "rustc-1.86.0",
        Some("1.90.0 (1159e78c4 2025-09-14)\n"),
        "1.88",
    );
    // A name of another form, and a release of no profile.
    check("rustc-1.98.1", None, "1.88");
    check("rustc-1.84.0", None, "1.88");
}
