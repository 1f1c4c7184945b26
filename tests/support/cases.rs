//! The files that are compiled.

use crate::workspace::{Workspace, rustc_minor};
use fs_err as fs;
use std::path::{Path, PathBuf};

/// A file of source code.
#[derive(Clone, Debug)]
pub struct Case {
    /// The path, below the workspace's root where it is one of its files.
    pub path: PathBuf,
    /// What is in it.
    pub source: String,
}

impl Case {
    /// Reads a case by its path below `cases/`.
    pub fn read(workspace: &Workspace, name: &str) -> Case {
        let path = Path::new("cases").join(name);
        let source = fs::read_to_string(workspace.root.join(&path)).expect("a case");
        Case { path, source }
    }

    /// All cases in a folder below `cases/`, but for those that need a newer rustc.
    pub fn read_all(workspace: &Workspace, folder: &str) -> Vec<Case> {
        let names = names(&workspace.root.join("cases").join(folder));
        let cases = names
            .iter()
            .map(|name| Case::read(workspace, &format!("{folder}/{name}.rs")));
        let cases: Vec<Case> = cases
            .filter(|case| case.rustc_minor() <= rustc_minor())
            .collect();
        assert!(!cases.is_empty(), "no cases in {folder}");
        cases
    }

    /// The edition that the file asks for in a line `//@ edition: YEAR`, or 2021.
    pub fn edition(&self) -> &str {
        self.setting("edition").unwrap_or("2021")
    }

    /// The oldest rustc 1.x that compiles the file, from a line `//@ rustc: 1.X`, or 0.
    pub fn rustc_minor(&self) -> u32 {
        self.setting("rustc").map_or(0, |version| {
            let minor = version.strip_prefix("1.").and_then(|it| it.parse().ok());
            minor.unwrap_or_else(|| panic!("{}: `{version}` isn't `1.X`", self.path.display()))
        })
    }

    /// The value of a line `//@ NAME: VALUE`.
    fn setting(&self, name: &str) -> Option<&str> {
        self.source.lines().find_map(|line| {
            line.strip_prefix("//@ ")?
                .strip_prefix(name)?
                .strip_prefix(": ")
        })
    }

    /// Whether the word stands in the file.
    pub fn names(&self, word: &str) -> bool {
        let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
        self.source.match_indices(word).any(|(at, _)| {
            !self.source[..at].ends_with(part_of_word)
                && !self.source[at + word.len()..].starts_with(part_of_word)
        })
    }

    /// A name for files about it.
    pub fn slug(&self) -> String {
        let path = self.path.with_extension("");
        let parts = path.components().filter_map(|part| match part {
            std::path::Component::Normal(part) => part.to_str(),
            _ => None,
        });
        parts.collect::<Vec<_>>().join("-")
    }
}

/// The names of the cases in a folder, without their extension, sorted.
pub fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder of cases");
    let paths = files.map(|file| file.expect("a file").path());
    let cases = paths.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<String> = cases
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned()))
        .collect();
    names.sort();
    names
}
