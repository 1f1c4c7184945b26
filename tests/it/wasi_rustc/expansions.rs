//! Real macro crates on real code, and errors of macros: the same expansion, the same text, byte for
//! byte.

use pm_tests::cases::Case;
use pm_tests::compile::Macros;
use pm_tests::verdict::{Expect, same};

use pm_tests::workspace::{fixtures, samples};

fn check(name: &str) {
    for case in Case::read_all(samples(), name) {
        same(samples(), &case, Macros::WasiRustc, Expect::Success);
    }
}

macro_crates!(crates getset);

#[test]
fn errors() {
    for case in Case::read_all(samples(), "errors") {
        same(samples(), &case, Macros::WasiRustc, Expect::Failure);
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
        same(fixtures(), &case, Macros::WasiRustc, Expect::Failure);
    }
}

/// A native rustc runs the inner macro on another thread.
#[test]
fn a_macro_in_a_macro() {
    let case = Case::read(fixtures(), "expand_nested.rs");
    same(fixtures(), &case, Macros::WasiRustc, Expect::Success);
}
