//! The other commands of `pm-aot`, and that docs/CLI.md says what they do.

use crate::cli_support::{Ran, Tree, on, pm_aot, run, several};
use fs_err as fs;
use pm_artifact::{FOOTER_LEN, MAGIC};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

fn aot(arguments: &str) -> Ran {
    run(pm_aot().args(arguments.split_terminator(' ')))
}

/// A tree with `good.wasm` and its artifact.
fn precompiled() -> Tree {
    let tree = Tree::with_good();
    on("precompile --quiet", tree.path()).expect(0, &[]);
    tree
}

/// Changes one byte of a file.
fn damage(path: &Path, at: impl FnOnce(usize) -> usize) {
    let mut bytes = fs::read(path).unwrap();
    let at = at(bytes.len());
    bytes[at] ^= 1;
    fs::write(path, bytes).unwrap();
}

#[test]
fn usage() {
    aot("no-such-command").expect(2, &["unrecognized subcommand 'no-such-command'"]);
    aot("precompile").expect(2, &["<PATH>..."]);
    aot("precompile --jobs 0 .").expect(2, &["invalid value '0' for '--jobs <N>'"]);
    aot("list --quiet --verbose .").expect(2, &["cannot be used with"]);
    aot("").expect(2, &["Usage: pm-aot"]);
    for arguments in [
        "--help",
        "help precompile",
        "precompile --help",
        "build --release --help",
    ] {
        let ran = aot(arguments);
        assert!(
            ran.code == Some(0) && ran.stdout.contains("Usage: pm-aot"),
            "{arguments}: {ran:#?}"
        );
    }
    assert!(aot("--version").stdout.starts_with("pm-aot "));
}

#[test]
fn as_a_cargo_command() {
    let tree = precompiled();
    let direct = on("list", tree.path());
    assert_eq!(on("pm-aot list", tree.path()).stdout, direct.stdout);
    assert!(direct.stdout.contains("#[derive(Trait)]"), "{direct:#?}");
}

#[test]
fn colour_only_where_it_is_wanted() {
    let tree = Tree::with_good();
    let plain = on("precompile --force", tree.path());
    assert!(!plain.stderr.contains('\x1b'), "{plain:#?}");
    let coloured = on("precompile --force --color always", tree.path());
    assert!(
        coloured
            .stderr
            .contains("\x1b[1m\x1b[32m Precompiled\x1b[0m"),
        "{coloured:#?}"
    );
}

#[test]
fn a_broken_pipe_is_success() {
    let tree = precompiled();
    let commands = [
        "list",
        "info",
        "explain",
        "list --message-format json",
        "completions",
        "man",
    ];
    for arguments in commands {
        let mut command = pm_aot();
        command
            .args(arguments.split(' '))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        match arguments {
            "completions" => command.arg("bash"),
            "man" => &mut command,
            "info" => command.arg(tree.at("good.cwasm")),
            _ => command.arg(tree.path()),
        };
        let mut child = command.spawn().unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && stderr.is_empty(),
            "{arguments}: {stderr}"
        );
    }
    // Work that was asked for is done though nobody reads about it.
    let mut command = pm_aot();
    command
        .args(["precompile", "--force", "--message-format", "json"])
        .arg(tree.path());
    fs::remove_file(tree.at("good.cwasm")).unwrap();
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert!(child.wait().unwrap().success());
    tree.expect(&["good.cwasm"]);
}

#[test]
fn list() {
    let mut tree = precompiled();
    tree.add("other.wasm", b"\0asm\x01\0\0\0");
    fs::rename(tree.at("good.cwasm"), tree.at("another-name")).unwrap();
    let ran = on("list", tree.path());
    let lines: Vec<Vec<&str>> = ran
        .stdout
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    assert_eq!(lines.len(), 2, "{ran:#?}");
    assert_eq!(lines[0], ["ARTIFACT", "SIZE", "RUSTC", "MACROS"]);
    assert_eq!(lines[1][0], tree.at("another-name").to_str().unwrap());
    assert_eq!(lines[1][3..], ["1.96.0", "#[derive(Trait)]"]);
    on("list", &tree.at("good.wasm")).expect(3, &["good.wasm` can't be read as an artifact"]);
    on("list", &tree.at("nothing")).expect(3, &["doesn't exist"]);
}

