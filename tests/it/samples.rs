//! Real macro crates on real code: what native rustc, which nobody patched, expands with the artifacts (in
//! shims) is what it expands with the native macros, byte for byte.

use pm_tests::cases::{Case, names};
use pm_tests::compile::Macros;
use pm_tests::verdict::{Expect, same, same_expansion, same_lines};
use pm_tests::workspace::samples;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The cases of one macro crate.
fn check(name: &str) {
    for case in Case::read_all(samples(), name) {
        same(samples(), &case, Macros::Shims, Expect::Success);
    }
}

/// A case in which macros, or rustc with what they made, fail.
fn check_error(name: &str) {
    let case = Case::read(samples(), &format!("errors/{name}.rs"));
    same(samples(), &case, Macros::Shims, Expect::Failure);
}

macro_rules! names {
    ($($name:ident)*) => {
        const CRATES: &[&str] = &[$(stringify!($name)),*];
    };
}

macro_crates!(crates getset);
macro_crates!(names getset);

/// Macros that refuse their input, panic, or make what rustc refuses.
mod errors {
    macro_rules! errors {
        ($($name:ident)*) => {
            $(
                #[test]
                fn $name() {
                    super::check_error(stringify!($name));
                }
            )*
            pub(super) const ERRORS: &[&str] = &[$(stringify!($name)),*];
        };
    }

    errors! {
        attributes bangs clap_derive derives hygiene serde_derive serde_types
        structopt_derive thiserror_impl thiserror_provider
    }
}

/// Macros whose native form gives its output in no order that could be kept: the same lines.
#[test]
fn unordered() {
    for case in Case::read_all(samples(), "unordered") {
        same_lines(samples(), &case, Macros::Shims);
    }
}

#[test]
fn every_case_is_tested() {
    let root = &samples().root.join("cases");
    let folders = fs_err::read_dir(root).expect("a folder").map(|entry| {
        entry
            .expect("an entry")
            .file_name()
            .into_string()
            .expect("a name in UTF-8")
    });
    let tested = CRATES
        .iter()
        .copied()
        .chain(["errors", "unordered"])
        .map(str::to_owned)
        .collect();
    assert_eq!(folders.collect::<BTreeSet<String>>(), tested);
    assert_eq!(names(&root.join("errors")), errors::ERRORS);
}

/// A struct of 5,000 fields, documented, with attributes, of several types.
#[test]
fn five_thousand_fields() {
    let mut source = String::from(
        "#![allow(dead_code)]\n\
         #[derive(serde_derive::Serialize, serde_derive::Deserialize, derive_more_impl::Constructor)]\n\
         pub struct Large {\n",
    );
    let types = [
        "u8",
        "Option<Vec<String>>",
        "[u16; 4]",
        "std::borrow::Cow<'static, str>",
    ];
    for field in 0..5000 {
        let ty = types[field % types.len()];
        _ = writeln!(
            source,
            "    /// Field {field}.\n    #[serde(rename = \"F{field}\")]"
        );
        _ = writeln!(source, "    pub field_{field}: {ty},");
    }
    source.push_str("}\n");
    let path = pm_tests::once::scratch().join("five_thousand_fields.rs");
    fs_err::write(&path, &source).expect("the scratch folder can be written to");
    same_expansion(samples(), &Case { path, source }, Macros::Shims);
}
