//! Every type and every method survives the wire, and lies on it as rustc says.

use crate::client::profile;
use pm_abi::schema::MethodId;
use pm_abi::{Profile, Width, encode_panic};
use pm_server::protocol::*;
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::ops::Bound;

fn bytes(value: &impl Encode) -> Vec<u8> {
    encode(value, Width::Four)
}

fn encode(value: &impl Encode, width: Width) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut Writer::new(&mut out, width));
    out
}

fn round<T: Encode + for<'a> Decode<'a> + PartialEq + Debug>(value: T) {
    for width in [Width::Four, Width::Eight] {
        let encoded = encode(&value, width);
        let mut r = Reader::new(&encoded, width);
        assert_eq!(T::decode(&mut r).as_ref(), Ok(&value));
        assert_eq!(r.finish(), Ok(()), "{value:?}");
        for len in 0..encoded.len() {
            let mut r = Reader::new(&encoded[..len], width);
            assert_eq!(
                T::decode(&mut r).and_then(|_| r.finish()),
                Err(DecodeError::Truncated)
            );
        }
    }
}

fn span(n: u32) -> SpanHandle {
    SpanHandle(NonZeroU32::new(n).expect("not zero"))
}

fn stream(n: u32) -> StreamHandle {
    StreamHandle(NonZeroU32::new(n).expect("not zero"))
}

fn file(n: u32) -> SourceFileHandle {
    SourceFileHandle(NonZeroU32::new(n).expect("not zero"))
}

fn trees() -> Vec<WireTree<'static>> {
    let delimiters = [
        Delimiter::Parenthesis,
        Delimiter::Brace,
        Delimiter::Bracket,
        Delimiter::None,
    ];
    let kinds = [
        LitKind::Byte,
        LitKind::Char,
        LitKind::Integer,
        LitKind::Float,
        LitKind::Str,
        LitKind::StrRaw(255),
        LitKind::ByteStr,
        LitKind::ByteStrRaw(0),
        LitKind::CStr,
        LitKind::CStrRaw(1),
        LitKind::ErrWithGuar,
    ];
    let place = DelimSpan {
        open: span(1),
        close: span(2),
        entire: span(3),
    };
    let groups = delimiters.into_iter().flat_map(|delimiter| {
        [None, Some(stream(7))].map(|stream| {
            TokenTree::Group(Group {
                delimiter,
                stream,
                span: place,
            })
        })
    });
    let literals = kinds.into_iter().flat_map(|kind| {
        [None, Some("u8")].map(|suffix| {
            TokenTree::Literal(Literal {
                kind,
                symbol: "é\0",
                suffix,
                span: span(9),
            })
        })
    });
    groups
        .chain(literals)
        .chain([
            TokenTree::Punct(Punct {
                ch: b':',
                joint: true,
                span: span(4),
            }),
            TokenTree::Ident(Ident {
                sym: "name",
                is_raw: true,
                span: span(5),
            }),
        ])
        .collect()
}

#[test]
fn values() {
    round(());
    round(0x1234_5678_usize);
    round([true, false].to_vec());
    round(vec![String::new(), "é".to_owned()]);
    round(vec![Some(1_u8), None]);
    round(vec![Ok(1_u8), Err("no".to_owned())]);
    round(vec![
        Bound::Included(1_usize),
        Bound::Excluded(2),
        Bound::Unbounded,
    ]);
    round(3_usize..5);
    round(ExpnGlobals {
        def_site: span(1),
        call_site: span(2),
        mixed_site: span(3),
    });
    round(vec![Level::Error, Level::Warning, Level::Note, Level::Help]);
    round(diagnostic(3));
}

fn diagnostic(depth: usize) -> Diagnostic<SpanHandle> {
    let mut diagnostic = Diagnostic::new(Level::Warning, "text", vec![span(1), span(2)]);
    for _ in 0..depth {
        let child = std::mem::replace(&mut diagnostic, Diagnostic::new(Level::Help, "", vec![]));
        diagnostic.children.extend([child.clone(), child]);
    }
    diagnostic
}

#[test]
fn token_trees() {
    for tree in trees() {
        let encoded = bytes(&tree);
        let mut r = Reader::new(&encoded, Width::Four);
        assert_eq!(TokenTree::decode(&mut r), Ok(tree));
        assert_eq!(r.finish(), Ok(()));
    }
}

