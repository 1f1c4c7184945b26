//! From a path to a macro crate that is ready to expand.

use crate::artifact::{self, Artifact, Module as ManifestModule};
use crate::state::{Exports, State};
use crate::{Declaration, Dispatch, LoadError, LogLevel, Refusal, RefusalCode, call, decide, log};
use pm_abi::layout::ABI;
use pm_engine::Purpose;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};
use std::time::Instant;
use wasmtime::{Engine, InstancePre, Linker, Module, ModuleExport};

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

/// The engine of a process.
pub struct Loader<D: 'static> {
    engine: Engine,
    options: Options,
    answers: PhantomData<fn(D)>,
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
pub struct ProcMacro<D: 'static> {
    origin: Origin,
    rustc: String,
    crate_id: String,
    pub(crate) manifest_module: ManifestModule,
    pub(crate) instance_pre: InstancePre<State<D>>,
    pub(crate) exports: Exports,
    pub(crate) runs: Vec<ModuleExport>,
}

impl<D: Dispatch + 'static> Loader<D> {
    /// Starts an engine. Once a process is enough: it and what it loads can be used from all
    /// threads.
    ///
    /// # Errors
    ///
    /// [`LoadError::Engine`] on a machine that wasmtime doesn't support.
    pub fn new(options: Options) -> Result<Loader<D>, LoadError> {
        let error = |error: wasmtime::Error| LoadError::Engine(format!("{error:#}"));
        let engine = pm_engine::engine(Purpose::Artifact, ABI).map_err(error)?;
        Ok(Loader {
            engine,
            options,
            answers: PhantomData,
        })
    }

    /// Loads a macro crate from the path of its `.wasm` or of its `.cwasm`: from the artifact if
    /// that fits, else (with the feature `compile`) by compiling the `.wasm`.
    ///
    /// # Errors
    ///
    /// If neither can be used; the text has the reasons for both.
    pub fn load(&self, path: &Path) -> Result<ProcMacro<D>, LoadError> {
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

    fn try_artifact(&self, paths: &Paths) -> Result<ProcMacro<D>, Refusal> {
        if self.options.ignore_artifacts {
            return Err(Refusal::new(
                RefusalCode::Missing,
                "artifacts are to be ignored",
            ));
        }
        let (file, manifest) = self.open_fitting(paths)?.into_file();
        // SAFETY: the file is one that this project wrote: its footer, its manifest's digest, its
        // length and its source say so, as far as a file that isn't signed can (docs/FORMAT.md,
        // "Trust": whoever may write it may as well replace a native macro's library). It isn't
        // changed while it's mapped: writers replace it by renaming.
        let module = unsafe { Module::deserialize_open_file(&self.engine, file) }
            .map_err(|error| Refusal::new(RefusalCode::Body, format!("{error:#}")))?;
        let ids = (manifest.rustc, manifest.source.crate_id);
        self.prepare(Origin::Artifact, module, ids, manifest.module)
            .map_err(|error| Refusal::new(RefusalCode::Body, format!("{error:#}")))
    }

    #[cfg(not(feature = "compile"))]
    fn fall_back(&self, paths: &Paths, refusal: Refusal) -> Result<ProcMacro<D>, LoadError> {
        Err(LoadError::NoArtifact {
            path: paths.artifact.clone(),
            refusal,
        })
    }

    #[cfg(feature = "compile")]
    fn fall_back(&self, paths: &Paths, refusal: Refusal) -> Result<ProcMacro<D>, LoadError> {
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
        let module = Module::new(&self.engine, &snapshot.wasm).map_err(compile)?;
        self.prepare(
            Origin::Jit {
                refusal: refusal.clone(),
            },
            module,
            (found, snapshot.inspection.crate_id.clone()),
            described,
        )
        .map_err(compile)
    }

    fn prepare(
        &self,
        origin: Origin,
        module: Module,
        (rustc, crate_id): (String, String),
        manifest_module: ManifestModule,
    ) -> wasmtime::Result<ProcMacro<D>> {
        let export = |name: &str| {
            module
                .get_export_index(name)
                .ok_or_else(|| wasmtime::Error::msg(format!("no export `{name}`")))
        };
        let exports = Exports {
            memory: export("memory")?,
            malloc: export("malloc")?,
            free: export("free")?,
        };
        let runs = (0..manifest_module.declarations.len())
            .map(|index| export(&format!("run {index}")))
            .collect::<wasmtime::Result<_>>()?;
        let mut linker = Linker::<State<D>>::new(&self.engine);
        let imported: Vec<&str> = module.imports().map(|import| import.name()).collect();
        pm_wasi::add_wanted_to_linker(&mut linker, |name| imported.contains(&name))?;
        call::add_to_linker(&mut linker)?;
        let instance_pre = linker.instantiate_pre(&module)?;
        Ok(ProcMacro {
            origin,
            rustc,
            crate_id,
            manifest_module,
            instance_pre,
            exports,
            runs,
        })
    }
}

impl<D> ProcMacro<D> {
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
