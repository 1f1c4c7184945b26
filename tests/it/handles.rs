//! Macros that send handles which they don't hold, and other messages that no honest macro sends: each
//! is refused before the compiler sees it. The same cases run under a stock rustc, here, and under the
//! WASI rustc (`wasi_rustc::hostile`).

use crate::module::Parts;
use pm_abi::schema::MethodId;
use pm_abi::{ArgumentOrder, Profile, Width};
use pm_tests::compile::make_shim;
use pm_tests::workspace::{samples, toolchain};
use std::fmt::Write as _;
use wasmparser::{Parser, Payload};

/// The crate whose metadata the modules here have: one derive macro, `Display`.
pub(crate) const CRATE: &str = "displaydoc";

/// A second error, which shows that rustc goes on after the macro's.
pub(crate) const SOURCE: &str = "
    #[derive(displaydoc::Display)] pub struct A;
    pub fn f() -> u8 { \"text\" }";

/// An argument of a request.
#[derive(Clone, Debug)]
pub(crate) enum Argument {
    /// A handle, or another number of four bytes.
    Number(u32),
    /// The handle of the stream that the macro was given.
    Stream,
    /// The handle of a span that the macro was given.
    Span,
    /// A byte: a tag, say.
    Byte(u8),
    /// A length.
    Length(u64),
    /// A string.
    Text(&'static str),
    /// Several of these, as one argument.
    All(Vec<Argument>),
}

use Argument::{All, Byte, Length, Number, Span, Stream, Text};

/// A request in the encoding of a profile, and where handles go in it.
struct Request {
    bytes: Vec<u8>,
    streams: Vec<usize>,
    spans: Vec<usize>,
}

impl Request {
    fn new(profile: &Profile, method: &str, arguments: &[Argument]) -> Request {
        let mut methods = profile.schema.methods.iter();
        let place = methods.position(|known| known.name == method);
        let id = MethodId(place.expect("a method of the profile") as u8);
        let mut request = Request {
            bytes: profile.tag_of(id),
            streams: Vec::new(),
            spans: Vec::new(),
        };
        let width = profile.width_in_wasm32();
        match profile.arguments {
            ArgumentOrder::Forward => arguments.iter().for_each(|it| request.add(it, width)),
            ArgumentOrder::Reverse => arguments.iter().rev().for_each(|it| request.add(it, width)),
        }
        request
    }

    fn add(&mut self, argument: &Argument, width: Width) {
        match argument {
            Number(number) => self.bytes.extend(number.to_le_bytes()),
            Stream => {
                self.streams.push(self.bytes.len());
                self.bytes.extend([0; 4]);
            }
            Span => {
                self.spans.push(self.bytes.len());
                self.bytes.extend([0; 4]);
            }
            Byte(byte) => self.bytes.push(*byte),
            Length(length) => match width {
                Width::Four => self.bytes.extend((*length as u32).to_le_bytes()),
                Width::Eight => self.bytes.extend(length.to_le_bytes()),
            },
            Text(text) => {
                self.add(&Length(text.len() as u64), width);
                self.bytes.extend(text.bytes());
            }
            All(parts) => parts.iter().for_each(|part| self.add(part, width)),
        }
    }
}

/// Requests that a macro sends, one after the other; it returns the reply to the last as its output.
type Conversation = &'static [(&'static str, fn() -> Vec<Argument>)];

/// A case, and what its user reads.
pub(crate) struct Violation {
    pub(crate) conversation: Conversation,
    pub(crate) expect: &'static str,
}

const NO_STREAM: &str = "77777 is not one of its token stream handles";
const NO_SPAN: &str = "77777 is not one of its span handles";

/// A token tree: a literal of this kind and text, without a suffix.
fn literal(kind: u8, text: &'static str) -> Argument {
    All(vec![Byte(3), Byte(kind), Text(text), Byte(1), Span])
}

