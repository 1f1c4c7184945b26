//! Compiles the WASI rustc ahead of time.

use crate::write::write_atomically;
use pm_abi::layout::ABI;
use pm_cranelift::Purpose;
use std::io::{self, Error};
use std::path::Path;
use wasmtime::Engine;

/// Returns true if `code` can be used as what [`precompile_rustc`] makes of `wasm`: it fits this
/// program's wasmtime, and is no older than the module.
#[must_use]
pub fn is_precompiled_rustc(wasm: &Path, code: &Path) -> bool {
    let written = |path| fs_err::metadata(path).and_then(|it| it.modified()).ok();
    let fits = || {
        let file = std::fs::File::open(code).ok()?;
        let engine = engine().ok()?;
        // SAFETY: the file is one that this project wrote, into the user's cache; whoever may write
        // there may replace the compiler anyway. It's never changed in place.
        unsafe { wasmtime::Module::deserialize_open_file(&engine, file) }.ok()
    };
    match (written(wasm), written(code)) {
        (Some(wasm), Some(code)) => wasm <= code && fits().is_some(),
        _ => false,
    }
}

/// Compiles `rustc.wasm` and writes the code to `output`, whole or not at all. Returns its length in
/// bytes.
///
/// # Errors
///
/// If a file can't be read or written, or the module doesn't compile; the text says which.
pub fn precompile_rustc(wasm: &Path, output: &Path) -> io::Result<u64> {
    let bytes = fs_err::read(wasm)?;
    let code = engine()
        .and_then(|engine| engine.precompile_module(&bytes))
        .map_err(|error| {
            Error::other(format!("`{}` doesn't compile: {error:#}", wasm.display()))
        })?;
    drop(bytes);
    write_atomically(output, &code, None)?;
    Ok(code.len() as u64)
}

fn engine() -> wasmtime::Result<Engine> {
    pm_cranelift::engine(Purpose::Compiler, ABI)
}
