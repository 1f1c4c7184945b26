//! A WASI rustc, mapped, and one run of it.

use crate::engine::{STACK, engine};
use crate::memory::Exports;
use crate::run::{Host, Statistics};
use crate::{Files, Installed, declare, directories};
use pm_loader::{Compile, Options};
use std::path::PathBuf;
use std::sync::Arc;
use wasmtime::{Engine, InstancePre, Linker, Module, Store, Trap};
use wasmtime_wasi::{I32Exit, WasiCtxBuilder};

/// A WASI rustc, ready to run.
pub struct Compiler {
    engine: Engine,
    instance_pre: InstancePre<Host>,
    installed: Installed,
    compiler: Option<Arc<dyn Compile>>,
}

/// One run of rustc.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// rustc's arguments, without the program's name.
    pub arguments: Vec<String>,
    /// Its environment.
    pub variables: Vec<(String, String)>,
    /// Its current directory, absolute.
    pub directory: PathBuf,
    /// What it sees of the file system.
    pub files: Files,
    /// Paths on its command line (see [`Files`]).
    pub paths: Vec<PathBuf>,
    /// How macros are loaded.
    pub options: Options,
    /// Count what macros cost; it is told when rustc ends.
    pub statistics: Option<fn(Statistics)>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// With rustc's own exit status.
    Exit(u8),
    /// It needed more memory than a 32-bit memory has.
    OutOfMemory,
    /// It recursed deeper than its stack allows.
    StackOverflow,
    /// It crashed; the text is for a bug report. What rustc said is on standard error.
    Crash(String),
}

/// Why rustc couldn't be run.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The compiled module can't be mapped: it's missing, or another build's.
    #[error("the WASI rustc in `{}` can't be loaded: {cause}", folder.display())]
    Load {
        /// Its folder.
        folder: PathBuf,
        /// What wasmtime or the system said.
        cause: String,
    },
    /// It couldn't be started.
    #[error("the WASI rustc can't be started: {0}")]
    Start(String),
}

impl Compiler {
    /// Maps an installed rustc. `compiler` is for macros without an artifact that fits.
    ///
    /// # Errors
    ///
    /// [`RunError::Load`].
    pub fn open(
        installed: Installed,
        compiler: Option<Arc<dyn Compile>>,
    ) -> Result<Compiler, RunError> {
        let load = |cause: String| RunError::Load {
            folder: installed.folder.clone(),
            cause,
        };
        let file = fs_err::File::open(installed.code()).map_err(|error| load(error.to_string()))?;
        let prepare = || -> wasmtime::Result<_> {
            let engine = engine(compiler.as_deref())?;
            // SAFETY: the file is one that this project wrote, into the user's cache; whoever may
            // write there may replace the compiler anyway. It's never changed in place.
            let module = unsafe { Module::deserialize_open_file(&engine, file.into_parts().0) }?;
            let mut linker = Linker::<Host>::new(&engine);
            wasmtime_wasi::p1::add_to_linker_sync(&mut linker, |host| &mut host.wasi)?;
            directories::add_to_linker(&mut linker)?;
            declare::add_to_linker(&mut linker)?;
            let instance_pre = linker.instantiate_pre(&module)?;
            Ok((engine, instance_pre))
        };
        let (engine, instance_pre) = prepare().map_err(|error| load(format!("{error:#}")))?;
        Ok(Compiler {
            engine,
            instance_pre,
            installed,
            compiler,
        })
    }

    /// Runs it, with this process's standard streams.
    ///
    /// # Errors
    ///
    /// [`RunError::Start`]; that rustc fails is no error but an [`Ended`].
    pub fn run(&self, invocation: Invocation) -> Result<Ended, RunError> {
        let start = |error: wasmtime::Error| RunError::Start(format!("{error:#}"));
        let tell = invocation.statistics;
        let host = self.host(invocation).map_err(start)?;
        std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("rustc".into())
                .stack_size(STACK)
                .spawn_scoped(scope, || self.run_here(host, tell).map_err(start))
                .map_err(|error| RunError::Start(format!("no thread: {error}")))?;
            thread
                .join()
                .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        })
    }

    fn host(&self, invocation: Invocation) -> wasmtime::Result<Host> {
        let Invocation {
            arguments,
            variables,
            directory,
            files,
            paths,
            mut options,
            statistics,
        } = invocation;
        let installed = &self.installed.description;
        let text = |path: &std::path::Path| {
            path.to_str()
                .map(str::to_owned)
                .ok_or_else(|| wasmtime::Error::msg(format!("`{}` isn't UTF-8", path.display())))
        };
        let mut wasi = WasiCtxBuilder::new();
        wasi.inherit_stdio()
            .allow_blocking_current_thread(true)
            .arg("rustc")
            .args(&arguments)
            .envs(&variables)
            .env("PM_AOT_SYSROOT", text(&installed.sysroot)?)
            .env("PM_AOT_CWD", text(&directory)?);
        files.open(&mut wasi, &installed.sysroot, &paths)?;
        options.rustc = Some(installed.version.clone());
        let mut host = Host::new(
            wasi.build_p1(),
            directory,
            variables,
            options,
            self.compiler.clone(),
        );
        host.statistics = statistics.map(|_| Statistics::default());
        Ok(host)
    }

    fn run_here(&self, host: Host, tell: Option<fn(Statistics)>) -> wasmtime::Result<Ended> {
        let mut store = Store::new(&self.engine, host);
        store.limiter(|host| host);
        let instance = self.instance_pre.instantiate(&mut store)?;
        let exports = Exports::of(&instance, &mut store)?;
        store.data_mut().exports = Some(exports);
        let start = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
        let result = start.call(&mut store, ());
        if let (Some(tell), Some(statistics)) = (tell, store.data().statistics) {
            tell(statistics);
        }
        let Err(error) = result else {
            return Ok(Ended::Exit(0));
        };
        if let Some(I32Exit(status)) = error.downcast_ref::<I32Exit>() {
            return Ok(Ended::Exit(u8::try_from(*status).unwrap_or(u8::MAX)));
        }
        Ok(match error.downcast_ref::<Trap>() {
            _ if store.data().out_of_memory => Ended::OutOfMemory,
            Some(Trap::StackOverflow) => Ended::StackOverflow,
            Some(trap) => Ended::Crash(trap.to_string()),
            None => Ended::Crash(format!("{error:#}")),
        })
    }
}
