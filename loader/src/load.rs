//! From a path to a macro crate that is ready to expand.

use crate::code::{Code, Hosts};
use crate::{
    Compile, Declaration, ExpandError, LoadError, LogLevel, Profile, Refusal, RefusalCode, log,
};
use pm_artifact::{Artifact, Module as ManifestModule, check_compatible, check_fresh, path_for};
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
    compiler: Option<Arc<dyn Compile>>,
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
    profile: &'static Profile,
    pub(crate) module: ManifestModule,
    pub(crate) code: Code,
}

/// What was asked for, and with what.
struct Request {
    hosts: Arc<Hosts>,
    options: Options,
    compiler: Option<Arc<dyn Compile>>,
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
        Loader::make(options, None)
    }

    /// The same, for a program that contains a compiler: a macro crate whose artifact can't be used is
    /// compiled.
    ///
    /// # Errors
    ///
    /// As [`Loader::new`].
    pub fn with_compiler(
        options: Options,
        compiler: Arc<dyn Compile>,
    ) -> Result<Loader, LoadError> {
        Loader::make(options, Some(compiler))
    }

    fn make(options: Options, compiler: Option<Arc<dyn Compile>>) -> Result<Loader, LoadError> {
        let error = |error: wasmtime::Error| LoadError::Engine(format!("{error:#}"));
        let hosts = Hosts::new(compiler.clone()).map_err(error)?;
        Ok(Loader {
            hosts: Arc::new(hosts),
            options,
            compiler,
        })
    }

    /// Loads a macro crate from the path of its `.wasm` or of its `.cwasm`: from the artifact if
    /// that fits, else, where there is a compiler, by compiling the `.wasm`.
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
            compiler: self.compiler.clone(),
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
        open_compatible(&Paths::of(path), &self.options).map(drop)
    }
}

fn open_compatible(
    paths: &Paths,
    options: &Options,
) -> Result<(Artifact, &'static Profile), Refusal> {
    let artifact = Artifact::open(&paths.artifact)?;
    let profile = check_compatible(artifact.manifest(), options.rustc.as_deref())?;
    check_fresh(&artifact, &paths.wasm)?;
    Ok((artifact, profile))
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
        let (artifact, profile) = open_compatible(&self.paths, &self.options)?;
        let (file, manifest) = artifact.into_file();
        let macros = manifest.module.declarations.len();
        Ok(Loaded {
            origin: Origin::Artifact,
            rustc: manifest.rustc,
            crate_id: manifest.source.crate_id,
            profile,
            module: manifest.module,
            code: Code::of_artifact(&self.hosts, file, macros),
        })
    }

    fn fall_back(&self, refusal: Refusal) -> Result<Loaded, LoadError> {
        let Some(compiler) = &self.compiler else {
            return Err(LoadError::NoArtifact {
                path: self.paths.artifact.clone(),
                refusal,
            });
        };
        let path = self.paths.wasm.clone();
        let cannot = |cause: Box<dyn std::error::Error + Send + Sync>| LoadError::Module {
            path: path.clone(),
            refusal: refusal.clone(),
            cause,
        };
        let wasm = fs_err::read(&self.paths.wasm).map_err(|error| cannot(error.into()))?;
        let compiled = compiler.compile(&wasm).map_err(cannot)?;
        let found = compiled.rustc;
        if let Some(expected) = self.options.rustc.clone().filter(|rustc| *rustc != found) {
            return Err(LoadError::Rustc {
                path,
                found,
                expected,
            });
        }
        if self.options.write_artifacts {
            // A directory that can't be written to is no reason to fail a compile.
            if let Err(error) = compiler.write_artifact(&self.paths.wasm) {
                eprintln!("pm-aot: {}: no artifact was left: {error}", path.display());
            }
        }
        let macros = compiled.module.declarations.len();
        let code = Code::compiled(&self.hosts, &compiled.code, macros)
            .map_err(|error| cannot(format!("{error:#}").into()))?;
        Ok(Loaded {
            origin: Origin::Jit { refusal },
            rustc: found,
            crate_id: compiled.crate_id,
            profile: compiled.profile,
            module: compiled.module,
            code,
        })
    }
}

impl ProcMacro {
    /// The crate's macros, in the order of its declaration static.
    pub fn declarations(&self) -> &[Declaration] {
        &self.loaded.module.declarations
    }

    /// The number of spans that `proc_macro::quote!` saved in the crate, if it is known: see
    /// [`Module::quoted_spans`](ManifestModule::quoted_spans).
    pub fn quoted_spans(&self) -> Option<u32> {
        self.loaded.module.quoted_spans
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

    /// The bridge that its macros speak.
    pub fn profile(&self) -> &'static Profile {
        self.loaded.profile
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
            artifact: path_for(path),
        }
    }
}