#[test]
fn info() {
    let tree = precompiled();
    let artifact = on("info", &tree.at("good.cwasm"));
    for text in [
        "rustc 1.96.0 (by hand)",
        "0123456789abcdef",
        "memory_guard_size: ",
        "slot 1",
    ] {
        assert!(artifact.stdout.contains(text), "{text}: {artifact:#?}");
    }
    let module = on("info", &tree.at("good.wasm"));
    assert!(
        module.stdout.contains("#[derive(Trait)], slot 1"),
        "{module:#?}"
    );
    assert!(
        module.stdout.contains("good.cwasm would be used"),
        "{module:#?}"
    );
    fs::remove_file(tree.at("good.cwasm")).unwrap();
    let alone = on("info", &tree.at("good.wasm"));
    assert!(
        alone
            .stdout
            .contains("good.cwasm would not be used (missing: "),
        "{alone:#?}"
    );
    on("info", tree.path()).expect(3, &["neither"]);
    on("info", &tree.at("nothing")).expect(3, &["doesn't exist"]);
    let text = tree.at("text");
    fs::write(&text, "text").unwrap();
    on("info", &text).expect(3, &["isn't a proc-macro module"]);
}

#[test]
fn verify() {
    let check = |code: i32, text: &str, change: &dyn Fn(&mut Tree)| {
        let mut tree = precompiled();
        change(&mut tree);
        let ran = on("verify", tree.path());
        ran.expect(code, &[text]);
        let json = on("verify --message-format json", tree.path());
        let ok: Vec<_> = json
            .messages()
            .iter()
            .map(|message| message["ok"].clone())
            .collect();
        assert!(ok == [code == 0], "{json:#?}");
    };
    let artifact = |tree: &Tree| tree.at("good.cwasm");
    check(0, "Verified 1 artifact", &|_| {});
    check(1, "body: its code has the digest", &|tree| {
        damage(&artifact(tree), |_| 1000)
    });
    check(1, "manifest: its manifest isn't what", &|tree| {
        damage(&artifact(tree), |len| len - FOOTER_LEN - 9);
    });
    check(1, "not-an-artifact: ", &|tree| {
        damage(&artifact(tree), |len| len - 1)
    });
    check(1, "format: it has format version", &|tree| {
        damage(&artifact(tree), |len| len - MAGIC.len() - 4);
    });
    check(1, "truncated: ", &|tree| {
        let bytes = fs::read(artifact(tree)).unwrap();
        fs::write(artifact(tree), &bytes[8..]).unwrap();
    });
    check(1, "not-an-artifact: ", &|tree| {
        fs::write(artifact(tree), "").unwrap()
    });
    check(1, "stale: its `.wasm` has the digest", &|tree| {
        tree.add("good.wasm", &several(1)[0]);
    });
    check(0, "Verified 1 artifact", &|tree| {
        fs::remove_file(tree.at("good.wasm")).unwrap()
    });
    // Another tool's file of that name, which no module of ours belongs to.
    check(0, "Verified 1 artifact", &|tree| {
        tree.add("foreign.cwasm", b"\x7fELF");
    });
}

#[test]
fn clean_removes_our_files_and_no_others() {
    let mut tree = precompiled();
    tree.add("foreign.cwasm", b"\x7fELF");
    tree.add("text", b"text");
    fs::copy(tree.at("good.cwasm"), tree.at("renamed.bin")).unwrap();
    fs::write(tree.at(".pm-aot-dead.tmp"), "half").unwrap();
    std::thread::sleep(std::time::Duration::from_millis(1200));
    let all = [".pm-aot-dead.tmp", "good.cwasm", "renamed.bin"];
    let ran = on("clean --dry-run", tree.path());
    ran.expect(0, &["Would remove 3 files, "]);
    assert_eq!(ran.stdout.lines().count(), 3, "{ran:#?}");
    assert_eq!(tree.made(), all);
    on("clean", &tree.at("foreign.cwasm"))
        .expect(3, &["foreign.cwasm` can't be read as an artifact"]);
    on("clean", &tree.at("good.wasm")).expect(3, &["good.wasm` can't be read as an artifact"]);
    assert_eq!(tree.made(), all);
    on("clean", tree.path()).expect(0, &["Removed 3 files, "]);
    tree.expect(&[]);
    on("clean", tree.path()).expect(0, &["Removed 0 files, "]);
}

#[test]
fn clean_does_not_follow_links() {
    let outside = precompiled();
    let tree = precompiled();
    std::os::unix::fs::symlink(outside.path(), tree.at("link")).unwrap();
    on("clean", tree.path()).expect(0, &["Removed 1 file, "]);
    outside.expect(&["good.cwasm"]);
}

