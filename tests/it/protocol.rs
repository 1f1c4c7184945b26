//! The protocol that is read from rustc's sources, against rustc's own: both sides of the bridge talk
//! to each other natively and in wasm32, and each message of the one recording becomes that of the
//! other.

use crate::wasi::call;
use pm_bridge::{MethodId, RecodeError, Recoder, Schema, Streams, Width};
use pm_tests::workspace::{run, toolchain};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use wasmtime::Module;

/// Compiles `tests/protocol/record.rs`, which plays both sides.
fn compile(output: &Path, arguments: &[&[String]]) {
    let toolchain = toolchain();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol/record.rs");
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.args(["--edition=2024", "-Copt-level=1", "-Ainternal_features"]);
    rustc.arg("-o").arg(output).arg(source);
    rustc.args(arguments.iter().copied().flatten());
    run(&mut rustc);
}

/// What is said natively.
fn native(folder: &Path) -> String {
    let program = folder.join("record");
    compile(&program, &[]);
    String::from_utf8(run(&mut Command::new(program))).expect("text")
}

/// What is said in wasm.
fn wasm(folder: &Path) -> String {
    let toolchain = toolchain();
    let program = folder.join("record.wasm");
    let library = ["--crate-type=cdylib".to_owned()];
    compile(
        &program,
        &[&library, &toolchain.wasm_args, &toolchain.link_args],
    );
    let engine = pm_engine::engine(pm_engine::Purpose::Once, 0).expect("an engine");
    let module = Module::from_file(&engine, &program).expect("a module");
    let (result, wasi) = call(&module, &Arc::default(), "record");
    result.expect("a recording");
    let said = wasi.stdout().expect("captured");
    assert_eq!(said.cut(), 0, "too much to say");
    String::from_utf8(said.bytes().to_vec()).expect("text")
}

/// A line of a recording: its kind, and what is said of it.
type Line = (String, String);

/// Passes a message on, from the side with the first width to that with the second.
struct Passer {
    /// From the client to the server.
    requests: Recoder,
    /// From the server to the client.
    replies: Recoder,
}

impl Passer {
    fn new(schema: &Schema, from: Width, to: Width) -> Passer {
        let recoder = |client, server| {
            Recoder::with_widths(schema.clone(), client, server).expect("a schema")
        };
        Passer {
            requests: recoder(from, to),
            replies: recoder(to, from),
        }
    }

    /// The message with the other width; `method` is that of the last request, and is set by one.
    fn pass(
        &self,
        kind: &str,
        bytes: &[u8],
        method: &mut MethodId,
    ) -> Result<Vec<u8>, RecodeError> {
        let mut out = Vec::new();
        match kind {
            "input-1" => self.replies.input(Streams::One, bytes, &mut out)?,
            "input-2" => self.replies.input(Streams::Two, bytes, &mut out)?,
            "request" => *method = self.requests.request(bytes, &mut out)?,
            "reply" => self.replies.reply(*method, bytes, &mut out)?,
            "output" => self.requests.output(bytes, &mut out)?,
            kind => panic!("a recording has no `{kind}`"),
        }
        Ok(out)
    }
}

fn lines(recording: &str) -> Vec<Line> {
    let line = |line: &str| {
        let (kind, rest) = line.split_once(' ').expect("a kind");
        (kind.to_owned(), rest.to_owned())
    };
    recording.lines().map(line).collect()
}

fn bytes(hex: &str) -> Vec<u8> {
    let byte = |at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal");
    (0..hex.len()).step_by(2).map(byte).collect()
}

