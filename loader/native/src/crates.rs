//! The macro crates of a process, each loaded when one of its macros is first used.

use crate::buffer::Owned;
use crate::compiler::Compiler;
use crate::place;
use crate::room::Room;
use pm_bridge::{Recoder, Schema, Streams};
use pm_loader::{Loader, MacroKind, Options, ProcMacro, WasiCtx};
use pm_policy::Sandbox;
use pm_shim::{Closure, Shim};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Why a macro gave no answer of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error("pm-aot: this library is another version's: build the macro crate anew")]
    Layout,
    #[error("pm-aot: the library of the macro crate isn't a file that can be found")]
    Place,
    #[error("pm-aot: {0}")]
    Schema(String),
    #[error("pm-aot: {0}; `pm-aot cargo` makes it, after `cargo clean` if something is left of it")]
    Load(String),
    #[error("pm-aot: {0}")]
    Expand(String),
    #[error("pm-aot: a message of the compiler or of the macro can't be passed on: {0}")]
    Message(#[from] pm_bridge::RecodeError),
}

/// What is known of a shim.
struct Crate {
    protocol: &'static Protocol,
    macros: ProcMacro,
    room: Room,
}

/// The messages of one rustc. All shims of a process are made for it, unless it runs several, as
/// rust-analyzer might.
struct Protocol {
    recoder: Recoder,
    /// Which of its methods can be answered in place.
    shallow: Vec<bool>,
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
        protocol: Protocol { recoder, shallow },
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
    let mut compiler = unsafe { Compiler::new(recoder, shallow, message, closure) };
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
/// in use on other threads.
fn load(shim: &Shim) -> Result<&'static Known, RunError> {
    let known = shim.state().load(Ordering::Acquire);
    if !known.is_null() {
        // SAFETY: only this function stores there, what it stores is of this type, and it's never freed.
        return Ok(unsafe { &*known.cast::<Known>() });
    }
    let found = find(shim)?;
    // Another thread may have been here: it found the same, or an error that was there then.
    let pointer = std::ptr::from_ref(found).cast_mut().cast();
    shim.state().store(pointer, Ordering::Release);
    Ok(found)
}

/// A macro crate, or an error that stays: it's told for each macro of the crate.
type Known = Result<Crate, String>;

/// What makes two shims the same crate's: so a program that unloads a shim and loads it again, as
/// rust-analyzer's server may, maps its artifact once. It's mapped again when it was replaced.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    artifact: PathBuf,
    files: [Option<place::FileId>; 2],
    identity: String,
    rustc: String,
    schema: Vec<u8>,
    sandbox: Vec<u8>,
}

fn find(shim: &Shim) -> Result<&'static Known, RunError> {
    static CRATES: Mutex<Option<HashMap<Key, &'static Known>>> = Mutex::new(None);
    let artifact = place::artifact(shim).ok_or(RunError::Place)?;
    let key = Key {
        files: [&artifact, &artifact.with_extension("wasm")].map(|path| place::FileId::of(path)),
        artifact,
        identity: shim.identity().to_owned(),
        rustc: shim.rustc().to_owned(),
        schema: shim.schema().to_vec(),
        sandbox: shim.sandbox().to_vec(),
    };
    let mut crates = CRATES.lock().unwrap_or_else(PoisonError::into_inner);
    let crates = crates.get_or_insert_default();
    if let Some(known) = crates.get(&key) {
        return Ok(known);
    }
    let same = |(other, known): (&Key, &&'static Known)| {
        let known = known.as_ref().ok()?;
        (other.schema == key.schema).then_some(known.protocol)
    };
    let protocol = match crates.iter().find_map(same) {
        Some(protocol) => protocol,
        None => Box::leak(Box::new(Protocol::read(&key.schema)?)),
    };
    let known = &*Box::leak(Box::new(open(&key, protocol)?));
    crates.insert(key, known);
    Ok(known)
}

impl Protocol {
    fn read(schema: &[u8]) -> Result<Self, RunError> {
        let schema: Schema = postcard::from_bytes(schema).map_err(|error| {
            RunError::Schema(format!("the library's protocol can't be read: {error}"))
        })?;
        let recoder = Recoder::new(schema).map_err(|error| {
            RunError::Schema(format!("the library's protocol isn't one: {error}"))
        })?;
        Ok(Self {
            shallow: Compiler::shallow(&recoder),
            recoder,
        })
    }
}

fn open(key: &Key, protocol: &'static Protocol) -> Result<Known, RunError> {
    let sandbox = Sandbox::from_bytes(&key.sandbox).map_err(|error| {
        RunError::Schema(format!("the library's sandbox can't be read: {error}"))
    })?;
    let options = Options {
        rustc: Some(key.rustc.clone()),
        ..Options::from_env()
    };
    let loaded = loader(options).and_then(|loader| loader.load(&key.artifact));
    Ok(match loaded {
        Ok(macros)
            if pm_shim::identity(macros.crate_id(), macros.declarations()) != key.identity =>
        {
            let artifact = key.artifact.display();
            Err(format!(
                "`{artifact}` belongs to another build of the macro crate than its library"
            ))
        }
        Ok(macros) => Ok(Crate {
            protocol,
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
    crate::signals::prepare();
    let loader = Loader::new(options)?;
    Ok(LOADER.get_or_init(|| loader))
}
