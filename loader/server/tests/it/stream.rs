//! Token streams: what a macro sees of them, and what it makes.

use crate::client::{Client, OwnedTree};
use pm_abi::encode_panic;
use pm_server::protocol::{
    Diagnostic, Encode, Level, LitKind, Literal, Punct, Request, StreamHandle, TokenTree,
};
use pm_server::{Input, OutputError};

fn check(text: &str, expect: &[&str]) {
    let mut client = Client::new(text, 0);
    let input = client.input;
    assert_eq!(client.show(input), expect, "{text}");
}

#[test]
fn trees() {
    check("a b", &["a", "b"]);
    check("r#fn", &["r#fn"]);
    check("a::b", &["a", ":+", ":", "b"]);
    check("a..=-1", &["a", ".+", ".+", "=+", "-", "Integer<1|->"]);
    check("&'a T", &["&", "'+", "a", "T"]);
    check("<'a>", &["<", "'+", "a", ">"]);
    check("'r#a", &["'+", "r#a"]);
    check("=>=", &["=+", ">+", "="]);
    check("= >", &["=", ">"]);
    check("$crate", &["$", "crate"]);
    check("(){x}[ ]", &["Parenthesis[]", "Brace[x]", "Bracket[]"]);
    check(
        "1u8 2.5f32 0x1F",
        &["Integer<1|u8>", "Float<2.5|f32>", "Integer<0x1F|->"],
    );
    check(
        "'x' b'x' b\"x\"",
        &["Char<x|->", "Byte<x|->", "ByteStr<x|->"],
    );
    check("\"\\n\"sfx c\"x\"", &["Str<\\n|sfx>", "CStr<x|->"]);
    check(
        "r#\"x\"# br\"x\"",
        &["StrRaw(1)<x|->", "ByteStrRaw(0)<x|->"],
    );
    check("cr##\"x\"##", &["CStrRaw(2)<x|->"]);
}