/// Each message of one recording becomes that of the other, both ways, and no part of one is taken
/// for a whole.
fn same_conversation(schema: &Schema, narrow: &str, wide: &str) {
    let (narrow, wide) = (lines(narrow), lines(wide));
    assert_eq!(narrow.len(), wide.len());
    let widen = Passer::new(schema, Width::Four, Width::Eight);
    let shorten = Passer::new(schema, Width::Eight, Width::Four);
    let check = Passer::new(schema, Width::Four, Width::Four);
    let mut called = BTreeSet::new();
    let mut method = MethodId(0);
    for (index, (narrow, wide)) in narrow.iter().zip(&wide).enumerate() {
        let kind = narrow.0.as_str();
        assert_eq!(kind, wide.0, "line {index}");
        if kind == "called" {
            assert_eq!(narrow.1, wide.1, "line {index}");
            let known = &schema.methods[usize::from(method.0)];
            assert_eq!(known.name, narrow.1, "line {index}");
            called.insert(known.name.as_str());
            continue;
        }
        let (narrow, wide) = (bytes(&narrow.1), bytes(&wide.1));
        let what = format!("line {index}: {kind}, after a request of {method:?}");
        for (passer, from, to) in [
            (&widen, &narrow, &wide),
            (&shorten, &wide, &narrow),
            (&check, &narrow, &narrow),
        ] {
            assert_eq!(
                passer.pass(kind, from, &mut method).as_ref(),
                Ok(to),
                "{what}"
            );
            // The longest are long.
            for len in 0..from.len().min(500) {
                let cut = passer.pass(kind, &from[..len], &mut { method });
                assert_eq!(cut, Err(RecodeError::Truncated), "{what}, cut at {len}");
            }
            let longer = [from.as_slice(), &[0]].concat();
            let longer = passer.pass(kind, &longer, &mut { method });
            assert_eq!(longer, Err(RecodeError::Trailing(1)), "{what}");
        }
    }
    let all: BTreeSet<&str> = schema.methods.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(called, all, "every method is called");
}

/// The toolchain's protocol.
fn schema() -> Schema {
    pm_protocol::read(&toolchain().library_sources)
        .unwrap_or_else(|error| panic!("no protocol: {error}"))
}

#[test]
fn every_message_of_rustc_s_own_bridge() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (narrow, wide) = (wasm(folder.path()), native(folder.path()));
    same_conversation(&schema(), &narrow, &wide);
}

