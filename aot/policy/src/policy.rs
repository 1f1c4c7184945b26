//! A policy: its sources in order, and the decision about one crate.

mod error;
mod source;
mod unknown;

pub use error::PolicyError;
pub use source::{FILE, VARIABLE};
pub use unknown::UnknownName;

use crate::{Read, Run, Sandbox, known};
use serde::{Deserialize, Serialize};
use source::{Entry, Source};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// What a user wants of macro crates.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    workspace: PathBuf,
    /// The first goes before the others.
    sources: Vec<Source>,
}

/// What a policy says of one macro crate, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Which version runs.
    pub version: Version,
    /// Why that version: a sentence's end, after "because".
    pub why: String,
    /// What the macros may read.
    pub sandbox: Sandbox,
    /// Who says so.
    pub read_by: String,
}

/// The version of a macro crate that a policy wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Version {
    /// The wasm version.
    Wasm {
        /// Whether it's an error if it can't be made; else the native one runs.
        required: bool,
    },
    /// The native version.
    Native,
}

impl Version {
    /// Returns true if the native version must not run.
    #[must_use]
    pub fn is_required_wasm(self) -> bool {
        self == Self::Wasm { required: true }
    }
}

impl Default for Version {
    fn default() -> Self {
        Self::Wasm { required: false }
    }
}

impl Policy {
    /// Reads the policy of the workspace in a folder. `variable` is the value of [`VARIABLE`].
    ///
    /// # Errors
    /// If a source can't be read, or says what it can't say.
    pub fn read(workspace: &Path, variable: Option<&OsStr>) -> Result<Self, PolicyError> {
        let sources = [
            variable.map(Source::of_variable).transpose()?,
            Source::of_file(&workspace.join(FILE))?,
            Source::of_manifest(&workspace.join("Cargo.toml"))?,
        ];
        Ok(Self {
            workspace: fs_err::canonicalize(workspace).map_err(PolicyError::Read)?,
            sources: sources.into_iter().flatten().collect(),
        })
    }

    /// Reads the policy of the nearest folder that has one, from this folder upwards. It is for where
    /// cargo doesn't say which folder is the workspace's: no policy that may hold is missed.
    ///
    /// # Errors
    /// Those of [`read`](Self::read).
    pub fn nearest(folder: &Path, variable: Option<&OsStr>) -> Result<Self, PolicyError> {
        let folder = fs_err::canonicalize(folder).map_err(PolicyError::Read)?;
        for above in folder.ancestors() {
            if !Self::read(above, None)?.sources.is_empty() {
                return Self::read(above, variable);
            }
        }
        Self::read(&folder, variable)
    }

    /// What it says of the macros of a package.
    #[must_use]
    pub fn decide(&self, package: &str) -> Decision {
        let run = self.find(package, |entry| entry.run);
        let read = self.find(package, |entry| entry.read);
        let (version, why) = match run {
            Some((Run::Native, by)) => (Version::Native, by),
            Some((Run::Wasm, by)) => (Version::Wasm { required: true }, by),
            other => match (known::reason(package), other) {
                (Some(reason), _) => (Version::Native, reason.to_owned()),
                (None, Some((_, by))) => (Version::default(), by),
                (None, None) => (Version::default(), by_default(Run::default())),
            },
        };
        let (read, read_by) =
            read.unwrap_or_else(|| (Read::default(), by_default(Read::default())));
        Decision {
            version,
            why,
            sandbox: Sandbox {
                package: package.to_owned(),
                read,
                workspace: self.workspace.clone(),
            },
            read_by,
        }
    }

    /// The first statement that a crate must run from wasm, if there is any that no source before it
    /// overrides: with it nothing may run natively in its place.
    #[must_use]
    pub fn requires_wasm(&self) -> Option<String> {
        let names = self.sources.iter().flat_map(Source::require_wasm);
        let mut found = names.filter_map(|name| self.find(name, |entry| entry.run));
        found.find_map(|(run, by)| (run == Run::Wasm).then_some(by))
    }

    /// A setting in the first source that has it for this package, and how that source says it.
    fn find<T: std::fmt::Display>(
        &self,
        package: &str,
        setting: impl Fn(&Entry) -> Option<T>,
    ) -> Option<(T, String)> {
        self.sources.iter().find_map(|source| {
            let (name, value) = source.find(package, &setting)?;
            let by = format!("{} says `{value}` for `{name}`", source.origin);
            Some((value, by))
        })
    }
}

fn by_default(setting: impl std::fmt::Display) -> String {
    format!("`{setting}` is the default")
}

#[cfg(test)]
mod tests;
