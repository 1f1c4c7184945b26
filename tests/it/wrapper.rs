//! `RUSTC_WRAPPER=pm-aot` with a cargo that the user starts.

use std::path::PathBuf;
use std::process::Command;

use fs_err as fs;
use pm_tests::workspace::{pm_aot, toolchain, without_cargo};

use crate::cache::{Machine, Ran, is_from_cache, run};

/// A cargo of the toolchain that macros are compiled by, as a user calls it.
fn cargo(machine: &Machine, project: &str, arguments: &str) -> Command {
    let toolchain = toolchain();
    let program = toolchain.command(&toolchain.cargo);
    let mut command = machine.called(program, project, arguments);
    command.env_remove("RUSTC_WRAPPER");
    command
}

fn wrapped(machine: &Machine, project: &str, arguments: &str) -> Command {
    let mut command = cargo(machine, project, arguments);
    command.env("RUSTC_WRAPPER", pm_aot());
    command
}

#[track_caller]
fn builds(machine: &Machine, project: &str, command: &mut Command) -> String {
    let Ran { succeeded, stderr } = run(command);
    assert!(succeeded, "{stderr}");
    let program = machine.at(project).join("target/debug").join(project);
    let output = Command::new(&program).output().expect("a program");
    assert_eq!(String::from_utf8_lossy(&output.stdout), "hello\n");
    stderr
}

/// The artifacts in a project's own target directory.
fn artifacts(machine: &Machine, project: &str) -> Vec<PathBuf> {
    let folder = machine.at(project).join("target/debug/deps");
    let paths = fs::read_dir(folder).expect("a folder");
    let paths = paths.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "cwasm")
        })
        .collect()
}

#[test]
fn a_cargo_of_the_users() {
    let machine = Machine::new();
    machine.project("first");
    let said = builds(
        &machine,
        "first",
        &mut wrapped(&machine, "first", "build --offline"),
    );
    assert_eq!(artifacts(&machine, "first").len(), 1, "{said}");
    assert!(!said.contains("stays native"), "{said}");

    // The next one finds the crate in the cache, and compiles nothing below it.
    machine.project("second");
    let said = builds(
        &machine,
        "second",
        &mut wrapped(&machine, "second", "build --offline"),
    );
    assert!(is_from_cache(&said), "{said}");
    assert!(said.contains("not compiled until it is needed"), "{said}");

    // Without the wrapper cargo takes nothing of that for its own, and with it again all is fresh.
    let said = builds(
        &machine,
        "second",
        &mut cargo(&machine, "second", "build --offline"),
    );
    assert!(said.contains("Compiling words"), "{said}");
    let said = builds(
        &machine,
        "second",
        &mut wrapped(&machine, "second", "build --offline"),
    );
    assert!(!said.contains("Compiling"), "{said}");
}

#[test]
fn an_answer_that_cargo_has_kept() {
    let machine = Machine::new();
    machine.project("first");
    // The same program is the wrapper, without the line in rustc's version.
    let Ran { succeeded, stderr } = run(&mut machine.command("first", "build --offline"));
    assert!(succeeded, "{stderr}");
    let main = machine.at("crates/words/src/lib.rs");
    let text = fs::read_to_string(&main).expect("a file");
    fs::write(&main, text + "// Compiled again.\n").expect("a file");
    let said = builds(
        &machine,
        "first",
        &mut wrapped(&machine, "first", "build --offline"),
    );
    assert!(
        said.contains("`words` stays native: cargo has kept"),
        "{said}"
    );

    fs::remove_file(machine.at("first/target/.rustc_info.json")).expect("cargo's file");
    let said = builds(
        &machine,
        "first",
        &mut wrapped(&machine, "first", "build --offline"),
    );
    assert!(!said.contains("stays native"), "{said}");
    assert!(said.contains("Compiling words"), "{said}");
}

#[test]
fn with_our_own_cargo() {
    let machine = Machine::new();
    machine.project("first");
    let mut command = machine.command("first", "cargo build --offline");
    let Ran { succeeded, stderr } = run(command.env("RUSTC_WRAPPER", pm_aot()));
    assert!(succeeded, "{stderr}");
    machine.prints("first", "hello");
}

#[test]
fn another_rustc() {
    let machine = Machine::new();
    machine.project("first");
    // One that isn't there, as if nothing was set up.
    let mut command = wrapped(&machine, "first", "build --offline");
    command.env("PM_AOT_RUSTC", machine.at("no-rustc"));
    let said = builds(&machine, "first", &mut command);
    assert!(said.contains("warning: `words` stays native"), "{said}");
    assert!(artifacts(&machine, "first").is_empty());
}