#[test]
fn doc_comments_are_attributes() {
    check(
        "/// it's \"x\"\na",
        &["#", r#"Bracket[doc = Str< it\'s \"x\"|->]"#, "a"],
    );
    check("/** a */", &["#", "Bracket[doc = Str< a |->]"]);
    check("//! a\n", &["#", "!", "Bracket[doc = Str< a|->]"]);
    check("//// a\n/***/ x", &["x"]);
}

fn literal(client: &Client, kind: LitKind, symbol: &str) -> OwnedTree {
    let span = client.globals.call_site;
    TokenTree::Literal(Literal {
        kind,
        symbol: symbol.to_owned(),
        suffix: None,
        span,
    })
}

#[test]
fn negative_literals_are_two_tokens() {
    let mut client = Client::new("", 0);
    let trees = [
        literal(&client, LitKind::Integer, "-1"),
        literal(&client, LitKind::Float, "-1.5"),
        literal(&client, LitKind::Str, "-"),
    ];
    let stream = client.concat(None, &trees);
    assert_eq!(client.print(stream), "-1 -1.5 \"-\"");
    assert_eq!(
        client.show(stream),
        ["-", "Integer<1|->", "-", "Float<1.5|->", "Str<-|->"]
    );
}

#[test]
fn joint_punctuation_is_glued() {
    let mut client = Client::new("", 0);
    let span = client.globals.call_site;
    let punct = |ch, joint| TokenTree::Punct(Punct { ch, joint, span });
    let base = client.concat(None, &[punct(b'<', true)]);
    let stream = client.concat(Some(base), &[punct(b'<', true), punct(b'=', false)]);
    assert_eq!(client.print(stream), "<<=");
    // Over the seam of two streams too.
    let first = client.concat(None, &[punct(b'-', true)]);
    let second = client.concat(None, &[punct(b'>', false), punct(b'x', false)][..1]);
    let streams = vec![first, second];
    let stream: StreamHandle = client
        .call(&Request::TsConcatStreams {
            base: None,
            streams,
        })
        .expect("no panic");
    assert_eq!(client.print(stream), "->");
    assert_eq!(client.show(stream), ["-+", ">"]);
}

#[test]
fn concatenation_takes_its_arguments() {
    let mut client = Client::new("a b", 0);
    let (input, more) = (client.input, client.parse("c d"));
    let copy = client.clone(more);
    let streams = vec![input, more, copy];
    let all: StreamHandle = client
        .call(&Request::TsConcatStreams {
            base: None,
            streams,
        })
        .expect("no panic");
    assert_eq!(client.print(all), "a b c d c d");
    assert_eq!(client.server.live_streams(), 1);
    assert_eq!(client.call(&Request::TsIsEmpty { stream: all }), Ok(false));
    let empty = client.parse(" // nothing");
    assert_eq!(client.call(&Request::TsIsEmpty { stream: empty }), Ok(true));
}

#[test]
fn expand_expr() {
    let check = |text: &str, expect: Result<&str, ()>| {
        let mut client = Client::new("", 0);
        let stream = client.parse(text);
        let expanded: Result<StreamHandle, ()> = client
            .call(&Request::TsExpandExpr { stream })
            .expect("no panic");
        let printed = expanded.map(|stream| client.print(stream));
        assert_eq!(printed.as_deref(), expect.as_ref().copied(), "{text}");
    };
    check("1u8", Ok("1u8"));
    check("\"a\"", Ok("\"a\""));
    check("true", Ok("true"));
    check("- 1.5", Ok("-1.5"));
    check("- \"a\"", Err(()));
    check("r#true", Err(()));
    check("1 + 1", Err(()));
    check("(1)", Err(()));
    check("x", Err(()));
    check("", Err(()));
}

#[test]
fn side_effects_are_kept() {
    let mut client = Client::new("fn f() {}", 2);
    client.server.backend_mut().inject_env("A", "1");
    let value: Option<String> = client
        .call(&Request::InjectedEnvVar { var: "A" })
        .expect("ok");
    assert_eq!(value.as_deref(), Some("1"));
    let value: Option<String> = client
        .call(&Request::InjectedEnvVar { var: "B" })
        .expect("ok");
    assert_eq!(value, None);
    let track = Request::TrackEnvVar {
        var: "B",
        value: Some("2"),
    };
    client.call::<()>(&track).expect("no panic");
    client
        .call::<()>(&Request::TrackPath { path: "a.txt" })
        .expect("no panic");
    let span = client.globals.call_site;
    let mut diagnostic = Diagnostic::new(Level::Warning, "careful", vec![span]);
    diagnostic
        .children
        .push(Diagnostic::new(Level::Help, "don't", vec![]));
    client
        .call::<()>(&Request::EmitDiagnostic { diagnostic })
        .expect("no panic");

    let backend = client.server.into_backend();
    assert_eq!(backend.tracked_env()["B"].as_deref(), Some("2"));
    assert!(backend.tracked_paths().contains("a.txt"));
    let [diagnostic] = backend.diagnostics() else {
        panic!("one diagnostic")
    };
    assert_eq!(
        (diagnostic.level, diagnostic.message.as_str()),
        (Level::Warning, "careful")
    );
    assert_eq!(backend.sources().text(diagnostic.spans[0]), Some("fn"));
    assert_eq!(diagnostic.children[0].message, "don't");
}

#[test]
fn output() {
    let mut client = Client::new("a", 0);
    let stream = client.parse("x y");
    let mut encode = |output: Result<Option<StreamHandle>, &str>| {
        let mut bytes = Vec::new();
        match output {
            Ok(_) => output.encode(&mut client.codec.writer(&mut bytes)),
            Err(panic) => encode_panic(Some(panic), client.codec.width(), &mut bytes),
        }
        client.server.decode_output(&bytes)
    };
    assert_eq!(encode(Ok(Some(stream))).expect("tokens").to_string(), "x y");
    assert_eq!(
        encode(Ok(Some(stream))).expect_err("taken"),
        OutputError::UnknownStream
    );
    assert!(encode(Ok(None)).expect("tokens").is_empty());
    let panic = encode(Err("why")).expect_err("a panic");
    assert_eq!(panic.to_string(), "why");
    let malformed = client.server.decode_output(&[7]).expect_err("malformed");
    assert_eq!(
        malformed.to_string(),
        "malformed output: invalid tag 7 for Result"
    );
}

/// Handles start at one again, so that an expansion is the same whenever it is run.
#[test]
fn expansions_do_not_see_each_other() {
    let mut client = Client::new("a", 0);
    for _ in 0..100 {
        client.parse("x");
    }
    let tokens = pm_server::TokenStream::default();
    let first = client.server.encode_input(Input::Attr {
        args: tokens.clone(),
        item: tokens,
    });
    assert_eq!(first[12..], [1, 0, 0, 0, 2, 0, 0, 0]);
    assert_eq!(client.server.live_streams(), 2);
}