#[test]
fn explain() {
    let check = |code: &str, help: &str, change: &dyn Fn(&mut Tree)| {
        let mut tree = precompiled();
        change(&mut tree);
        let message = on("explain --message-format json", tree.path())
            .messages()
            .remove(0);
        assert_eq!(message["used"], code.is_empty(), "{message}");
        assert_eq!(
            message["refusal"]["code"].as_str().unwrap_or(""),
            code,
            "{message}"
        );
        let helped = message["help"].as_str().unwrap_or("");
        assert!(helped.contains(help), "{message}");
        let ran = on("explain", tree.path());
        assert!(
            ran.code == Some(0) && ran.stdout.contains(helped),
            "{ran:#?}"
        );
        if !helped.is_empty() {
            // The remedy is a command, and it works.
            let command = helped.split('`').nth(1).unwrap();
            run(pm_aot().args(command.split(' ').skip(1))).expect(0, &["1 module"]);
            let again = on("explain --message-format json", tree.path())
                .messages()
                .remove(0);
            assert_eq!(again["used"], true, "{again}");
        }
    };
    check("", "", &|_| {});
    check("missing", "pm-aot precompile ", &|tree| {
        fs::remove_file(tree.at("good.cwasm")).unwrap()
    });
    check("stale", "pm-aot precompile ", &|tree| {
        tree.add("good.wasm", &several(1)[0]);
    });
    check("body", "pm-aot precompile --force ", &|tree| {
        damage(&tree.at("good.cwasm"), |_| 1000)
    });
    check("not-an-artifact", "pm-aot precompile ", &|tree| {
        fs::write(tree.at("good.cwasm"), "text").unwrap();
    });
    check("format", "pm-aot precompile ", &|tree| {
        damage(&tree.at("good.cwasm"), |len| len - MAGIC.len() - 4);
    });
    check("", "", &|tree| {
        fs::remove_file(tree.at("good.wasm")).unwrap()
    });
}

#[test]
fn explain_for_another_compiler() {
    let tree = precompiled();
    let rustc = tree.at("rustc");
    fs::write(&rustc, "#!/bin/sh\necho 'rustc 1.97.0 (a b)'\n").unwrap();
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(&rustc, PermissionsExt::from_mode(0o755)).unwrap();
    let with = |rustc: &Path| {
        run(pm_aot()
            .args(["explain", "--rustc"])
            .args([rustc, &tree.at("good.wasm")]))
    };
    let ran = with(&rustc);
    let expect =
        "compiled with rustc 'rustc 1.96.0 (by hand)' but 'rustc 1.97.0 (a b)' is expected";
    assert!(
        ran.code == Some(0) && ran.stdout.contains(expect),
        "{ran:#?}"
    );
    with(&tree.at("no-rustc")).expect(5, &["no-rustc` cannot be started", "help: "]);
    with(Path::new("/bin/true")).expect(5, &["does not answer as rustc does"]);
}

#[test]
fn doctor() {
    let cache = tempfile::tempdir().unwrap();
    let doctor = |arguments: &[&str]| {
        run(pm_aot()
            .arg("doctor")
            .args(arguments)
            .env("PM_AOT_CACHE", cache.path()))
    };
    let ran = doctor(&["--message-format", "json"]);
    let message = ran.messages().remove(0);
    for name in [
        "rustc",
        "rustc_version",
        "cargo",
        "sysroot",
        "cache",
        "engine",
        "cpu_level",
    ] {
        assert!(message.get(name).is_some(), "{name}: {message}");
    }
    assert_eq!(message["cache"], cache.path().to_str().unwrap());
    let ran = doctor(&["--rustc", "/no/such/rustc"]);
    assert_eq!(ran.code, Some(5), "{ran:#?}");
    assert!(ran.stdout.contains("missing  rustc "), "{ran:#?}");
    assert!(
        ran.stdout
            .contains("help: give the path of a working rustc"),
        "{ran:#?}"
    );
}

#[test]
fn completions_and_manual_pages() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let ran = aot(&format!("completions {shell}"));
        assert!(
            ran.code == Some(0) && ran.stdout.contains("precompile"),
            "{shell}"
        );
    }
    assert!(aot("man").stdout.contains(".TH pm-aot"));
    let directory = tempfile::tempdir().unwrap();
    on("man --output", &directory.path().join("man1")).expect(0, &["Wrote the manual pages"]);
    let page = fs::read_to_string(directory.path().join("man1/pm-aot-precompile.1")).unwrap();
    assert!(page.contains("\\-\\-dry\\-run"), "{page}");
    let file = directory.path().join("file");
    fs::write(&file, "").unwrap();
    on("man --output", &file).expect(4, &["error: "]);
}

