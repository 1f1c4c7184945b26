//! What can go wrong besides a crate that does not compile for wasm.

use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// Why a build could not be run. A macro that does not compile for wasm is no error: it is in
/// [`Built::failed`](crate::Built::failed).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BuildError {
    /// A file, a directory or a program; the message has its path.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A program of the toolchain did not start.
    #[error("`{}` could not be run", program.display())]
    Run {
        /// The program.
        program: OsString,
        /// The system's error.
        source: io::Error,
    },
    /// `cargo metadata` answered something else.
    #[error("`cargo metadata` gave no usable answer")]
    Metadata(#[source] serde_json::Error),
    /// Cargo found no workspace, and finds one when it is asked again.
    #[error(
        "`cargo metadata` finds a workspace in `{}` and found none before: run the command again",
        directory.display()
    )]
    Workspace {
        /// The directory in which cargo looked for it.
        directory: PathBuf,
    },
    /// What the user wants of macro crates can't be known.
    #[error(transparent)]
    Policy(#[from] pm_policy::PolicyError),
    /// The wrapper's session could not be written.
    #[error("the session file could not be written")]
    Session(#[source] serde_json::Error),
    /// `cargo clean` of what has to be compiled again failed; cargo has said why.
    #[error("`cargo clean` of {packages} failed ({status})")]
    Clean {
        /// The packages, separated by commas.
        packages: String,
        /// Its exit status.
        status: std::process::ExitStatus,
    },
}
