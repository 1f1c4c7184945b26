//! `TokenStream::from_str`, `Ident::new`. What is expected here, rustc 1.96 said.

use crate::client::Client;
use pm_server::Edition;
use pm_server::protocol::{Level, PanicMessage, Request, StreamHandle};

fn check(text: &str, expect: &str) {
    let mut client = Client::new("", 0);
    let stream = client.parse(text);
    assert_eq!(client.print(stream), expect, "{text:?}");
    assert!(client.server.backend().diagnostics().is_empty(), "{text:?}");
}

fn refuse(text: &str, expect: &str) {
    let mut client = Client::new("", 0);
    let answer: Result<StreamHandle, String> = client
        .call(&Request::TsFromStr { src: text })
        .expect("no panic");
    assert_eq!(answer.expect_err("refused"), expect, "{text:?}");
}

/// The macro gets tokens, or unwinds, but the compiler has reported an error.
fn report(text: &str, printed: Option<&str>, expect: &[&str]) {
    let mut client = Client::new("", 0);
    let answer: Result<Result<StreamHandle, String>, PanicMessage> =
        client.call(&Request::TsFromStr { src: text });
    let answer = match answer {
        Ok(stream) => Some(client.print(stream.expect("tokens"))),
        Err(panic) => {
            assert_eq!(panic, PanicMessage::Unknown);
            None
        }
    };
    assert_eq!(answer.as_deref(), printed, "{text:?}");
    let diagnostics = client.server.backend_mut().take_diagnostics();
    let messages: Vec<_> = diagnostics.iter().map(|d| d.message.as_str()).collect();
    assert_eq!(messages, expect, "{text:?}");
}

#[test]
fn accepted() {
    check("", "");
    check("a+b", "a+b");
    check("a + b", "a + b");
    check("a:: b", "a:: b");
    check("x ,y;", "x,y;");
    check("#!/bin/sh\nfoo", "foo");
    check("#![a]", "#![a]");
    check("\u{feff}a", "a");
    check("a\r\nb", "a b");
    check("\"a\r\nb\"", "\"a\nb\"");
    check("/// doc\nx", "/// doc\nx");
    check("/** doc */ x", "/** doc */\n x");
    check("x // gone", "x");
    check("e\u{301}", "é");
    check("#\"a\"", "#\"a\"");
    check("1..2 1.a", "1..2 1.a");
}

#[test]
fn refused() {
    refuse("(", "this file contains an unclosed delimiter");
    refuse("a) b }", "unexpected closing delimiter: `)`");
    refuse("(a]]", "unexpected closing delimiter: `]`");
    refuse("{ ) ]", "unexpected closing delimiter: `]`");
    refuse("(a}", "mismatched closing delimiter: `}`");
    refuse("{ ( }", "mismatched closing delimiter: `}`");
}

#[test]
fn reported() {
    report("\"a", None, &["unterminated double quote string"]);
    report("/* a", None, &["unterminated block comment"]);
    report("/** a", None, &["unterminated block doc-comment"]);
    report("b'a", None, &["unterminated byte constant"]);
    report("r#\"a", None, &["unterminated raw string"]);
    let invalid = "found invalid character; only `#` is allowed in raw string delimitation: a";
    report("r##a", None, &[invalid]);
    report(
        "\"\\q\"",
        Some("\"\\q\""),
        &["unknown character escape: `q`"],
    );
    report("b\"\\q\"", Some("b\"\\q\""), &["unknown byte escape: `q`"]);
    report("\"\\xFF\"", Some("\"\\xFF\""), &["out of range hex escape"]);
    report("''", Some("''"), &["empty character literal"]);
    report(
        "'ab'",
        Some("'ab'"),
        &["character literal may only contain one codepoint"],
    );
    report(
        "b\"é\"",
        Some("b\"é\""),
        &["non-ASCII character in byte string literal"],
    );
    report(
        "0b12",
        Some("0b12"),
        &["invalid digit for a base 2 literal"],
    );
    report("0x", Some("0x"), &["no valid digits found for number"]);
    report(
        "1e",
        Some("1e"),
        &["expected at least one digit in exponent"],
    );
    report(
        "0b1.0",
        Some("0b1.0"),
        &["binary float literal is not supported"],
    );
    report(
        "\"a\"_",
        Some("\"a\""),
        &["underscore literal suffix is not allowed"],
    );
    report("k\"a\"", Some("k\"a\""), &["prefix `k` is unknown"]);
    report("k#fn", Some("k#fn"), &["prefix `k` is unknown"]);
    report(
        "r#self",
        Some("r#self"),
        &["`self` cannot be a raw identifier"],
    );
    report("\\", Some(""), &["unknown start of token: \\"]);
    report("\0\0", Some(""), &["unknown start of token: \\u{0}"]);
    report(
        "a\u{1f600}",
        Some("a\u{1f600}"),
        &["identifiers cannot contain emoji: `a\u{1f600}`"],
    );
}

#[test]
fn warnings_are_no_errors() {
    let mut client = Client::new("", 0);
    client.parse("\"a\\\n\n b\"");
    let [diagnostic] = client.server.backend().diagnostics() else {
        panic!("one warning")
    };
    assert_eq!(diagnostic.level, Level::Warning);
    assert_eq!(
        diagnostic.message,
        "multiple lines skipped by escaped newline"
    );
}

#[test]
fn editions() {
    let check = |edition: Edition, text: &str, expect: &str, errors: usize| {
        let mut client = Client::new("", 0);
        client.server.backend_mut().set_macro_edition(edition);
        let stream = client.parse(text);
        let stream = client.rebuild(stream);
        assert_eq!(client.print(stream), expect, "{edition:?} {text}");
        assert_eq!(
            client.server.backend().diagnostics().len(),
            errors,
            "{edition:?} {text}"
        );
    };
    check(Edition::E2018, "c\"x\"", "c \"x\"", 0);
    check(Edition::E2021, "c\"x\"", "c\"x\"", 0);
    check(Edition::E2018, "'r#a", "'r # a", 0);
    check(Edition::E2021, "'r#a", "'r#a", 0);
    check(Edition::E2018, "k\"a\"", "k \"a\"", 0);
    check(Edition::E2021, "#\"a\"#", "# \"a\" #", 0);
    check(Edition::E2024, "#\"a\"#", "#\"a\"#", 1);
    check(Edition::E2024, "##", "##", 1);
    check(Edition::E2015, "async(x)", "async(x)", 0);
    check(Edition::E2018, "async(x)", "async (x)", 0);
    check(Edition::E2021, "gen(x)", "gen(x)", 0);
    check(Edition::E2024, "gen(x)", "gen (x)", 0);
}

#[test]
fn identifiers() {
    let check = |name: &str, expect: Result<&str, ()>| {
        let request = Request::SymbolNormalizeAndValidateIdent { string: name };
        let answer: Result<String, ()> = Client::new("", 0).call(&request).expect("no panic");
        assert_eq!(answer.as_deref(), expect.as_ref().copied(), "{name}");
    };
    check("é", Ok("é"));
    check("e\u{301}", Ok("é"));
    check("名前", Ok("名前"));
    check("é é", Err(()));
    check("1é", Err(()));
    check("\u{1f600}", Err(()));
    check("", Err(()));
}
