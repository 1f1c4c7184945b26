//! Real macro crates on real code, and errors of macros: the same expansion, the same text, byte for
//! byte.

use pm_tests::cases::Case;
use pm_tests::verdict::{Expect, same_rustc};
use pm_tests::workspace::{fixtures, samples};

fn check(name: &str) {
    for case in Case::read_all(samples(), name) {
        same_rustc(samples(), &case, Expect::Success);
    }
}

macro_crates!(crates getset);

#[test]
fn errors() {
    for case in Case::read_all(samples(), "errors") {
        same_rustc(samples(), &case, Expect::Failure);
    }
}

/// Diagnostics of every level, from macros that panic and macros that unwind on purpose.
#[test]
fn diagnostics() {
    for name in [
        "diagnostics_all",
        "diagnostics_hygiene",
        "panic_derive",
        "panic_attr",
        "panic_bang",
    ] {
        let case = Case::read(fixtures(), &format!("{name}.rs"));
        same_rustc(fixtures(), &case, Expect::Failure);
    }
}

/// A native rustc runs the inner macro on another thread.
#[test]
fn a_macro_in_a_macro() {
    let case = Case::read(fixtures(), "expand_nested.rs");
    same_rustc(fixtures(), &case, Expect::Success);
}
