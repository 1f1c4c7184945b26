//! What can be missing.

use std::io;
use std::path::PathBuf;

use crate::origin::none_of;
use crate::version::OLDEST;
use crate::{Origin, Part};

/// Why there is no toolchain.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// Neither `PM_AOT_CACHE` nor a home directory.
    #[error("no cache directory is known for this user")]
    NoCacheDir,
    /// The cache directory cannot be made or written to.
    #[error("the cache directory `{}` cannot be used", path.display())]
    Cache {
        /// The directory.
        path: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// The disk is too full.
    #[error("`{}` has {} MB free, and {} MB are needed", path.display(), available / 1_000_000, needed / 1_000_000)]
    NoSpace {
        /// Where.
        path: PathBuf,
        /// Bytes that are needed.
        needed: u64,
        /// Bytes that are free.
        available: u64,
    },
    /// A path that rustc's arguments cannot hold.
    #[error("the path `{}` is not valid UTF-8", path.display())]
    NotUtf8 {
        /// The path.
        path: PathBuf,
    },
    /// rustc cannot be started.
    #[error("`{}` cannot be started", program.display())]
    NoRustc {
        /// The program.
        program: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// It can be started, but it is no rustc, or a broken one.
    #[error("`{}` does not answer as rustc does: {detail}", program.display())]
    BadRustc {
        /// The program.
        program: PathBuf,
        /// What it said.
        detail: String,
    },
    /// rustc is too old.
    #[error("`{}` is rustc {release}, and 1.{OLDEST} is the oldest that will do", program.display())]
    TooOld {
        /// The program.
        program: PathBuf,
        /// Its release.
        release: String,
    },
    /// rustup would use a toolchain that is not installed.
    #[error("the toolchain `{toolchain}`, which rustup chooses here, is not installed")]
    NotInstalled {
        /// Its name.
        toolchain: String,
    },
    /// rustc is there, and not all that belongs to it.
    #[error("rustc {release} in `{}` has {}", sysroot.display(), none_of(missing))]
    Incomplete {
        /// Its release.
        release: String,
        /// Its sysroot.
        sysroot: PathBuf,
        /// The missing parts.
        missing: Vec<Part>,
        /// The source from which they can be installed.
        origin: Origin,
    },
    /// A command that would have added what is missing has failed.
    #[error("`{command}` failed:\n{detail}")]
    Install {
        /// The command.
        command: String,
        /// The end of what it said.
        detail: String,
    },
    /// There is no cargo with that rustc.
    #[error("there is no cargo for the rustc in `{}`", sysroot.display())]
    NoCargo {
        /// Its sysroot.
        sysroot: PathBuf,
    },
    /// `PM_AOT_WASI_LIBC` names a folder that does not contain one.
    #[error("`{}` does not contain `libc.a` and `crt1-reactor.o`", path.display())]
    BadLibc {
        /// The folder.
        path: PathBuf,
    },
    /// The linker for wasm does not link what rustc compiles.
    #[error("`{}` does not link a macro crate of this rustc:\n{detail}", linker.display())]
    Linker {
        /// The linker.
        linker: PathBuf,
        /// rustc's LLVM, whose lld would.
        llvm: Option<u32>,
        /// The end of what rustc said.
        detail: String,
    },
    /// No C compiler, which rustc links build scripts with.
    #[error("there is no C compiler (`cc`), which rustc links build scripts with")]
    NoCompiler,
    /// The active toolchain will not do, and there is no way to fetch another.
    #[error("no toolchain here can compile macros to wasm, and there is no apt-get to fetch one")]
    NothingFits {
        /// Why the active one will not do.
        #[source]
        active: Box<SetupError>,
    },
    /// The active toolchain will not do, and downloads are not allowed.
    #[error("no toolchain here can compile macros to wasm, and downloading one is not allowed")]
    Offline {
        /// Why the active one will not do.
        #[source]
        active: Box<SetupError>,
    },
    /// The distribution has no rustc that will do.
    #[error("the package lists have no rustc of 1.{OLDEST} or later with cargo and its sources{}",
        newest.as_ref().map(|newest| format!(" (the newest is {newest})")).unwrap_or_default())]
    NoPackages {
        /// The newest that they have.
        newest: Option<String>,
    },
    /// `apt-get update` failed.
    #[error("the package lists are missing or out of date, and `apt-get update` failed: {detail}")]
    Update {
        /// What it said.
        detail: String,
    },
    /// A download failed.
    #[error("`apt-get download` failed: {detail}")]
    Download {
        /// What it said.
        detail: String,
    },
    /// A package could not be unpacked.
    #[error("the package `{}` cannot be unpacked: {detail}", package.display())]
    Unpack {
        /// The file.
        package: PathBuf,
        /// What dpkg said.
        detail: String,
    },
    /// Nothing has been built yet ([`find`](crate::find) only).
    #[error("the toolchain for rustc {release} has not been set up yet")]
    NotSetUp {
        /// rustc's release.
        release: String,
    },
    /// The library's sources are not as expected.
    #[error("`{}` is not as expected: {detail}", path.display())]
    Sources {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// The standard library's dependencies could not be fetched.
    #[error("the standard library's dependencies could not be fetched:\n{detail}")]
    Crates {
        /// The end of what cargo said.
        detail: String,
    },
    /// Building the standard library failed.
    #[error("the standard library could not be built for wasm:\n{detail}")]
    Library {
        /// The end of what cargo said.
        detail: String,
    },
    /// Compiling what macros are linked with failed.
    #[error("`{name}`, which macros are linked with, could not be compiled:\n{detail}")]
    Runtime {
        /// Its source.
        name: String,
        /// The end of what rustc said.
        detail: String,
    },
    /// A file could not be read or written.
    #[error("a file of the set-up could not be read or written")]
    Io(#[from] io::Error),
    /// A program of the set-up could not be run.
    #[error("`{program}` cannot be run")]
    Program {
        /// Its name.
        program: String,
        /// The system's error.
        source: io::Error,
    },
    /// The sources of rustc's `proc_macro` have a shape that is not understood, or a bridge that is not
    /// known.
    #[error("the proc-macro bridge of this rustc is not one that pm-aot knows")]
    Bridge(#[from] pm_protocol::ProtocolError),
    /// rustc didn't pass the conformance check.
    #[error("rustc {release} does not pass the conformance check: {reason}")]
    Refused {
        /// Its release.
        release: String,
        /// The first difference.
        reason: String,
        /// The folder in which this result is kept.
        folder: PathBuf,
    },
    /// The conformance check could not be run to its end.
    #[error("rustc {release} needs the conformance check, which failed to run: {reason}")]
    Unchecked {
        /// Its release.
        release: String,
        /// The failure.
        reason: String,
    },
}

/// An error and its causes, on one line where they are.
#[must_use]
pub fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        // The text of an error that has a file's path ends with the system's.
        if !text.ends_with(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        source = cause.source();
    }
    text
}

impl SetupError {
    /// Returns true if the rustc is complete, but its bridge is not accepted. Macros can run
    /// natively then.
    #[must_use]
    pub fn is_refusal(&self) -> bool {
        matches!(
            self,
            Self::Bridge(_) | Self::Refused { .. } | Self::Unchecked { .. }
        )
    }
}
