//! The macro crates of a process, each loaded when one of its macros is first used.

use crate::buffer::Owned;
use crate::compiler::Compiler;
use crate::place;
use crate::room::Room;
use pm_abi::Profile;
use pm_bridge::{Handles, MessageError, Server, Streams, Transcoder};
use pm_loader::{ExpandError, Loader, MacroKind, Options, ProcMacro, WasiCtx};
use pm_sandbox::Sandbox;
use pm_shim::{Closure, Shim};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, OnceLock, PoisonError};

/// Why a macro gave no answer of its own.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RunError {
    #[error(
        "pm-aot: this macro library was built by a different pm-aot version; rebuild it with \
         `cargo clean -p NAME`"
    )]
    Layout,
    #[error("pm-aot: the library of the macro crate isn't a file that can be found")]
    Place,
    #[error("pm-aot: the sandbox in the macro's library can't be read: {0}")]
    Sandbox(String),
    #[error(
        "pm-aot: the macro's library speaks the bridge `{0}`, which this pm-aot doesn't know; use \
         the `libpm_loader.so` of the pm-aot that built it"
    )]
    Profile(String),
    #[error("pm-aot: {0}; `pm-aot cargo` makes it, after `cargo clean` if something is left of it")]
    Load(String),
    #[error("pm-aot: {0}")]
    Expand(#[from] ExpandError),
    #[error("pm-aot: a message of the compiler can't be passed on: {0}")]
    Message(#[from] MessageError),
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
    transcoder: Transcoder,
    /// The methods that can be answered on the macro's stack, by their places.
    in_place: Vec<bool>,
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
        protocol: Protocol {
            transcoder,
            in_place,
        },
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
    let mut handles = Handles::with_quoted_spans(macros.quoted_spans());
    let mut scratch = Vec::new();
    let input = transcoder.input(streams, message.bytes(), &mut handles, &mut scratch)?;
    // The buffer is also the one that requests are sent with.
    let input = input.to_vec();
    // SAFETY: of the caller.
    let mut compiler =
        unsafe { Compiler::new(transcoder, in_place, &mut handles, message, closure) };
    let wasi = WasiCtx::new(room.grants());
    let outcome = macros.expand(index, &input, &mut compiler, wasi);
    room.tell(&macros.declarations()[index], &outcome.wasi);
    if let Some(failure) = compiler.into_failure() {
        return Err(failure.into());
    }
    let output = outcome.result?.output;
    let output = transcoder
        .output(&output, &mut handles, &mut scratch)
        .map_err(|error| ExpandError::Protocol(error.to_string()))?;
    message.replace(output);
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
    profile: String,
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
        profile: shim.profile().to_owned(),
        sandbox: shim.sandbox().to_vec(),
    };
    let mut crates = CRATES.lock().unwrap_or_else(PoisonError::into_inner);
    let crates = crates.get_or_insert_default();
    if let Some(known) = crates.get(&key) {
        return Ok(known);
    }
    let same = |(other, known): (&Key, &&'static Known)| {
        let known = known.as_ref().ok()?;
        (other.profile == key.profile).then_some(known.protocol)
    };
    let protocol = match crates.iter().find_map(same) {
        Some(protocol) => protocol,
        None => Box::leak(Box::new(Protocol::of(&key.profile)?)),
    };
    let known = &*Box::leak(Box::new(open(&key, protocol)?));
    crates.insert(key, known);
    Ok(known)
}

impl Protocol {
    fn of(profile: &str) -> Result<Self, RunError> {
        let known = Profile::by_name(profile);
        let profile = known.ok_or_else(|| RunError::Profile(profile.to_owned()))?;
        let transcoder = Transcoder::new(profile, Server::Host64);
        Ok(Self {
            in_place: Compiler::in_place(&transcoder),
            transcoder,
        })
    }
}

fn open(key: &Key, protocol: &'static Protocol) -> Result<Known, RunError> {
    let sandbox =
        Sandbox::from_bytes(&key.sandbox).map_err(|error| RunError::Sandbox(error.to_string()))?;
    let options = Options {
        rustc: Some(key.rustc.clone()),
        ..Options::from_env()
    };
    let loaded = loader(options).and_then(|loader| loader.load(&key.artifact));
    Ok(match loaded {
        Ok(macros) if macros.profile() != protocol.transcoder.profile() => {
            let artifact = key.artifact.display();
            Err(format!(
                "`{artifact}` has the {}, and its library the {}",
                macros.profile(),
                protocol.transcoder.profile()
            ))
        }
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
