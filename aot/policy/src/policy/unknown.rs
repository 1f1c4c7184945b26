//! Names that no package has: a setting under one of them does nothing.

use super::Policy;
use super::source::{self, Origin};
use serde::Deserialize;
use std::fmt;
use std::path::Path;

/// From here on a name is taken for a misspelling of another (as in clap, which says it of an argument).
const SIMILAR: f64 = 0.7;

/// A name in a policy, of which the workspace has no package.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    /// As it is written.
    pub name: String,
    /// The source in which it is.
    pub origin: String,
    /// A package that may be meant.
    pub similar: Option<String>,
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let UnknownName { name, origin, .. } = self;
        write!(
            f,
            "{origin} has settings for `{name}`, and no package of this workspace has that name"
        )
    }
}

/// As much of a `Cargo.lock` as is read.
#[derive(Deserialize)]
struct Lock {
    #[serde(default)]
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
}

impl Policy {
    /// The names in the workspace's own sources that no package in its `Cargo.lock` has; none if there is no such
    /// file that can be read. `PM_AOT_POLICY` may be for many workspaces, so what only that names isn't unknown.
    #[must_use]
    pub fn unknown_names(&self) -> Vec<UnknownName> {
        let own = self.sources.iter();
        let own: Vec<_> = own
            .filter(|source| !matches!(source.origin, Origin::Variable))
            .flat_map(|source| source.names().map(|name| (name, &source.origin)))
            .collect();
        if own.is_empty() {
            return Vec::new();
        }
        let Some(packages) = packages(&self.workspace) else {
            return Vec::new();
        };
        own.into_iter()
            .filter(|(name, _)| {
                !packages
                    .iter()
                    .any(|package| source::is_same(name, package))
            })
            .map(|(name, origin)| UnknownName {
                name: name.to_owned(),
                origin: origin.to_string(),
                similar: similar(name, &packages),
            })
            .collect()
    }
}

/// All packages that cargo has resolved.
fn packages(workspace: &Path) -> Option<Vec<String>> {
    let text = fs_err::read_to_string(workspace.join("Cargo.lock")).ok()?;
    let lock: Lock = toml::from_str(&text).ok()?;
    Some(lock.package.into_iter().map(|it| it.name).collect())
}

fn similar(name: &str, packages: &[String]) -> Option<String> {
    let likeness = |package: &String| strsim::normalized_damerau_levenshtein(name, package);
    let best = packages
        .iter()
        .max_by(|one, other| likeness(one).total_cmp(&likeness(other)))?;
    (likeness(best) >= SIMILAR).then(|| best.clone())
}
