//! Every method of every profile: requests and replies by the profile's schema.

use crate::schema::{Value, plain, some, text, variant};
use crate::session::Session;
use pm_abi::schema::HandleKind;
use pm_abi::{Profile, Width};
use std::slice::from_ref;

const TEXT: &str = "a + 'x'";
const USE_AFTER_FREE: &str = "Err(Some(\"use-after-free in `proc_macro` handle\"))";

/// Returns true if this profile answers an error in text with a text for the macro.
fn has_error_texts(profile: &Profile) -> bool {
    match profile.name {
        "1.85" | "1.88" => false,
        "1.95" | "1.98" => true,
        name => panic!("{name} is new: look up which"),
    }
}

/// The arguments with which a method is called, and the reply.
fn call(session: &mut Session, method: &str) -> (Vec<Value>, &'static str) {
    let [first, _, third] = session.spans().try_into().expect("three tokens");
    let (input, call_site) = (session.input.clone(), session.call_site.clone());
    let number = Value::Number;
    match method {
        "free_functions_drop" => {
            let unknown = Session::unknown(HandleKind::FreeFunctions);
            (vec![unknown], USE_AFTER_FREE)
        }
        "injected_env_var" => {
            session.server.backend_mut().inject_env("A", "1");
            (vec![text("A")], "Ok(Some(\"1\"))")
        }
        "track_env_var" => (vec![text("B"), some(text("2"))], "Ok(())"),
        "track_path" => (vec![text("a.txt")], "Ok(())"),
        "literal_from_str" => {
            let reply = "Ok(Ok((Integer, \"-1\", Some(\"u8\"), span)))";
            (vec![text("-1u8")], reply)
        }
        "emit_diagnostic" => {
            let children = vec![Value::Fields(vec![
                plain("Help"),
                text("don't"),
                Value::List(vec![]),
                Value::List(vec![]),
            ])];
            let diagnostic = Value::Fields(vec![
                plain("Warning"),
                text("careful"),
                Value::List(vec![third]),
                Value::List(children),
            ]);
            (vec![diagnostic], "Ok(())")
        }
        "ts_drop" => (vec![input], "Ok(())"),
        "ts_clone" => (vec![input], "Ok(token stream)"),
        "ts_is_empty" => (vec![input], "Ok(false)"),
        "ts_expand_expr" => (vec![session.parse("1u8")], "Ok(Ok(token stream))"),
        "ts_from_str" if has_error_texts(session.profile) => {
            (vec![text("b c")], "Ok(Ok(token stream))")
        }
        "ts_from_str" => (vec![text("b c")], "Ok(token stream)"),
        "ts_to_string" => (vec![input], "Ok(\"a + 'x'\")"),
        "ts_from_token_tree" => {
            let punct = [number(b'+'.into()), Value::Bool(true), call_site];
            let tree = variant("Punct", Value::Fields(punct.to_vec()));
            (vec![tree], "Ok(token stream)")
        }
        "ts_concat_trees" => {
            let ident = [text("b"), Value::Bool(false), call_site.clone()];
            let ident = variant("Ident", Value::Fields(ident.to_vec()));
            let span = Value::Fields(vec![call_site.clone(), call_site.clone(), call_site]);
            let group = [plain("Brace"), some(session.parse("c")), span];
            let group = variant("Group", Value::Fields(group.to_vec()));
            let trees = Value::List(vec![ident, group]);
            (vec![some(input), trees], "Ok(token stream)")
        }
        "ts_concat_streams" => {
            let streams = vec![session.parse("b"), session.parse("c")];
            (vec![some(input), Value::List(streams)], "Ok(token stream)")
        }
        "ts_into_trees" => {
            // 43 is `+`.
            let all = "Ok([Ident((\"a\", false, span)), Punct((43, false, span)), \
                       Literal((Char, \"x\", None, span))])";
            (vec![input], all)
        }
        "span_debug" => (vec![third], "Ok(\"#0 bytes(5..8)\")"),
        "span_parent" => (vec![call_site], "Ok(Some(span))"),
        "span_source" => (vec![call_site], "Ok(span)"),
        "span_byte_range" => (vec![third], "Ok((4, 7))"),
        "span_start" | "span_end" => (vec![third], "Ok(span)"),
        "span_line" => (vec![third], "Ok(1)"),
        "span_column" => (vec![third], "Ok(5)"),
        "span_file" => (vec![third], "Ok(\"src/lib.rs\")"),
        "span_local_file" => (vec![third], "Ok(Some(\"src/lib.rs\"))"),
        "span_join" => (vec![first, third], "Ok(Some(span))"),
        "span_subspan" => {
            let (start, end) = (
                variant("Included", number(1)),
                variant("Excluded", number(2)),
            );
            (vec![third, start, end], "Ok(Some(span))")
        }
        "span_resolved_at" => (vec![third, call_site], "Ok(span)"),
        "span_source_text" => (vec![third], "Ok(Some(\"'x'\"))"),
        "span_save_span" => (vec![third], "Ok(0)"),
        "span_recover_proc_macro_span" => (vec![number(5)], "Ok(span)"),
        "symbol_normalize_and_validate_ident" => (vec![text("e\u{301}")], "Ok(Ok(\"é\"))"),
        "span_source_file" => (vec![third], "Ok(source file)"),
        "source_file_drop" => (vec![file(session, third)], "Ok(())"),
        "source_file_clone" => (vec![file(session, third)], "Ok(source file)"),
        "source_file_eq" => {
            let files = vec![file(session, first), file(session, third)];
            (files, "Ok(true)")
        }
        "source_file_path" => (vec![file(session, third)], "Ok(\"src/lib.rs\")"),
        "source_file_is_real" => (vec![file(session, third)], "Ok(true)"),
        name => panic!("no arguments for {name}"),
    }
}

