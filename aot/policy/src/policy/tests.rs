//! Precedence, and errors.

use super::*;
use fs_err as fs;

/// A workspace with these files, and the policy in it.
fn read(variable: &str, file: &str, metadata: &str) -> (tempfile::TempDir, Policy) {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join(".config")).unwrap();
    fs::write(folder.path().join(FILE), file).unwrap();
    fs::write(folder.path().join("Cargo.toml"), metadata).unwrap();
    let variable = (!variable.is_empty()).then(|| OsStr::new(variable));
    let policy = Policy::read(folder.path(), variable).unwrap();
    (folder, policy)
}

const WASM: Version = Version::Wasm { required: true };
const AUTOMATIC: Version = Version::Wasm { required: false };
const NATIVE: Version = Version::Native;

#[test]
fn the_first_source_that_speaks_about_a_crate_wins() {
    let check = |variable: &str, file: &str, metadata: &str, expect: Version, by: &str| {
        let (_folder, policy) = read(variable, file, metadata);
        let decision = policy.decide("serde_derive");
        assert_eq!(decision.version, expect, "{variable} / {file} / {metadata}");
        assert!(decision.why.contains(by), "{}", decision.why);
    };
    let file = "[crates.serde_derive]\nrun = 'wasm'";
    let all = "[crates.'*']\nrun = 'native'";
    let metadata = "[workspace.metadata.pm-aot.crates.serde_derive]\nrun = 'native'";
    check(
        "",
        "",
        "",
        AUTOMATIC,
        "`run = \"automatic\"` is the default",
    );
    check(
        "",
        "",
        metadata,
        NATIVE,
        "`[workspace.metadata.pm-aot]` in `",
    );
    check(
        "",
        file,
        metadata,
        WASM,
        ".config/pm-aot.toml` says `run = \"wasm\"`",
    );
    check(
        "serde_derive=native",
        file,
        metadata,
        NATIVE,
        "PM_AOT_POLICY says",
    );
    // A source's `*` goes before the next source, but not before a name in its own.
    check(
        "*=native",
        file,
        "",
        NATIVE,
        "PM_AOT_POLICY says `run = \"native\"` for `*`",
    );
    check(
        "*=native,serde-derive=wasm",
        "",
        "",
        WASM,
        "for `serde-derive`",
    );
    check("", all, metadata, NATIVE, "for `*`");
    check("other=native", all, "", NATIVE, "pm-aot.toml` says");
    // Another setting isn't this one.
    check(
        "serde_derive.read=false",
        file,
        "",
        WASM,
        "pm-aot.toml` says",
    );
    check(
        "serde_derive=automatic",
        file,
        "",
        AUTOMATIC,
        "PM_AOT_POLICY says",
    );
}

#[test]
fn what_is_known_not_to_work_is_native_unless_it_must_not() {
    let check = |variable: &str, expect: Version| {
        let (_folder, policy) = read(variable, "", "");
        assert_eq!(
            policy.decide("git-version-macro").version,
            expect,
            "{variable}"
        );
    };
    check("", NATIVE);
    check("*=automatic", NATIVE);
    check("git-version-macro=wasm", WASM);
    let (_folder, policy) = read("", "", "");
    assert!(
        policy
            .decide("git-version-macro")
            .why
            .starts_with("it runs git")
    );
}

#[test]
fn reading() {
    let check = |variable: &str, file: &str, expect: Read| {
        let (folder, policy) = read(variable, file, "");
        let sandbox = policy.decide("pest_derive").sandbox;
        assert_eq!(sandbox.read, expect, "{variable} / {file}");
        assert_eq!(sandbox.package, "pest_derive");
        assert_eq!(sandbox.workspace, folder.path().canonicalize().unwrap());
    };
    check("", "", Read::ManifestDir);
    for (value, expect) in [
        ("false", Read::Nothing),
        ("true", Read::ManifestDir),
        ("'manifest-dir'", Read::ManifestDir),
        ("'workspace'", Read::Workspace),
    ] {
        check("", &format!("[crates.pest_derive]\nread = {value}"), expect);
        let value = value.trim_matches('\'');
        check(&format!(" *.read = {value} , "), "", expect);
    }
}

