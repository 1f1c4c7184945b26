//! What the engine tells the wrapper: a file, named by an environment variable.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::Write;
use std::num::NonZero;
use std::path::{Path, PathBuf};

use pm_policy::Policy;
use pm_toolchain::Toolchain;
use serde::{Deserialize, Serialize};
use tempfile::NamedTempFile;

use crate::{BuildError, MacroCache, Mode};

/// Names the session file. Its presence makes this program a rustc wrapper.
pub(crate) const VARIABLE: &str = "PM_AOT_SESSION";

/// Set by cargo and rustup for themselves, or of no effect on what a unit is.
const NOT_OF_A_UNIT: &[&str] = &[
    VARIABLE,
    "CARGO_MAKEFLAGS",
    "DYLD_FALLBACK_LIBRARY_PATH",
    "LD_LIBRARY_PATH",
    "MAKEFLAGS",
    "MFLAGS",
    "PATH",
    "RUSTC",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_WRAPPER",
];

/// One run of cargo.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Session {
    /// The rustc that cargo was told to run.
    pub(crate) rustc: PathBuf,
    /// The user's own wrapper, which gets the native compile.
    pub(crate) inner: Option<PathBuf>,
    /// Where records go.
    pub(crate) store: PathBuf,
    /// What the wrapper needs to compile macros itself, if it is to.
    pub(crate) now: Option<Now>,
    /// The environment that cargo started with, as name and digest of the value: what a unit has
    /// beyond it, cargo or a build script has set.
    environment: BTreeMap<String, String>,
}

/// How macros are compiled for wasm while cargo runs.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Now {
    pub(crate) mode: Mode,
    pub(crate) toolchain: Toolchain,
    pub(crate) opt_level: String,
    pub(crate) jobs: NonZero<usize>,
    /// Which macros run from wasm, and what they may do.
    pub(crate) policy: Policy,
    /// What artifacts are made by.
    pub(crate) identity: String,
    /// Nothing where there is none, or where it can't be used.
    pub(crate) cache: Option<MacroCache>,
    /// Whether rustdoc is given the libraries of this build, without a wrapper before it.
    pub(crate) doctests: bool,
}

impl Session {
    /// `command` is cargo's, with everything set that cargo will see.
    pub(crate) fn new(
        rustc: &Path,
        inner: Option<PathBuf>,
        store: &Path,
        now: Option<Now>,
        command: &std::process::Command,
    ) -> Self {
        let mut variables: BTreeMap<OsString, OsString> = std::env::vars_os().collect();
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => variables.insert(name.to_owned(), value.to_owned()),
                None => variables.remove(name),
            };
        }
        Self::of_variables(rustc, inner, store, now, variables)
    }

    /// The same for a cargo that runs already, with the environment that it started with.
    pub(crate) fn of_variables(
        rustc: &Path,
        inner: Option<PathBuf>,
        store: &Path,
        now: Option<Now>,
        variables: BTreeMap<OsString, OsString>,
    ) -> Self {
        let environment = variables
            .iter()
            .filter_map(|(name, value)| Some((name.to_str()?.to_owned(), digest(value))))
            .collect();
        Self {
            rustc: rustc.to_owned(),
            inner,
            store: store.to_owned(),
            now,
            environment,
        }
    }

    /// Writes it to a file that lives as long as the answer.
    pub(crate) fn write(&self) -> Result<NamedTempFile, BuildError> {
        let json = serde_json::to_vec(self).map_err(BuildError::Session)?;
        let mut file = tempfile::Builder::new()
            .prefix("pm-aot-session-")
            .suffix(".json")
            .tempfile()?;
        // At once: the serializer writes a word at a time.
        file.write_all(&json)?;
        Ok(file)
    }

    pub(crate) fn read(path: &OsStr) -> Option<Self> {
        serde_json::from_slice(&fs_err::read(path).ok()?).ok()
    }

    /// What this process's environment has beyond cargo's own.
    pub(crate) fn added(&self) -> BTreeMap<String, String> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .filter(|(name, value)| {
                !NOT_OF_A_UNIT.contains(&name.as_str())
                    && self.environment.get(name) != Some(&digest(OsStr::new(value)))
            })
            .collect()
    }
}

fn digest(value: &OsStr) -> String {
    blake3::hash(value.as_encoded_bytes()).to_hex()[..16].to_owned()
}
