//! A macro crate's machine code, and the engines that run it.

use crate::state::{Exports, State};
use crate::{Compile, call};
use pm_abi::contract::run_export;
use pm_abi::layout::ABI;
use pm_engine::{POOLED, Purpose};
use std::collections::HashSet;
use std::fs::File;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use wasmtime::{Config, Engine, InstancePre, Linker, Module, ModuleExport};

/// After how many expansions a crate's code is mapped into the engine with a pool too. Making that
/// engine takes as long as to map a crate; then an instance costs a sixth.
const OFTEN: u32 = 8;

/// The engines of a process.
pub(crate) struct Hosts {
    host: Host,
    /// Takes the memory of its instances from a pool. Made when it pays; empty where there is no room
    /// for a pool.
    pooled: OnceLock<Option<Host>>,
    /// How many of its instances are in use.
    in_use: AtomicU32,
    /// For code that is compiled here. Made when it's needed.
    jit: OnceLock<Host>,
    compiler: Option<Arc<dyn Compile>>,
}

impl Hosts {
    pub(crate) fn new(compiler: Option<Arc<dyn Compile>>) -> wasmtime::Result<Hosts> {
        let config = pm_engine::config(Purpose::Artifact, ABI)?;
        Ok(Hosts {
            host: Host::new(loading_engine(config, compiler.as_deref())?)?,
            pooled: OnceLock::new(),
            in_use: AtomicU32::new(0),
            jit: OnceLock::new(),
            compiler,
        })
    }

    fn pooled(&self) -> Option<&Host> {
        let make = || {
            let config = pm_engine::pooling_config(ABI)?;
            Host::new(loading_engine(config, self.compiler.as_deref())?)
        };
        self.pooled.get_or_init(|| make().ok()).as_ref()
    }

    /// The host of code that this process has compiled: a compiler has one engine.
    fn jit(&self, engine: &Engine) -> wasmtime::Result<&Host> {
        if let Some(host) = self.jit.get() {
            return Ok(host);
        }
        let host = Host::new(engine.clone())?;
        Ok(self.jit.get_or_init(|| host))
    }

    /// A place in the pool, unless all are taken.
    fn enter(&self) -> Option<Place<'_>> {
        let place = Place(&self.in_use);
        (self.in_use.fetch_add(1, Ordering::Relaxed) < POOLED).then_some(place)
    }
}

/// An engine that loads, without the compiler that may be linked in.
fn loading_engine(mut config: Config, compiler: Option<&dyn Compile>) -> wasmtime::Result<Engine> {
    if let Some(compiler) = compiler {
        compiler.without_compiler(&mut config);
    }
    Engine::new(&config)
}

/// A place in the pool; it's free again when this is dropped.
pub(crate) struct Place<'a>(&'a AtomicU32);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An engine, and what modules are linked with.
struct Host {
    engine: Engine,
    functions: Mutex<Functions>,
}

/// The functions for macros to import. Those of WASI are defined when a module first wants them: most
/// macro crates want a few, and all of them take as long as to map a module.
struct Functions {
    linker: Linker<State>,
    wasi: HashSet<String>,
}

impl Host {
    fn new(engine: Engine) -> wasmtime::Result<Host> {
        let mut linker = Linker::new(&engine);
        call::add_to_linker(&mut linker)?;
        let functions = Mutex::new(Functions {
            linker,
            wasi: HashSet::new(),
        });
        Ok(Host { engine, functions })
    }

    /// Links a module with `macros` entry points, and looks up what expansions need.
    fn link(&self, module: &Module, macros: usize) -> wasmtime::Result<Linked> {
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
        let runs = (0..macros)
            .map(|index| export(&run_export(index)))
            .collect::<wasmtime::Result<_>>()?;
        let functions = self.functions.lock();
        let instance_pre = functions
            .unwrap_or_else(PoisonError::into_inner)
            .link(module)?;
        Ok(Linked {
            instance_pre,
            exports,
            runs,
        })
    }
}