#[test]
fn errors_name_the_place_and_what_is_allowed() {
    let check = |variable: &str, file: &str, metadata: &str, expect: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(".config")).unwrap();
        fs::write(folder.path().join(FILE), file).unwrap();
        fs::write(folder.path().join("Cargo.toml"), metadata).unwrap();
        let error = Policy::read(folder.path(), Some(OsStr::new(variable))).unwrap_err();
        let cause = std::error::Error::source(&error);
        let text = format!(
            "{error}\n{}",
            cause.map(ToString::to_string).unwrap_or_default()
        );
        for expect in expect {
            assert!(text.contains(expect), "no `{expect}` in {text}");
        }
        assert!(error.help().is_some());
    };
    let file = |text: &str, expect: &[&str]| {
        check("", text, "", expect);
        // The same words in the manifest, under a longer name.
        let metadata = text.replace("[crates", "[workspace.metadata.pm-aot.crates");
        check("", "", &metadata, expect);
    };
    file(
        "[crates.a]\nrun = 'wsam'",
        &[
            "line 2",
            "unknown variant `wsam`",
            "`wasm`, `native`, `automatic`",
        ],
    );
    file(
        "[crates.a]\nrum = 'wasm'",
        &["line 2", "unknown field `rum`", "`run` or `read`"],
    );
    file(
        "[crates.a]\nread = 'all'",
        &[
            "line 2",
            "\"all\"",
            "`false`, `true`, `\"manifest-dir\"` or `\"workspace\"`",
        ],
    );
    file(
        "[crates.a]\nread = 1",
        &["line 2", "integer", "`\"workspace\"`"],
    );
    file(
        "[crates.'a b']\nrun = 'wasm'",
        &["`a b` isn't a package's name"],
    );
    file(
        "[crates.a-b]\n[crates.a_b]",
        &["`a-b` and `a_b` are the same package"],
    );
    check(
        "",
        "[crate.a]",
        "",
        &["pm-aot.toml", "unknown field `crate`", "`crates`"],
    );
    check("", "crates = 1", "", &["pm-aot.toml", "line 1"]);
    check("a", "", "", &["`a` isn't of the form `NAME=VALUE`"]);
    check(
        "a=on",
        "",
        "",
        &["`run` of `a` can't be `on`, expected one of `wasm`, `native`, `automatic`"],
    );
    check(
        "a.read=on",
        "",
        "",
        &["`false`, `manifest-dir`, `workspace`, `true`"],
    );
    check("a.run.b=on", "", "", &["unknown key `run.b` of `a`"]);
    check("a b=native", "", "", &["`a b` isn't a package's name"]);
}

#[test]
fn a_session_hands_it_on() {
    let (_folder, policy) = read(
        "a=native,*.read=false",
        "[crates.b]\nread = 'workspace'",
        "",
    );
    let bytes = postcard::to_allocvec(&policy).unwrap();
    assert_eq!(postcard::from_bytes::<Policy>(&bytes).unwrap(), policy);
}