/// Written down by hand from rustc's `rpc.rs`.
#[test]
fn layout() {
    let literal = WireTree::Literal(Literal {
        kind: LitKind::StrRaw(2),
        symbol: "ab",
        suffix: None,
        span: span(0x0102_0304),
    });
    assert_eq!(
        bytes(&literal),
        [3, 5, 2, 2, 0, 0, 0, b'a', b'b', 1, 4, 3, 2, 1]
    );
    let punct = WireTree::Punct(Punct {
        ch: b'+',
        joint: true,
        span: span(1),
    });
    assert_eq!(bytes(&punct), [1, b'+', 1, 1, 0, 0, 0]);
    let ident = WireTree::Ident(Ident {
        sym: "a",
        is_raw: false,
        span: span(1),
    });
    assert_eq!(bytes(&ident), [2, 1, 0, 0, 0, b'a', 0, 1, 0, 0, 0]);
    let group = WireTree::Group(Group {
        delimiter: Delimiter::Bracket,
        stream: Some(stream(6)),
        span: DelimSpan {
            open: span(1),
            close: span(2),
            entire: span(3),
        },
    });
    assert_eq!(
        bytes(&group),
        [0, 2, 0, 6, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0]
    );
    let request = |name: &str, request: &Request<'_>| {
        let mut out = Vec::new();
        Codec::new(profile(name)).write_request(request, &mut out);
        out
    };
    let drop = Request::TsDrop { stream: stream(3) };
    assert_eq!(request("1.85", &drop), [1, 0, 3, 0, 0, 0]);
    assert_eq!(request("1.95", &drop), [5, 3, 0, 0, 0]);
    let ident = Request::SymbolNormalizeAndValidateIdent { string: "" };
    assert_eq!(request("1.85", &ident), [4, 0, 0, 0, 0, 0]);
    assert_eq!(request("1.88", &ident), [3, 0, 0, 0, 0, 0]);
    assert_eq!(request("1.95", &ident), [31, 0, 0, 0, 0]);
    assert_eq!(request("1.98", &ident), [31, 0, 0, 0, 0, 0, 0, 0, 0]);
    let join = Request::SpanJoin {
        span: span(1),
        other: span(2),
    };
    assert_eq!(request("1.85", &join), [3, 9, 2, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(request("1.88", &join), [2, 10, 2, 0, 0, 0, 1, 0, 0, 0]);
    assert_eq!(request("1.95", &join), [25, 1, 0, 0, 0, 2, 0, 0, 0]);
}

#[test]
fn panics() {
    for width in [Width::Four, Width::Eight] {
        for message in [
            PanicMessage::Text("why".to_owned()),
            PanicMessage::Text(String::new()),
            PanicMessage::Unknown,
        ] {
            let mut encoded = Vec::new();
            encode_panic(message.text(), width, &mut encoded);
            let mut r = Reader::new(&encoded, width);
            let decoded = Result::<(), PanicMessage>::decode(&mut r);
            assert_eq!(decoded, Ok(Err(message)));
            assert_eq!(r.finish(), Ok(()));
        }
    }
}

fn requests() -> Vec<Request<'static>> {
    use Request as R;
    let (s, t) = (span(3), stream(4));
    let (start, end) = (Bound::Included(1), Bound::Unbounded);
    let tree = || {
        TokenTree::Ident(Ident {
            sym: "x",
            is_raw: false,
            span: span(8),
        })
    };
    vec![
        R::InjectedEnvVar { var: "A" },
        R::TrackEnvVar {
            var: "A",
            value: Some("b"),
        },
        R::TrackPath { path: "/x" },
        R::LiteralFromStr { s: "1" },
        R::EmitDiagnostic {
            diagnostic: diagnostic(2),
        },
        R::TsDrop { stream: t },
        R::TsClone { stream: t },
        R::TsIsEmpty { stream: t },
        R::TsExpandExpr { stream: t },
        R::TsFromStr { src: "a b" },
        R::TsToString { stream: t },
        R::TsFromTokenTree { tree: tree() },
        R::TsConcatTrees {
            base: Some(t),
            trees: trees(),
        },
        R::TsConcatStreams {
            base: None,
            streams: vec![t, stream(5)],
        },
        R::TsIntoTrees { stream: t },
        R::SpanDebug { span: s },
        R::SpanParent { span: s },
        R::SpanSource { span: s },
        R::SpanByteRange { span: s },
        R::SpanStart { span: s },
        R::SpanEnd { span: s },
        R::SpanLine { span: s },
        R::SpanColumn { span: s },
        R::SpanFile { span: s },
        R::SpanLocalFile { span: s },
        R::SpanJoin {
            span: s,
            other: span(4),
        },
        R::SpanSubspan {
            span: s,
            start,
            end,
        },
        R::SpanResolvedAt {
            span: s,
            at: span(4),
        },
        R::SpanSourceText { span: s },
        R::SpanSaveSpan { span: s },
        R::SpanRecoverProcMacroSpan { id: 9 },
        R::SymbolNormalizeAndValidateIdent { string: "é" },
        R::FreeFunctionsDrop {
            functions: FreeFunctionsHandle(NonZeroU32::MAX),
        },
        R::SpanSourceFile { span: s },
        R::SourceFileDrop { file: file(1) },
        R::SourceFileClone { file: file(1) },
        R::SourceFileEq {
            file: file(1),
            other: file(2),
        },
        R::SourceFilePath { file: file(1) },
        R::SourceFileIsReal { file: file(1) },
    ]
}