fn file(session: &mut Session, span: Value) -> Value {
    session.value("span_source_file", &[span])
}

/// Checks what the call has done: that each argument was taken for itself.
fn check_effect(session: &mut Session, method: &str, reply: Value) {
    let printed = |session: &mut Session, stream| session.print(&stream);
    let range = |session: &mut Session, span| {
        let range = session.value("span_byte_range", &[span]);
        range.to_string()
    };
    match method {
        "track_env_var" => {
            let tracked = session.server.backend().tracked_env();
            assert_eq!(tracked["B"].as_deref(), Some("2"));
        }
        "track_path" => {
            let tracked = session.server.backend().tracked_paths();
            assert!(tracked.contains("a.txt"));
        }
        "emit_diagnostic" => {
            let backend = session.server.backend();
            let [diagnostic] = backend.diagnostics() else {
                panic!("one diagnostic")
            };
            assert_eq!(backend.sources().text(diagnostic.spans[0]), Some("'x'"));
            assert_eq!(diagnostic.children[0].message, "don't");
        }
        "ts_drop" => assert_eq!(session.server.live_streams(), 0),
        "ts_from_token_tree" => assert_eq!(printed(session, reply.payload("Ok")), "+"),
        "ts_concat_trees" => {
            assert_eq!(printed(session, reply.payload("Ok")), "a + 'x' b { c }");
            assert_eq!(session.server.live_streams(), 1);
        }
        "ts_concat_streams" => {
            assert_eq!(printed(session, reply.payload("Ok")), "a + 'x' b c");
            assert_eq!(session.server.live_streams(), 1);
        }
        "span_start" => assert_eq!(range(session, reply.payload("Ok")), "(4, 4)"),
        "span_end" => assert_eq!(range(session, reply.payload("Ok")), "(7, 7)"),
        "span_join" => {
            let joined = reply.payload("Ok").payload("Some");
            assert_eq!(range(session, joined), "(0, 7)");
        }
        "span_subspan" => {
            let part = reply.payload("Ok").payload("Some");
            assert_eq!(range(session, part), "(5, 6)");
        }
        "span_resolved_at" => {
            // The place of the first, made by the second.
            let resolved = reply.payload("Ok");
            assert_eq!(range(session, resolved.clone()), "(4, 7)");
            let parent = session.value("span_parent", &[resolved]);
            let call_site = session.call_site.clone();
            assert_eq!(parent, session.value("span_parent", &[call_site]));
        }
        "span_recover_proc_macro_span" => assert_eq!(reply.payload("Ok"), session.def_site),
        _ => {}
    }
}

fn check_every_method(profile: &'static Profile, new: impl Fn() -> Session) {
    for method in &profile.schema.methods {
        let name = method.name.as_str();
        let mut session = new();
        let (arguments, expect) = call(&mut session, name);
        let reply = if name == "free_functions_drop" {
            // The check on the macro's handles doesn't let it through.
            let request = session.request(name, &arguments);
            session.send(name, &request)
        } else {
            session.call(name, &arguments)
        };
        assert_eq!(reply.to_string(), expect, "{name} in {profile}");
        check_effect(&mut session, name, reply);
    }
}

#[test]
fn every_method() {
    for profile in Profile::all() {
        check_every_method(profile, || Session::new(profile, TEXT, 1));
    }
}

/// Native macros have a `usize` of eight bytes in every profile.
#[test]
fn native_macros() {
    for profile in Profile::all() {
        check_every_method(profile, || Session::native(profile, TEXT, 1));
    }
}

