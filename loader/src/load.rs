//! From a path to a macro crate that is ready to expand.

use crate::artifact::{self, Artifact, Module as ManifestModule};
use crate::code::{Code, Hosts};
use crate::{Declaration, LoadError, LogLevel, Refusal, RefusalCode, decide, log};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// How a [`Loader`] decides.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The version string of the compiler that asks; crates of another are refused.
    pub rustc: Option<String>,
    /// What is logged.
    pub log: LogLevel,
    /// Compile even where an artifact fits: for measuring, and for comparing.
    pub ignore_artifacts: bool,
    /// Leave an artifact behind where one was missing or didn't fit (`PM_AOT_WRITE=1`).
    pub write_artifacts: bool,
}

impl Options {
    /// Options from the environment: `PM_AOT_LOG`, `PM_AOT_WRITE`, `PM_AOT_JIT`.
    pub fn from_env() -> Options {
        let set = |name| std::env::var_os(name).is_some_and(|value| value == "1");
        Options {
            log: LogLevel::from_env(),
            ignore_artifacts: set("PM_AOT_JIT"),
            write_artifacts: set("PM_AOT_WRITE"),
            ..Options::default()
        }
    }
}

/// Loads macro crates, for one process.
pub struct Loader {
    hosts: Arc<Hosts>,
    options: Options,
}

/// Where a macro crate's code comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Mapped from its artifact.
    Artifact,
    /// Compiled in this process, since the artifact couldn't be used.
    Jit {
        /// Why not.
        refusal: Refusal,
    },
}

/// A macro crate, ready to expand.
pub struct ProcMacro {
    origin: Origin,
    rustc: String,
    crate_id: String,
    pub(crate) manifest_module: ManifestModule,
    pub(crate) code: Code,
}

impl Loader {
    /// Starts an engine. Once a process is enough: it and what it loads can be used from all
    /// threads.
    ///
    /// # Errors
    ///
    /// [`LoadError::Engine`] on a machine that wasmtime doesn't support.
    pub fn new(options: Options) -> Result<Loader, LoadError> {
        let error = |error: wasmtime::Error| LoadError::Engine(format!("{error:#}"));
        Ok(Loader {
            hosts: Arc::new(Hosts::new().map_err(error)?),
            options,
        })
    }

    /// Loads a macro crate from the path of its `.wasm` or of its `.cwasm`: from the artifact if
    /// that fits, else (with the feature `compile`) by compiling the `.wasm`.
    ///
    /// # Errors
    ///
    /// If neither can be used; the text has the reasons for both.
    pub fn load(&self, path: &Path) -> Result<ProcMacro, LoadError> {
        let start = Instant::now();
        let paths = Paths::of(path);
        let refusal = match self.try_artifact(&paths) {
            Ok(loaded) => {
                log::loaded(self.options.log, &paths.wasm, &loaded, start.elapsed());
                return Ok(loaded);
            }
            Err(refusal) => refusal,
        };
        let loaded = self.fall_back(&paths, refusal)?;
        log::loaded(self.options.log, &paths.wasm, &loaded, start.elapsed());
        Ok(loaded)
    }

    /// Why [`Loader::load`] would not use the artifact for this path, without loading it.
    ///
    /// # Errors
    ///
    /// The [`Refusal`].
    pub fn check(&self, path: &Path) -> Result<(), Refusal> {
        self.open_fitting(&Paths::of(path)).map(drop)
    }

    fn open_fitting(&self, paths: &Paths) -> Result<Artifact, Refusal> {
        let artifact = Artifact::open(&paths.artifact)?;
        decide::fits(artifact.manifest(), self.options.rustc.as_deref())?;
        decide::is_fresh(&artifact, &paths.wasm)?;
        Ok(artifact)
    }

    fn try_artifact(&self, paths: &Paths) -> Result<ProcMacro, Refusal> {
        if self.options.ignore_artifacts {
            return Err(Refusal::new(
                RefusalCode::Missing,
                "artifacts are to be ignored",
            ));
        }
        let (file, manifest) = self.open_fitting(paths)?.into_file();
        let macros = manifest.module.declarations.len();
        let code = Code::map(&self.hosts, file, macros)
            .map_err(|error| Refusal::new(RefusalCode::Body, format!("{error:#}")))?;
        Ok(ProcMacro {
            origin: Origin::Artifact,
            rustc: manifest.rustc,
            crate_id: manifest.source.crate_id,
            manifest_module: manifest.module,
            code,
        })
    }

    #[cfg(not(feature = "compile"))]
    fn fall_back(&self, paths: &Paths, refusal: Refusal) -> Result<ProcMacro, LoadError> {
        Err(LoadError::NoArtifact {
            path: paths.artifact.clone(),
            refusal,
        })
    }

    #[cfg(feature = "compile")]
    fn fall_back(&self, paths: &Paths, refusal: Refusal) -> Result<ProcMacro, LoadError> {
        let path = paths.wasm.clone();
        let cannot = |cause: Box<dyn std::error::Error + Send + Sync>| LoadError::Module {
            path: path.clone(),
            refusal: refusal.clone(),
            cause,
        };
        let wasm = fs_err::read(&paths.wasm).map_err(|error| cannot(error.into()))?;
        let snapshot = pm_snapshot::snapshot(&wasm).map_err(|error| cannot(error.into()))?;
        let found = snapshot.inspection.rustc.clone().unwrap_or_default();
        if let Some(expected) = self.options.rustc.clone().filter(|rustc| *rustc != found) {
            return Err(LoadError::Rustc {
                path,
                found,
                expected,
            });
        }
        if self.options.write_artifacts {
            // A directory that can't be written to is no reason to fail a compile.
            if let Err(error) = crate::compile::precompile_file(&paths.wasm) {
                eprintln!(
                    "pm-aot: {}: no artifact was left: {error}",
                    paths.wasm.display()
                );
            }
        }
        let described = crate::compile::describe(&snapshot);
        let compile = |error: wasmtime::Error| cannot(format!("{error:#}").into());
        let code = Code::compile(&self.hosts, &snapshot.wasm, described.declarations.len());
        Ok(ProcMacro {
            origin: Origin::Jit {
                refusal: refusal.clone(),
            },
            rustc: found,
            crate_id: snapshot.inspection.crate_id.clone(),
            manifest_module: described,
            code: code.map_err(compile)?,
        })
    }
}

impl ProcMacro {
    /// The crate's macros, in the order of its declaration static.
    pub fn declarations(&self) -> &[Declaration] {
        &self.manifest_module.declarations
    }

    /// Where its code comes from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// The version string of the rustc that compiled it.
    pub fn rustc(&self) -> &str {
        &self.rustc
    }

    /// The stable crate id in its declaration symbol, in hex without leading zeros.
    pub fn crate_id(&self) -> &str {
        &self.crate_id
    }
}

/// The two files of a macro crate.
struct Paths {
    wasm: PathBuf,
    artifact: PathBuf,
}

impl Paths {
    fn of(path: &Path) -> Paths {
        if path
            .extension()
            .is_some_and(|extension| extension == "cwasm")
        {
            return Paths {
                wasm: path.with_extension("wasm"),
                artifact: path.to_owned(),
            };
        }
        Paths {
            wasm: path.to_owned(),
            artifact: artifact::path_for(path),
        }
    }
}
