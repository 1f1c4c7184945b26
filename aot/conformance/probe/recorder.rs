//! Records the messages between a compiler and a macro crate: a loader that stands between a shim and
//! what really runs the macros.
//!
//! Compiled as a cdylib by the rustc under test. `PM_AOT_PROBE_LOG` is the file to append to;
//! `PM_AOT_PROBE_LOADER` is the library that runs the macros (pm-aot's loader), or
//! `PM_AOT_PROBE_NATIVE` is the native macro crate, with its declaration symbol in
//! `PM_AOT_PROBE_SYMBOL` and the layout of its declarations in `PM_AOT_PROBE_LAYOUT` (`clients` or
//! `proc-macros`).
//!
//! A record is a byte for the kind (0 input, 1 request, 2 reply, 3 output), the length of the message
//! as u64 little-endian, and the message as the compiler's side encodes it.

use std::cell::Cell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::sync::{Mutex, OnceLock};

// rustc's `library/proc_macro/src/bridge/{buffer,closure,mod}.rs`.

#[repr(C)]
struct Buffer {
    data: *mut u8,
    len: usize,
    capacity: usize,
    reserve: extern "C" fn(Buffer, usize) -> Buffer,
    drop: extern "C" fn(Buffer),
}

#[repr(C)]
#[derive(Clone, Copy)]
struct Closure {
    call: extern "C" fn(*mut c_void, Buffer) -> Buffer,
    env: *mut c_void,
}

#[repr(C)]
struct BridgeConfig {
    input: Buffer,
    dispatch: Closure,
    force_show_panics: bool,
}

type Entry = extern "C" fn(BridgeConfig) -> Buffer;
type Run = extern "C" fn(BridgeConfig, *const c_void, usize) -> Buffer;

unsafe extern "C" {
    fn dlopen(name: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlerror() -> *const c_char;
}

const RTLD_NOW: c_int = 2;

static LOG: OnceLock<Mutex<File>> = OnceLock::new();

thread_local! {
    /// The compiler's side of the expansion that runs on this thread.
    static COMPILER: Cell<Option<Closure>> = const { Cell::new(None) };
}

fn variable(name: &str) -> String {
    std::env::var(name).unwrap_or_else(|_| panic!("{name} is not set"))
}

fn record(kind: u8, buffer: &Buffer) {
    let log = LOG.get_or_init(|| {
        let path = variable("PM_AOT_PROBE_LOG");
        let file = OpenOptions::new().create(true).append(true).open(path);
        Mutex::new(file.expect("the log can be written to"))
    });
    // SAFETY: that many bytes of a buffer are in use.
    let bytes = unsafe { std::slice::from_raw_parts(buffer.data, buffer.len) };
    let mut entry = vec![kind];
    entry.extend((bytes.len() as u64).to_le_bytes());
    entry.extend(bytes);
    let mut file = log.lock().expect("no writer panicked");
    file.write_all(&entry).expect("the log can be written to");
}

extern "C" fn dispatch(_env: *mut c_void, request: Buffer) -> Buffer {
    record(1, &request);
    let Closure { call, env } = COMPILER.get().expect("a macro runs");
    let reply = call(env, request);
    record(2, &reply);
    reply
}

fn open(path: &str) -> *mut c_void {
    let name = CString::new(path).expect("a path");
    // SAFETY: a C string; the libraries stay loaded.
    let library = unsafe { dlopen(name.as_ptr(), RTLD_NOW) };
    if library.is_null() {
        // SAFETY: the last error's text, or null.
        let error = unsafe { dlerror() };
        let text = match error.is_null() {
            true => c"no reason",
            // SAFETY: a C string.
            false => unsafe { CStr::from_ptr(error) },
        };
        panic!("{path}: {}", text.to_string_lossy());
    }
    library
}

fn symbol(library: *mut c_void, name: &str) -> *mut c_void {
    let text = CString::new(name).expect("a name");
    // SAFETY: an open library, and a C string.
    let found = unsafe { dlsym(library, text.as_ptr()) };
    assert!(!found.is_null(), "no symbol {name}");
    found
}

/// The entry point of a native macro crate's macro (`bridge/client.rs`).
fn native(index: usize) -> Entry {
    let library = open(&variable("PM_AOT_PROBE_NATIVE"));
    let declarations = symbol(library, &variable("PM_AOT_PROBE_SYMBOL"));
    // SAFETY: the symbol is a reference to a slice: an address, and a length.
    let (list, count) = unsafe {
        let words: *const usize = declarations.cast();
        (*words as *const u8, *words.add(1))
    };
    assert!(index < count, "macro {index} of {count}");
    let run = match variable("PM_AOT_PROBE_LAYOUT").as_str() {
        // SAFETY: an element is `Client { run }`.
        "clients" => unsafe { *list.cast::<usize>().add(index) },
        "proc-macros" => {
            // SAFETY: an element is a tag, and a client in a place that depends on the tag.
            unsafe {
                let element = list.add(56 * index);
                let client = element.add(if *element == 0 { 40 } else { 24 });
                *client.cast::<usize>().add(1)
            }
        }
        layout => panic!("no layout {layout}"),
    };
    // SAFETY: `run` of a `Client`.
    unsafe { std::mem::transmute::<usize, Entry>(run) }
}

/// The function that every shim's entry points call.
#[unsafe(no_mangle)]
extern "C" fn pm_loader_run_1(config: BridgeConfig, shim: *const c_void, index: usize) -> Buffer {
    record(0, &config.input);
    let outer = COMPILER.replace(Some(config.dispatch));
    let config = BridgeConfig {
        dispatch: Closure {
            call: dispatch,
            env: std::ptr::null_mut(),
        },
        ..config
    };
    let output = match std::env::var("PM_AOT_PROBE_LOADER") {
        Ok(loader) => {
            let run = symbol(open(&loader), "pm_loader_run_1");
            // SAFETY: the function has this type.
            let run: Run = unsafe { std::mem::transmute(run) };
            run(config, shim, index)
        }
        Err(_) => native(index)(config),
    };
    COMPILER.set(outer);
    record(3, &output);
    output
}