/// The server of this project has the same methods, by hand.
#[test]
fn the_stand_alone_server_has_the_same_methods() {
    let schema = schema();
    let methods = schema.methods.iter().map(|method| {
        let words = method.name.split('_');
        words.map(capitalised).collect::<String>()
    });
    let own = pm_server::protocol::Method::ALL.iter();
    let own: Vec<_> = own.map(|method| format!("{method:?}")).collect();
    assert_eq!(methods.collect::<Vec<_>>(), own);
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// What the protocol of changed sources is: why there is none.
fn refused(file: &str, from: &str, to: &str) -> String {
    let library = tempfile::tempdir().expect("a temporary folder");
    let sources = toolchain().library_sources.join("proc_macro/src");
    for folder in ["", "bridge"] {
        let copy = library.path().join("proc_macro/src").join(folder);
        fs_err::create_dir_all(&copy).expect("a temporary folder");
        for entry in fs_err::read_dir(sources.join(folder)).expect("rustc's sources") {
            let path = entry.expect("an entry").path();
            if path.is_file() {
                fs_err::copy(&path, copy.join(path.file_name().expect("a name"))).expect("a copy");
            }
        }
    }
    let changed = library.path().join("proc_macro/src").join(file);
    let text = fs_err::read_to_string(&changed).expect("text");
    assert!(text.contains(from), "{file} has no `{from}`");
    fs_err::write(&changed, text.replacen(from, to, 1)).expect("a copy");
    match pm_protocol::read(library.path()) {
        Ok(_) => "it's read".into(),
        Err(error) => error.to_string(),
    }
}

/// Comments and attributes say nothing of the protocol; all else that isn't as it is known does.
#[test]
fn sources_of_another_protocol() {
    let check = |file: &str, from: &str, to: &str, expect: &str| {
        let said = refused(file, from, to);
        assert!(said.contains(expect), "{file}: {to}: {said}");
    };
    check(
        "bridge/buffer.rs",
        "//! Buffer",
        "//! A buffer",
        "it's read",
    );
    check(
        "bridge/buffer.rs",
        "#[inline]",
        "#[inline(always)]",
        "it's read",
    );
    check(
        "bridge/rpc.rs",
        "to_le_bytes",
        "to_be_bytes",
        "`macro_rules! rpc_encode_decode` isn't as in",
    );
    check(
        "bridge/rpc.rs",
        "vec.push(",
        "vec.insert(0, ",
        "for Vec<T>` isn't as in rustc 1.96 (its",
    );
    check(
        "bridge/handle.rs",
        "NonZero<u32>;",
        "NonZero<u64>;",
        "`type Handle` isn't",
    );
    check(
        "bridge/buffer.rs",
        "len: usize,",
        "len: u32,",
        "`struct Buffer` isn't",
    );
    check(
        "bridge/client.rs",
        "struct HandleCounters",
        "struct Counters",
        "there is no `struct HandleCounters`",
    );
    check(
        "bridge/rpc.rs",
        "(self as u8)",
        "(self as u32)",
        "`impl Encode<S> for bool` isn't as in",
    );
    check(
        "bridge/rpc.rs",
        "PanicMessage::Unknown => None",
        "PanicMessage::Unknown => Some(\"\")",
        "`fn PanicMessage::as_str` isn't",
    );
    check(
        "bridge/rpc.rs",
        "impl<S> Encode<S> for String",
        "#[cfg(unix)] impl<S> Encode<S> for String",
        "`impl Encode<S> for String` isn't",
    );
    check(
        "bridge/rpc.rs",
        "Encode<S> for &str",
        "Encode<S> for &[u8]",
        "there is no `impl Encode<S> for &str`",
    );
    check(
        "bridge/symbol.rs",
        "self.with(|sym|",
        "self.with_other(|sym|",
        "`impl Encode<S> for Symbol` isn't",
    );
    check(
        "bridge/buffer.rs",
        "#[repr(C)]",
        "",
        "`struct Buffer` isn't",
    );
    check(
        "bridge/closure.rs",
        "env: *mut Env,",
        "",
        "`struct Closure` isn't",
    );
    check(
        "bridge/mod.rs",
        "force_show_panics: bool",
        "force_show_panics: u8",
        "`struct BridgeConfig` isn't",
    );
    check(
        "bridge/mod.rs",
        "rpc_encode_decode!($($t)*)",
        "encode_backwards!($($t)*)",
        "`macro_rules! compound_traits` isn't",
    );
    check(
        "bridge/client.rs",
        "$($arg.encode(",
        "$($arg.encode_last(",
        "`macro_rules! define_client_side` isn't",
    );
    check(
        "bridge/client.rs",
        "TokenStream, Span, Symbol)",
        "TokenStream, Symbol, Span)",
        "`with_api!(define_client_side, …)` isn't",
    );
    check(
        "bridge/client.rs",
        "span: AtomicU32",
        "span: AtomicU64",
        "`struct HandleCounters` isn't",
    );
    check(
        "bridge/client.rs",
        "|(input, input2)|",
        "|(input2, input)|",
        "crate::TokenStream>::expand2` isn't",
    );
    check(
        "bridge/client.rs",
        "fn run_client",
        "fn run_the_client",
        "there is no `fn run_client`",
    );
    check(
        "bridge/server.rs",
        "s.span.alloc(self)",
        "s.span.get(self)",
        "`impl Encode<HandleStore<S>> for MarkedSpan<S>` isn't",
    );
    check(
        "bridge/server.rs",
        "buf.clear();",
        "",
        "`macro_rules! define_dispatcher` isn't",
    );
    check(
        "bridge/server.rs",
        "dispatcher.server.globals()",
        "other.globals()",
        "`fn run_server` isn't",
    );
    check(
        "lib.rs",
        "TokenStream(Option<",
        "TokenStream(Box<",
        "library/proc_macro/src/lib.rs:",
    );
    check(
        "bridge/mod.rs",
        "fn span_debug(span: $Span)",
        "fn span_debug<T>(span: $Span)",
        "library/proc_macro/src/bridge/mod.rs:",
    );
}
