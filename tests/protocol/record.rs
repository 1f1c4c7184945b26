//! Plays both sides of rustc's bridge, and writes what they say to each other to standard output.
//!
//! The client calls all of `proc_macro` that asks the server something; the server answers
//! everything that its types allow. Neither looks at where it runs, so the same conversation is
//! held natively and in wasm32, and the messages differ in nothing but the width of `usize`.
//!
//! A line is a kind and the message in hexadecimal: `input-1`, `input-2`, `request`, `called`
//! (the method's name, by the server), `reply`, `output`.
#![feature(proc_macro_internals, proc_macro_span, proc_macro_diagnostic, proc_macro_def_site)]
#![feature(proc_macro_expand, proc_macro_tracked_env, proc_macro_tracked_path)]

extern crate proc_macro;

use proc_macro::bridge::client::Client;
use proc_macro::bridge::server::{SAME_THREAD, Server};
use proc_macro::bridge::{self, DelimSpan, Diagnostic, ExpnGlobals, LitKind, Literal, TokenTree};
use proc_macro::{Delimiter, Group, Ident, Level, Punct, Spacing, Span, TokenStream, tracked};
use std::cell::{Cell, RefCell};
use std::ops::{Bound, Range};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};

thread_local! {
    static LOG: RefCell<Vec<(&'static str, Vec<u8>)>> = const { RefCell::new(Vec::new()) };
    /// What the server answers: 0 nothing (`None`, `Err`, empty), 1 something, 2 to 4 a panic.
    static ROUND: Cell<u32> = const { Cell::new(0) };
    /// The entry point that the interposed one calls.
    static RUN: Cell<Option<Run>> = const { Cell::new(None) };
    /// The compiler's side of the dispatch.
    static DISPATCH: Cell<Option<Dispatch>> = const { Cell::new(None) };
    static INPUT: Cell<&'static str> = const { Cell::new("") };
}

fn log(kind: &'static str, bytes: &[u8]) {
    LOG.with_borrow_mut(|log| log.push((kind, bytes.to_vec())));
}

// The interposed entry point: the `repr(C)` types of rustc's `bridge/`.

type Run = extern "C" fn(BridgeConfig) -> Buffer;

#[repr(C)]
struct Buffer {
    data: *mut u8,
    len: usize,
    capacity: usize,
    reserve: extern "C" fn(Buffer, usize) -> Buffer,
    drop: extern "C" fn(Buffer),
}

impl Buffer {
    fn bytes(&self) -> &[u8] {
        // SAFETY: a buffer of `proc_macro`'s.
        unsafe { std::slice::from_raw_parts(self.data, self.len) }
    }
}

#[derive(Clone, Copy)]
#[repr(C)]
struct Dispatch {
    call: extern "C" fn(*mut u8, Buffer) -> Buffer,
    env: *mut u8,
}

#[repr(C)]
struct BridgeConfig {
    input: Buffer,
    dispatch: Dispatch,
    force_show_panics: bool,
}

#[repr(C)]
struct Entry {
    handle_counters: *const u8,
    run: Run,
}

extern "C" fn run(mut config: BridgeConfig) -> Buffer {
    log(INPUT.get(), config.input.bytes());
    DISPATCH.set(Some(config.dispatch));
    config.dispatch = Dispatch { call, env: std::ptr::null_mut() };
    let output = RUN.get().expect("interposed")(config);
    log("output", output.bytes());
    output
}

extern "C" fn call(_: *mut u8, request: Buffer) -> Buffer {
    log("request", request.bytes());
    let Dispatch { call, env } = DISPATCH.get().expect("running");
    let reply = call(env, request);
    log("reply", reply.bytes());
    reply
}

/// The same client, but that its messages are written down.
fn interpose<I, O>(client: Client<I, O>, input: &'static str) -> Client<I, O> {
    INPUT.set(input);
    // SAFETY: `Entry` is what a `Client` is.
    unsafe {
        let mut entry: Entry = std::mem::transmute_copy(&client);
        assert_eq!(size_of::<Entry>(), size_of::<Client<I, O>>());
        RUN.set(Some(entry.run));
        entry.run = run;
        std::mem::transmute_copy(&entry)
    }
}

// The server.

#[derive(Clone, Default)]
struct Stream;

struct Recorder;

impl Recorder {
    /// Writes the call down, and panics if it is the round for that.
    fn called(&self, method: &'static str) -> bool {
        log("called", method.as_bytes());
        match ROUND.get() {
            0 => false,
            1 => true,
            2 => panic!("{method} panics with an ö"),
            3 => panic!("a constant"),
            _ => panic_any(5),
        }
    }
}

type Tree = TokenTree<Stream, u32, String>;

fn literal(kind: LitKind, symbol: &str, suffix: Option<&str>) -> Literal<u32, String> {
    Literal { kind, symbol: symbol.to_owned(), suffix: suffix.map(str::to_owned), span: 77 }
}

fn trees() -> Vec<Tree> {
    let mut trees = Vec::new();
    for delimiter in
        [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None]
    {
        for stream in [None, Some(Stream)] {
            let span = DelimSpan { open: 1000, close: 1001, entire: 1002 };
            trees.push(TokenTree::Group(bridge::Group { delimiter, stream, span }));
        }
    }
    for (ch, joint) in [(b'+', true), (b'\'', false)] {
        trees.push(TokenTree::Punct(bridge::Punct { ch, joint, span: 5 }));
    }
    for (sym, is_raw) in [("name", false), ("type", true), ("naïve", false), ("$crate", false)] {
        trees.push(TokenTree::Ident(bridge::Ident { sym: sym.to_owned(), is_raw, span: 6 }));
    }
    // Texts that rustc's lexer could have given them: no others pass.
    let literals = [
        (LitKind::Byte, "\\xff"),
        (LitKind::Char, "ñ"),
        (LitKind::Integer, "1_0"),
        (LitKind::Float, "1.5e3"),
        (LitKind::Str, "1ñ"),
        (LitKind::Str, ""),
        (LitKind::StrRaw(0), "1ñ"),
        (LitKind::StrRaw(255), ""),
        (LitKind::ByteStr, "1\\xff"),
        (LitKind::ByteStrRaw(1), "1"),
        (LitKind::CStr, "1ñ"),
        (LitKind::CStrRaw(2), "1ñ"),
        (LitKind::ErrWithGuar, "1ñ"),
        (LitKind::ErrWithGuar, ""),
    ];
    for (kind, text) in literals {
        trees.push(TokenTree::Literal(literal(kind, text, Some("u8"))));
        trees.push(TokenTree::Literal(literal(kind, text, None)));
    }
    trees
}

impl Server for Recorder {
    type TokenStream = Stream;
    type Span = u32;
    type Symbol = String;

    fn globals(&mut self) -> ExpnGlobals<u32> {
        ExpnGlobals { def_site: 1, call_site: 2, mixed_site: 3 }
    }
    fn intern_symbol(ident: &str) -> String {
        ident.to_owned()
    }
    fn with_symbol_string(symbol: &String, f: impl FnOnce(&str)) {
        f(symbol);
    }

    fn injected_env_var(&mut self, _: &str) -> Option<String> {
        self.called("injected_env_var").then(|| "välue".to_owned())
    }
    fn track_env_var(&mut self, _: &str, _: Option<&str>) {
        self.called("track_env_var");
    }
    fn track_path(&mut self, _: &str) {
        self.called("track_path");
    }
    fn literal_from_str(&mut self, s: &str) -> Result<Literal<u32, String>, String> {
        match self.called("literal_from_str") {
            true => Ok(literal(LitKind::StrRaw(3), s, Some("suffix"))),
            false => Err("no literal".to_owned()),
        }
    }
    fn emit_diagnostic(&mut self, _: Diagnostic<u32>) {
        self.called("emit_diagnostic");
    }

    fn ts_drop(&mut self, _: Stream) {
        // Never a panic: it is called while one unwinds.
        log("called", b"ts_drop");
    }
    fn ts_clone(&mut self, _: &Stream) -> Stream {
        self.called("ts_clone");
        Stream
    }
    fn ts_is_empty(&mut self, _: &Stream) -> bool {
        self.called("ts_is_empty")
    }
    fn ts_expand_expr(&mut self, _: &Stream) -> Result<Stream, ()> {
        self.called("ts_expand_expr").then_some(Stream).ok_or(())
    }
    fn ts_from_str(&mut self, _: &str) -> Result<Stream, String> {
        self.called("ts_from_str").then_some(Stream).ok_or_else(|| "lex érror".to_owned())
    }
    fn ts_to_string(&mut self, _: &Stream) -> String {
        self.called("ts_to_string").then(|| "a + \u{1f980}".repeat(100)).unwrap_or_default()
    }
    fn ts_from_token_tree(&mut self, _: Tree) -> Stream {
        self.called("ts_from_token_tree");
        Stream
    }
    fn ts_concat_trees(&mut self, _: Option<Stream>, _: Vec<Tree>) -> Stream {
        self.called("ts_concat_trees");
        Stream
    }
    fn ts_concat_streams(&mut self, _: Option<Stream>, _: Vec<Stream>) -> Stream {
        self.called("ts_concat_streams");
        Stream
    }
    fn ts_into_trees(&mut self, _: Stream) -> Vec<Tree> {
        match self.called("ts_into_trees") {
            true => (0..20).flat_map(|_| trees()).collect(),
            false => Vec::new(),
        }
    }

    fn span_debug(&mut self, span: u32) -> String {
        self.called("span_debug").then(|| format!("#{span}")).unwrap_or_default()
    }
    fn span_parent(&mut self, span: u32) -> Option<u32> {
        self.called("span_parent").then_some(span + 10)
    }
    fn span_source(&mut self, span: u32) -> u32 {
        self.called("span_source");
        span
    }
    fn span_byte_range(&mut self, _: u32) -> Range<usize> {
        match self.called("span_byte_range") {
            true => 0x0102_0304..u32::MAX as usize,
            false => 0..0,
        }
    }
    fn span_start(&mut self, span: u32) -> u32 {
        self.called("span_start");
        span + 100
    }
    fn span_end(&mut self, span: u32) -> u32 {
        self.called("span_end");
        span + 200
    }
    fn span_line(&mut self, _: u32) -> usize {
        self.called("span_line").into()
    }
    fn span_column(&mut self, _: u32) -> usize {
        if self.called("span_column") { u32::MAX as usize } else { 0 }
    }
    fn span_file(&mut self, _: u32) -> String {
        self.called("span_file").then(|| "src/lib.rs".to_owned()).unwrap_or_default()
    }
    fn span_local_file(&mut self, _: u32) -> Option<String> {
        self.called("span_local_file").then(|| "/src/lib.rs".to_owned())
    }
    fn span_join(&mut self, span: u32, _: u32) -> Option<u32> {
        self.called("span_join").then_some(span)
    }
    fn span_subspan(&mut self, span: u32, _: Bound<usize>, _: Bound<usize>) -> Option<u32> {
        self.called("span_subspan").then_some(span)
    }
    fn span_resolved_at(&mut self, span: u32, _: u32) -> u32 {
        self.called("span_resolved_at");
        span
    }
    fn span_source_text(&mut self, _: u32) -> Option<String> {
        self.called("span_source_text").then(|| "tëxt".to_owned())
    }
    fn span_save_span(&mut self, _: u32) -> usize {
        if self.called("span_save_span") { 0x8000_0001 } else { 0 }
    }
    fn span_recover_proc_macro_span(&mut self, id: usize) -> u32 {
        self.called("span_recover_proc_macro_span");
        id as u32
    }

    fn symbol_normalize_and_validate_ident(&mut self, string: &str) -> Result<String, ()> {
        self.called("symbol_normalize_and_validate_ident").then(|| string.to_owned()).ok_or(())
    }
}

// The client.

/// Goes on after a panic, which the server may have answered with.
fn attempt<T>(f: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(f)).ok()
}

