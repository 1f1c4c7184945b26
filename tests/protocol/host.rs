//! A host of macros, as a compiler is, that does more than one: it expands on many threads at once, with
//! stacks that are too small for the macro, and it loads and unloads the library again and again.
//!
//! Its server knows as much of tokens as `habits::recurse!(N)` asks for: a number.
//!
//! Usage: `host LIBRARY INDEX`, with the place of `recurse` among the library's macros.
//!
//! The server's trait is that of rustc 1.95 and later. With `--cfg clients` a library declares entry
//! points alone, as from 1.98 on.
#![feature(proc_macro_internals)]

extern crate proc_macro;

#[cfg(clients)]
use proc_macro::bridge::client::Client as Declaration;
#[cfg(not(clients))]
use proc_macro::bridge::client::ProcMacro as Declaration;
use proc_macro::bridge::server::{SAME_THREAD, Server};
use proc_macro::bridge::{Diagnostic, ExpnGlobals, LitKind, Literal, TokenTree};
use std::ffi::{CString, OsStr, c_char, c_int, c_void};
use std::ops::{Bound, Range};
use std::os::unix::ffi::OsStrExt;

const THREADS: usize = 8;
const ROUNDS: usize = 100;
/// The macro uses some hundred kilobytes of its own stack.
const DEPTH: u64 = 3000;
const STACK: usize = 128 << 10;
const PREFIX: &[u8] = b"__rustc_proc_macro_decls_";

struct Numbers;

impl Server for Numbers {
    type TokenStream = String;
    type Span = ();
    type Symbol = String;

    fn globals(&mut self) -> ExpnGlobals<()> {
        ExpnGlobals { def_site: (), call_site: (), mixed_site: () }
    }
    fn intern_symbol(ident: &str) -> String {
        ident.to_owned()
    }
    fn with_symbol_string(symbol: &String, f: impl FnOnce(&str)) {
        f(symbol);
    }

    fn ts_drop(&mut self, _: String) {}
    fn ts_clone(&mut self, stream: &String) -> String {
        stream.clone()
    }
    fn ts_is_empty(&mut self, stream: &String) -> bool {
        stream.is_empty()
    }
    fn ts_from_str(&mut self, text: &str) -> Result<String, String> {
        Ok(text.to_owned())
    }
    fn ts_to_string(&mut self, stream: &String) -> String {
        stream.clone()
    }
    fn ts_into_trees(&mut self, stream: String) -> Vec<TokenTree<String, (), String>> {
        vec![TokenTree::Literal(Literal { kind: LitKind::Integer, symbol: stream, suffix: None, span: () })]
    }

    fn injected_env_var(&mut self, _: &str) -> Option<String> {
        None
    }
    fn track_env_var(&mut self, _: &str, _: Option<&str>) {}
    fn track_path(&mut self, _: &str) {}
    fn literal_from_str(&mut self, _: &str) -> Result<Literal<(), String>, String> {
        unreachable!()
    }
    fn emit_diagnostic(&mut self, _: Diagnostic<()>) {}
    fn ts_expand_expr(&mut self, _: &String) -> Result<String, ()> {
        Err(())
    }
    fn ts_from_token_tree(&mut self, _: TokenTree<String, (), String>) -> String {
        unreachable!()
    }
    fn ts_concat_trees(&mut self, _: Option<String>, _: Vec<TokenTree<String, (), String>>) -> String {
        unreachable!()
    }
    fn ts_concat_streams(&mut self, _: Option<String>, _: Vec<String>) -> String {
        unreachable!()
    }
    fn span_debug(&mut self, _: ()) -> String {
        unreachable!()
    }
    fn span_parent(&mut self, _: ()) -> Option<()> {
        None
    }
    fn span_source(&mut self, _: ()) {}
    fn span_byte_range(&mut self, _: ()) -> Range<usize> {
        0..0
    }
    fn span_start(&mut self, _: ()) {}
    fn span_end(&mut self, _: ()) {}
    fn span_line(&mut self, _: ()) -> usize {
        0
    }
    fn span_column(&mut self, _: ()) -> usize {
        0
    }
    fn span_file(&mut self, _: ()) -> String {
        unreachable!()
    }
    fn span_local_file(&mut self, _: ()) -> Option<String> {
        None
    }
    fn span_join(&mut self, _: (), _: ()) -> Option<()> {
        None
    }
    fn span_subspan(&mut self, _: (), _: Bound<usize>, _: Bound<usize>) -> Option<()> {
        None
    }
    fn span_resolved_at(&mut self, _: (), _: ()) {}
    fn span_source_text(&mut self, _: ()) -> Option<String> {
        None
    }
    fn span_save_span(&mut self, _: ()) -> usize {
        0
    }
    fn span_recover_proc_macro_span(&mut self, _: usize) {}
    fn symbol_normalize_and_validate_ident(&mut self, _: &str) -> Result<String, ()> {
        Err(())
    }
}

