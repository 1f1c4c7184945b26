//! Where output goes, and that spans stay those of the file.

use crate::run::{declarations, identity, run};
use pm_server::{Backend, Input, Standalone, TokenStream};

/// Macros that answer with fixed text, by their names; the others with their input.
fn check(text: &str, answers: &[(&str, &str)], expect: &str) {
    let run = run(text, |backend, one| {
        let name = declarations()[one.index].name.clone();
        match answers.iter().find(|(known, _)| *known == name) {
            Some((_, text)) => Ok(parse(backend, text)),
            None => Ok(identity(one.input)),
        }
    });
    let file = run.result.expect("expanded").file;
    assert_eq!(run.backend.print(&file), expect, "{text}");
}

fn parse(backend: &mut Standalone, text: &str) -> TokenStream {
    backend.ts_from_str(text).expect("tokens")
}

#[test]
fn derives_add() {
    let answers = [("P", "impl P for A {}"), ("Q", "impl Q for A {}")];
    check(
        "#[derive(P)] struct A; fn f() {}",
        &answers,
        "struct A; impl P for A {} fn f() {}",
    );
    check(
        "#[derive(Clone, P, Copy, Q,)] #[h] struct A;",
        &answers,
        "#[derive(Clone, Copy)] #[h] struct A; impl P for A {} impl Q for A {}",
    );
    check(
        "#[derive(P)] #[derive(Q)] struct A;",
        &answers,
        "struct A; impl Q for A {} impl P for A {}",
    );
}

#[test]
fn attributes_replace() {
    check(
        "#[at] fn f() {} fn g() {}",
        &[("at", "static X: u8 = 1;")],
        "static X: u8 = 1; fn g() {}",
    );
    check("impl A { #[at] fn f() {} }", &[("at", "")], "impl A {}");
    check(
        "#[at] struct A;",
        &[("at", "#[derive(P)] struct B;"), ("P", "fn p() {}")],
        "struct B; fn p() {}",
    );
}

#[test]
fn calls_are_replaced() {
    check("ba!();", &[("ba", "struct A;")], "struct A;");
    check(
        "fn f() { ba!(); x }",
        &[("ba", "let x = 1;")],
        "fn f() { let x = 1; x }",
    );
    check("fn f() { ba!(); x }", &[("ba", "g()")], "fn f() { g(); x }");
    check("fn f() { ba!(); x }", &[("ba", "")], "fn f() { x }");
    check("fn f() { ba!() }", &[("ba", "g()")], "fn f() { g() }");
    check(
        "fn f() { 2 * ba!() }",
        &[("ba", "1 + 1")],
        "fn f() { 2 * (1 + 1) }",
    );
    check(
        "fn f() { 2 * ba!() }",
        &[("ba", "g(1)")],
        "fn f() { 2 * g(1) }",
    );
    check(
        "fn f(x: &ba!()) {}",
        &[("ba", "dyn A + B")],
        "fn f(x: &(dyn A + B)) {}",
    );
    check(
        "fn f() { let ba!() = x; }",
        &[("ba", "Some(1) | None")],
        "fn f() { let (Some(1) | None) = x; }",
    );
    check(
        "ba!();",
        &[("ba", "bb!{}"), ("bb", "struct A;")],
        "struct A;",
    );
}

#[test]
fn failures_stay_in_place() {
    let check = |text: &str, expect: &str| {
        let run = run(text, |_, _| Err("it's \"bad\"".to_owned()));
        let expansion = run.result.expect("expanded");
        assert_eq!(run.backend.print(&expansion.file), expect);
        assert!(expansion.uses.iter().all(|one| one.output.is_err()));
    };
    let error = r#"::core::compile_error!("it's \"bad\"")"#;
    check("#[derive(P)] struct A;", &format!("struct A; {error};"));
    check("#[at] struct A;", &format!("struct A; {error};"));
    check("ba!{}", &format!("{error};"));
    check(
        "fn f() -> u8 { 1 + ba!() }",
        &format!("fn f() -> u8 {{ 1 + {error} }}"),
    );
}

/// Spans point into the file, also from what an earlier expansion has moved.
#[test]
fn spans() {
    let text = "struct Before;\n#[at]\n#[derive(P)]\nstruct A { field: u8 }\n";
    let mut lines = Vec::new();
    let run = run(text, |backend, one| {
        if let Input::Derive(item) | Input::Attr { item, .. } = &one.input {
            let last = item.trees().last().expect("an item").span();
            let (line, column) = (backend.span_line(last), backend.span_column(last));
            lines.push((backend.span_line(one.call_site), line, column));
        }
        Ok(identity(one.input))
    });
    run.result.expect("expanded");
    assert_eq!(lines, [(2, 4, 10), (3, 4, 10)]);
}

/// Invisible groups, which macros make, stay whole.
#[test]
fn invisible_groups() {
    use pm_server::protocol::{DelimSpan, Delimiter, Group, TokenTree};
    let mut rounds = 0;
    let run = run("fn f() { ba!() }", |backend, one| {
        rounds += 1;
        let inner = parse(backend, if rounds == 1 { "bb!(x)" } else { "1 + 2" });
        let at = one.call_site;
        let group = TokenTree::Group(Group {
            delimiter: Delimiter::None,
            stream: Some(inner),
            span: DelimSpan {
                open: at,
                close: at,
                entire: at,
            },
        });
        let mut stream = TokenStream::default();
        backend.ts_push_trees(&mut stream, [group].into_iter());
        Ok(stream)
    });
    let file = run.result.expect("expanded").file;
    assert_eq!(rounds, 2);
    assert_eq!(run.backend.print(&file), "fn f() { 1 + 2 }");
}
