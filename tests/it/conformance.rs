//! Compilers whose `proc_macro` sources are not those of a known release: copies of the toolchain's
//! compiler with edited sources. A harmless edit is accepted after the conformance check, a difference
//! in the messages is refused with the first of them, and so is a shape that is not understood.

use fs_err as fs;
use pm_tests::workspace::{pm_aot, run, toolchain};
use std::path::{Path, PathBuf};
use std::process::Command;

/// A copy of the toolchain's compiler, in which files of `library/` are edited.
pub(crate) struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    /// `edits` are a file below `library/proc_macro/src`, a text in it, and another in its place.
    pub(crate) fn new(edits: &[(&str, &str, &str)]) -> Copy {
        let folder = tempfile::Builder::new()
            .prefix("compiler-")
            .tempdir_in(pm_tests::once::scratch())
            .expect("a temporary folder");
        let sysroot = &toolchain().sysroot;
        // Hard links: a compiler has a gigabyte.
        run(Command::new("cp")
            .args(["--archive", "--link"])
            .arg(sysroot)
            .arg(folder.path().join("usr")));
        let copy = Copy { folder };
        for (file, from, to) in edits {
            let path = copy.sources().join("proc_macro/src").join(file);
            let text = fs::read_to_string(&path).expect("rustc's sources");
            assert_eq!(text.matches(from).count(), 1, "{file} has one `{from}`");
            // Not the original's file.
            fs::remove_file(&path).expect("a link");
            fs::write(&path, text.replace(from, to)).expect("a temporary file");
        }
        copy
    }

    /// Its sysroot, a folder as a toolchain of rustup's is.
    pub(crate) fn sysroot(&self) -> PathBuf {
        self.folder.path().join("usr")
    }

    pub(crate) fn rustc(&self) -> PathBuf {
        self.sysroot().join("bin/rustc")
    }

    fn sources(&self) -> PathBuf {
        let library = self.folder.path().join("usr/lib/rustlib/src/rust/library");
        let library = fs::canonicalize(library).expect("the copy's sources");
        let own = fs::canonicalize(self.folder.path()).expect("a folder");
        assert!(
            library.starts_with(own),
            "a relative link: {}",
            library.display()
        );
        library
    }

    /// Sets it up; the success, and standard error.
    fn set_up(&self, cache: &Path) -> (bool, String) {
        let mut command = self.command(cache);
        let output = command.arg("setup").output().expect("pm-aot runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    }

    fn command(&self, cache: &Path) -> Command {
        let mut command = Command::new(pm_aot());
        pm_tests::workspace::without_cargo(&mut command)
            .env("PM_AOT_RUSTC", self.folder.path().join("usr/bin/rustc"))
            .env("PM_AOT_WASI_LIBC", &toolchain().libc)
            .env("PM_AOT_CACHE", cache);
        command
    }
}

/// A renamed local variable changes a digest, and nothing else.
#[test]
fn a_harmless_edit_is_accepted_after_the_check() {
    let copy = Copy::new(&[
        ("bridge/buffer.rs", "//! Buffer", "//! A buffer"),
        (
            "bridge/server.rs",
            "let globals = dispatcher.server.globals();",
            "let all_globals = dispatcher.server.globals();\n    let globals = all_globals;",
        ),
    ]);
    let cache = tempfile::tempdir().expect("a temporary folder");
    let (succeeded, text) = copy.set_up(cache.path());
    assert!(succeeded, "{text}");
    assert!(
        text.contains("1 unknown items in rustc's sources"),
        "{text}"
    );

    // The result is kept, and shown.
    let (succeeded, text) = copy.set_up(cache.path());
    assert!(succeeded && !text.contains("Checking"), "{text}");
    let doctor = copy.command(cache.path()).arg("doctor").output();
    let doctor = doctor.expect("pm-aot runs").stdout;
    let doctor = String::from_utf8_lossy(&doctor).into_owned();
    assert!(doctor.contains("conformance check passed"), "{doctor}");
}

/// A boolean that takes two bytes: each item has its known shape, but macros say something else.
#[test]
fn another_encoding_is_refused_with_the_first_difference() {
    let copy = Copy::new(&[
        (
            "bridge/rpc.rs",
            "(self as u8).encode(w, s);",
            "(self as u8).encode(w, s);\n        0u8.encode(w, s);",
        ),
        (
            "bridge/rpc.rs",
            "        match u8::decode(r, s) {\n            0 => false,",
            "        let value = u8::decode(r, s);\n        u8::decode(r, s);\n        \
             match value {\n            0 => false,",
        ),
    ]);
    let cache = tempfile::tempdir().expect("a temporary folder");
    for _ in 0..2 {
        // The second time, nothing is built.
        let (succeeded, text) = copy.set_up(cache.path());
        assert!(!succeeded, "{text}");
        for expect in [
            "does not pass the conformance check",
            "impl Encode<S> for bool",
            "message",
        ] {
            assert!(text.contains(expect), "{expect:?} isn't in {text}");
        }
    }

    // A build goes on with native macros, unless that is forbidden.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("src")).expect("a folder");
    fs::write(at("src/main.rs"), "fn main() {}").expect("a file");
    let manifest =
        "[package]\nname = \"a\"\nversion = \"1.0.0\"\nedition = \"2021\"\n[workspace]\n";
    fs::write(at("Cargo.toml"), manifest).expect("a file");
    let check = |policy: &str, arguments: &[&str]| {
        let mut cargo = copy.command(cache.path());
        cargo
            .current_dir(folder.path())
            .env("PM_AOT_POLICY", policy);
        let output = cargo
            .args(["cargo", "check"])
            .args(arguments)
            .output()
            .expect("pm-aot runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    };
    let (succeeded, text) = check("a=automatic", &[]);
    assert!(succeeded && text.contains("macros run natively"), "{text}");
    let (succeeded, text) = check("a=wasm", &[]);
    assert!(
        !succeeded && text.contains("says `run = \"wasm\"`"),
        "{text}"
    );

    // The policy is that of the workspace that cargo is about, from wherever it is started.
    fs::create_dir_all(at("other/src")).expect("a folder");
    fs::write(at("other/src/main.rs"), "fn main() {}").expect("a file");
    fs::write(at("other/Cargo.toml"), manifest).expect("a file");
    fs::create_dir(at("other/.config")).expect("a folder");
    let policy = "[crates.a]\nrun = \"wasm\"\n";
    fs::write(at("other/.config/pm-aot.toml"), policy).expect("a file");
    for arguments in [
        &["--manifest-path", "other/Cargo.toml"][..],
        &["--manifest-path=other/Cargo.toml"],
    ] {
        let (succeeded, text) = check("b=automatic", arguments);
        assert!(
            !succeeded && text.contains("says `run = \"wasm\"`"),
            "{text}"
        );
    }
}

/// A shape that is refused before anything is built.
#[test]
fn another_shape_is_refused_with_the_item() {
    let cache = tempfile::tempdir().expect("a temporary folder");
    let copy = Copy::new(&[(
        "bridge/handle.rs",
        "type Handle = NonZero<u32>;",
        "type Handle = NonZero<u64>;",
    )]);
    let (succeeded, text) = copy.set_up(cache.path());
    assert!(!succeeded, "{text}");
    assert!(text.contains("Handle"), "{text}");
    assert!(!text.contains("Compiling"), "{text}");

    // The doctor names it too, without a set-up.
    let doctor = copy.command(cache.path()).arg("doctor").output();
    let doctor = doctor.expect("pm-aot runs").stdout;
    let doctor = String::from_utf8_lossy(&doctor).into_owned();
    let bridge = doctor.lines().find(|line| line.contains("warning  bridge"));
    assert!(
        bridge.is_some_and(|line| line.contains("Handle")),
        "{doctor}"
    );

    // Its own cargo runs, wherever there is another.
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cargo = |arguments: &[&str], policy: &str| {
        let mut command = copy.command(cache.path());
        let output = command
            .current_dir(folder.path())
            .env("PATH", "/usr/bin:/bin")
            .env("PM_AOT_POLICY", policy)
            .arg("cargo")
            .args(arguments)
            .output()
            .expect("pm-aot runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), text)
    };
    // Without a workspace, as `cargo install` works.
    let (code, text) = cargo(&["new", "--vcs=none", "a"], "");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("macros run natively"), "{text}");
    let (code, text) = cargo(&["check"], "");
    assert_eq!(code, Some(101), "{text}");
    assert!(text.contains("could not find `Cargo.toml`"), "{text}");
    let manifest = ["check", "--manifest-path", "a/Cargo.toml"];
    let (code, text) = cargo(&manifest, "");
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("Handle"), "{text}");
    let (code, text) = cargo(&manifest, "*=wasm");
    assert_eq!(code, Some(5), "{text}");
    assert!(!text.contains("macros run natively"), "{text}");

    // A cargo with the wrapper says the same, of a macro crate.
    let at = |name: &str| folder.path().join(name);
    fs::create_dir_all(at("m/src")).expect("a folder");
    for (file, text) in [
        (
            "m/Cargo.toml",
            "[package]\nname = \"m\"\nedition = \"2024\"\n[lib]\nproc-macro = true\n",
        ),
        ("m/src/lib.rs", ""),
        (
            "a/Cargo.toml",
            "[package]\nname = \"a\"\nedition = \"2024\"\n[dependencies]\n\
             m = { path = \"../m\" }\n",
        ),
    ] {
        fs::write(at(file), text).expect("a file");
    }
    let bin = copy.folder.path().join("usr/bin");
    let wrapped = |policy: &str| {
        let mut command = toolchain().command(bin.join("cargo"));
        pm_tests::workspace::without_cargo(&mut command)
            .current_dir(at("a"))
            .env("RUSTC", bin.join("rustc"))
            .env("RUSTC_WRAPPER", pm_aot())
            .env("PM_AOT_RUSTC", bin.join("rustc"))
            .env("PM_AOT_WASI_LIBC", &toolchain().libc)
            .env("PM_AOT_CACHE", cache.path())
            .env("PM_AOT_POLICY", policy);
        let output = command.args(["check", "--offline"]).output();
        let output = output.expect("cargo runs");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.success(), text)
    };
    let (succeeded, text) = wrapped("*=wasm");
    assert!(!succeeded && text.contains("Handle"), "{text}");
    assert!(text.contains("error: `m` can't run from wasm"), "{text}");
    let (succeeded, text) = wrapped("");
    assert!(succeeded && text.contains("Handle"), "{text}");
    assert!(text.contains("warning: `m` stays native"), "{text}");
}
