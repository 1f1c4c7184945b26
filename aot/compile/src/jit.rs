//! Compiles macro crates in this process, for a loader that finds no artifact that fits.

use crate::describe;
use pm_abi::layout::ABI;
use pm_cranelift::Purpose;
use pm_loader::{Compile, CompileError, Compiled, LoadError, Loader, Options};
use std::path::Path;
use std::sync::{Arc, OnceLock};
use wasmtime::{Config, Engine, Module};

/// A compiler for [`Loader::with_compiler`]: quick rather than good.
#[derive(Default)]
pub struct Jit {
    engine: OnceLock<Engine>,
}

impl Jit {
    fn engine(&self) -> wasmtime::Result<&Engine> {
        if let Some(engine) = self.engine.get() {
            return Ok(engine);
        }
        let engine = pm_cranelift::engine(Purpose::Jit, ABI)?;
        Ok(self.engine.get_or_init(|| engine))
    }
}

impl Compile for Jit {
    fn without_compiler(&self, config: &mut Config) {
        pm_cranelift::without_compiler(config);
    }

    fn compile(&self, wasm: &[u8]) -> Result<Compiled, CompileError> {
        let snapshot = pm_snapshot::snapshot(wasm)?;
        let code = self
            .engine()
            .and_then(|engine| Module::new(engine, &snapshot.wasm))
            .map_err(|error| format!("{error:#}"))?;
        Ok(Compiled {
            rustc: snapshot.inspection.rustc.clone().unwrap_or_default(),
            crate_id: snapshot.inspection.crate_id.clone(),
            profile: snapshot.profile,
            module: describe(&snapshot),
            code,
        })
    }

    fn write_artifact(&self, wasm: &Path) -> Result<(), CompileError> {
        crate::precompile_file(wasm)?;
        Ok(())
    }
}

/// A loader with this compiler.
///
/// # Errors
///
/// Those of [`Loader::new`].
pub fn loader(options: Options) -> Result<Loader, LoadError> {
    Loader::with_compiler(options, Arc::new(Jit::default()))
}
