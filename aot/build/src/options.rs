//! What a build is asked for, and what it tells meanwhile.

use std::ffi::OsString;
use std::fmt;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pm_policy::Sandbox;
use pm_toolchain::Toolchain;
use serde::{Deserialize, Serialize};

use crate::MacroCache;

/// rustc's optimisation levels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OptLevel {
    /// No optimisation.
    O0,
    /// Little.
    O1,
    /// Some.
    O2,
    /// All.
    #[default]
    O3,
    /// For size.
    Os,
    /// For size, without vectorising loops.
    Oz,
}

impl OptLevel {
    const ALL: [(Self, &str); 6] = [
        (Self::O0, "0"),
        (Self::O1, "1"),
        (Self::O2, "2"),
        (Self::O3, "3"),
        (Self::Os, "s"),
        (Self::Oz, "z"),
    ];

    /// As in `-C opt-level=`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        let found = Self::ALL.into_iter().find(|(level, _)| *level == self);
        found.map_or("3", |(_, name)| name)
    }
}

impl fmt::Display for OptLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The text is no optimisation level.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an optimisation level: expected 0, 1, 2, 3, s or z")]
pub struct UnknownOptLevel(String);

impl FromStr for OptLevel {
    type Err = UnknownOptLevel;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|(_, name)| *name == text);
        found
            .map(|(level, _)| level)
            .ok_or_else(|| UnknownOptLevel(text.to_owned()))
    }
}

/// How to build.
pub struct BuildOptions<'a> {
    /// The cargo subcommand; one that runs nothing that it builds, since it may be called twice.
    pub subcommand: OsString,
    /// Of the macros and everything in them, whatever the profile says for native macros.
    pub opt_level: OptLevel,
    /// How many rustc compile wasm at once. Without it, cargo's own `-j`, else one for each
    /// processor.
    pub jobs: Option<NonZero<usize>>,
    /// The program that cargo calls as `RUSTC_WRAPPER`: one whose `main` calls
    /// [`wrapper_main`](crate::wrapper_main). Without it, the running program.
    pub wrapper: Option<PathBuf>,
    /// Who runs the macros of this build.
    pub mode: Mode,
    /// The machine's macro cache, for [`Mode::Shims`].
    pub cache: Option<MacroCache>,
    /// What the artifacts of [`Hooks::precompile`] depend on besides the module: what the cache
    /// has is used as long as it stays the same.
    pub identity: String,
    /// Is told what happens, from several threads.
    pub report: &'a (dyn Fn(Event<'_>) + Sync),
}

/// Who runs the macros of a build, and so when they are compiled for wasm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum Mode {
    /// The native rustc, natively: macros are compiled for wasm when cargo is done.
    #[default]
    Native,
    /// The native rustc, from shims: each macro is compiled for wasm when cargo asks for it, or taken
    /// out of the [cache](BuildOptions::cache).
    Shims,
    /// The WASI rustc: the same, and units whose metadata alone is wanted (`cargo check`) go to
    /// [`Hooks::check`].
    Wasi,
}

/// What the wrapper does beyond running rustc, in a [`Mode`] other than the native one.
pub trait Hooks {
    /// What a cargo is served with that was started without [`build`](crate::build()), but with this
    /// program as its `RUSTC_WRAPPER`.
    ///
    /// # Errors
    /// If macros can't run from wasm: such a cargo compiles natively then, and says why. What its
    /// policy requires from wasm doesn't compile.
    fn settings(&self) -> Result<Settings, String>;

    /// Checks a unit in rustc's place, with this process's streams: rustc's arguments in, its exit
    /// status out.
    fn check(&self, arguments: Vec<OsString>) -> u8;

    /// Makes the artifact of a module, beside it. An error is told as it is.
    ///
    /// # Errors
    /// If none can be made.
    fn precompile(&self, wasm: &Path) -> Result<PathBuf, String>;

    /// Makes the shim of a macro crate.
    ///
    /// # Errors
    /// If none can be made.
    fn shim(&self, shim: &ShimFiles<'_>) -> Result<(), String>;
}

/// The part of [`BuildOptions`] that doesn't depend on cargo's arguments.
#[derive(Clone, Debug)]
pub struct Settings {
    /// What compiles macros to wasm; only its own rustc is served.
    pub toolchain: Toolchain,
    /// See [`BuildOptions::opt_level`].
    pub opt_level: OptLevel,
    /// See [`BuildOptions::cache`].
    pub cache: Option<MacroCache>,
    /// See [`BuildOptions::identity`].
    pub identity: String,
}

/// What a shim is made of, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct ShimFiles<'a> {
    /// The artifact that it runs.
    pub artifact: &'a Path,
    /// The `.rmeta` that rustc wrote for the host.
    pub metadata: &'a Path,
    /// Where the native library would be.
    pub library: &'a Path,
    /// What its macros may do.
    pub sandbox: &'a Sandbox,
}

impl Default for BuildOptions<'_> {
    fn default() -> Self {
        Self {
            subcommand: "build".into(),
            opt_level: OptLevel::default(),
            jobs: None,
            wrapper: None,
            mode: Mode::default(),
            cache: None,
            identity: String::new(),
            report: &|_| {},
        }
    }
}

/// What happens during a build, besides what cargo says itself.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// Another build compiles wasm in the same directory; this one waits for it.
    Waiting {
        /// The lock file.
        lock: &'a Path,
    },
    /// Cargo has compiled these packages before without our wrapper, so nothing is known of how:
    /// cargo is made to compile them again.
    Refreshing {
        /// Their names and versions.
        packages: &'a [String],
    },
    /// A policy's settings are for a crate that isn't there.
    UnknownCrate(&'a pm_policy::UnknownName),
    /// rustc starts on a crate.
    Compiling {
        /// The package's name.
        package: &'a str,
        /// Its version.
        version: &'a str,
        /// How many crates are done.
        done: usize,
        /// How many have to be compiled.
        total: usize,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_rustcs() {
        for (level, name) in OptLevel::ALL {
            assert_eq!(name.parse(), Ok(level));
            assert_eq!(level.to_string(), name);
        }
        assert_eq!(
            "4".parse::<OptLevel>().unwrap_err().to_string(),
            "`4` is not an optimisation level: expected 0, 1, 2, 3, s or z"
        );
    }
}