/// Calls everything.
fn talk(input: TokenStream) {
    let _ = attempt(|| tracked::env_var("PM_AOT_NO_SUCH_VÄRIABLE"));
    attempt(|| tracked::path(""));
    attempt(|| tracked::path("a/päth"));
    let _ = attempt(|| "1u8".parse::<proc_macro::Literal>());
    let _ = attempt(|| "a b".parse::<TokenStream>());
    attempt(|| Ident::new("é", Span::def_site()));

    attempt(|| input.is_empty());
    let _ = attempt(|| input.expand_expr());
    attempt(|| input.to_string());
    let copy = attempt(|| input.clone());
    let trees = attempt(|| copy.unwrap_or_default().into_iter().collect::<Vec<_>>());
    let trees = trees.unwrap_or_default();
    attempt(|| format!("{}", trees.len()));
    attempt(|| trees.iter().cloned().collect::<TokenStream>());
    attempt(|| {
        let mut longer = input.clone();
        longer.extend(trees.iter().take(3).cloned());
        longer.extend([input.clone(), TokenStream::new(), input.clone()]);
        longer
    });
    attempt(|| [input.clone(), input.clone()].into_iter().collect::<TokenStream>());
    attempt(|| TokenStream::from(proc_macro::TokenTree::from(Ident::new_raw("fn", Span::call_site()))));
    attempt(|| TokenStream::from(proc_macro::TokenTree::from(Punct::new('#', Spacing::Alone))));
    let nested = |inner: TokenStream| {
        proc_macro::TokenTree::from(Group::new(Delimiter::None, inner))
    };
    attempt(|| TokenStream::from(nested(TokenStream::from(nested(input.clone())))));

    let span = Span::mixed_site();
    attempt(|| format!("{span:?}"));
    attempt(|| span.parent());
    attempt(|| span.source());
    attempt(|| span.byte_range());
    attempt(|| span.start());
    attempt(|| span.end());
    attempt(|| span.line());
    attempt(|| span.column());
    attempt(|| span.file());
    attempt(|| span.local_file());
    attempt(|| span.join(Span::call_site()));
    attempt(|| span.resolved_at(Span::def_site()));
    attempt(|| span.source_text());
    attempt(|| span.save_span());
    for id in [0, 1, u32::MAX as usize] {
        attempt(|| Span::recover_proc_macro_span(id));
    }
    let literal = proc_macro::Literal::string("text");
    attempt(|| literal.subspan(..));
    attempt(|| literal.subspan(1..2));
    attempt(|| literal.subspan(..=u32::MAX as usize));
    attempt(|| literal.subspan((Bound::Excluded(0x0a0b_0c0d), Bound::Unbounded)));

    let spans = vec![Span::def_site(), Span::call_site()];
    attempt(|| proc_macro::Diagnostic::new(Level::Error, "plain").emit());
    attempt(|| {
        proc_macro::Diagnostic::spanned(spans.clone(), Level::Warning, "spännend")
            .span_note(spans.clone(), "a note")
            .help("")
            .span_error(Vec::<Span>::new(), "an error")
            .emit();
    });
    attempt(|| proc_macro::Diagnostic::spanned(span, Level::Help, "help").warning("w").emit());
}