impl Functions {
    fn link(&mut self, module: &Module) -> wasmtime::Result<InstancePre<State>> {
        let new: HashSet<&str> = module
            .imports()
            .map(|import| import.name())
            .filter(|name| !self.wasi.contains(*name))
            .collect();
        if !new.is_empty() {
            pm_wasi::add_wanted_to_linker(&mut self.linker, |name| new.contains(name))?;
            self.wasi.extend(new.into_iter().map(str::to_owned));
        }
        self.linker.instantiate_pre(module)
    }
}

/// A module in an engine.
pub(crate) struct Linked {
    pub(crate) instance_pre: InstancePre<State>,
    pub(crate) exports: Exports,
    pub(crate) runs: Vec<ModuleExport>,
}

/// A macro crate's code.
pub(crate) struct Code {
    hosts: Arc<Hosts>,
    source: Option<Source>,
    /// Mapped when it's needed; or why that can't be.
    linked: OnceLock<Result<Linked, String>>,
    /// The same in the engine with a pool; empty where that can't be.
    pooled: OnceLock<Option<Linked>>,
    /// How often it was entered.
    entered: AtomicU32,
}

/// Where code is mapped from.
struct Source {
    file: File,
    /// How many entry points it has.
    macros: usize,
}

impl Code {
    /// The code of an artifact with `macros` entry points.
    pub(crate) fn of_artifact(hosts: &Arc<Hosts>, file: File, macros: usize) -> Code {
        Code {
            hosts: Arc::clone(hosts),
            source: Some(Source { file, macros }),
            linked: OnceLock::new(),
            pooled: OnceLock::new(),
            entered: AtomicU32::new(0),
        }
    }

    /// The code of a module that this process has compiled, with `macros` entry points.
    pub(crate) fn compiled(
        hosts: &Arc<Hosts>,
        module: &Module,
        macros: usize,
    ) -> wasmtime::Result<Code> {
        let host = hosts.jit(module.engine())?;
        let linked = host.link(module, macros)?;
        Ok(Code {
            hosts: Arc::clone(hosts),
            source: None,
            linked: OnceLock::from(Ok(linked)),
            pooled: OnceLock::new(),
            entered: AtomicU32::new(0),
        })
    }

    /// Maps it, unless it is mapped.
    ///
    /// # Errors
    ///
    /// What wasmtime or the system said.
    pub(crate) fn prepare(&self) -> Result<&Linked, String> {
        let linked = self.linked.get_or_init(|| match &self.source {
            Some(source) => source
                .map(&self.hosts.host)
                .map_err(|error| format!("{error:#}")),
            None => Err("it is neither mapped nor compiled".into()),
        });
        linked.as_ref().map_err(Clone::clone)
    }

    /// The code for one expansion, with its place in the pool, to be kept until the instance is gone.
    ///
    /// # Errors
    ///
    /// As [`Code::prepare`].
    pub(crate) fn enter(&self) -> Result<(&Linked, Option<Place<'_>>), String> {
        match self.enter_pool() {
            Some((linked, place)) => Ok((linked, Some(place))),
            None => Ok((self.prepare()?, None)),
        }
    }

    fn enter_pool(&self) -> Option<(&Linked, Place<'_>)> {
        let source = self.source.as_ref()?;
        if self.entered.load(Ordering::Relaxed) < OFTEN {
            self.entered.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let place = self.hosts.enter()?;
        let map = || source.map(self.hosts.pooled()?).ok();
        let linked = self.pooled.get_or_init(map).as_ref()?;
        Some((linked, place))
    }
}

impl Source {
    fn map(&self, host: &Host) -> wasmtime::Result<Linked> {
        let file = self.file.try_clone()?;
        // SAFETY: the file is one that this project wrote: its footer, its manifest's digest, its
        // length and its source say so, as far as a file that isn't signed can (docs/FORMAT.md,
        // "Trust": whoever may write it may as well replace a native macro's library). It isn't
        // changed while it's mapped: writers replace it by renaming.
        let module = unsafe { Module::deserialize_open_file(&host.engine, file) }?;
        host.link(&module, self.macros)
    }
}
