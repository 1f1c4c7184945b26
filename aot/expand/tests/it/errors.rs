//! Files that aren't Rust, macros that make what isn't, macros without end.

use crate::run::{identity, run};
use pm_expand::ExpandFileError;
use pm_server::Backend;

fn syntax(text: &str, answer: Option<&str>) -> (String, Option<String>) {
    let mut run = run(text, |backend, one| {
        backend.enter(one.call_site);
        match answer {
            Some(answer) => Ok(backend.ts_from_str(answer).expect("tokens")),
            None => Ok(identity(one.input)),
        }
    });
    let error = run.result.expect_err("refused");
    let ExpandFileError::Syntax { span, .. } = &error else {
        panic!("{error}")
    };
    (error.to_string(), run.backend.span_source_text(*span))
}

#[test]
fn not_rust() {
    let (message, place) = syntax("fn f() {}\nfn 1() {}", None);
    assert!(
        message.starts_with("the file is not valid Rust: expected"),
        "{message}"
    );
    assert_eq!(place.as_deref(), Some("1"));
}

#[test]
fn output_is_not_rust() {
    let (message, place) = syntax("ba!{ a }", Some("struct struct"));
    assert!(
        message.starts_with("the expanded file is not valid Rust: "),
        "{message}"
    );
    assert_eq!(place.as_deref(), Some("ba!{ a }"));
}

#[test]
fn without_end() {
    let mut rounds = 0;
    let run = run("ba!{}", |backend, _| {
        rounds += 1;
        Ok(backend.ts_from_str("ba!{}").expect("tokens"))
    });
    assert_eq!(
        run.result.expect_err("no end"),
        ExpandFileError::Recursion(128)
    );
    assert_eq!(rounds, 128);
}