/// Runs a build that must fail, since `words` must not run natively.
#[track_caller]
fn is_forbidden(machine: &Machine, command: &mut Command) -> String {
    let Ran { succeeded, stderr } = run(command);
    assert!(!succeeded, "{stderr}");
    assert!(artifacts(machine, "first").is_empty());
    stderr
}

/// The policy counts where nothing can be compiled for wasm, whatever the reason is.
#[test]
fn a_policy_without_a_set_up() {
    let machine = Machine::new();
    machine.project("first");
    let unusable = |policy: &str| {
        let mut command = wrapped(&machine, "first", "build --offline");
        command
            .env("PM_AOT_RUSTC", machine.at("no-rustc"))
            .env("PM_AOT_POLICY", policy);
        command
    };
    for policy in ["*=wasm", "words=wasm"] {
        let said = is_forbidden(&machine, &mut unusable(policy));
        assert!(
            said.contains("error: `words` can't run from wasm"),
            "{said}"
        );
        assert!(said.contains("PM_AOT_POLICY says"), "{said}");
    }
    let said = is_forbidden(&machine, &mut unusable("*=wsam"));
    assert!(said.contains("its policy can't be read"), "{said}");

    // The file's policy, and another thing that is missing.
    fs::create_dir(machine.at("first/.config")).expect("a folder");
    let file = machine.at("first/.config/pm-aot.toml");
    fs::write(&file, "[crates.\"*\"]\nrun = \"wasm\"\n").expect("a file");
    let mut command = wrapped(&machine, "first", "build --offline");
    command.env("PM_AOT_LOADER", machine.at("no-loader.so"));
    let said = is_forbidden(&machine, &mut command);
    assert!(
        said.contains("error: `words` can't run from wasm"),
        "{said}"
    );

    // What is wanted natively is no surprise.
    let said = builds(&machine, "first", &mut unusable("words=native"));
    assert!(!said.contains("stays native"), "{said}");

    // And it's seen that the policy became another.
    let main = machine.at("first/src/main.rs");
    let text = fs::read_to_string(&main).expect("a file");
    fs::write(&main, text + "// Compiled again.\n").expect("a file");
    let said = builds(&machine, "first", &mut unusable("words=wasm"));
    assert!(
        said.contains("`words` was built for another policy"),
        "{said}"
    );
}

/// Cargo compiles in a folder whose name is not UTF-8, and can't say where that workspace is.
#[cfg(unix)]
#[test]
fn a_workspace_that_cargo_cannot_name() {
    use std::os::unix::ffi::OsStrExt;

    let machine = Machine::new();
    machine.project("first");
    let odd = machine.at("odd").join(std::ffi::OsStr::from_bytes(b"\xff"));
    fs::create_dir_all(odd.join("member/src")).expect("a folder");
    fs::create_dir(odd.join(".config")).expect("a folder");
    let words = machine.at("crates/words");
    for (file, text) in [
        (
            "Cargo.toml",
            "[workspace]\nmembers = ['member']\n".to_owned(),
        ),
        (
            "member/Cargo.toml",
            format!(
                "[package]\nname = 'member'\nedition = '2024'\n[dependencies]\n\
                 words = {{ path = '{}' }}\n",
                words.display()
            ),
        ),
        (
            "member/src/lib.rs",
            "pub const WORD: &str = words::word!();".to_owned(),
        ),
    ] {
        fs::write(odd.join(file), text).expect("a file");
    }
    let check = |policy: &str| {
        let file = odd.join(".config/pm-aot.toml");
        fs::write(file, format!("[crates.words]\nrun = \"{policy}\"\n")).expect("a file");
        let mut command = wrapped(&machine, "first", "check --offline");
        run(command
            .current_dir(odd.join("member"))
            .env("CARGO_TARGET_DIR", machine.at("target")))
    };
    let Ran { succeeded, stderr } = check("wasm");
    assert!(!succeeded, "{stderr}");
    assert!(
        stderr.contains("error: `words` can't run from wasm"),
        "{stderr}"
    );
    // rustc itself may not like such a folder; that isn't what is tested.
    let Ran { stderr, .. } = check("automatic");
    assert!(
        stderr.contains("`words` stays native: `cargo metadata` finds no workspace"),
        "{stderr}"
    );
}

/// A file that is called as the compiler is makes no wrapper's call of a command.
#[test]
fn files_named_rustc() {
    let machine = Machine::new();
    for name in ["rustc", "rustc.wasm"] {
        let file = machine.at(name);
        fs::write(&file, "no module").expect("written");
        let mut command = Command::new(pm_aot());
        without_cargo(&mut command).arg("precompile").arg(&file);
        let Ran { succeeded, stderr } = run(&mut command);
        assert!(!succeeded);
        assert!(stderr.contains("isn't a proc-macro module"), "{stderr}");
    }
}
