//! Names for a unit that hold in every project: what it is made of, and nothing about where it goes.
//!
//! There are two levels, since only rustc knows which files a unit is made of. The *input* is known
//! before rustc runs: the command line, what cargo and build scripts set, the toolchain, and the keys
//! of the units that `--extern` names. What one run then read (sources and variables, out of its
//! dep-info) is a [`Known`]; where all of that is the same again, so is the unit. Its [key](Known::key)
//! is the digest of both.
//!
//! What can't be named has no key, nor has what depends on it: a unit with a native macro among its
//! dependencies (nobody knows what such a macro reads), one that a workspace wrapper compiles, and one whose sources
//! changed while it was compiled. A sandboxed macro can read the variables that cargo sets about the
//! crate, which are in the input, and the files of the package, whose digest is in the `Known`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::dep_info::DepInfo;
use crate::session::{Now, Session};
use crate::sources::{self, Hasher, Source};

/// Goes up when keys mean something else than before.
const FORMAT: &str = "1";

/// What is known of a unit before rustc runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Input {
    /// Of all of it.
    pub(crate) digest: String,
    /// The package's directory if macros run in this unit, and may read there.
    pub(crate) package: Option<PathBuf>,
}

/// What one run of rustc made a unit of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Known {
    /// [`Input::digest`].
    pub(crate) input: String,
    pub(crate) sources: Vec<Source>,
    /// As in dep-info.
    pub(crate) variables: Vec<String>,
    /// Digest of the package's files, if macros may have read them.
    package: Option<String>,
    /// rustc's diagnostics, for cargo to show again.
    pub(crate) messages: Vec<String>,
}

/// A unit that `--extern` names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Dependency {
    pub(crate) key: String,
    pub(crate) is_macro: bool,
}

impl Input {
    /// `environment` is what cargo and build scripts set; `dependency` knows the units by their
    /// libraries.
    pub(crate) fn of(
        call: &Call,
        session: &Session,
        now: &Now,
        environment: &BTreeMap<String, String>,
        dependency: impl Fn(&Path) -> Option<Dependency>,
    ) -> Option<Self> {
        if !call.is_plain {
            return None;
        }
        let mut hasher = Hasher::default();
        hasher.add(FORMAT).add(&now.identity);
        hasher
            .add(&now.toolchain.id)
            .add(&now.toolchain.rustc_version);
        hasher.add(&now.opt_level);
        hasher.add(
            session
                .inner
                .as_ref()
                .map_or(Some(""), |inner| inner.to_str())?,
        );
        hasher.add(call.directory.to_str()?);
        // The one variable that changes what rustc accepts and that no dep-info names.
        hasher.add(&std::env::var("RUSTC_BOOTSTRAP").unwrap_or_default());
        let mut macros = false;
        for external in call.flags.externs() {
            hasher.add(external.options.unwrap_or_default());
            hasher.add(external.name);
            let Some(path) = external.path else {
                hasher.add("");
                continue;
            };
            let found = dependency(&call.directory.join(path))?;
            hasher.add(&found.key);
            macros |= found.is_macro;
        }
        hasher.add("flags");
        for flag in &call.flags.all {
            let value = flag.value.as_deref().unwrap_or_default();
            if !is_about_places(&flag.name, value) {
                hasher.add(&flag.name).add(value);
            }
        }
        hasher.add(call.flags.input.as_deref()?);
        for (name, value) in environment {
            // Where its build script has written. Code that asks for it is in dep-info, but a macro isn't.
            if name != "OUT_DIR" {
                hasher.add(name).add(value);
            } else if macros {
                return None;
            }
        }
        let package = environment.get("CARGO_MANIFEST_DIR").map(PathBuf::from);
        if macros && package.is_none() {
            return None;
        }
        Some(Self {
            digest: hasher.finish(),
            package: package.filter(|_| macros),
        })
    }
}

/// Whether a flag says where things are that the input names otherwise, or how rustc's text looks.
fn is_about_places(name: &str, value: &str) -> bool {
    match name {
        "--extern" | "--out-dir" | "--diagnostic-width" | "--color" => true,
        "-L" => value.starts_with("dependency="),
        "-C" => value.starts_with("incremental="),
        _ => false,
    }
}

impl Known {
    /// Of a compile that began at `started` and left this dep-info; nothing if files were written
    /// meanwhile.
    pub(crate) fn of_compile(
        input: &Input,
        dep_info: &DepInfo,
        sources: &[Source],
        directory: &Path,
        started: SystemTime,
        messages: Vec<String>,
    ) -> Option<Self> {
        let package = match &input.package {
            Some(directory) => Some(sources::of_package(directory)?),
            None => None,
        };
        sources::are_older(sources, directory, started).then(|| Self {
            input: input.digest.clone(),
            sources: sources.to_vec(),
            variables: dep_info.variables.clone(),
            package,
            messages,
        })
    }

    /// Names the unit, and everything that is made of it alone.
    pub(crate) fn key(&self) -> String {
        let mut hasher = Hasher::default();
        hasher.add(&self.input);
        hasher.add(&sources::combined(&self.sources, &self.variables));
        hasher.add(self.package.as_deref().unwrap_or_default());
        hasher.finish()
    }

    /// Whether rustc would be given the same again.
    pub(crate) fn is_current(&self, input: &Input, directory: &Path) -> bool {
        let package = input.package.as_deref();
        self.input == input.digest
            && sources::are_set(&self.variables)
            && sources::are_current(&self.sources, directory)
            && self.package == package.and_then(sources::of_package)
    }

    /// As in the dep-info that rustc would write.
    pub(crate) fn dep_info(&self) -> DepInfo {
        DepInfo {
            sources: self.sources.iter().map(|it| it.path.clone()).collect(),
            variables: self.variables.clone(),
        }
    }
}

#[cfg(test)]
mod tests;