/// All cases.
pub(crate) const VIOLATIONS: &[Violation] = &[
    // Foreign ones.
    Violation {
        conversation: &[("ts_clone", || vec![Number(77777)])],
        expect: NO_STREAM,
    },
    Violation {
        conversation: &[("ts_into_trees", || vec![Number(77777)])],
        expect: NO_STREAM,
    },
    Violation {
        conversation: &[("span_debug", || vec![Number(77777)])],
        expect: NO_SPAN,
    },
    Violation {
        conversation: &[("span_join", || vec![Span, Number(77777)])],
        expect: NO_SPAN,
    },
    Violation {
        conversation: &[("ts_concat_streams", || {
            vec![Byte(1), All(vec![Length(2), Stream, Number(77777)])]
        })],
        expect: NO_STREAM,
    },
    Violation {
        conversation: &[("ts_from_token_tree", || {
            vec![All(vec![
                Byte(0),
                Byte(0),
                Byte(0),
                Number(77777),
                Span,
                Span,
                Span,
            ])]
        })],
        expect: NO_STREAM,
    },
    Violation {
        conversation: &[("ts_from_token_tree", || {
            vec![All(vec![Byte(2), Text("a"), Byte(0), Number(77777)])]
        })],
        expect: NO_SPAN,
    },
    Violation {
        conversation: &[("emit_diagnostic", || {
            vec![All(vec![
                Byte(0),
                Text("x"),
                Length(1),
                Number(77777),
                Length(0),
            ])]
        })],
        expect: NO_SPAN,
    },
    // Stale ones.
    Violation {
        conversation: &[("ts_drop", || vec![Stream]), ("ts_clone", || vec![Stream])],
        expect: "is not one of its token stream handles",
    },
    Violation {
        conversation: &[
            ("ts_into_trees", || vec![Stream]),
            ("ts_into_trees", || vec![Stream]),
        ],
        expect: "is not one of its token stream handles",
    },
    // Doubled ones.
    Violation {
        conversation: &[("ts_concat_streams", || {
            vec![All(vec![Byte(0), Stream]), All(vec![Length(1), Stream])]
        })],
        expect: "is not one of its token stream handles",
    },
    Violation {
        conversation: &[("ts_concat_streams", || {
            vec![Byte(1), All(vec![Length(2), Stream, Stream])]
        })],
        expect: "is not one of its token stream handles",
    },
    // Those of the wrong kind: a span's number is higher than any stream's here, and the reverse.
    Violation {
        conversation: &[("ts_is_empty", || vec![Number(0)])],
        expect: "a handle is zero",
    },
    Violation {
        conversation: &[("span_start", || vec![Number(u32::MAX)])],
        expect: "4294967295 is not one of its span handles",
    },
    // A saved span that the crate doesn't have: it has none.
    Violation {
        conversation: &[("span_recover_proc_macro_span", || vec![Length(77777)])],
        expect: "77777 is not one of the crate's quoted spans",
    },
    // Other messages that no honest macro sends.
    Violation {
        conversation: &[("ts_from_token_tree", || {
            vec![All(vec![Byte(1), Byte(b'a'), Byte(0), Span])]
        })],
        expect: "'a' is not punctuation",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || {
            vec![All(vec![Byte(0), Byte(9), Byte(1), Span, Span, Span])]
        })],
        expect: "invalid tag 9 for Delimiter",
    },
    // Literals that rustc's lexer would have refused. The kinds' numbers are rustc's.
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(0, "ab")])],
        expect: "is not the text of a literal of kind Byte",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(1, "ab")])],
        expect: "is not the text of a literal of kind Char",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(2, "")])],
        expect: "is not the text of a literal of kind Integer",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(3, "")])],
        expect: "is not the text of a literal of kind Float",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(4, "\\")])],
        expect: "is not the text of a literal of kind Str",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(6, "\\")])],
        expect: "is not the text of a literal of kind ByteStr",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(8, "a\0b")])],
        expect: "is not the text of a literal of kind CStr",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || vec![literal(10, "x")])],
        expect: "a literal stands for an error that the compiler has not reported",
    },
    Violation {
        conversation: &[("ts_from_token_tree", || {
            vec![All(vec![Byte(2), Text(""), Byte(0), Span])]
        })],
        expect: "an identifier is empty",
    },
    Violation {
        conversation: &[("track_path", || vec![Length(0x7fff_ffff)])],
        expect: "the message is truncated",
    },
    Violation {
        conversation: &[("ts_clone", || vec![All(vec![Stream, Byte(0)])])],
        expect: "the message has 1 bytes too many",
    },
];

/// The address of the requests in the module's memory, far above its heap.
const REQUESTS: usize = 160_000;

/// The code of a macro that sends these requests, and the data that it needs.
fn code(requests: &[Request]) -> (String, String) {
    let mut run = String::from(
        "(local $stream i32) (local $span i32)
         (memory.copy (i32.const 7000) (local.get $config) (i32.const 20))
         (local.set $span (i32.load (i32.load (i32.const 7000))))
         (local.set $stream (i32.load offset=12 (i32.load (i32.const 7000))))",
    );
    let mut data = String::new();
    let mut at = REQUESTS;
    for Request {
        bytes,
        streams,
        spans,
    } in requests
    {
        let len = bytes.len();
        let hex: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        _ = write!(data, "(data (i32.const {at}) \"{hex}\")");
        _ = write!(
            run,
            "(memory.copy (i32.load (i32.const 7000)) (i32.const {at}) (i32.const {len}))"
        );
        let handles = streams.iter().map(|place| (place, "$stream"));
        for (place, handle) in handles.chain(spans.iter().map(|place| (place, "$span"))) {
            _ = write!(
                run,
                "(i32.store offset={place} (i32.load (i32.const 7000)) (local.get {handle}))"
            );
        }
        _ = write!(
            run,
            "(i32.store offset=4 (i32.const 7000) (i32.const {len}))
             (call_indirect (type $call) (i32.const 7100)
               (i32.load offset=24 (local.get $config)) (i32.const 7000)
               (i32.load offset=20 (local.get $config)))
             (memory.copy (i32.const 7000) (i32.const 7100) (i32.const 20))"
        );
        at += len;
    }
    run.push_str("(memory.copy (local.get $sret) (i32.const 7000) (i32.const 20))");
    (run, data)
}

