//! `pm-aot build` on a small workspace, by what it leaves in the build directory.
//!
//! The workspace has what makes it hard: a macro crate that uses a macro and a library, the
//! library under another name and with other features than the program has it with, and with a
//! build script that sets a cfg and a variable and writes a source file.

use pm_tests::workspace::rustc_minor;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Output};
use std::time::SystemTime;

use fs_err as fs;

const FILES: &[(&str, &str)] = &[
    (
        "Cargo.toml",
        "[workspace]
        members = ['app', 'outer', 'inner', 'helper', 'broken']
        default-members = ['app']
        resolver = '3'",
    ),
    (
        "app/Cargo.toml",
        "[package]
        name = 'app'
        edition = '2024'
        [dependencies]
        outer = { path = '../outer' }
        helper = { path = '../helper' }",
    ),
    (
        "app/src/lib.rs",
        "outer::words!(); pub const WORD: &str = helper::WORD;",
    ),
    (
        "outer/Cargo.toml",
        "[package]
        name = 'outer'
        edition = '2024'
        [lib]
        proc-macro = true
        [dependencies]
        inner = { path = '../inner' }
        help = { package = 'helper', path = '../helper', features = ['loud'] }",
    ),
    (
        "outer/src/lib.rs",
        r#"use proc_macro::TokenStream;
        const ANSWER: &str = inner::answer!();
        #[proc_macro]
        pub fn words(_: TokenStream) -> TokenStream {
            let words = [help::WORD, help::SHOUT, help::generated(), ANSWER].join(" ");
            format!("pub const WORDS: &str = {words:?};").parse().unwrap()
        }"#,
    ),
    (
        "inner/Cargo.toml",
        "[package]\nname = 'inner'\nedition = '2024'\n[lib]\nproc-macro = true",
    ),
    (
        "inner/src/lib.rs",
        r#"#[proc_macro]
        pub fn answer(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
            "\"forty-two\"".parse().unwrap()
        }"#,
    ),
    (
        "helper/Cargo.toml",
        "[package]\nname = 'helper'\nedition = '2024'\n[features]\nloud = []",
    ),
    (
        "helper/build.rs",
        r#"fn main() {
            println!("cargo::rustc-check-cfg=cfg(scripted)");
            println!("cargo::rustc-cfg=scripted");
            println!("cargo::rustc-env=HELPER_WORD=from-a-variable");
            let out = std::path::PathBuf::from(std::env::var_os("OUT_DIR").unwrap());
            let source = "pub fn generated() -> &'static str { \"from-a-generated-file\" }";
            std::fs::write(out.join("generated.rs"), source).unwrap();
        }"#,
    ),
    (
        "helper/src/lib.rs",
        r#"#[cfg(not(scripted))]
        compile_error!("the build script's cfg is missing");
        include!(concat!(env!("OUT_DIR"), "/generated.rs"));
        pub const WORD: &str = env!("HELPER_WORD");
        #[cfg(feature = "loud")]
        pub const SHOUT: &str = "from-a-feature";"#,
    ),
    (
        "broken/Cargo.toml",
        "[package]\nname = 'broken'\nedition = '2024'\n[lib]\nproc-macro = true",
    ),
    (
        "broken/src/lib.rs",
        r#"#[cfg(target_family = "wasm")]
        compile_error!("not on this target");
        #[proc_macro]
        pub fn nothing(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
            Default::default()
        }"#,
    ),
];

struct Workspace {
    directory: tempfile::TempDir,
}

impl Workspace {
    fn new() -> Workspace {
        let directory = tempfile::tempdir().unwrap();
        for (name, content) in FILES {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        Workspace { directory }
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn replace(&self, name: &str, old: &str, new: &str) {
        let text = fs::read_to_string(self.at(name)).unwrap();
        assert!(text.contains(old));
        fs::write(self.at(name), text.replace(old, new)).unwrap();
    }

    fn command(&self, arguments: &str) -> Command {
        let mut command = Command::new(pm_tests::workspace::pm_aot());
        command
            .arg("build")
            .args(arguments.split_whitespace())
            .current_dir(self.directory.path());
        // What the cargo that runs this test has set, and what a user may have set for it.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO") && name != "CARGO_HOME" || name.starts_with("RUSTC") {
                command.env_remove(&*name);
            }
        }
        command
    }

