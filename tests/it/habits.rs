//! Macros that panic, unwind, complain, talk and recurse behave as under native rustc; and what
//! they do otherwise here, on purpose, is what the documentation says.

use pm_tests::cases::{Case, names};
use pm_tests::compile::{Compiled, Goal, Macros, compile};
use pm_tests::once::scratch;
use pm_tests::verdict::{Expect, same};
use pm_tests::workspace::fixtures;

fn read(name: &str) -> Case {
    Case::read(fixtures(), &format!("{name}.rs"))
}

macro_rules! cases {
    ($expect:ident: $($name:ident)*) => {
        $(
            #[test]
            fn $name() {
                same(fixtures(), &read(stringify!($name)), Macros::Shims, Expect::$expect);
            }
        )*
    };
    ($($list:ident { $($expect:ident: $($name:ident)*;)* })*) => {
        $(
            $(cases! { $expect: $($name)* })*
            const $list: &[&str] = &[$($(stringify!($name)),*),*];
        )*
    };
}

cases! {
    SAME {
        Success: deep diagnostics_spans environment expand_nested files large panic_caught shout talk tokens;
        Failure: diagnostics_all diagnostics_hygiene expand_error panic_attr panic_bang panic_derive;
    }
}

/// What differs from native macros, each for its own reason.
const OTHERWISE: &[&str] = &[
    "abort",
    "environment_denied",
    "exit",
    "files_denied",
    "hash_order",
    "hoard",
    "panic_hook",
    "process",
    "state",
];

#[test]
fn every_case_is_tested() {
    let mut tested: Vec<&str> = SAME.iter().chain(OTHERWISE).copied().collect();
    tested.sort_unstable();
    assert_eq!(names(&fixtures().root.join("cases")), tested);
}

/// Expands with the artifacts alone.
fn expand(name: &str) -> Compiled {
    let case = read(name);
    let out = scratch().join("expand/fixtures").join(name);
    compile(fixtures(), &case, Macros::Shims, Goal::Expand, &out)
}

/// Expands to this text, which stands after an `=` or is an item.
fn expands_to(name: &str, expect: &[&str]) {
    let compiled = expand(name);
    assert!(
        compiled.succeeded(),
        "{}",
        String::from_utf8_lossy(&compiled.stderr)
    );
    let expanded = compiled.expanded.expect("an expansion");
    for text in expect {
        assert!(expanded.contains(text), "no `{text}` in\n{expanded}");
    }
}

/// Fails with this text in an ordinary error of rustc's, at the call.
fn fails_with(name: &str, expect: &str) {
    let compiled = expand(name);
    let stderr = String::from_utf8_lossy(&compiled.stderr);
    assert_eq!(compiled.status, "exit status: 1", "{stderr}");
    assert!(stderr.contains(expect), "no `{expect}` in\n{stderr}");
    assert!(
        stderr.contains(&format!("--> cases/{name}.rs:")),
        "{stderr}"
    );
    assert!(!stderr.contains("backtrace"), "{stderr}");
}

/// A fresh instance for each expansion.
#[test]
fn state() {
    expands_to("state", &["A: u32 = 0;", "B: u32 = 0;", "C: u32 = 0;"]);
}

/// The same order each time, in each process.
#[test]
fn hash_order() {
    let first = expand("hash_order").expanded.expect("an expansion");
    let order = |name: &str| {
        let (_, rest) = first
            .split_once(&format!("{name}: &str ="))
            .expect("the constant");
        rest.split_once(';').expect("its end").0.trim()
    };
    assert_eq!(order("ORDER"), order("AGAIN"));
    assert!(order("ORDER").contains("key31"), "{first}");
    assert_eq!(
        expand("hash_order").expanded.as_deref(),
        Some(first.as_str())
    );
}

#[test]
fn exit() {
    fails_with("exit", "the macro ended its process with exit status 7");
}

#[test]
fn abort() {
    fails_with("abort", "the macro crashed");
}

#[test]
fn hoard() {
    // std aborts when there is no memory.
    fails_with("hoard", "the macro");
}

#[test]
fn process() {
    expands_to("process", &["\"refused\""]);
}

#[test]
fn environment_denied() {
    // SAFETY: nothing else in this process reads or writes its environment at the same time: nextest
    // gives each test a process, and rustc's is made from this thread.
    unsafe { std::env::set_var("PM_AOT_SECRET", "secret") };
    expands_to("environment_denied", &["\"unset\""]);
}

#[test]
fn files_denied() {
    // To a module `/x` and `x` are one path: it isn't in the working directory, which may be read.
    let expect = [
        "OUTSIDE: &str = \"NotFound\"",
        "ABSOLUTE: &str = \"NotFound\"",
        "\"refused\"",
    ];
    expands_to("files_denied", &expect);
    assert!(!std::path::Path::new("/tmp/pm-aot-must-not-exist").exists());
}

/// The macro's own hook prints as in native rustc, but for the path in its text, and is not
/// installed in the compiler.
#[test]
fn panic_hook() {
    let compiled = expand("panic_hook");
    let stderr = String::from_utf8_lossy(&compiled.stderr);
    assert!(compiled.succeeded(), "{stderr}");
    assert!(
        stderr.contains("hook: panicked at ") && stderr.contains("a plain message"),
        "{stderr}"
    );
}
