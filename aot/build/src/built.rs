//! What came of a build.

use std::path::PathBuf;
use std::process::ExitStatus;

/// What came of a build.
#[derive(Debug)]
pub struct Built {
    /// How cargo ended. If it failed there is nothing else here.
    pub cargo: ExitStatus,
    /// The macros that there are as wasm now, sorted by path.
    pub macros: Vec<BuiltMacro>,
    /// The macros that there are not.
    pub failed: Vec<FailedMacro>,
}

impl Built {
    pub(crate) fn nothing(cargo: ExitStatus) -> Self {
        Self {
            cargo,
            macros: Vec::new(),
            failed: Vec::new(),
        }
    }
}

/// A macro that there is as wasm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltMacro {
    /// The package's name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The crate's name.
    pub crate_name: String,
    /// The wasm module.
    pub wasm: PathBuf,
    /// What cargo made, beside it.
    pub native: PathBuf,
    /// Whether it was there already.
    pub fresh: bool,
}

/// A macro that could not be compiled for wasm. Cargo's build has its native form all the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailedMacro {
    /// The package's name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The crate's name.
    pub crate_name: String,
    /// What cargo made.
    pub native: PathBuf,
    /// The crate that does not compile: this one or one that it needs.
    pub failed_crate: String,
    /// rustc's own text.
    pub diagnostics: String,
}
