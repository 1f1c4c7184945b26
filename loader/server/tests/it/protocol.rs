//! Every type and every method survives the wire, and lies on it as rustc says.

use pm_server::protocol::*;
use std::fmt::Debug;
use std::num::NonZeroU32;
use std::ops::Bound;

fn bytes(value: &impl Encode) -> Vec<u8> {
    let mut out = Vec::new();
    value.encode(&mut Writer::new(&mut out));
    out
}

fn round<T: Encode + for<'a> Decode<'a> + PartialEq + Debug>(value: T) {
    let encoded = bytes(&value);
    let mut r = Reader::new(&encoded);
    assert_eq!(T::decode(&mut r).as_ref(), Ok(&value));
    assert_eq!(r.finish(), Ok(()), "{value:?}");
    for len in 0..encoded.len() {
        let mut r = Reader::new(&encoded[..len]);
        assert_eq!(
            T::decode(&mut r).and_then(|_| r.finish()),
            Err(DecodeError::Truncated)
        );
    }
}

fn span(n: u32) -> SpanHandle {
    SpanHandle(NonZeroU32::new(n).expect("not zero"))
}

fn stream(n: u32) -> StreamHandle {
    StreamHandle(NonZeroU32::new(n).expect("not zero"))
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
    round(vec![
        PanicMessage::Text("why".to_owned()),
        PanicMessage::Unknown,
    ]);
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
        let mut r = Reader::new(&encoded);
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
    let reply: Result<Option<StreamHandle>, PanicMessage> = Err(PanicMessage::Unknown);
    assert_eq!(bytes(&reply), [1, 1]);
    assert_eq!(
        bytes(&Request::TsDrop { stream: stream(3) }),
        [5, 3, 0, 0, 0]
    );
    assert_eq!(
        bytes(&Request::SymbolNormalizeAndValidateIdent { string: "" }),
        [31, 0, 0, 0, 0]
    );
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
    ]
}

#[test]
fn every_method() {
    let requests = requests();
    let methods: Vec<_> = requests.iter().map(Request::method).collect();
    assert_eq!(methods, Method::ALL);
    for (tag, request) in requests.iter().enumerate() {
        let encoded = bytes(request);
        assert_eq!(usize::from(encoded[0]), tag);
        assert_eq!(Request::parse(&encoded).as_ref(), Ok(request));
        for len in 0..encoded.len() {
            assert_eq!(
                Request::parse(&encoded[..len]),
                Err(DecodeError::Truncated),
                "{request:?}"
            );
        }
        let longer = [encoded, vec![0]].concat();
        assert_eq!(Request::parse(&longer), Err(DecodeError::Trailing(1)));
    }
}

#[test]
fn refusals() {
    let check = |bytes: &[u8], expect: &str| {
        let error = Request::parse(bytes).expect_err("refused");
        assert_eq!(error.to_string(), expect);
    };
    check(&[], "the message is truncated");
    check(&[32], "32 is no tag of Method");
    check(&[5, 0, 0, 0, 0], "a handle is zero");
    check(&[9, 1, 0, 0, 0, 0xff], "a string is not UTF-8");
    check(&[9, 0xff, 0xff, 0xff, 0xff], "the message is truncated");
    check(&[11, 4], "4 is no tag of TokenTree");
    check(&[11, 0, 4], "4 is no tag of Delimiter");
    check(&[11, 0, 0, 2], "2 is no tag of Option");
    check(&[11, 1, b'+', 2], "2 is no tag of bool");
    check(&[11, 3, 11], "11 is no tag of LitKind");
    check(&[26, 1, 0, 0, 0, 3], "3 is no tag of Bound");
    check(&[4, 4], "4 is no tag of Level");
    // A list that says it has more elements than the message has bytes.
    check(&[12, 1, 0xff, 0xff, 0xff, 0x7f], "the message is truncated");
    let deep = Request::EmitDiagnostic {
        diagnostic: nested(40),
    };
    check(&bytes(&deep), "a diagnostic is nested more than 16 deep");
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
