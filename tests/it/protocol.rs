//! The protocol that is read from rustc's sources, against rustc's own: both sides of the bridge talk
//! to each other natively and in wasm32, and each message of the one recording becomes that of the
//! other.

use crate::wasi::call;
use pm_abi::schema::MethodId;
use pm_abi::{Profile, Tag};
use pm_bridge::{Handles, MessageError, Server, Streams, Transcoder};
use pm_protocol::Reading;
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
    let engine = pm_cranelift::engine(pm_cranelift::Purpose::Once, 0).expect("an engine");
    let module = Module::from_file(&engine, &program).expect("a module");
    let (result, wasi) = call(&module, &Arc::default(), "record");
    result.expect("a recording");
    let said = wasi.stdout().expect("captured");
    assert_eq!(said.cut(), 0, "too much to say");
    String::from_utf8(said.bytes().to_vec()).expect("text")
}

/// A line of a recording: its kind, and what is said of it.
type Line = (String, String);

/// A conversation that passes through a transcoder.
struct Passer {
    transcoder: Transcoder,
    handles: Handles,
    /// The method of the last request.
    method: MethodId,
}

impl Passer {
    fn new(profile: &'static Profile, server: Server) -> Passer {
        Passer {
            transcoder: Transcoder::new(profile, server),
            handles: Handles::new(),
            method: MethodId(0),
        }
    }

    /// The message for its receiver.
    fn pass(&mut self, kind: &str, bytes: &[u8]) -> Result<Vec<u8>, MessageError> {
        let Passer {
            transcoder,
            handles,
            method,
        } = self;
        let mut out = Vec::new();
        let passed = match kind {
            "input-1" | "input-2" => {
                *handles = Handles::new();
                let streams = match kind {
                    "input-1" => Streams::One,
                    _ => Streams::Two,
                };
                transcoder.input(streams, bytes, handles, &mut out)?
            }
            "request" => {
                let (id, passed) = transcoder.request(bytes, handles, &mut out)?;
                *method = id;
                passed
            }
            "reply" => transcoder.reply(*method, bytes, handles, &mut out)?,
            "output" => transcoder.output(bytes, handles, &mut out)?,
            kind => panic!("a recording has no `{kind}`"),
        };
        Ok(passed.to_vec())
    }