#[test]
fn set_up_with_no_rustc() {
    let cache = tempfile::tempdir().unwrap();
    let mut command = pm_aot();
    command
        .args(["setup", "--rustc", "/no/such/rustc"])
        .env("PM_AOT_CACHE", cache.path());
    run(&mut command).expect(
        5,
        &[
            "error: `/no/such/rustc` cannot be started",
            "help: give the path",
        ],
    );
    command.env("PM_AOT_CACHE", "/dev/null/cache");
    run(&mut command).expect(5, &["error: ", "help: "]);
}

#[test]
fn a_build_that_fails() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = pm_aot();
    pm_tests::workspace::toolchain();
    if let Some(cache) = std::env::var_os("PM_AOT_CACHE") {
        command.env("PM_AOT_CACHE", cache);
    }
    command.arg("build").current_dir(directory.path());
    run(&mut command).expect(101, &["could not find `Cargo.toml`"]);
}

/// The part of docs/CLI.md that comes out of the program.
const BEGIN: &str = "<!-- generated: UPDATE_EXPECT=1 scripts/test.sh -->\n";

fn docs() -> (std::path::PathBuf, String) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CLI.md");
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

#[test]
fn docs_say_what_help_says() {
    let (path, text) = docs();
    let by_hand = text.find(BEGIN).expect("the mark") + BEGIN.len();
    let generated = aot("reference").stdout;
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, format!("{}\n{generated}", &text[..by_hand])).unwrap();
        return;
    }
    let found = text[by_hand..].trim_start();
    assert!(
        found == generated,
        "docs/CLI.md differs from --help: run with UPDATE_EXPECT=1"
    );
}

/// The names of all fields, and of those in them. What isn't there has no fields.
fn shape(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let named = |(name, value): (&String, &Value)| (name.clone(), shape(value));
            Value::Object(fields.iter().map(named).collect())
        }
        Value::Array(values) => values.first().map_or(Value::Null, shape),
        _ => Value::Null,
    }
}

#[test]
fn docs_show_each_message_as_it_is() {
    let mut seen: BTreeMap<String, Value> = BTreeMap::new();
    let mut tree = Tree::with_good();
    tree.add("bad.wasm", b"\0asm\x01\0\0\0\xff");
    let mut collect = |arguments: &str, path: &Path| {
        let ran = on(&format!("{arguments} --message-format json"), path);
        for message in ran.messages() {
            let reason = message["reason"].as_str().unwrap().to_owned();
            seen.entry(reason).or_insert_with(|| shape(&message));
        }
    };
    collect("precompile --dry-run", tree.path());
    collect("precompile", tree.path());
    collect("precompile", tree.path());
    collect("list", tree.path());
    collect("info", &tree.at("good.cwasm"));
    fs::write(tree.at("good.wasm"), several(1).remove(0)).unwrap();
    collect("verify", tree.path());
    collect("explain", &tree.at("good.wasm"));
    collect("clean --dry-run", tree.path());
    collect("clean", tree.path());
    for action in ["info", "clear"] {
        let mut command = pm_aot();
        command
            .args(["cache", action, "--message-format", "json"])
            .env("PM_AOT_MACRO_CACHE", tree.at("macros"));
        for message in run(&mut command).messages() {
            let reason = message["reason"].as_str().unwrap().to_owned();
            seen.insert(reason, shape(&message));
        }
    }
    let (_, text) = docs();
    let blocks = text
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| rest.split("```").next());
    let shown: BTreeMap<String, Value> = blocks
        .map(|block| {
            let example: Value =
                serde_json::from_str(block).unwrap_or_else(|e| panic!("{block}: {e}"));
            (
                example["reason"].as_str().unwrap().to_owned(),
                shape(&example),
            )
        })
        .collect();
    assert!(seen.len() >= 10, "{seen:#?}");
    for (reason, shape) in &seen {
        assert_eq!(shown.get(reason), Some(shape), "docs/CLI.md, {reason}");
    }
    let elsewhere = [
        "built-macro",
        "diagnostic",
        "doctor",
        "expanded",
        "toolchain",
    ];
    for reason in shown
        .keys()
        .filter(|reason| !elsewhere.contains(&reason.as_str()))
    {
        assert!(
            seen.contains_key(reason),
            "docs/CLI.md shows {reason}, which nothing says"
        );
    }
}