/// Each request is read as it was written, in each profile and width, and no part of it is taken for a
/// whole.
#[test]
fn every_method() {
    let requests = requests();
    let methods: Vec<_> = requests.iter().map(Request::method).collect();
    assert_eq!(methods, Method::ALL);
    let widths = [Width::Four, Width::Eight];
    for (profile, width) in Profile::all()
        .iter()
        .flat_map(|it| widths.map(|width| (it, width)))
    {
        let codec = Codec::new(profile).with_width(width);
        for (id, method) in (0..).zip(&profile.schema.methods) {
            let mut requests = requests.iter();
            let request = requests.find(|request| request.method().name() == method.name);
            let request = request.expect("a known method");
            let mut encoded = Vec::new();
            codec.write_request(request, &mut encoded);
            assert!(encoded.starts_with(&profile.tag_of(MethodId(id))));
            assert_eq!(codec.read_request(&encoded).as_ref(), Ok(request));
            for len in 0..encoded.len() {
                assert_eq!(
                    codec.read_request(&encoded[..len]),
                    Err(DecodeError::Truncated),
                    "{request:?}"
                );
            }
            let longer = [encoded, vec![0]].concat();
            assert_eq!(codec.read_request(&longer), Err(DecodeError::Trailing(1)));
        }
    }
}

#[test]
fn refusals() {
    let codec = Codec::new(profile("1.95"));
    let check = |bytes: &[u8], expect: &str| {
        let error = codec.read_request(bytes).expect_err("refused");
        assert_eq!(error.to_string(), expect);
    };
    check(&[], "the message is truncated");
    check(&[32], "unknown method [32]");
    check(&[5, 0, 0, 0, 0], "a handle is zero");
    check(&[9, 1, 0, 0, 0, 0xff], "a string is not UTF-8");
    check(&[9, 0xff, 0xff, 0xff, 0xff], "the message is truncated");
    check(&[11, 4], "invalid tag 4 for TokenTree");
    check(&[11, 0, 4], "invalid tag 4 for Delimiter");
    check(&[11, 0, 0, 2], "invalid tag 2 for Option");
    check(&[11, 1, b'+', 2], "invalid tag 2 for bool");
    check(&[11, 3, 11], "invalid tag 11 for LitKind");
    check(&[26, 1, 0, 0, 0, 3], "invalid tag 3 for Bound");
    check(&[4, 4], "invalid tag 4 for Level");
    // A list that says it has more elements than the message has bytes.
    check(&[12, 1, 0xff, 0xff, 0xff, 0x7f], "the message is truncated");
    let deep = Request::EmitDiagnostic {
        diagnostic: nested(40),
    };
    let mut bytes = Vec::new();
    codec.write_request(&deep, &mut bytes);
    check(&bytes, "a diagnostic is nested more than 16 deep");
}

/// Tags of two bytes, and numbers in eight.
#[test]
fn refusals_of_other_profiles() {
    let check = |name: &str, bytes: &[u8], expect: &str| {
        let error = Codec::new(profile(name)).read_request(bytes);
        assert_eq!(error.expect_err("refused").to_string(), expect, "{name}");
    };
    check("1.85", &[1], "the message is truncated");
    check("1.85", &[0, 6], "unknown method [0, 6]");
    check("1.85", &[5, 0], "unknown method [5, 0]");
    check("1.88", &[4, 0], "unknown method [4, 0]");
    check("1.85", &[1, 0, 0, 0, 0, 0], "a handle is zero");
    let large = "the number 4294967296 does not fit into a 32-bit `usize`";
    check("1.98", &[2, 0, 0, 0, 0, 1, 0, 0, 0], large);
    check("1.98", &[30, 0, 0, 0, 0, 1, 0, 0, 0], large);
    check("1.98", &[26, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0], large);
    check(
        "1.98",
        &[2, 0xff, 0xff, 0xff, 0xff],
        "the message is truncated",
    );
}

fn nested(depth: usize) -> Diagnostic<SpanHandle> {
    let mut diagnostic = Diagnostic::new(Level::Note, "", vec![]);
    for _ in 0..depth {
        let mut outer = Diagnostic::new(Level::Note, "", vec![]);
        outer.children.push(diagnostic);
        diagnostic = outer;
    }
    diagnostic
}
