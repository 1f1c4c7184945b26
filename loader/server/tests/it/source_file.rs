//! Source files, which macros of rustc 1.85 to 1.87 can have.

use crate::client::profile;
use crate::schema::Value;
use crate::session::Session;
use pm_server::{FileName, Input, Span};
use std::slice::from_ref;

const USE_AFTER_FREE: &str = "Err(Some(\"use-after-free in `proc_macro` handle\"))";

/// An expansion in `src/lib.rs`.
fn session() -> Session {
    Session::new(profile("1.85"), "a b", 1)
}

fn file(session: &mut Session, span: Value) -> Value {
    session.value("span_source_file", &[span])
}

fn check(session: &mut Session, name: &str, arguments: &[&Value], expect: &str) {
    let arguments: Vec<_> = arguments.iter().map(|&value| value.clone()).collect();
    let reply = session.call(name, &arguments);
    assert_eq!(reply.to_string(), expect, "{name}");
}

/// The file of the call site, in an expansion that is called from all of this file.
fn called_from(session: &mut Session, name: FileName) -> Value {
    let backend = session.server.backend_mut();
    let (call, _) = backend.add_file(name, "text").expect("a small file");
    called_at(session, call)
}

fn called_at(session: &mut Session, call: Span) -> Value {
    session.server.backend_mut().enter(call);
    session.restart();
    // Its handle is the same in each expansion.
    let call_site = session.call_site.clone();
    file(session, call_site)
}

#[test]
fn owned_handles() {
    let mut session = session();
    let [first, second] = session.spans().try_into().expect("two tokens");
    let (first, second) = (file(&mut session, first), file(&mut session, second));
    assert_ne!(first, second, "each is owned");
    check(
        &mut session,
        "source_file_eq",
        &[&first, &second],
        "Ok(true)",
    );
    let copy = session.value("source_file_clone", from_ref(&first));
    check(&mut session, "source_file_drop", &[&first], "Ok(())");
    check(
        &mut session,
        "source_file_eq",
        &[&copy, &second],
        "Ok(true)",
    );
    check(
        &mut session,
        "source_file_path",
        &[&copy],
        "Ok(\"src/lib.rs\")",
    );
    for name in ["source_file_drop", "source_file_clone", "source_file_path"] {
        let request = session.request(name, from_ref(&first));
        let reply = session.send(name, &request).to_string();
        assert_eq!(reply, USE_AFTER_FREE, "{name}");
    }
    // The next expansion has none of them.
    session.restart();
    let request = session.request("source_file_is_real", &[copy]);
    let reply = session.send("source_file_is_real", &request).to_string();
    assert_eq!(reply, USE_AFTER_FREE);
}

#[test]
fn real_and_virtual_files() {
    let mut session = session();
    let other = called_from(&mut session, FileName::Virtual("other".to_owned()));
    check(&mut session, "source_file_path", &[&other], "Ok(\"other\")");
    check(&mut session, "source_file_is_real", &[&other], "Ok(false)");
    let nowhere = called_at(&mut session, Span::default());
    check(
        &mut session,
        "source_file_path",
        &[&nowhere],
        "Ok(\"<anon>\")",
    );
    check(
        &mut session,
        "source_file_is_real",
        &[&nowhere],
        "Ok(false)",
    );
}

#[test]
fn files_are_equal_by_name() {
    let mut session = session();
    let backend = session.server.backend_mut();
    let mut add = |name| backend.add_file(name, "x").expect("a small file");
    let name = |text: &str| FileName::Real(text.into());
    let (call, _) = add(name("src/call.rs"));
    let (_, own) = add(name("src/own.rs"));
    let (_, same) = add(name("src/own.rs"));
    let (_, text) = add(FileName::Virtual("src/own.rs".to_owned()));
    let mut input = pm_server::TokenStream::default();
    for tokens in [own, same, text] {
        input.push_stream(tokens.expect("tokens"));
    }
    backend.enter(call);
    session.server.encode_input(Input::Bang(input));
    // The input's handle is the same in each expansion.
    let mut files = session.spans();
    files.push(session.call_site.clone());
    let files: Vec<_> = files
        .into_iter()
        .map(|span| file(&mut session, span))
        .collect();
    let [own, same, text, call] = files.try_into().expect("four files");
    check(&mut session, "source_file_eq", &[&own, &same], "Ok(true)");
    check(&mut session, "source_file_eq", &[&own, &text], "Ok(false)");
    check(&mut session, "source_file_eq", &[&own, &call], "Ok(false)");
    check(
        &mut session,
        "source_file_path",
        &[&text],
        "Ok(\"src/own.rs\")",
    );
}

/// The behaviour of rustc, which asks for the path's text.
#[cfg(unix)]
#[test]
fn paths_that_are_not_text() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let mut session = session();
    let name = FileName::Real(OsStr::from_bytes(b"\xff.rs").into());
    let file = called_from(&mut session, name);
    check(&mut session, "source_file_is_real", &[&file], "Ok(true)");
    let expect = "Err(Some(\"non-UTF8 file path in `proc_macro::SourceFile::path`\"))";
    check(&mut session, "source_file_path", &[&file], expect);
}
