//! rustc's own sources, of releases that are installed nowhere as a rule.
//!
//! `PM_LIBRARIES` is a folder with a folder `RELEASE/library/` for each. Run by
//! `PM_LIBRARIES=FOLDER cargo test -p pm-protocol -- --ignored`.

use super::{Tree, without_source_files};
use crate::digests::Digests;
use fs_err as fs;
use std::path::PathBuf;

fn releases() -> Vec<(String, PathBuf)> {
    let folder = std::env::var_os("PM_LIBRARIES").expect("PM_LIBRARIES is set");
    let entries = fs::read_dir(PathBuf::from(folder)).unwrap();
    let mut releases: Vec<_> = entries
        .map(|entry| {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap();
            (name.to_owned(), path.join("library"))
        })
        .collect();
    releases.sort();
    assert!(!releases.is_empty());
    releases
}

/// Those whose bridge has groups, or those whose bridge has not.
fn trees(is_grouped: bool) -> Vec<(String, Tree)> {
    let trees = releases().into_iter().map(|(release, library)| {
        let tree = Tree::from_library(&library);
        (release, tree)
    });
    let with_groups = |tree: &Tree| tree.0["bridge/mod.rs"].contains("with_api_handle_types");
    let wanted = trees.filter(|(_, tree)| with_groups(tree) == is_grouped);
    let wanted: Vec<_> = wanted.collect();
    assert!(!wanted.is_empty());
    wanted
}

#[test]
#[ignore = "needs the sources of several releases"]
fn all_are_known() {
    for (release, library) in releases() {
        let reading = crate::read(&library).unwrap_or_else(|error| panic!("{release}: {error}"));
        let expect = pm_abi::Profile::of_rustc(&format!("rustc {release}"));
        assert_eq!(Some(reading.profile), expect, "{release}");
        assert_eq!(reading.unknown, [], "{release}");
        println!("{release}: {}", reading.profile);
    }
}

#[test]
#[ignore = "needs the sources of several releases"]
fn source_files_are_removed() {
    for (release, tree) in trees(true) {
        let (profile, unknown) = without_source_files(tree).reading(Digests::known());
        assert_eq!(profile, "1.88", "{release}");
        assert!(
            unknown.contains(&"impl Encode<S> for u8".to_owned()),
            "{unknown:?}"
        );
    }
}

#[test]
#[ignore = "needs the sources of several releases"]
fn harmless_edits() {
    for is_grouped in [false, true] {
        for (release, tree) in trees(is_grouped) {
            let commented = tree
                .clone()
                .with("bridge/buffer.rs", "//! Buffer", "//! A buffer")
                .with("bridge/rpc.rs", "let x = r[0];", "let x = /* one */ r[0];");
            let (_, unknown) = commented.reading(Digests::known());
            assert_eq!(unknown, [""; 0], "{release}");
            let renamed = tree
                .with("bridge/rpc.rs", "let x = r[0];", "let byte = r[0];")
                .with("bridge/rpc.rs", "        x\n", "        byte\n");
            let (_, unknown) = renamed.reading(Digests::known());
            let decode = if is_grouped { "DecodeMut" } else { "Decode" };
            assert_eq!(
                unknown,
                [format!("impl {decode}<'_, '_, S> for u8")],
                "{release}"
            );
        }
    }
}

/// The first part of a refusal, without the place.
#[track_caller]
fn check(release: &str, tree: &Tree, file: &str, from: &str, to: &str, expect: &str) {
    let refusal = tree.clone().with(file, from, to).refusal();
    println!("{release}: {refusal}");
    let start = format!("library/proc_macro/src/{file}:");
    let rest = refusal.strip_prefix(&start).expect("a place");
    let (_, rest) = rest.split_once(": ").expect("a place");
    assert!(rest.starts_with(expect), "{release}: {refusal}");
}

#[test]
#[ignore = "needs the sources of several releases"]
fn refused_edits() {
    for is_grouped in [false, true] {
        for (release, tree) in trees(is_grouped) {
            let check = |file: &str, from: &str, to: &str, expect: &str| {
                check(&release, &tree, file, from, to, expect);
            };
            check(
                "bridge/handle.rs",
                "= NonZero<u32>;",
                "= NonZero<u64>;",
                "`type Handle`: found",
            );
            check(
                "bridge/buffer.rs",
                "    len: usize,",
                "    len: u32,",
                "`struct Buffer`: found",
            );
            check(
                "bridge/closure.rs",
                "    env: *mut Env,",
                "",
                "`struct Closure`: found",
            );
            check(
                "bridge/mod.rs",
                "{ ch, joint, span }",
                "{ joint, ch, span }",
                "`Punct, field 0`: found `joint`, expected `ch`",
            );
            check(
                "bridge/mod.rs",
                "        Parenthesis,\n        Brace,",
                "        Brace,\n        Parenthesis,",
                "`Delimiter, variant 0`: found `Brace`, expected `Parenthesis`",
            );
            check(
                "bridge/mod.rs",
                "fn track_path(path: &str);",
                "fn more(); fn track_path(path: &str);",
                if is_grouped {
                    "`method 3`: found `more`, expected `track_path` as in bridge 1.85"
                } else {
                    "`method 2`: found `more`, expected `track_path` as in bridge 1.9"
                },
            );
        }
    }
}
