//! From a path to a macro crate that is ready to expand.

use crate::artifact::{self, Artifact, Module as ManifestModule};
use crate::code::{Code, Hosts};
use crate::{Declaration, ExpandError, LoadError, LogLevel, Refusal, RefusalCode, decide, log};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
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

/// A macro crate whose macros are known, and can expand.
pub struct ProcMacro {
    request: Request,
    loaded: Loaded,
    /// What is used where the artifact's code turned out not to fit.
    instead: OnceLock<Result<Loaded, LoadError>>,
}

/// A macro crate in one of its forms.
pub(crate) struct Loaded {
    origin: Origin,
    rustc: String,
    crate_id: String,
    pub(crate) module: ManifestModule,
    pub(crate) code: Code,
}

/// What was asked for, and with what.
struct Request {
    hosts: Arc<Hosts>,
    options: Options,
    paths: Paths,
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
    /// An artifact's code is mapped when its first macro expands: a compiler loads every macro crate
    /// that a dependency names, and runs few of them. Should wasmtime refuse it then, the `.wasm` is
    /// compiled as late.
    ///
    /// # Errors
    ///
    /// If neither can be used; the text has the reasons for both.
    pub fn load(&self, path: &Path) -> Result<ProcMacro, LoadError> {
        let start = Instant::now();
        let request = Request {
            hosts: Arc::clone(&self.hosts),
            options: self.options.clone(),
            paths: Paths::of(path),
        };
        let loaded = match request.try_artifact() {
            Ok(loaded) => loaded,
            Err(refusal) => request.fall_back(refusal)?,
        };
        request.log(&loaded, start);
        Ok(ProcMacro {
            request,
            loaded,
            instead: OnceLock::new(),
        })
    }

    /// Why [`Loader::load`] would not use the artifact for this path, without loading it.
    ///
    /// # Errors
    ///
    /// The [`Refusal`].
    pub fn check(&self, path: &Path) -> Result<(), Refusal> {
        open_fitting(&Paths::of(path), &self.options).map(drop)
    }
}

fn open_fitting(paths: &Paths, options: &Options) -> Result<Artifact, Refusal> {
    let artifact = Artifact::open(&paths.artifact)?;
    decide::fits(artifact.manifest(), options.rustc.as_deref())?;
    decide::is_fresh(&artifact, &paths.wasm)?;
    Ok(artifact)
}

impl Request {
    fn log(&self, loaded: &Loaded, start: Instant) {
        let path = &self.paths.wasm;
        log::loaded(self.options.log, path, &loaded.origin, start.elapsed());
    }

    fn try_artifact(&self) -> Result<Loaded, Refusal> {
        if self.options.ignore_artifacts {
            return Err(Refusal::new(
                RefusalCode::Missing,
                "artifacts are to be ignored",
            ));
        }
        let (file, manifest) = open_fitting(&self.paths, &self.options)?.into_file();
        let macros = manifest.module.declarations.len();
        Ok(Loaded {
            origin: Origin::Artifact,
            rustc: manifest.rustc,
            crate_id: manifest.source.crate_id,
            module: manifest.module,
            code: Code::of_artifact(&self.hosts, file, macros),
        })
    }

    #[cfg(not(feature = "compile"))]
    fn fall_back(&self, refusal: Refusal) -> Result<Loaded, LoadError> {
        Err(LoadError::NoArtifact {
            path: self.paths.artifact.clone(),
            refusal,
        })
    }

    #[cfg(feature = "compile")]
    fn fall_back(&self, refusal: Refusal) -> Result<Loaded, LoadError> {
        let path = self.paths.wasm.clone();
        let cannot = |cause: Box<dyn std::error::Error + Send + Sync>| LoadError::Module {
            path: path.clone(),
            refusal: refusal.clone(),
            cause,
        };
        let wasm = fs_err::read(&self.paths.wasm).map_err(|error| cannot(error.into()))?;
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
            if let Err(error) = crate::compile::precompile_file(&self.paths.wasm) {
                eprintln!("pm-aot: {}: no artifact was left: {error}", path.display());
            }
        }
        let described = crate::compile::describe(&snapshot);
        let compile = |error: wasmtime::Error| cannot(format!("{error:#}").into());
        let code = Code::compile(&self.hosts, &snapshot.wasm, described.declarations.len());
        Ok(Loaded {
            origin: Origin::Jit {
                refusal: refusal.clone(),
            },
            rustc: found,
            crate_id: snapshot.inspection.crate_id.clone(),
            module: described,
            code: code.map_err(compile)?,
        })
    }
}

impl ProcMacro {
    /// The crate's macros, in the order of its declaration static.
    pub fn declarations(&self) -> &[Declaration] {
        &self.loaded.module.declarations
    }

    /// Maps the code now, and not when the first macro expands.
    ///
    /// # Errors
    ///
    /// [`ExpandError::Load`] if it can't be used, and nothing can be compiled instead.
    pub fn prepare(&self) -> Result<(), ExpandError> {
        self.ready().map(drop)
    }

    /// What expands.
    pub(crate) fn ready(&self) -> Result<&Loaded, ExpandError> {
        let Err(cause) = self.loaded.code.prepare() else {
            return Ok(&self.loaded);
        };
        let instead = self.instead.get_or_init(|| {
            let start = Instant::now();
            let refusal = Refusal::new(RefusalCode::Body, cause);
            let loaded = self.request.fall_back(refusal)?;
            self.request.log(&loaded, start);
            Ok(loaded)
        });
        match instead {
            Err(error) => Err(ExpandError::Load(error.to_string())),
            Ok(instead) if instead.module.declarations != self.loaded.module.declarations => Err(
                ExpandError::Load("its `.wasm` has other macros than its artifact".into()),
            ),
            Ok(instead) => Ok(instead),
        }
    }

    /// Where its code comes from, as far as that is known: see [`Loader::load`].
    pub fn origin(&self) -> &Origin {
        match self.instead.get() {
            Some(Ok(instead)) => &instead.origin,
            _ => &self.loaded.origin,
        }
    }

    /// The version string of the rustc that compiled it.
    pub fn rustc(&self) -> &str {
        &self.loaded.rustc
    }

    /// The stable crate id in its declaration symbol, in hex without leading zeros.
    pub fn crate_id(&self) -> &str {
        &self.loaded.crate_id
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
