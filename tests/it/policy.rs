//! `pm-aot cargo` under a policy: which version of a macro crate runs, what it may read, what is said,
//! and that a changed policy changes what was built.

use crate::cli_support::{Ran, Tree, pm_aot, run};
use fs_err as fs;
use pm_tests::workspace::{toolchain, without_cargo};
use std::path::PathBuf;

/// `include_dir` reads a folder; `paste` and `indoc` need nothing; `native_only` doesn't compile for wasm.
const MANIFEST: &str = r#"
[package]
name = "policed"
version = "0.1.0"
edition = "2024"

[dependencies]
include_dir = "=0.7.4"
indoc = "=2.0.8"
paste = "=1.0.15"
native_only = { path = "native_only" }

[workspace]
members = ["native_only"]
"#;

const SOURCE: &str = r#"
native_only::nothing!();
static DATA: include_dir::Dir<'_> = include_dir::include_dir!("$CARGO_MANIFEST_DIR/data");
paste::paste! { const fn [<te xt>]() -> &'static str { indoc::indoc!("text") } }
fn main() { println!("{} {}", text(), DATA.files().count()); }
"#;

const NATIVE_ONLY: &str = r#"
#[cfg(target_family = "wasm")]
compile_error!("not for wasm");
#[proc_macro]
pub fn nothing(_: proc_macro::TokenStream) -> proc_macro::TokenStream { Default::default() }
"#;

struct Project(Tree);

impl Project {
    fn new() -> Project {
        let mut tree = Tree::new();
        tree.add("Cargo.toml", MANIFEST.as_bytes());
        tree.add("src/main.rs", SOURCE.as_bytes());
        tree.add("data/a.txt", b"a");
        let manifest = "[package]\nname = \"native_only\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\
                        [lib]\nproc-macro = true\n";
        tree.add("native_only/Cargo.toml", manifest.as_bytes());
        tree.add("native_only/src/lib.rs", NATIVE_ONLY.as_bytes());
        fs::create_dir(tree.at(".config")).expect("a folder");
        Project(tree)
    }

    fn policy(&self, file: &str) {
        fs::write(self.0.at(".config/pm-aot.toml"), file).expect("the policy");
    }

    fn pm_aot(&self, variable: &str, arguments: &[&str]) -> Ran {
        // Made once for all tests.
        toolchain();
        let mut command = pm_aot();
        without_cargo(&mut command)
            .current_dir(self.0.path())
            .env("PM_AOT_LOG", "info")
            .env("PM_AOT_OPT_LEVEL", "0")
            .env("PM_AOT_POLICY", variable)
            .args(arguments);
        for name in ["PM_AOT_CACHE", "PM_AOT_LOADER"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        run(&mut command)
    }

    /// Runs the program, whose macros come from wasm exactly for these crates.
    #[track_caller]
    fn runs(&self, variable: &str, wasm: &[&str]) -> Ran {
        let ran = self.pm_aot(variable, &["cargo", "run"]);
        ran.expect(0, &[]);
        assert_eq!(ran.stdout, "text 1\n");
        assert_eq!(loaded(&ran), wasm, "{ran:#?}");
        ran
    }

    /// What `pm-aot explain` says of a crate, as JSON.
    fn explain(&self, variable: &str, package: &str) -> serde_json::Value {
        let ran = self.pm_aot(variable, &["explain", "--message-format", "json", "target"]);
        ran.expect(0, &[]);
        let mut messages = ran.messages().into_iter();
        let found = messages.find(|message| message["policy"]["package"] == package);
        found.unwrap_or_else(|| panic!("nothing about {package} in {ran:#?}"))
    }
}

/// The crates that were loaded from an artifact.
fn loaded(ran: &Ran) -> Vec<String> {
    let lines = ran.stderr.lines();
    let paths = lines.filter_map(|line| line.strip_prefix("pm-aot: ")?.split_once(": artifact"));
    let mut names: Vec<String> = paths
        .map(|(path, _)| {
            let path = PathBuf::from(path);
            let name = path.file_stem().expect("a name").to_string_lossy();
            name.split('-').next().unwrap_or_default().to_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn which_version_runs() {
    let project = Project::new();
    project.policy("[crates.paste]\nrun = 'native'\n");
    let ran = project.runs("indoc=native", &["include_dir_macros"]);
    ran.expect(
        0,
        &["warning: `native_only` stays native: it doesn't compile (error: not for wasm)"],
    );
    let explained = |variable: &str, package: &str, native: bool, why: &str, current: bool| {
        let said = project.explain(variable, package);
        let policy = &said["policy"];
        assert_eq!(policy["native"], native, "{said}");
        assert_eq!(policy["current"], current, "{said}");
        assert!(policy["why"].as_str().unwrap().contains(why), "{said}");
        assert_eq!(said["used"], !native && current, "{said}");
    };
    explained("indoc=native", "indoc", true, "PM_AOT_POLICY says", true);
    explained("", "paste", true, ".config/pm-aot.toml` says", true);
    explained("", "include_dir_macros", false, "is the default", true);
    explained("", "native_only", true, "it doesn't compile", true);
    // Not so by the policy of now; the next build will change it.
    explained("", "indoc", false, "is the default", false);

    // What no package is called is said with each command.
    project.policy("[crates.paste]\nrun = 'native'\n[crates.indok]\nrun = 'native'\n");
    let ran = project.pm_aot("unheard=wasm,indoc=native", &["cargo", "check"]);
    let expect = [
        ".config/pm-aot.toml` has settings for `indok`, and no package of this workspace has that name",
        "help: there is `indoc`",
    ];
    ran.expect(0, &expect);
    assert!(!ran.stderr.contains("unheard"), "{ran:#?}");

    // Another policy in the same directory, there and back.
    project.runs("*=native", &[]);
    project.policy("[crates.native_only]\nrun = 'native'\n");
    let all = ["include_dir_macros", "indoc", "paste"];
    let ran = project.runs("", &all);
    assert!(!ran.stderr.contains("native_only` stays"), "{ran:#?}");
    // Cargo tells again what was told then, and compiles nothing.
    let fresh = project.runs("", &all);
    assert!(!fresh.stderr.contains("Compiling"), "{fresh:#?}");

    // What must be wasm and can't be, is an error, and stays one until the policy is another.
    for _ in 0..2 {
        let ran = project.pm_aot("native_only=wasm", &["cargo", "build"]);
        let expect = [
            "error: not for wasm",
            "error: `native_only` can't run from wasm: it doesn't compile",
            "note: PM_AOT_POLICY says `run = \"wasm\"` for `native_only`",
            "help: `run = \"automatic\"` lets it stay native",
        ];
        ran.expect(101, &expect);
    }
    project.runs("", &all);

    let ran = project.pm_aot("paste=never", &["cargo", "build"]);
    let expect = [
        "`run` of `paste` can't be `never`, expected one of `wasm`, `native`, `automatic`",
        "help: for example",
    ];
    ran.expect(3, &expect);
    project.policy("[crates.paste]\nrum = 'wasm'\n");
    let ran = project.pm_aot("", &["cargo", "build"]);
    ran.expect(
        3,
        &[".config/pm-aot.toml` can't be read", "unknown field `rum`"],
    );
}

#[test]
fn what_it_may_read() {
    let project = Project::new();
    // Only what reads is of interest here.
    let others = "indoc=native,paste=native,native_only=native";
    let denied = "[crates.include_dir_macros]\nread = false\n";
    project.policy(denied);
    let ran = project.pm_aot(others, &["cargo", "build"]);
    let folder = project.0.path().canonicalize().expect("the project");
    let file = folder.join(".config/pm-aot.toml");
    let refused = format!(
        "note: include_dir! of the crate `include_dir_macros`: reading `{}` was refused",
        folder.join("data").display()
    );
    let help = format!(
        "help: to allow it, put this into `{}`:\n      [crates.include_dir_macros]\n      \
         read = \"manifest-dir\"\n",
        file.display()
    );
    ran.expect(101, &[&refused, &help, "is not a directory"]);
    // Word for word as the help says it.
    let (_, setting) = help.split_once(":\n").expect("the setting");
    project.policy(setting);
    project.runs(others, &["include_dir_macros"]);

    // What expanded under one sandbox isn't taken for what expands under another.
    project.policy(denied);
    project
        .pm_aot(others, &["cargo", "build"])
        .expect(101, &[&refused]);
    project.policy("");
    project.runs(others, &["include_dir_macros"]);
    let said = project.explain(others, "include_dir_macros");
    assert_eq!(said["policy"]["read"], "manifest-dir", "{said}");
}
