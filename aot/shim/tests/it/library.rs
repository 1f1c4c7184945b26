//! The library, loaded as rustc loads it, with a loader of the test's.

use crate::fixture::{self, HOST, SYMBOL};
use libloading::Library;
use pm_shim::{BridgeConfig, Buffer, Closure, Run, Shim};
use pm_shim_writer::Input;
use std::ffi::c_void;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

/// The rustc of the tests.
pub(crate) fn rustc() -> Command {
    Command::new(std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
}

/// Compiles the loader of the tests into a directory.
pub(crate) fn loader(dir: &Path) -> PathBuf {
    let loader = dir.join("libpm_loader.so");
    let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/loader/loader.rs");
    let status = rustc()
        .args([source, "--edition", "2024", "--crate-type", "cdylib", "-o"])
        .arg(&loader)
        .status()
        .unwrap();
    assert!(status.success());
    loader
}

/// rustc's declarations as rustc declares them, `library/proc_macro/src/bridge/client.rs`: the
/// offsets are the compiler's, not the writer's.
#[repr(C)]
#[expect(dead_code, reason = "the shim makes them")]
enum ProcMacro {
    CustomDerive {
        trait_name: &'static str,
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

#[repr(C)]
struct HandleCounters {
    token_stream: AtomicU32,
    span: AtomicU32,
}

#[repr(C)]
struct Client {
    handle_counters: &'static HandleCounters,
    run: unsafe extern "C" fn(BridgeConfig) -> Buffer,
}

/// What the loader was called with.
#[derive(Debug, PartialEq)]
struct Call {
    input: [usize; 3],
    functions: [usize; 3],
    env: usize,
    force_show_panics: bool,
    shim: usize,
    index: usize,
}

static CALLS: Mutex<Vec<Call>> = Mutex::new(Vec::new());

unsafe extern "C" fn reserve(buffer: Buffer, _: usize) -> Buffer {
    buffer
}

unsafe extern "C" fn free(_: Buffer) {}

unsafe extern "C" fn call(_: *mut c_void, request: Buffer) -> Buffer {
    request
}

/// Remembers all of it, and answers with other numbers.
unsafe extern "C" fn answer(config: BridgeConfig, shim: *const Shim, index: usize) -> Buffer {
    let BridgeConfig {
        input,
        dispatch,
        force_show_panics,
    } = config;
    CALLS.lock().unwrap().push(Call {
        input: [input.data as usize, input.len, input.capacity],
        functions: [
            input.reserve as usize,
            input.drop as usize,
            dispatch.call as usize,
        ],
        env: dispatch.env as usize,
        force_show_panics,
        shim: shim as usize,
        index,
    });
    buffer([0x10, 0x20, 0x30].map(|number| number + index))
}

fn buffer([data, len, capacity]: [usize; 3]) -> Buffer {
    Buffer {
        data: data as *mut u8,
        len,
        capacity,
        reserve,
        drop: free,
    }
}

#[test]
fn every_macro_calls_the_loader_with_what_it_was_given() {
    let dir = tempfile::tempdir().unwrap();
    let loader = loader(dir.path());
    let macros = fixture::declarations();
    let metadata = fixture::metadata(1000);
    let shim = pm_shim_writer::write(&Input {
        loader: loader.to_str().unwrap(),
        ..fixture::input(HOST, &macros, &metadata)
    })
    .unwrap();
    let path = dir.path().join("libdemo-abc.so");
    std::fs::write(&path, shim).unwrap();

    // SAFETY: neither has constructors other than Rust's own.
    let (loader, library) =
        unsafe { (Library::new(&loader).unwrap(), Library::new(&path).unwrap()) };
    // SAFETY: the type is that of the function in `loader.rs`.
    let answer_by = unsafe { loader.get::<extern "C" fn(Run)>("answer_by").unwrap() };
    answer_by(answer);
    // SAFETY: as rustc gets them (`rustc_metadata::creader`), while the library is loaded.
    let declared = unsafe { **library.get::<*const &[ProcMacro]>(SYMBOL).unwrap() };

    let mut seen = Vec::new();
    let mut clients = Vec::new();
    for declared in declared {
        let (text, client) = match declared {
            ProcMacro::CustomDerive {
                trait_name,
                attributes,
                client,
            } => (format!("derive {trait_name} {attributes:?}"), client),
            ProcMacro::Attr { name, client } => (format!("attr {name}"), client),
            ProcMacro::Bang { name, client } => (format!("bang {name}"), client),
        };
        seen.push(text);
        clients.push(client);
    }
    assert_eq!(
        seen,
        [
            "bang one",
            "attr two",
            "derive Three [\"a\", \"bb\"]",
            "derive Four []",
        ]
    );

    // rustc counts handles there: all of a crate's macros have one.
    let counters = clients[0].handle_counters;
    assert_eq!(counters.token_stream.fetch_add(1, Ordering::SeqCst), 1);
    assert_eq!(counters.span.load(Ordering::SeqCst), 1);
    assert!(
        clients
            .iter()
            .all(|client| std::ptr::eq(client.handle_counters, counters))
    );

    for (index, client) in clients.iter().enumerate() {
        let given = [0x1111 + index, 0x2222, 0x3333];
        let env = 0x5555_6666_7777_8888;
        let force_show_panics = index % 2 == 1;
        // SAFETY: nobody looks at what these addresses are of.
        let reply = unsafe {
            (client.run)(BridgeConfig {
                input: buffer(given),
                dispatch: Closure {
                    call,
                    env: env as *mut c_void,
                },
                force_show_panics,
            })
        };
        let got = [reply.data as usize, reply.len, reply.capacity];
        assert_eq!(got, [0x10, 0x20, 0x30].map(|number| number + index));
        assert_eq!(reply.reserve as usize, reserve as *const () as usize);
        assert_eq!(reply.drop as usize, free as *const () as usize);

        let called = CALLS.lock().unwrap().pop().unwrap();
        // SAFETY: the library is still loaded.
        let shim = unsafe { Shim::from_ptr(called.shim as *const Shim) }.unwrap();
        assert_eq!(
            called,
            Call {
                input: given,
                functions: [
                    reserve as *const () as usize,
                    free as *const () as usize,
                    call as *const () as usize
                ],
                env,
                force_show_panics,
                shim: called.shim,
                index,
            }
        );
        assert_eq!(shim.profile(), "1.95");
        assert_eq!(shim.sandbox(), [7, 0, 8]);
        assert_eq!(shim.artifact(), "/store/demo.cwasm");
        assert_eq!(shim.rustc(), "rustc 1.96.0 (ac68faa20 2026-05-25)");
        assert_eq!(shim.count(), 4);
        let symbol = std::str::from_utf8(SYMBOL.as_bytes()).unwrap();
        assert_eq!(shim.identity(), pm_shim::identity(symbol, &macros));
        // The first call's is the second's.
        let before = shim
            .state()
            .swap(called.shim as *mut c_void, Ordering::AcqRel);
        assert_eq!(before.is_null(), index == 0);
    }
}

/// A shim without a loader is one that can be loaded; each macro answers with the reason and what to do,
/// however much room it was given for that, and once there is a loader, it's called.
#[test]
fn a_missing_loader_is_told_by_the_macros() {
    let dir = tempfile::tempdir().unwrap();
    let later = dir.path().join("libpm_loader.so");
    let macros = fixture::declarations();
    let metadata = fixture::metadata(0);
    let shim = pm_shim_writer::write(&Input {
        loader: later.to_str().unwrap(),
        ..fixture::input(HOST, &macros, &metadata)
    })
    .unwrap();
    let path = dir.path().join("libdemo-abc.so");
    std::fs::write(&path, shim).unwrap();
    // SAFETY: it has no constructors.
    let library = unsafe { Library::new(&path) }.unwrap();
    // SAFETY: as rustc gets them, while the library is loaded.
    let declared = unsafe { **library.get::<*const &[ProcMacro]>(SYMBOL).unwrap() };
    let expand = |declared: &ProcMacro, room: usize| {
        let (ProcMacro::CustomDerive { client, .. }
        | ProcMacro::Attr { client, .. }
        | ProcMacro::Bang { client, .. }) = declared;
        let config = BridgeConfig {
            input: vector(Vec::with_capacity(room)),
            dispatch: Closure {
                call,
                env: std::ptr::null_mut(),
            },
            force_show_panics: false,
        };
        // SAFETY: the buffer is a vector's, and given away.
        let answer = unsafe { (client.run)(config) };
        // SAFETY: `vector` made it, or `reserve_vector`.
        let bytes = unsafe { Vec::from_raw_parts(answer.data, answer.len, answer.capacity) };
        assert_eq!(
            answer.reserve as usize,
            reserve_vector as *const () as usize
        );
        assert_eq!(answer.drop as usize, free as *const () as usize);
        assert_eq!(bytes[..2], [1, 0], "{bytes:?}");
        let len = u64::from_le_bytes(*bytes[2..].first_chunk().unwrap());
        assert_eq!(len as usize, bytes.len() - 10);
        String::from_utf8(bytes[10..].to_vec()).unwrap()
    };
    for declared in declared {
        for room in [0, 64, 4096] {
            let text = expand(declared, room);
            assert!(text.starts_with("pm-aot: "), "{text}");
            assert!(text.contains("Install pm-aot again"), "{text}");
            let reason = format!("{}: cannot open", later.display());
            assert!(text.contains(&reason), "{text}");
        }
    }
    // What isn't a library is no loader either.
    std::fs::write(&later, "\x7fELF and no more").unwrap();
    let text = expand(&declared[0], 0);
    assert!(text.contains("file too short"), "{text}");
    std::fs::remove_file(&later).unwrap();
    loader(dir.path());
    let text = expand(&declared[2], 0);
    assert!(text.starts_with("macro 2 of 4, "), "{text}");
}

/// A buffer as rustc's, which grows.
fn vector(bytes: Vec<u8>) -> Buffer {
    let mut bytes = std::mem::ManuallyDrop::new(bytes);
    Buffer {
        data: bytes.as_mut_ptr(),
        len: bytes.len(),
        capacity: bytes.capacity(),
        reserve: reserve_vector,
        drop: free,
    }
}

unsafe extern "C" fn reserve_vector(old: Buffer, additional: usize) -> Buffer {
    // SAFETY: `vector` made it of these parts.
    let mut bytes = unsafe { Vec::from_raw_parts(old.data, old.len, old.capacity) };
    bytes.reserve(additional);
    vector(bytes)
}

/// From rustc 1.98 the declarations are entry points alone.
#[test]
fn declarations_that_are_clients() {
    #[repr(C)]
    struct Client {
        run: unsafe extern "C" fn(BridgeConfig) -> Buffer,
    }
    let dir = tempfile::tempdir().unwrap();
    let loader = loader(dir.path());
    let (macros, metadata) = (fixture::declarations(), fixture::metadata(100));
    let shim = pm_shim_writer::write(&Input {
        loader: loader.to_str().unwrap(),
        profile: pm_abi::Profile::by_name("1.98").unwrap(),
        ..fixture::input(HOST, &macros, &metadata)
    })
    .unwrap();
    let path = dir.path().join("libdemo-abc.so");
    std::fs::write(&path, shim).unwrap();
    // SAFETY: it has no constructors.
    let library = unsafe { Library::new(&path).unwrap() };
    // SAFETY: as rustc gets them (`rustc_metadata::host_dylib`), while the library is loaded.
    let clients = unsafe { **library.get::<*const &[Client]>(SYMBOL).unwrap() };
    assert_eq!(clients.len(), macros.len());
    let entries: std::collections::BTreeSet<usize> =
        clients.iter().map(|client| client.run as usize).collect();
    assert_eq!(entries.len(), macros.len());
}