    fn build(&self, arguments: &str) -> Output {
        succeeds(&mut self.command(arguments))
    }

    /// The modules below a directory by crate, and when each was written.
    fn modules(&self, below: &str) -> BTreeMap<String, (PathBuf, SystemTime)> {
        let mut found = BTreeMap::new();
        for entry in walkdir::WalkDir::new(self.at(below)) {
            let path = entry.unwrap().into_path();
            if path
                .extension()
                .is_some_and(|extension| extension == "wasm")
            {
                let name = path.file_stem().unwrap().to_str().unwrap();
                let name = name.split('-').next().unwrap().to_owned();
                let written = fs::metadata(&path).unwrap().modified().unwrap();
                assert!(
                    found.insert(name, (path, written)).is_none(),
                    "two of one crate"
                );
            }
        }
        found
    }

    /// Asserts that the two macros are there, each beside what cargo made.
    fn check_both(&self, below: &str) {
        let modules = self.modules(below);
        assert_eq!(modules.keys().collect::<Vec<_>>(), ["inner", "outer"]);
        for (path, _) in modules.values() {
            let name = path.file_stem().unwrap().to_str().unwrap();
            let native = format!(
                "{}{name}{}",
                std::env::consts::DLL_PREFIX,
                std::env::consts::DLL_SUFFIX
            );
            assert!(path.with_file_name(native).exists(), "{}", path.display());
        }
        let outer = fs::read(&modules["outer"].0).unwrap();
        let words = ["variable", "feature", "generated-file"].map(|word| format!("from-a-{word}"));
        for word in words.iter().map(String::as_str).chain(["forty-two"]) {
            assert!(contains(&outer, word), "{word} is missing in the module");
        }
    }
}

