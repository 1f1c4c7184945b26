//! What can be missing.

use std::io;
use std::path::PathBuf;

use crate::version::OLDEST;

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
        /// What the system said.
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
        /// What the system said.
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
    /// rustc has no library sources with it.
    #[error("rustc {release} in `{}` has no library sources", sysroot.display())]
    NoSources {
        /// Its sysroot.
        sysroot: PathBuf,
        /// Its release.
        release: String,
    },
    /// There is no cargo with that rustc.
    #[error("there is no cargo for the rustc in `{}`", sysroot.display())]
    NoCargo {
        /// Its sysroot.
        sysroot: PathBuf,
    },
    /// No wasi-libc.
    #[error("no wasi-libc (`libc.a` and `crt1-reactor.o`) for the rustc in `{}`", sysroot.display())]
    NoLibc {
        /// rustc's sysroot.
        sysroot: PathBuf,
    },
    /// `PM_AOT_WASI_LIBC` names a folder that does not contain one.
    #[error("`{}` does not contain `libc.a` and `crt1-reactor.o`", path.display())]
    BadLibc {
        /// The folder.
        path: PathBuf,
    },
    /// No linker for wasm.
    #[error("no linker for wasm (`rust-lld` or `wasm-ld`) for the rustc in `{}`", sysroot.display())]
    NoLinker {
        /// rustc's sysroot.
        sysroot: PathBuf,
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
    /// Building the standard library failed.
    #[error("the standard library could not be built for wasm:\n{detail}")]
    Library {
        /// The end of what cargo said.
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
        /// What the system said.
        source: io::Error,
    },
}
