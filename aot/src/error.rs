//! What can go wrong: each error knows how the program ends and what to do next.

use crate::Exit;
use pm_abi::InspectError;
use pm_loader::{LoadError, MacroKind, Refusal};
use pm_snapshot::SnapshotError;
use pm_toolchain::SetupError;
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;

/// What can go wrong.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    /// A path that was named isn't there.
    #[error("`{}` doesn't exist", path.display())]
    Missing {
        /// The path.
        path: PathBuf,
    },
    /// A path that was named is neither a file nor a directory.
    #[error("`{}` is neither a file nor a directory", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// A file or a directory; the text has its path.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// A file that was named, or one that is damaged, isn't a proc-macro module.
    #[error("`{}` isn't a proc-macro module", path.display())]
    NotAModule {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: InspectError,
    },
    /// A proc-macro module that no artifact can be made of.
    #[error("`{}` can't be compiled ahead of time", path.display())]
    Snapshot {
        /// The module.
        path: PathBuf,
        /// Why not.
        #[source]
        cause: Box<SnapshotError>,
    },
    /// Cranelift refused it.
    #[error("`{}` can't be compiled: {cause}", path.display())]
    Compile {
        /// The module.
        path: PathBuf,
        /// What it said.
        cause: String,
    },
    /// A module changed meanwhile.
    #[error("`{}` changed while it was compiled", path.display())]
    Changed {
        /// The module.
        path: PathBuf,
    },
    /// The compiler panicked.
    #[error("compiling `{}` panicked: {message}", path.display())]
    Panic {
        /// The module.
        path: PathBuf,
        /// The panic's message.
        message: String,
    },
    /// Two modules would have one artifact.
    #[error(
        "`{}` and `{}` would both have the artifact `{}`",
        first.display(), second.display(), artifact.display()
    )]
    Conflict {
        /// The artifact.
        artifact: PathBuf,
        /// One module.
        first: PathBuf,
        /// The other.
        second: PathBuf,
    },
    /// A module with an artifact's name.
    #[error("`{}` is a WebAssembly module, and its artifact would replace it", path.display())]
    OwnName {
        /// The module.
        path: PathBuf,
    },
    /// Something else stands where an artifact belongs.
    #[error("`{}` is a directory, and the artifact belongs there", path.display())]
    Occupied {
        /// The artifact's path.
        path: PathBuf,
    },
    /// A file that was named isn't an artifact, or is a damaged one.
    #[error("`{}` can't be read as an artifact", path.display())]
    Artifact {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        refusal: Refusal,
    },
    /// A macro crate can't be loaded, or the engine not be started.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// The crate has no macro of that name.
    #[error("`{}` has no {kind} `{name}`", path.display())]
    NoSuchMacro {
        /// The crate.
        path: PathBuf,
        /// What was asked for.
        kind: MacroKind,
        /// By this name.
        name: String,
        /// What there is.
        known: Vec<String>,
    },
    /// A source file that can't be read as one.
    #[error("`{}` can't be read: {cause}", path.display())]
    Source {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The set-up of the toolchain failed.
    #[error(transparent)]
    Setup(#[from] SetupError),
    /// The policy can't be read.
    #[error(transparent)]
    Policy(pm_policy::PolicyError),
    /// The build couldn't be run.
    #[error(transparent)]
    Build(pm_build::BuildError),
    /// A macro that cargo built doesn't compile for wasm.
    #[error("`{package}` v{version} doesn't compile for wasm (in `{failed_crate}`)")]
    NotForWasm {
        /// The package.
        package: String,
        /// Its version.
        version: String,
        /// The crate that doesn't.
        failed_crate: String,
    },
    /// An argument that rustc can't take.
    #[error("`{}` isn't UTF-8", argument.to_string_lossy())]
    NotUtf8 {
        /// The argument.
        argument: OsString,
    },
    /// There is no WASI rustc.
    #[error(transparent)]
    NoRustc(#[from] pm_rustc::InstalledError),
    /// It can't be run.
    #[error(transparent)]
    Rustc(#[from] pm_rustc::RunError),
    /// A native library that isn't a macro crate's.
    #[error("`{}` isn't the library of a macro crate: {cause}", path.display())]
    NotAMacroLibrary {
        /// The file.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// A shim can't be made.
    #[error("`{}` can't be made: {cause}", path.display())]
    Shim {
        /// The shim.
        path: PathBuf,
        /// Why not.
        cause: String,
    },
    /// The loader for shims isn't there.
    #[error("libpm_loader.so is neither in `{}` nor in `lib` beside it", folder.display())]
    NoLoader {
        /// Where this program is.
        folder: PathBuf,
    },
    /// Standard output can't be written to.
    #[error("standard output can't be written to")]
    Output(#[source] io::Error),
}

impl From<pm_build::BuildError> for Error {
    fn from(error: pm_build::BuildError) -> Error {
        match error {
            pm_build::BuildError::Policy(error) => Error::Policy(error),
            error => Error::Build(error),
        }
    }
}

impl Error {
    /// How a run ends in which this happened.
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Error::Missing { .. }
            | Error::NotAFile { .. }
            | Error::NotAModule { .. }
            | Error::Snapshot { .. }
            | Error::Compile { .. }
            | Error::Conflict { .. }
            | Error::OwnName { .. }
            | Error::Artifact { .. }
            | Error::NoSuchMacro { .. }
            | Error::Source { .. }
            | Error::NotUtf8 { .. }
            | Error::NotAMacroLibrary { .. }
            | Error::Shim { .. }
            | Error::Policy(_)
            | Error::NotForWasm { .. } => Exit::Input,
            Error::Io(_) | Error::Occupied { .. } | Error::Output(_) => Exit::File,
            Error::Load(LoadError::Engine(_)) | Error::Changed { .. } | Error::Panic { .. } => {
                Exit::Failure
            }
            Error::Load(_) => Exit::Input,
            Error::Setup(_)
            | Error::Build(_)
            | Error::NoRustc(_)
            | Error::Rustc(_)
            | Error::NoLoader { .. } => Exit::Toolchain,
        }
    }

    /// A stable code for programs.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Error::Missing { .. } => "missing",
            Error::NotAFile { .. } => "not-a-file",
            Error::Io(error) if is_full(error) => "no-space",
            Error::Io(_) => "io",
            Error::NotAModule { cause, .. } => inspect_code(cause),
            Error::Snapshot { cause, .. } => snapshot_code(cause),
            Error::Compile { .. } => "compile",
            Error::Changed { .. } => "changed",
            Error::Panic { .. } => "panic",
            Error::Conflict { .. } => "conflict",
            Error::OwnName { .. } => "own-name",
            Error::Occupied { .. } => "occupied",
            Error::Artifact { refusal, .. } => refusal.code().as_str(),
            Error::Load(LoadError::Engine(_)) => "engine",
            Error::Load(_) => "load",
            Error::NoSuchMacro { .. } => "no-such-macro",
            Error::Source { .. } => "source",
            Error::Setup(_) => "setup",
            Error::Build(_) => "build",
            Error::Policy(_) => "policy",
            Error::NotForWasm { .. } => "not-for-wasm",
            Error::NotUtf8 { .. } => "not-utf8",
            Error::NoRustc(_) => "no-rustc",
            Error::Rustc(_) => "rustc",
            Error::NotAMacroLibrary { .. } => "not-a-macro-library",
            Error::Shim { .. } => "shim",
            Error::NoLoader { .. } => "no-loader",
            Error::Output(_) => "output",
        }
    }

    /// What to do next.
    pub(crate) fn help(&self) -> Option<String> {
        Some(match self {
            Error::Missing { .. }
            | Error::NotAFile { .. }
            | Error::NotUtf8 { .. }
            | Error::Shim { .. }
            | Error::Output(_) => return None,
            Error::NotAMacroLibrary { .. } => {
                "name the `libNAME-HASH.so` of a macro crate that cargo has built".into()
            }
            Error::NoLoader { .. } => {
                "build it with `scripts/build-loader.sh --release` of pm-aot's \
                                       repository, or set PM_AOT_LOADER to it"
                    .into()
            }
            Error::NoRustc(_) => "run scripts/wasi-rustc.sh of pm-aot's repository, or set \
                                  PM_AOT_WASI_RUSTC to the folder of one"
                .into(),
            Error::Rustc(_) => "run scripts/wasi-rustc.sh again: it belongs to another build of \
                                pm-aot, or isn't whole"
                .into(),
            Error::Io(error) if is_full(error) => {
                "free some space on that disk, then run the same command again".into()
            }
            Error::Io(error) => match error.kind() {
                io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                    "artifacts lie beside their modules: copy the modules to a directory that you \
                     may write to"
                        .into()
                }
                _ => return None,
            },
            Error::NotAModule { path, cause } => match cause {
                InspectError::NotWasm if has_extension(path, "cwasm") => format!(
                    "name the module that it was made from: `pm-aot precompile {}`",
                    path.with_extension("wasm").display()
                ),
                InspectError::Malformed(_) => "build it again: `pm-aot build`".into(),
                InspectError::NotWasm | InspectError::NoDeclarations => {
                    "`pm-aot build` compiles a workspace's proc macros to WebAssembly".into()
                }
                _ => return None,
            },
            Error::Snapshot { cause, .. } => match &**cause {
                SnapshotError::Rustc { .. } | SnapshotError::Export(_) => {
                    "build it again: `pm-aot build`".into()
                }
                _ => return None,
            },
            Error::Compile { .. } | Error::Source { .. } => return None,
            Error::Load(LoadError::Engine(_)) => {
                "`pm-aot doctor` checks what this machine can do".into()
            }
            Error::Load(_) => "`pm-aot build` makes modules of a workspace's proc macros".into(),
            Error::NoSuchMacro { known, .. } => format!("it has {}", known.join(", ")),
            Error::Changed { .. } => "run the same command again when the build is done".into(),
            Error::Panic { .. } => "this is a bug; please report it with the module".into(),
            Error::Conflict { .. } => "rename one of the two".into(),
            Error::OwnName { path } => {
                format!("rename it to `{}`", path.with_extension("wasm").display())
            }
            Error::Occupied { path } => format!("move `{}` away", path.display()),
            Error::Artifact { refusal, path } => return crate::remedy::for_artifact(refusal, path),
            Error::Setup(error) => error.help(),
            Error::Policy(error) => return error.help().map(str::to_owned),
            Error::Build(_) => "`pm-aot doctor` checks the toolchain".into(),
            Error::NotForWasm { .. } => {
                "crates that link to C libraries have no wasm form; cargo's native build of the \
                 macro is there all the same"
                    .into()
            }
        })
    }

    /// Whether it is that nobody reads the output any more.
    pub(crate) fn is_broken_pipe(&self) -> bool {
        matches!(self, Error::Output(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }
}

fn is_full(error: &io::Error) -> bool {
    use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
    matches!(error.kind(), StorageFull | QuotaExceeded | FileTooLarge)
}

fn has_extension(path: &std::path::Path, expect: &str) -> bool {
    path.extension()
        .is_some_and(|extension| extension == expect)
}

fn inspect_code(error: &InspectError) -> &'static str {
    match error {
        InspectError::NotWasm => "not-wasm",
        InspectError::Component => "component",
        InspectError::Malformed(_) => "malformed",
        InspectError::NoDeclarations => "no-declarations",
        InspectError::TwoDeclarations(..) => "two-declarations",
        InspectError::BadDeclaration(_) => "bad-declaration",
        InspectError::BadMetadata(_) => "bad-metadata",
        InspectError::BadProfile => "bad-profile",
    }
}

fn snapshot_code(error: &SnapshotError) -> &'static str {
    match error {
        SnapshotError::Inspect(error) => inspect_code(error),
        SnapshotError::Rustc { .. } => "rustc",
        SnapshotError::Import { .. } => "import",
        SnapshotError::Export(_) => "export",
        SnapshotError::Shape(_) => "shape",
        SnapshotError::Wizer(_) => "wizer",
        SnapshotError::Compile(_) => "compile",
        SnapshotError::Start { .. } => "start",
        SnapshotError::Declarations(_) => "declarations",
        SnapshotError::EntryPoint { .. } => "entry-point",
        SnapshotError::Rewrite(_) => "rewrite",
    }
}
