//! `Literal::from_str`. What is expected here, rustc 1.96 said.

use crate::client::Client;
use pm_server::protocol::{LitKind, Literal, Request, SpanHandle};

type Answer = Result<Literal<SpanHandle, String>, String>;

fn ask(text: &str) -> Answer {
    Client::new("", 0)
        .call(&Request::LiteralFromStr { s: text })
        .expect("no panic")
}

fn check(text: &str, kind: LitKind, symbol: &str, suffix: Option<&str>) {
    let literal = ask(text).expect("a literal");
    assert_eq!(literal.kind, kind, "{text}");
    assert_eq!(literal.symbol, symbol, "{text}");
    assert_eq!(literal.suffix.as_deref(), suffix, "{text}");
}

fn refuse(text: &str, expect: &str) {
    assert_eq!(ask(text).expect_err("no literal"), expect, "{text}");
}

#[test]
fn accepted() {
    check("1", LitKind::Integer, "1", None);
    check("-1", LitKind::Integer, "-1", None);
    check("-1u8", LitKind::Integer, "-1", Some("u8"));
    check("1_u8", LitKind::Integer, "1_", Some("u8"));
    check("0b101u8", LitKind::Integer, "0b101", Some("u8"));
    check("0x1f32", LitKind::Integer, "0x1f32", None);
    check("1f32", LitKind::Integer, "1", Some("f32"));
    check("-1.5", LitKind::Float, "-1.5", None);
    check("1.5e3f64", LitKind::Float, "1.5e3", Some("f64"));
    check("\"x\"", LitKind::Str, "x", None);
    check("\"a\\\"b\"", LitKind::Str, "a\\\"b", None);
    check("r#\"x\"#", LitKind::StrRaw(1), "x", None);
    check("b'x'", LitKind::Byte, "x", None);
    check("'\\''", LitKind::Char, "\\'", None);
    check("c\"x\"", LitKind::CStr, "x", None);
}

#[test]
fn refused() {
    refuse("", "not a literal");
    refuse("a", "not a literal");
    refuse("true", "not a literal");
    refuse("--1", "not a literal");
    refuse("-a", "not a literal");
    refuse("(1)", "not a literal");
    refuse("/// a", "not a literal");
    refuse(" 1", "comment or whitespace around literal");
    refuse("1 ", "comment or whitespace around literal");
    refuse("1 + 2", "comment or whitespace around literal");
    refuse("\"a\r\nb\"", "comment or whitespace around literal");
    refuse("- 1", "comment or whitespace after minus");
    refuse("-\"a\"", "non-numeric literal may not be negated");
    refuse("(", "this file contains an unclosed delimiter");
    refuse(")", "unexpected closing delimiter: `)`");
}
