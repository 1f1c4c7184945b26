//! The files that are compiled.

use crate::workspace::Workspace;
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

    /// All cases in a folder below `cases/`.
    pub fn read_all(workspace: &Workspace, folder: &str) -> Vec<Case> {
        let names = names(&workspace.root.join("cases").join(folder));
        assert!(!names.is_empty(), "no cases in {folder}");
        names
            .iter()
            .map(|name| Case::read(workspace, &format!("{folder}/{name}.rs")))
            .collect()
    }

    /// The edition that the file asks for in a line `//@ edition: YEAR`, or 2021.
    pub fn edition(&self) -> &str {
        let asked = self
            .source
            .lines()
            .find_map(|line| line.strip_prefix("//@ edition: "));
        asked.unwrap_or("2021")
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