    /// The same for a message that must be refused: nothing of it stays.
    fn refuse(&self, kind: &str, bytes: &[u8]) -> Result<Vec<u8>, MessageError> {
        let mut copy = Passer {
            transcoder: Transcoder::new(self.transcoder.profile(), Server::Wasm32),
            handles: self.handles.clone(),
            method: self.method,
        };
        copy.pass(kind, bytes)
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

/// Each message of the wasm32 side becomes that of the native one, and the reverse, by the direction in
/// which it goes; and no part of one is taken for a whole.
fn same_conversation(profile: &'static Profile, narrow: &str, wide: &str) {
    let (narrow, wide) = (lines(narrow), lines(wide));
    assert_eq!(narrow.len(), wide.len());
    let mut passer = Passer::new(profile, Server::Host64);
    let mut checker = Passer::new(profile, Server::Wasm32);
    let mut called = BTreeSet::new();
    for (index, (narrow, wide)) in narrow.iter().zip(&wide).enumerate() {
        let kind = narrow.0.as_str();
        assert_eq!(kind, wide.0, "line {index}");
        if kind == "called" {
            assert_eq!(narrow.1, wide.1, "line {index}");
            let known = profile.method(passer.method);
            assert_eq!(known.name, narrow.1, "line {index}");
            called.insert(known.name.as_str());
            continue;
        }
        let (narrow, wide) = (bytes(&narrow.1), bytes(&wide.1));
        let what = format!(
            "line {index}: {kind}, after a request of {:?}",
            passer.method
        );
        // The longest are long.
        for len in 0..narrow.len().min(300) {
            let cut = checker.refuse(kind, &narrow[..len]);
            let is_cut = match cut {
                Err(MessageError::Truncated) => true,
                Err(MessageError::Method(_)) => len < profile.tag_size(),
                _ => false,
            };
            assert!(is_cut, "{what}, cut at {len}: {cut:?}");
        }
        let longer = checker.refuse(kind, &[narrow.as_slice(), &[0]].concat());
        assert_eq!(longer, Err(MessageError::Trailing(1)), "{what}");
        let (from, to) = match kind {
            "request" | "output" => (&narrow, &wide),
            _ => (&wide, &narrow),
        };
        assert_eq!(passer.pass(kind, from).as_ref(), Ok(to), "{what}");
        assert_eq!(checker.pass(kind, &narrow).as_ref(), Ok(&narrow), "{what}");
    }
    let methods = profile.schema.methods.iter();
    let all: BTreeSet<&str> = methods.map(|method| method.name.as_str()).collect();
    assert_eq!(called, all, "every method is called");
}

/// The bridge in the toolchain's sources.
fn reading() -> Reading {
    pm_protocol::read(&toolchain().library_sources)
        .unwrap_or_else(|error| panic!("no bridge: {error}"))
}

/// `record.rs` is written against the bridge of 1.95: others have other methods and other traits. The
/// conformance check's macros (`aot/conformance`) call every method of theirs.
#[test]
fn every_message_of_rustc_s_own_bridge() {
    if reading().profile.name != "1.95" {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let (narrow, wide) = (wasm(folder.path()), native(folder.path()));
    same_conversation(reading().profile, &narrow, &wide);
}

/// The toolchain's sources are those of a known release, whose profile it has.
#[test]
fn the_toolchain_s_sources_are_known() {
    let Reading { profile, unknown } = reading();
    assert_eq!(unknown, []);
    assert_eq!(profile, toolchain().profile());
    assert_eq!(Profile::of_rustc(&toolchain().rustc_version), Some(profile));
}

/// The server of this project has the same methods, by hand, and those of older bridges.
#[test]
fn the_stand_alone_server_has_the_same_methods() {
    let own = pm_server::protocol::Method::ALL.iter();
    let own: BTreeSet<_> = own.map(|method| format!("{method:?}")).collect();
    for profile in Profile::all() {
        for method in &profile.schema.methods {
            let words = method.name.split('_');
            let name: String = words.map(capitalised).collect();
            assert!(own.contains(&name), "{profile}: {name}");
        }
    }
}

fn capitalised(word: &str) -> String {
    let (first, rest) = word.split_at(1);
    first.to_uppercase() + rest
}

/// The reading of changed sources: `known`, the unknown items, or the error.
fn read_changed(file: &str, from: &str, to: &str) -> String {
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
        Ok(Reading { unknown, .. }) if unknown.is_empty() => "known".into(),
        Ok(Reading { unknown, .. }) => {
            let items: Vec<_> = unknown.into_iter().map(|unknown| unknown.item).collect();
            format!("unknown: {}", items.join(", "))
        }
        Err(error) => error.to_string(),
    }
}

/// Checks what [`read_changed`] says. The edits are for sources of rustc 1.95 and later: others are
/// left out.
#[track_caller]
fn check(file: &str, from: &str, to: &str, expect: &str) {
    if reading().profile.tag == Tag::GroupAndMethod {
        return;
    }
    let found = read_changed(file, from, to);
    assert!(found.contains(expect), "{file}: {to}: {found}");
}

/// Comments and attributes say nothing of the bridge.
#[test]
fn sources_that_say_the_same() {
    check("bridge/buffer.rs", "//! Buffer", "//! A buffer", "known");
    check(
        "bridge/buffer.rs",
        "#[inline]",
        "#[inline(always)]",
        "known",
    );
}

/// Items whose shape says nothing, and that the conformance check has to judge.
#[test]
fn items_that_are_not_known() {
    check(
        "bridge/rpc.rs",
        "vec.push(",
        "vec.insert(0, ",
        "unknown: impl Decode<'a, '_, S> for Vec<T>",
    );
    check(
        "bridge/rpc.rs",
        "(self as u8)",
        "(self as u32)",
        "impl Encode<S> for bool",
    );
    check(
        "bridge/server.rs",
        "buf.clear();",
        "",
        "macro_rules! define_dispatcher",
    );
}

/// Shapes that are another bridge's, or no known one's: the item and the difference are named.
#[test]
fn sources_of_another_bridge() {
    check(
        "bridge/handle.rs",
        "NonZero<u32>;",
        "NonZero<u64>;",
        "Handle",
    );
    check("bridge/buffer.rs", "len: usize,", "len: u32,", "Buffer");
    check("bridge/closure.rs", "env: *mut Env,", "", "Closure");
    check(
        "bridge/mod.rs",
        "force_show_panics: bool",
        "force_show_panics: u8",
        "BridgeConfig",
    );
    // A changed order of tags, a method more in the middle, and one less.
    let (clone, empty) = (
        "fn ts_clone(stream: &$TokenStream) -> $TokenStream;",
        "fn ts_is_empty(stream: &$TokenStream) -> bool;",
    );
    check(
        "bridge/mod.rs",
        clone,
        &format!("{empty}\n            fn ts_other();"),
        "method 6",
    );
    check(
        "bridge/mod.rs",
        empty,
        &format!("fn ts_other(stream: &$TokenStream);\n            {empty}"),
        "`ts_other`",
    );
    check("bridge/mod.rs", empty, "", "method 7");
    // A changed field.
    check(
        "bridge/mod.rs",
        "pub joint: bool,",
        "pub joint: u8,",
        "Punct",
    );
    check(
        "bridge/mod.rs",
        "fn span_debug(span: $Span)",
        "fn span_debug<T>(span: $Span)",
        "library/proc_macro/src/bridge/mod.rs:",
    );
}