#[test]
fn names_that_no_package_has() {
    let file = "[crates.serde_deriv]\nrun = 'native'\n[crates.quite-another]\nread = false\n\
                [crates.'*']\nread = false\n[crates.proc_macro2]\nrun = 'wasm'";
    let metadata = "[workspace.metadata.pm-aot.crates.sin]\nrun = 'native'";
    let (folder, policy) = read("unheard_of=native", file, metadata);
    assert_eq!(policy.unknown_names(), []);
    let lock = "version = 4\n[[package]]\nname = 'serde_derive'\nversion = '1.0.0'\n\
                [[package]]\nname = 'proc-macro2'\nversion = '1.0.0'\ndependencies = ['syn']\n\
                [[package]]\nname = 'syn'\nversion = '2.0.0'\n";
    fs::write(folder.path().join("Cargo.lock"), lock).unwrap();
    let found = policy.unknown_names();
    let found: Vec<_> = found
        .iter()
        .map(|unknown| (&*unknown.name, unknown.similar.as_deref()))
        .collect();
    let expect = [
        ("quite-another", None),
        ("serde_deriv", Some("serde_derive")),
        ("sin", None),
    ];
    assert_eq!(found, expect);
    let text = policy.unknown_names()[1].to_string();
    assert!(
        text.contains(".config/pm-aot.toml` has settings for `serde_deriv`, and no"),
        "{text}"
    );
    fs::write(folder.path().join("Cargo.lock"), "no lock").unwrap();
    assert_eq!(policy.unknown_names(), []);
}

#[test]
fn wasm_may_be_required() {
    let requires = |variable: &str| {
        let folder = tempfile::tempdir().unwrap();
        let policy = Policy::read(folder.path(), Some(OsStr::new(variable))).unwrap();
        policy.requires_wasm()
    };
    assert_eq!(requires("*=native"), None);
    assert_eq!(requires("a=automatic,b=native"), None);
    let by = requires("a=automatic,b=wasm").unwrap();
    assert!(by.ends_with("says `run = \"wasm\"` for `b`"), "{by}");
    assert!(requires("*=wasm").is_some());
}

/// The variable goes before the file, here as in [`Policy::decide`].
#[test]
fn a_wish_for_wasm_that_is_overridden() {
    let folder = tempfile::tempdir().unwrap();
    fs_err::create_dir(folder.path().join(".config")).unwrap();
    let requires = |file: &str, variable: &str| {
        fs_err::write(folder.path().join(crate::FILE), file).unwrap();
        let policy = Policy::read(folder.path(), Some(OsStr::new(variable))).unwrap();
        policy.requires_wasm()
    };
    let a = "[crates.a]\nrun = \"wasm\"\n";
    let all = "[crates.\"*\"]\nrun = \"wasm\"\n";
    assert!(requires(a, "b=native").is_some());
    assert_eq!(requires(a, "a=native"), None);
    assert_eq!(requires(a, "*=native"), None);
    assert_eq!(requires(all, "*=native"), None);
    // Every other crate is still to run from wasm.
    assert!(requires(all, "a=native").is_some());
}

#[test]
fn the_nearest_policy_counts_where_no_workspace_is_known() {
    let root = tempfile::tempdir().unwrap();
    let at = |path: &str| root.path().join(path);
    for folder in ["a/b/c", "a/.config", "other"] {
        fs::create_dir_all(at(folder)).unwrap();
    }
    fs::write(at("a/.config/pm-aot.toml"), "[crates.x]\nrun = 'wasm'").unwrap();
    fs::write(at("a/b/Cargo.toml"), "[package]\nname = 'b'").unwrap();
    fs::write(at("a/b/.config"), "a file").unwrap();
    let version = |folder: &str, variable: &str| {
        let policy = Policy::nearest(&at(folder), Some(OsStr::new(variable))).unwrap();
        policy.decide("x").version
    };
    assert_eq!(version("a/b/c", ""), WASM);
    assert_eq!(version("a", ""), WASM);
    assert_eq!(version("a/b/c", "x=native"), NATIVE);
    assert_eq!(version("other", ""), AUTOMATIC);
    assert_eq!(version("other", "*=wasm"), WASM);
    let metadata = "[workspace.metadata.pm-aot.crates.x]\nrun = 'native'";
    fs::write(at("a/b/Cargo.toml"), metadata).unwrap();
    assert_eq!(version("a/b/c", ""), NATIVE);
    fs::write(at("a/b/Cargo.toml"), "[").unwrap();
    Policy::nearest(&at("a/b/c"), None).unwrap_err();
}