unsafe extern "C" {
    fn dlopen(path: *const c_char, flags: c_int) -> *mut c_void;
    fn dlsym(library: *mut c_void, name: *const c_char) -> *mut c_void;
    fn dlclose(library: *mut c_void) -> c_int;
}

/// A loaded library of macros.
struct Library {
    handle: *mut c_void,
    macros: &'static [Declaration],
}

impl Library {
    fn open(path: &OsStr, symbol: &str) -> Library {
        let path = CString::new(path.as_bytes()).expect("no NUL");
        let symbol = CString::new(symbol).expect("no NUL");
        const RTLD_NOW: c_int = 2;
        // SAFETY: the library has no constructors, and the symbol is a `&'static &[Declaration]`.
        unsafe {
            let handle = dlopen(path.as_ptr(), RTLD_NOW);
            assert!(!handle.is_null(), "it can't be loaded");
            let declared = dlsym(handle, symbol.as_ptr()).cast::<&[Declaration]>();
            assert!(!declared.is_null(), "it has no declarations");
            Library { handle, macros: *declared }
        }
    }
}

/// Expands `recurse!(depth)`.
fn expand(recurse: &Declaration, depth: u64) {
    let input = depth.to_string();
    #[cfg(clients)]
    let result = recurse.run1(&SAME_THREAD, Numbers, input, false);
    #[cfg(not(clients))]
    let result = match recurse {
        Declaration::Bang { name: "recurse", client } => {
            client.run(&SAME_THREAD, Numbers, input, false)
        }
        other => panic!("not `recurse`, but `{}`", other.name()),
    };
    match result {
        Ok(tokens) => assert_eq!(tokens, (depth * (depth + 1) / 2).to_string()),
        Err(message) => panic!("{:?}", message.as_str()),
    }
}

/// The name of the declarations' symbol, which stands in the file as it is.
fn symbol(path: &OsStr) -> String {
    let file = std::fs::read(path).expect("the library");
    let start = file.windows(PREFIX.len()).position(|bytes| bytes == PREFIX).expect("a symbol");
    let name = file[start..].split(|byte| *byte == 0).next().expect("a name");
    String::from_utf8(name.to_vec()).expect("ASCII")
}

impl Drop for Library {
    fn drop(&mut self) {
        // SAFETY: nothing of it is used any more.
        assert_eq!(unsafe { dlclose(self.handle) }, 0);
    }
}

fn main() {
    let path = std::env::args_os().nth(1).expect("the library");
    let index = std::env::args().nth(2).expect("the macro's place");
    let index: usize = index.parse().expect("a number");
    let symbol = symbol(&path);

    // The first calls open the loader and map the artifact, all at once.
    let library = Library::open(&path, &symbol);
    let recurse = &library.macros[index];
    std::thread::scope(|scope| {
        for thread in 0..THREADS {
            let work = move || {
                for round in 0..ROUNDS {
                    expand(recurse, DEPTH + (thread * ROUNDS + round) as u64);
                }
            };
            let builder = std::thread::Builder::new().stack_size(STACK);
            builder.spawn_scoped(scope, work).expect("a thread");
        }
    });
    drop(library);
    println!("threads: {} expansions", THREADS * ROUNDS);

    for round in 0..ROUNDS {
        let library = Library::open(&path, &symbol);
        expand(&library.macros[index], round as u64);
    }
    println!("reloads: {ROUNDS}");
}
