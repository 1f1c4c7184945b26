//! The state of a running rustc, and what is around it.

use crate::directories::Directories;
use crate::memory::Exports;
use pm_bridge::{Server, Transcoder};
use pm_loader::{Compile, Grants, LoadError, Loader, Options, ProcMacro, Profile, WasiCtx};
use std::collections::BTreeMap;
use std::env::consts::{DLL_EXTENSION, DLL_PREFIX};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use wasmtime::ResourceLimiter;
use wasmtime_wasi::p1::WasiP1Ctx;

/// What rustc's store holds.
pub(crate) struct Host {
    pub(crate) wasi: WasiP1Ctx,
    pub(crate) directories: Directories,
    pub(crate) exports: Option<Exports>,
    /// Memory was asked for that there is not.
    pub(crate) out_of_memory: bool,
    /// Counted if somebody wants to know.
    pub(crate) statistics: Option<Statistics>,
    directory: PathBuf,
    variables: Vec<(String, String)>,
    options: Options,
    compiler: Option<Arc<dyn Compile>>,
    /// Made when the first macro is asked for.
    macros: Option<Macros>,
}

/// What macros have cost a rustc.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Statistics {
    /// Macros that ran.
    pub expansions: u64,
    /// What they took together, rustc's answers included.
    pub expanding: Duration,
    /// Requests that rustc answered.
    pub dispatches: u64,
    /// What these took together, from the macro's call to its return.
    pub dispatching: Duration,
    /// Of that, what passed in rustc.
    pub answering: Duration,
}

/// The macro crates of a rustc.
struct Macros {
    loader: Loader,
    loaded: BTreeMap<PathBuf, Loaded>,
    /// One for each bridge, so one.
    transcoders: Vec<Arc<Transcoder>>,
    grants: Arc<Grants>,
}

/// A macro crate, and what passes its messages.
#[derive(Clone)]
pub(crate) struct Loaded {
    pub(crate) macros: Arc<ProcMacro>,
    pub(crate) transcoder: Arc<Transcoder>,
}

impl Host {
    pub(crate) fn new(
        wasi: WasiP1Ctx,
        directory: PathBuf,
        variables: Vec<(String, String)>,
        options: Options,
        compiler: Option<Arc<dyn Compile>>,
    ) -> Host {
        Host {
            wasi,
            directories: Directories::default(),
            exports: None,
            out_of_memory: false,
            statistics: None,
            directory,
            variables,
            options,
            compiler,
            macros: None,
        }
    }

    pub(crate) fn exports(&self) -> wasmtime::Result<Exports> {
        self.exports
            .ok_or_else(|| wasmtime::Error::msg("the WASI rustc calls the host while it starts"))
    }

    /// Loads a macro crate, once.
    pub(crate) fn load(&mut self, path: &Path) -> Result<Loaded, LoadError> {
        let path = module_beside(self.directory.join(path));
        let macros = match &mut self.macros {
            Some(macros) => macros,
            none => none.insert(Macros {
                loader: match &self.compiler {
                    Some(compiler) => {
                        Loader::with_compiler(self.options.clone(), Arc::clone(compiler))?
                    }
                    None => Loader::new(self.options.clone())?,
                },
                loaded: BTreeMap::new(),
                transcoders: Vec::new(),
                grants: Arc::new(Grants::of_build(self.variables.iter().cloned())),
            }),
        };
        if let Some(loaded) = macros.loaded.get(&path) {
            return Ok(loaded.clone());
        }
        let loaded = macros.loader.load(&path)?;
        let loaded = Loaded {
            transcoder: macros.transcoder(loaded.profile()),
            macros: Arc::new(loaded),
        };
        macros.loaded.insert(path, loaded.clone());
        Ok(loaded)
    }

    /// What a macro sees of the machine.
    pub(crate) fn macro_wasi(&self) -> WasiCtx {
        let grants = self
            .macros
            .as_ref()
            .map(|macros| Arc::clone(&macros.grants));
        WasiCtx::new(grants.unwrap_or_default())
    }
}

impl Macros {
    fn transcoder(&mut self, profile: &'static Profile) -> Arc<Transcoder> {
        let mut known = self.transcoders.iter();
        if let Some(known) = known.find(|known| known.profile() == profile) {
            return Arc::clone(known);
        }
        let new = Arc::new(Transcoder::new(profile, Server::Wasm32));
        self.transcoders.push(Arc::clone(&new));
        new
    }
}

/// The module of a macro crate: `NAME.wasm` where rustc has read the metadata of the native
/// `libNAME.so` that cargo made.
fn module_beside(path: PathBuf) -> PathBuf {
    let is_native = path
        .extension()
        .is_some_and(|extension| extension == DLL_EXTENSION);
    let stem = path.file_stem().and_then(|stem| stem.to_str());
    match stem.filter(|_| is_native) {
        Some(stem) => {
            let name = stem.strip_prefix(DLL_PREFIX).unwrap_or(stem);
            path.with_file_name(format!("{name}.wasm"))
        }
        None => path,
    }
}

/// Nothing is limited beyond what a 32-bit memory can be; that it was reached is noted, since all
/// that rustc can do then is to abort.
impl ResourceLimiter for Host {
    fn memory_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.out_of_memory = true;
        Ok(())
    }

    fn table_growing(
        &mut self,
        _current: usize,
        _desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(true)
    }
}
