//! The native side: a proc-macro library loaded as rustc does it, and run through the same bridge.
//!
//! The layouts here and in `pm_shim` are those of rustc's `library/proc_macro/src/bridge/` on a 64-bit
//! machine.

use crate::case::Case;
use crate::measure::{Sample, timed};
use anyhow::{Context, Result};
use libloading::Library;
use pm_abi::{DeclarationLayout, Profile, Width};
use pm_loader::Dispatch;
use pm_server::{Server, Standalone};
use pm_shim::{BridgeConfig, Buffer, Closure};
use std::ffi::c_void;
use std::path::Path;

/// An entry point: `client::Client::run`.
type Entry = extern "C" fn(BridgeConfig) -> Buffer;

/// `client::Client` up to rustc 1.97.
#[repr(C)]
#[derive(Clone, Copy)]
struct Client {
    handle_counters: *const c_void,
    run: Entry,
}

/// `client::ProcMacro`, up to rustc 1.97.
#[repr(C)]
#[derive(Clone, Copy)]
#[expect(dead_code, reason = "the layout is rustc's")]
enum ProcMacro {
    CustomDerive {
        name: &'static str,
        attributes: &'static [&'static str],
        client: Client,
    },
    Attr {
        name: &'static str,
        client: Client,
    },
    Bang {
        name: &'static str,
        client: Client,
    },
}

impl ProcMacro {
    fn run(&self) -> Entry {
        match self {
            ProcMacro::CustomDerive { client, .. }
            | ProcMacro::Attr { client, .. }
            | ProcMacro::Bang { client, .. } => client.run,
        }
    }
}

fn from_vec(bytes: Vec<u8>) -> Buffer {
    let mut bytes = std::mem::ManuallyDrop::new(bytes);
    let (data, len, capacity) = (bytes.as_mut_ptr(), bytes.len(), bytes.capacity());
    Buffer {
        data,
        len,
        capacity,
        reserve,
        drop,
    }
}

/// # Safety
///
/// The buffer must be one of [`from_vec`].
unsafe fn into_vec(buffer: Buffer) -> Vec<u8> {
    // SAFETY: these are the parts of a vector of this program's allocator.
    unsafe { Vec::from_raw_parts(buffer.data, buffer.len, buffer.capacity) }
}

extern "C" fn reserve(buffer: Buffer, additional: usize) -> Buffer {
    // SAFETY: only buffers of this program have this function.
    let mut bytes = unsafe { into_vec(buffer) };
    bytes.reserve(additional);
    from_vec(bytes)
}

extern "C" fn drop(buffer: Buffer) {
    // SAFETY: only buffers of this program have this function.
    std::mem::drop(unsafe { into_vec(buffer) });
}

/// A server with the reply's buffer.
struct Env {
    server: Server<Standalone>,
    reply: Vec<u8>,
}

extern "C" fn call(env: *mut c_void, request: Buffer) -> Buffer {
    // SAFETY: `run` gave the macro this pointer, and waits for the macro.
    let env = unsafe { &mut *env.cast::<Env>() };
    // SAFETY: a macro sends its requests in the buffer of its input, which is this program's: the
    // bridge's client puts it into its state and never another.
    let mut bytes = unsafe { into_vec(request) };
    env.reply.clear();
    env.server.dispatch(&bytes, &mut env.reply);
    bytes.clear();
    bytes.extend_from_slice(&env.reply);
    from_vec(bytes)
}

/// How long `dlopen` and `dlsym` take.
pub(crate) fn load(path: &Path, repetitions: usize) -> Result<Sample> {
    let symbol = declaration_symbol(path)?;
    let mut times = Vec::new();
    for _ in 0..repetitions {
        let (library, time) = timed(|| open(path, &symbol).map(|(library, _)| library));
        library?.close()?;
        times.push(time);
    }
    Ok(Sample::new(times))
}

/// The durations of expansions with the macro in this place, and their output.
pub(crate) fn expand(
    path: &Path,
    case: &Case,
    (profile, index): (&'static Profile, usize),
    repetitions: usize,
) -> Result<(Sample, String)> {
    let symbol = declaration_symbol(path)?;
    let (library, declarations) = open(path, &symbol)?;
    let run = entry(declarations, profile, index)
        .with_context(|| format!("{} has no macro {index}", path.display()))?;
    let mut times = Vec::new();
    let mut output = String::new();
    for _ in 0..repetitions {
        let (server, input) = case.serve(profile, Width::Eight)?;
        let mut env = Env {
            server,
            reply: Vec::new(),
        };
        let (answer, time) = timed(|| {
            let answer = run(BridgeConfig {
                input: from_vec(input),
                dispatch: Closure {
                    call,
                    env: (&raw mut env).cast(),
                },
                force_show_panics: false,
            });
            // SAFETY: the macro's buffer has its length in use; it's the macro's to drop.
            let bytes = unsafe { std::slice::from_raw_parts(answer.data, answer.len) }.to_vec();
            // SAFETY: the buffer is the function's own, and is given away.
            unsafe { (answer.drop)(answer) };
            bytes
        });
        times.push(time);
        let stream = env.server.decode_output(&answer)?;
        output = env.server.backend().print(&stream);
    }
    library.close()?;
    Ok((Sample::new(times), output))
}

/// Opens a library and finds its declarations, as rustc's `load_symbol_from_dylib` does.
fn open(path: &Path, symbol: &[u8]) -> Result<(Library, *const c_void)> {
    // SAFETY: a proc-macro library has no constructors but std's.
    let library = unsafe { Library::new(path)? };
    // SAFETY: rustc defines the symbol as a reference to a slice, of which only the address is taken.
    let declarations = unsafe { *library.get::<*const c_void>(symbol)? };
    Ok((library, declarations))
}

/// The entry point of a macro, while its library is open.
fn entry(declarations: *const c_void, profile: &Profile, index: usize) -> Option<Entry> {
    match profile.declarations {
        DeclarationLayout::Clients => {
            // SAFETY: rustc of this profile defines the symbol with this type; `Client` is its `run`.
            let clients = unsafe { *declarations.cast::<&[Entry]>() };
            clients.get(index).copied()
        }
        DeclarationLayout::ProcMacros { .. } => {
            // SAFETY: rustc of this profile defines the symbol with this type.
            let macros = unsafe { *declarations.cast::<&[ProcMacro]>() };
            macros.get(index).map(ProcMacro::run)
        }
    }
}

/// The name of the declaration symbol: in the library's string table.
fn declaration_symbol(path: &Path) -> Result<Vec<u8>> {
    let prefix = b"__rustc_proc_macro_decls_";
    let bytes = fs_err::read(path)?;
    let at = bytes
        .windows(prefix.len())
        .position(|window| window == prefix)
        .with_context(|| format!("{} is no proc-macro library", path.display()))?;
    Ok(bytes[at..]
        .iter()
        .copied()
        .take_while(|&byte| byte != 0)
        .collect())
}