fn succeeds(command: &mut Command) -> Output {
    let output = command.output().unwrap();
    assert!(
        output.status.success(),
        "{}: {}",
        output.status,
        stderr(&output)
    );
    output
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn contains(bytes: &[u8], word: &str) -> bool {
    bytes
        .windows(word.len())
        .any(|window| window == word.as_bytes())
}

#[test]
fn macros_with_all_that_is_in_them() {
    let workspace = Workspace::new();
    let output = workspace.build("");
    workspace.check_both("target");
    assert!(
        stderr(&output).contains("Compiling app"),
        "cargo's own output is shown"
    );
    assert!(
        output.stdout.is_empty(),
        "nobody asked for cargo's messages"
    );

    // Nothing has changed.
    let first = workspace.modules("target");
    workspace.build("");
    assert_eq!(workspace.modules("target"), first);

    // A library has, and with it what is made of it.
    workspace.replace(
        "helper/src/lib.rs",
        "from-a-feature",
        "from-another-feature",
    );
    workspace.build("");
    let second = workspace.modules("target");
    assert_eq!(second["inner"], first["inner"]);
    assert!(contains(
        &fs::read(&second["outer"].0).unwrap(),
        "from-another-feature"
    ));

    // Our own records have gone while cargo finds everything fresh.
    fs::remove_dir_all(workspace.at("target/pm-aot")).unwrap();
    for (path, _) in second.values() {
        fs::remove_file(path).unwrap();
    }
    workspace.build("");
    let third = workspace.modules("target");
    assert_eq!(third.keys().collect::<Vec<_>>(), ["inner", "outer"]);
}

#[test]
fn wherever_cargo_builds() {
    let workspace = Workspace::new();
    workspace.build("--release -j2 --target-dir=released");
    workspace.check_both("released/release");
    workspace.build(&format!("--target={} --target-dir targeted", host()));
    workspace.check_both("targeted/debug");

    // Stable since 1.91.
    if rustc_minor() >= 91 {
        succeeds(
            workspace
                .command("")
                .env("CARGO_BUILD_BUILD_DIR", workspace.at("between")),
        );
        workspace.check_both("between");
        assert!(workspace.modules("target").is_empty());
    }

    // The layout of later versions, which older cargos don't have.
    if rustc_minor() >= 95 {
        let mut command = workspace.command("-Zbuild-dir-new-layout --target-dir new");
        succeeds(command.env("RUSTC_BOOTSTRAP", "1"));
        workspace.check_both("new");
        assert!(
            !workspace.at("new/debug/deps").exists(),
            "it is the old layout"
        );
    }

    let elsewhere = tempfile::tempdir().unwrap();
    let manifest = workspace.at("Cargo.toml");
    let line = format!("--manifest-path {} --target-dir far", manifest.display());
    succeeds(workspace.command(&line).current_dir(elsewhere.path()));
    assert!(elsewhere.path().join("far/debug").exists());
}

#[test]
fn a_macro_that_is_not_for_wasm() {
    let workspace = Workspace::new();
    let output = workspace.command("--workspace").output().unwrap();
    let text = stderr(&output);
    assert!(
        !output.status.success() && text.contains("not on this target"),
        "{text}"
    );
    assert!(text.contains("Finished"), "cargo's build is whole: {text}");
    workspace.check_both("target");

    // One that was, and is no more, leaves no module that would pass for it.
    let broken = "#[cfg(target_family = \"wasm\")] compile_error!(\"no more\");\n#[proc_macro]";
    workspace.replace("inner/src/lib.rs", "#[proc_macro]", broken);
    let output = workspace.command("--workspace").output().unwrap();
    assert!(stderr(&output).contains("no more"), "{}", stderr(&output));
    assert_eq!(
        workspace.modules("target").into_keys().collect::<Vec<_>>(),
        ["outer"]
    );
}

#[test]
fn cargos_failures_are_cargos() {
    let workspace = Workspace::new();
    fs::write(workspace.at("app/src/lib.rs"), "fn open() {").unwrap();
    let output = workspace.command("").output().unwrap();
    assert_eq!(output.status.code(), Some(101));
    assert!(stderr(&output).contains("unclosed delimiter"));

    let nowhere = tempfile::tempdir().unwrap();
    let output = workspace
        .command("")
        .current_dir(nowhere.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(101));
    assert!(stderr(&output).contains("could not find `Cargo.toml`"));
}

#[test]
fn messages_reach_whoever_asked_for_them() {
    let workspace = Workspace::new();
    let output = workspace.build("--message-format json -p inner");
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.lines().all(|line| line.starts_with(r#"{"reason":"#)),
        "{text}"
    );
    assert!(
        text.contains("compiler-artifact") && text.contains("build-finished"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn a_users_own_wrapper_compiles_natively() {
    use std::os::unix::fs::PermissionsExt;

    let workspace = Workspace::new();
    let log = workspace.at("log");
    let script = workspace.at("wrapper.sh");
    let text = format!(
        "#!/bin/sh\necho \"$*\" >> '{}'\nexec \"$@\"\n",
        log.display()
    );
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, PermissionsExt::from_mode(0o755)).unwrap();

    succeeds(workspace.command("-p inner").env("RUSTC_WRAPPER", &script));
    let lines = fs::read_to_string(&log).unwrap();
    assert_eq!(lines.matches("--crate-name inner").count(), 1, "{lines}");
    assert!(!lines.contains("wasm32"), "{lines}");

    // The same from cargo's configuration.
    fs::create_dir(workspace.at(".cargo")).unwrap();
    let text = format!("build.rustc-wrapper = '{}'", script.display());
    fs::write(workspace.at(".cargo/config.toml"), text).unwrap();
    workspace.replace("inner/src/lib.rs", "forty-two", "forty-three");
    workspace.build("-p inner");
    let lines = fs::read_to_string(&log).unwrap();
    assert_eq!(lines.matches("--crate-name inner").count(), 2, "{lines}");
}

/// The triple that this test was compiled for.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.unwrap().to_owned()
}