fn one(input: TokenStream) -> TokenStream {
    talk(input.clone());
    input
}

fn two(attribute: TokenStream, item: TokenStream) -> TokenStream {
    talk(item);
    attribute
}

/// [`main`] for a host that calls functions: as a library in wasm.
#[unsafe(no_mangle)]
pub extern "C" fn record() {
    main();
}

fn main() {
    std::panic::set_hook(Box::new(|_| {}));
    let run = |client: Client<TokenStream, TokenStream>, round| {
        ROUND.set(round);
        let _ = interpose(client, "input-1").run(&SAME_THREAD, Recorder, Stream, false);
    };
    for round in 0..=4 {
        run(Client::expand1(one), round);
        ROUND.set(round);
        let _ = interpose(Client::expand2(two), "input-2")
            .run(&SAME_THREAD, Recorder, Stream, Stream, false);
    }
    run(Client::expand1(|_| TokenStream::new()), 1);
    run(Client::expand1(|_| panic!("a constant")), 1);
    run(Client::expand1(|input| panic!("a string: {}", input.is_empty())), 1);
    run(Client::expand1(|_| panic_any(5)), 1);

    let mut out = String::new();
    for (kind, bytes) in LOG.take() {
        out += kind;
        out += " ";
        match kind {
            "called" => out += &String::from_utf8_lossy(&bytes),
            _ => bytes.iter().for_each(|byte| out += &format!("{byte:02x}")),
        }
        out += "\n";
    }
    print!("{out}");
}