/// The declaration symbol and the section `.rustc` of [`CRATE`].
fn symbol_and_metadata() -> (String, Vec<u8>) {
    let real = fs_err::read(samples().wasm(CRATE)).expect("a module");
    let mut metadata = Vec::new();
    for payload in Parser::new(0).parse_all(&real) {
        if let Payload::CustomSection(section) = payload.expect("a whole module")
            && section.name() == ".rustc"
        {
            metadata = section.data().to_vec();
        }
    }
    let inspection = pm_abi::inspect(&real).expect("a macro crate");
    (inspection.symbol, metadata)
}

/// The module of a macro crate that takes the place of [`CRATE`] and has this conversation.
pub(crate) fn module(profile: &'static Profile, conversation: Conversation) -> Vec<u8> {
    let requests: Vec<Request> = conversation
        .iter()
        .map(|(method, arguments)| Request::new(profile, method, &arguments()))
        .collect();
    let (run, data) = code(&requests);
    module_that_runs(profile, &run, &data)
}

/// The module of a macro crate that takes the place of [`CRATE`], with this entry point and these
/// further fields.
pub(crate) fn module_that_runs(profile: &'static Profile, run: &str, fields: &str) -> Vec<u8> {
    let (symbol, metadata) = symbol_and_metadata();
    let parts = Parts {
        run,
        fields,
        symbol: &symbol,
        metadata: Some(&metadata),
        profile,
        ..Parts::default()
    };
    parts.wasm()
}

/// The output of a macro is checked as its requests are.
#[test]
fn outputs_of_a_stock_rustc() {
    let profile = toolchain().profile();
    for (bytes, len, expect) in [
        (r"\00\00\d1\2f\01\00", 6, NO_STREAM),
        (r"\09", 1, "invalid tag 9 for Result"),
        ("", 0, "the message is truncated"),
    ] {
        let run = format!(
            "(memory.copy (local.get $sret) (local.get $config) (i32.const 20))
             (memory.copy (i32.load (local.get $sret)) (i32.const {REQUESTS}) (i32.const {len}))
             (i32.store offset=4 (local.get $sret) (i32.const {len}))"
        );
        let data = format!("(data (i32.const {REQUESTS}) \"{bytes}\")");
        stock(&module_that_runs(profile, &run, &data), expect);
    }
}

/// Compiles a crate by a stock rustc, with a module in the place of [`CRATE`]'s.
fn stock(module: &[u8], expect: &str) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    let known = samples().externs.iter().find(|known| known.name == CRATE);
    fs_err::copy(&known.expect("the crate").path, at("libdisplaydoc-x.so")).expect("a copy");
    fs_err::write(at("displaydoc-x.wasm"), module).expect("a temporary file");
    pm_compile::precompile_file(&at("displaydoc-x.wasm")).expect("an artifact");
    let shim = make_shim(&at("libdisplaydoc-x.so"), &at("libdisplaydoc.so"));
    fs_err::write(at("lib.rs"), SOURCE).expect("a temporary file");
    let toolchain = toolchain();
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.current_dir(folder.path());
    rustc.args([
        "--crate-type=lib",
        "--emit=metadata",
        "--edition=2021",
        "lib.rs",
    ]);
    rustc.arg(format!("--extern=displaydoc={}", shim.display()));
    let output = rustc.output().expect("rustc runs");
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{stderr}");
    check_text(&stderr, expect);
    // The words of the WASI rustc.
    let violation = "the macro broke the proc-macro protocol: ";
    assert!(stderr.contains(violation), "{stderr}");
}

/// The macro's own expansion failed, with this reason, and rustc went on.
pub(crate) fn check_text(stderr: &str, expect: &str) {
    for text in [
        "proc-macro derive panicked",
        expect,
        "error[E0308]: mismatched types",
    ] {
        assert!(stderr.contains(text), "{text:?} isn't in {stderr}");
    }
    for text in ["internal compiler error", "rustc-ice", "panicked at"] {
        assert!(!stderr.contains(text), "{text:?} is in {stderr}");
    }
}

#[test]
fn violations_under_a_stock_rustc() {
    let profile = toolchain().profile();
    for violation in VIOLATIONS {
        stock(&module(profile, violation.conversation), violation.expect);
    }
}

/// And so that a refusal isn't for another reason: the same macro with honest requests.
#[test]
fn an_honest_conversation_under_a_stock_rustc() {
    let profile = toolchain().profile();
    // The reply that comes back isn't an output, which is the first thing that is refused.
    let honest: Conversation = &[
        ("ts_is_empty", || vec![Stream]),
        ("ts_clone", || vec![Stream]),
        ("span_debug", || vec![Span]),
        ("ts_drop", || vec![Stream]),
    ];
    stock(&module(profile, honest), "the message is truncated");
}
