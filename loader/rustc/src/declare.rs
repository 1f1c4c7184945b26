//! The import `load_proc_macros`: what stands where a native rustc calls `dlopen` and `dlsym`.

use crate::bridge;
use crate::run::{Host, Loaded};
use pm_abi::layout::DECLS_PREFIX;
use std::path::PathBuf;
use wasmtime::{Caller, Func, Linker};

/// What rustc finds at `out`: two words.
const OUT: u32 = 8;

/// Defines the import.
pub(crate) fn add_to_linker(linker: &mut Linker<Host>) -> wasmtime::Result<()> {
    linker.func_wrap(crate::IMPORT_MODULE, "load_proc_macros", load_proc_macros)?;
    Ok(())
}

/// `(path, path_len, symbol, symbol_len, out)`: 0, and at `out` the address of the
/// `&'static [ProcMacro]`; or 1, and there the address and length of an error text, which rustc
/// frees.
fn load_proc_macros(
    mut caller: Caller<'_, Host>,
    path: u32,
    path_len: u32,
    symbol: u32,
    symbol_len: u32,
    out: u32,
) -> wasmtime::Result<u32> {
    let exports = caller.data().exports()?;
    let text = |at, len| -> wasmtime::Result<String> {
        Ok(String::from_utf8_lossy(exports.read(&caller, at, len)?).into_owned())
    };
    let path = PathBuf::from(text(path, path_len)?);
    let symbol = text(symbol, symbol_len)?;
    exports.read(&caller, out, OUT)?;
    let (status, words) = match find(&mut caller, &path, &symbol) {
        Ok(loaded) => (0, [declare(&mut caller, &loaded)?, 0]),
        Err(error) => {
            let at = exports.allocate(&mut caller, error.len() as u32)?;
            exports.write(&mut caller, at, error.as_bytes())?;
            (1, [at, error.len() as u32])
        }
    };
    let bytes: Vec<u8> = words.iter().flat_map(|word| word.to_le_bytes()).collect();
    exports.write(&mut caller, out, &bytes)?;
    Ok(status)
}

/// Loads the macro crate, unless it is loaded, and sees that it is the one whose metadata rustc has
/// read.
fn find(
    caller: &mut Caller<'_, Host>,
    path: &std::path::Path,
    symbol: &str,
) -> Result<Loaded, String> {
    let loaded = caller
        .data_mut()
        .load(path)
        .map_err(|error| error.to_string())?;
    let id = symbol
        .strip_prefix(DECLS_PREFIX)
        .and_then(|rest| rest.strip_suffix("__"));
    let macros = &loaded.macros;
    if id != Some(macros.crate_id()) {
        return Err(format!(
            "`{}` declares `{DECLS_PREFIX}{}__`, but its metadata says `{symbol}`: rebuild it",
            path.display(),
            macros.crate_id()
        ));
    }
    Ok(loaded)
}

/// Writes the declarations into rustc's memory, for as long as it runs, with entry points in its
/// table.
fn declare(caller: &mut Caller<'_, Host>, loaded: &Loaded) -> wasmtime::Result<u32> {
    let exports = caller.data().exports()?;
    let declarations = loaded.macros.declarations();
    let profile = loaded.macros.profile();
    let size = pm_abi::declarations_size(profile, declarations);
    let at = exports.allocate(&mut *caller, size)?;
    let entry_points: Vec<Func> = (0..declarations.len())
        .map(|index| {
            let loaded = loaded.clone();
            Func::wrap(
                &mut *caller,
                move |caller: Caller<'_, Host>, sret: u32, config: u32| {
                    bridge::run(caller, &loaded, index, sret, config)
                },
            )
        })
        .collect();
    let first = exports.add_functions(&mut *caller, &entry_points)?;
    let runs: Vec<u32> = (first..).take(entry_points.len()).collect();
    let bytes = pm_abi::write_declarations(profile, declarations, &runs, at);
    exports.write(&mut *caller, at, &bytes)?;
    Ok(at)
}