/// Text that is not tokens, or not a literal: the reply in profiles whose errors have texts, in the
/// others, and the diagnostics of both.
#[test]
fn errors_in_text() {
    let check =
        |method: &str, source: &str, with_text: (&str, &[&str]), others: (&str, &[&str])| {
            for profile in Profile::all() {
                let mut session = Session::new(profile, TEXT, 1);
                let reply = session.call(method, &[text(source)]);
                let (expect, diagnostics) = match has_error_texts(profile) {
                    true => with_text,
                    false => others,
                };
                assert_eq!(reply.to_string(), expect, "{source} in {profile}");
                let backend = session.server.backend();
                for diagnostic in backend.diagnostics() {
                    assert_eq!(diagnostic.level, pm_server::protocol::Level::Error);
                    assert_eq!(diagnostic.spans.len(), 1);
                }
                assert_eq!(session.diagnostics(), diagnostics, "{source} in {profile}");
            }
        };
    let unclosed = "this file contains an unclosed delimiter";
    let unexpected = "unexpected closing delimiter: `)`";
    check(
        "ts_from_str",
        "a (",
        ("Ok(Err(\"this file contains an unclosed delimiter\"))", &[]),
        ("Err(None)", &[unclosed]),
    );
    check(
        "ts_from_str",
        ")",
        ("Ok(Err(\"unexpected closing delimiter: `)`\"))", &[]),
        ("Err(None)", &[unexpected]),
    );
    check(
        "literal_from_str",
        ")",
        ("Ok(Err(\"unexpected closing delimiter: `)`\"))", &[]),
        ("Err(None)", &[unexpected]),
    );
    check(
        "literal_from_str",
        "a",
        ("Ok(Err(\"not a literal\"))", &[]),
        ("Ok(Err(()))", &[]),
    );
    check(
        "literal_from_str",
        "- 1",
        ("Ok(Err(\"comment or whitespace after minus\"))", &[]),
        ("Ok(Err(()))", &[]),
    );
}

/// Text that ends inside a token is always a diagnostic; since 1.98 the macro gets an error too.
#[test]
fn text_that_ends_inside_a_token() {
    for (method, error) in [
        ("ts_from_str", "failed to parse to tokenstream"),
        ("literal_from_str", "failed to parse to literal"),
    ] {
        for profile in Profile::all() {
            let mut session = Session::new(profile, TEXT, 1);
            let reply = session.call(method, &[text("\"a")]).to_string();
            let expect = match profile.name {
                "1.98" => format!("Ok(Err(\"{error}\"))"),
                _ => "Err(None)".to_owned(),
            };
            assert_eq!(reply, expect, "{profile}");
            let diagnostics = session.diagnostics();
            assert_eq!(diagnostics, ["unterminated double quote string"]);
        }
    }
}

/// A diagnostic that stands for an error without a text is at the call.
#[test]
fn errors_in_text_are_at_the_call() {
    let mut session = Session::new(crate::client::profile("1.85"), TEXT, 1);
    session.call("ts_from_str", &[text("(")]);
    let backend = session.server.backend();
    let [diagnostic] = backend.diagnostics() else {
        panic!("one diagnostic")
    };
    assert_eq!(backend.sources().text(diagnostic.spans[0]), Some("a"));
}

/// A number of more than 32 bits, where the encoding has room for one.
#[test]
fn numbers_past_32_bits() {
    let large = "Err(Some(\"malformed request: the number 4294967296 does not fit into a 32-bit \
                 `usize`\"))";
    let largest = u64::from(u32::MAX);
    for profile in Profile::all() {
        let sessions = [
            Session::native(profile, TEXT, 1),
            Session::new(profile, TEXT, 1),
        ];
        let wide = match profile.width_in_wasm32() {
            Width::Four => 1,
            Width::Eight => 2,
        };
        for mut session in sessions.into_iter().take(wide) {
            let name = "span_recover_proc_macro_span";
            let fits = session.call(name, &[Value::Number(largest)]);
            assert_eq!(fits.to_string(), "Ok(span)", "{profile}");
            let request = session.request(name, &[Value::Number(largest + 1)]);
            assert_eq!(session.send(name, &request).to_string(), large, "{profile}");
            let span = session.call_site.clone();
            let (start, end) = (
                plain("Unbounded"),
                variant("Included", Value::Number(largest)),
            );
            let part = session.call("span_subspan", &[span, start, end]);
            assert_eq!(part.to_string(), "Ok(None)", "{profile}");
        }
    }
}

/// Handles of each kind that were never given, or were given back.
#[test]
fn unknown_handles() {
    for profile in Profile::all() {
        let mut session = Session::new(profile, TEXT, 1);
        let input = session.input.clone();
        assert_eq!(
            session.call("ts_drop", from_ref(&input)).to_string(),
            "Ok(())"
        );
        let requests = [
            ("ts_drop", input),
            ("ts_to_string", Session::unknown(HandleKind::TokenStream)),
            ("span_line", Session::unknown(HandleKind::Span)),
        ];
        for (name, handle) in requests {
            let request = session.request(name, &[handle]);
            let reply = session.send(name, &request);
            assert_eq!(reply.to_string(), USE_AFTER_FREE, "{name} in {profile}");
        }
    }
}
