//! The macro crates of a process, each loaded when one of its macros is first used.

use crate::buffer::Owned;
use crate::compiler::Compiler;
use crate::place;
use crate::room::Room;
use pm_bridge::{Recoder, Schema, Streams};
use pm_loader::{Loader, MacroKind, Options, ProcMacro, WasiCtx};
use pm_policy::Sandbox;
use pm_shim::{Closure, Shim};
use std::sync::OnceLock;
use std::sync::atomic::Ordering;

/// Why a macro gave no answer of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("pm-aot: this library is another version's: build the macro crate anew")]
    Layout,
    #[error("pm-aot: the library of the macro crate isn't a file that can be found")]
    Place,
    #[error("pm-aot: {0}")]
    Schema(String),
    #[error("pm-aot: {0}; `pm-aot cargo` makes it, and `cargo clean` clears what is left of it")]
    Load(String),
    #[error("pm-aot: {0}")]
    Expand(String),
    #[error("pm-aot: a message of the compiler or of the macro can't be passed on: {0}")]
    Message(#[from] pm_bridge::RecodeError),
}

/// What is known of a shim.
struct Crate {
    recoder: Recoder,
    macros: ProcMacro,
    room: Room,
}

/// Runs a macro. `message` is the input, and the output afterwards.
///
/// # Safety
///
/// The closure is the compiler's, and lives as long as this call.
pub(crate) unsafe fn run(
    message: &mut Owned,
    closure: Closure,
    shim: Option<&Shim>,
    index: usize,
) -> Result<(), RunError> {
    let shim = shim.ok_or(RunError::Layout)?;
    let Crate {
        recoder,
        macros,
        room,
    } = load(shim)?
        .as_ref()
        .map_err(|text| RunError::Load(text.clone()))?;
    let streams = match macros.declarations().get(index).map(|it| it.kind) {
        Some(MacroKind::Attr) => Streams::Two,
        Some(MacroKind::Derive | MacroKind::Bang) => Streams::One,
        None => return Err(RunError::Layout),
    };
    let mut bytes = Vec::new();
    recoder.input(streams, message.bytes(), &mut bytes)?;
    // SAFETY: of the caller.
    let mut compiler = unsafe { Compiler::new(recoder, message, closure) };
    let wasi = WasiCtx::new(room.grants());
    let outcome = macros.expand(index, &bytes, &mut compiler, wasi);
    room.tell(&macros.declarations()[index], &outcome.wasi);
    if let Some(failure) = compiler.into_failure() {
        return Err(failure.into());
    }
    let output = outcome
        .result
        .map_err(|error| RunError::Expand(error.to_string()))?
        .output;
    bytes.clear();
    recoder.output(&output, &mut bytes)?;
    message.replace(&bytes);
    Ok(())
}

/// What is known of a shim; found out once. It stays for as long as the process, since the shim may be
/// in use on other threads: some hundred bytes and a mapping for each time that a program loads one.
fn load(shim: &Shim) -> Result<&Result<Crate, String>, RunError> {
    let known = shim.state().load(Ordering::Acquire);
    if !known.is_null() {
        // SAFETY: only the exchange below stores there, what it stores is of this type, and it's never
        // freed.
        return Ok(unsafe { &*known.cast() });
    }
    let found = Box::into_raw(Box::new(find(shim)?));
    let exchanged = shim.state().compare_exchange(
        std::ptr::null_mut(),
        found.cast(),
        Ordering::AcqRel,
        Ordering::Acquire,
    );
    let known = match exchanged {
        Ok(_) => found,
        Err(known) => {
            // SAFETY: nobody else has seen it.
            drop(unsafe { Box::from_raw(found) });
            known.cast()
        }
    };
    // SAFETY: as above.
    Ok(unsafe { &*known })
}

/// The error inside is one that stays: it's told for each macro of the crate.
fn find(shim: &Shim) -> Result<Result<Crate, String>, RunError> {
    let schema: Schema = postcard::from_bytes(shim.schema()).map_err(|error| {
        RunError::Schema(format!("the library's protocol can't be read: {error}"))
    })?;
    let recoder = Recoder::new(schema)
        .map_err(|error| RunError::Schema(format!("the library's protocol isn't one: {error}")))?;
    let sandbox = Sandbox::from_bytes(shim.sandbox()).map_err(|error| {
        RunError::Schema(format!("the library's sandbox can't be read: {error}"))
    })?;
    let artifact = place::artifact(shim).ok_or(RunError::Place)?;
    let options = Options {
        rustc: Some(shim.rustc().to_owned()),
        ..Options::from_env()
    };
    let loaded = loader(options).and_then(|loader| loader.load(&artifact));
    Ok(match loaded {
        Ok(macros) if macros.declarations().len() != shim.count() => Err(format!(
            "`{}` has other macros than its library",
            artifact.display()
        )),
        Ok(macros) => Ok(Crate {
            recoder,
            macros,
            room: Room::new(sandbox),
        }),
        Err(error) => Err(error.to_string()),
    })
}

/// The loader of this process.
fn loader(options: Options) -> Result<&'static Loader, pm_loader::LoadError> {
    static LOADER: OnceLock<Loader> = OnceLock::new();
    if let Some(loader) = LOADER.get() {
        return Ok(loader);
    }
    let loader = Loader::new(options)?;
    Ok(LOADER.get_or_init(|| loader))
}
