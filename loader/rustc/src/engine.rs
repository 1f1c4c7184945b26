//! The engine that runs the compiler itself: as the macros' one, with a far larger stack.

use pm_abi::layout::ABI;
use pm_engine::Purpose;
use wasmtime::Engine;

/// The stack of the thread that rustc runs on, in bytes. It is address space: what isn't used isn't
/// there. A native rustc grows its stack wherever it recurses; a module's can't be grown.
pub(crate) const STACK: usize = pm_engine::MAX_COMPILER_STACK + (64 << 20);

pub(crate) fn engine() -> wasmtime::Result<Engine> {
    pm_engine::engine(Purpose::Compiler, ABI)
}

/// Whether `code` is what [`precompile`] makes of `wasm` here and now: it fits this engine, and is no
/// older than the module.
#[must_use]
pub fn is_precompiled(wasm: &std::path::Path, code: &std::path::Path) -> bool {
    let written = |path| std::fs::metadata(path).and_then(|it| it.modified()).ok();
    let fits = || {
        let file = std::fs::File::open(code).ok()?;
        // SAFETY: as in `Compiler::open`.
        unsafe { wasmtime::Module::deserialize_open_file(&engine().ok()?, file) }.ok()
    };
    match (written(wasm), written(code)) {
        (Some(wasm), Some(code)) => wasm <= code && fits().is_some(),
        _ => false,
    }
}

/// Compiles `rustc.wasm` ahead of time and writes the code to `output`, whole or not at all.
///
/// # Errors
///
/// If a file can't be read or written, or the module doesn't compile; the text says which.
#[cfg(feature = "compile")]
pub fn precompile(wasm: &std::path::Path, output: &std::path::Path) -> std::io::Result<u64> {
    use std::io::{Error, Write};
    let bytes = fs_err::read(wasm)?;
    let code = engine()
        .and_then(|engine| engine.precompile_module(&bytes))
        .map_err(|error| {
            Error::other(format!("`{}` doesn't compile: {error:#}", wasm.display()))
        })?;
    drop(bytes);
    let folder = output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(".".as_ref()))?;
    file.write_all(&code)?;
    file.persist(output)?;
    Ok(code.len() as u64)
}
