//! Runs a wasm proc macro inside a stock rustc, as a native proc macro would run there.
//!
//! The tests write, for each macro crate, a native proc-macro crate with the same macros
//! (`tests/support/oracle.rs`), each of which calls [`derive`], [`attribute`] or [`bang`]. That crate takes
//! the original's place in a compilation; what the compiler prints must stay the same. The macro's
//! requests are answered by the compiler itself, through `proc_macro` ([`pm_server::Rustc`]).
//!
//! With `PM_ORACLE_RECORD=FILE`, all that crosses the bridge is appended to that file
//! ([`record`]), so that a test can play it to the same macro in another form.

extern crate proc_macro;

pub mod record;

use pm_loader::{Grants, Loader, Options, ProcMacro, WasiCtx};
use pm_server::protocol::PanicMessage;
use pm_server::{Input, OutputError, Rustc, Server};
use proc_macro::TokenStream;
use record::Recorder;
use std::cell::RefCell;
use std::collections::HashMap;
use std::panic::resume_unwind;
use std::path::Path;
use std::sync::Arc;

type Macros = ProcMacro;

thread_local! {
    /// The compiler runs macros on one thread. What is loaded stays until the process ends.
    static LOADED: RefCell<HashMap<&'static str, &'static Macros>> = RefCell::default();
}

/// Expands with derive macro number `index` of the module at `wasm`.
pub fn derive(wasm: &'static str, index: usize, item: TokenStream) -> TokenStream {
    expand(wasm, index, Input::Derive(item))
}

/// Expands with attribute macro number `index` of the module at `wasm`.
pub fn attribute(
    wasm: &'static str,
    index: usize,
    args: TokenStream,
    item: TokenStream,
) -> TokenStream {
    expand(wasm, index, Input::Attr { args, item })
}

/// Expands with function-like macro number `index` of the module at `wasm`.
pub fn bang(wasm: &'static str, index: usize, input: TokenStream) -> TokenStream {
    expand(wasm, index, Input::Bang(input))
}

fn expand(wasm: &'static str, index: usize, input: Input<TokenStream>) -> TokenStream {
    let macros = load(wasm);
    let mut server = Server::new(Rustc);
    let input = server.encode_input(input);
    let mut recorder = Recorder::new(server);
    let wasi = WasiCtx::new(Arc::new(Grants::of_build(std::env::vars())));
    let outcome = macros.expand(index, &input, &mut recorder, wasi);
    let expanded = match outcome.result {
        Ok(expanded) => expanded,
        Err(error) => panic!("pm-oracle: {error}"),
    };
    let mut server = recorder.finish(wasm, index, &input, &expanded.output);
    match server.decode_output(&expanded.output) {
        Ok(stream) => stream,
        // The compiler prints a string payload as the panic's message, and without one none. Its
        // panic hook has nothing to say, since the macro's has had its turn.
        Err(OutputError::Panic(PanicMessage::Text(text))) => resume_unwind(Box::new(text)),
        Err(OutputError::Panic(PanicMessage::Unknown)) => resume_unwind(Box::new(())),
        Err(error) => panic!("pm-oracle: {error}"),
    }
}

fn load(wasm: &'static str) -> &'static Macros {
    LOADED.with_borrow_mut(|loaded| {
        *loaded.entry(wasm).or_insert_with(|| {
            let macros = Loader::new(Options::from_env())
                .and_then(|loader| loader.load(Path::new(wasm)))
                .unwrap_or_else(|error| panic!("pm-oracle: {error}"));
            Box::leak(Box::new(macros)) as &Macros
        })
    })
}
