//! `pm-aot expand`: the file with what macros make of it, and what they say on the way.

use crate::cli_support::{Ran, pm_aot, run};
use fs_err as fs;
use pm_tests::workspace::fixtures;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A package with one source file.
struct Package {
    directory: tempfile::TempDir,
}

impl Package {
    fn new(source: &str) -> Package {
        let directory = tempfile::tempdir().expect("a directory");
        let manifest = "[workspace]\n[package]\nname = 'my-package'\nversion = '1.2.3-rc.4'\n\
                        edition = '2021'\n[features]\ndefault = ['on']\non = []\noff = []\n";
        fs::write(directory.path().join("Cargo.toml"), manifest).unwrap();
        let package = Package { directory };
        fs::create_dir(package.at("src")).unwrap();
        fs::write(package.file(), source).unwrap();
        package
    }

    fn at(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn file(&self) -> PathBuf {
        self.at("src/main.rs")
    }

    /// Expands with the macros of a fixture.
    fn expand(&self, macros: &str, arguments: &str) -> Ran {
        let mut command = pm_aot();
        command
            .arg("expand")
            .arg(self.file())
            .arg("--macro")
            .arg(fixtures().wasm(macros));
        run(command.args(arguments.split_terminator(' ')))
    }
}

/// Expands a source text; the text that comes of it is this.
#[track_caller]
fn check(macros: &str, arguments: &str, source: &str, expect: &str) {
    let ran = Package::new(source).expand(macros, arguments);
    assert_eq!((&*ran.stdout, ran.code), (expect, Some(0)), "{ran:#?}");
}

#[test]
fn the_file_is_printed_with_the_output_in_its_place() {
    let source = "//! Top.\nuse panics::catch;\n/// The message.\nconst A: &str=catch!(string);\n\
                  #[panics(none)] fn f(  ) {   }\nfn g() { catch!(unit); }";
    let expect = "//! Top.\nuse panics::catch;\n/// The message.\n\
                  const A: &str = \"str: a plain message\";\nfn f() {}\n\
                  fn g() {\n    \"other: None\";\n}\n";
    check("panics", "", source, expect);
    check(
        "panics",
        "--bang catch",
        source,
        &expect.replace("fn f()", "#[panics(none)]\nfn f()"),
    );
    let only = "const A: &str = catch!(string);";
    let attribute = expect.replace("const A: &str = \"str: a plain message\";", only);
    let attribute = attribute.replace("\"other: None\";", "catch!(unit);");
    check("panics", "--attr panics", source, &attribute);
}

#[test]
fn colours_are_for_terminals() {
    let package = Package::new("const A: &str = catch!(string); // nothing\n");
    let plain = package.expand("panics", "").stdout;
    let coloured = package.expand("panics", "--color always").stdout;
    assert!(!plain.contains('\x1b'), "{plain:?}");
    for part in [
        "\x1b[35mconst\x1b[0m ",
        "\x1b[32m\"str: a plain message\"\x1b[0m",
    ] {
        assert!(
            coloured.contains(part),
            "{part:?} is missing in {coloured:?}"
        );
    }
}

#[test]
fn what_a_macro_sees_of_the_package() {
    let expect = |name: &str, value: &str| {
        let source = format!("const V: &str = variable!({name});");
        check(
            "habits",
            "",
            &source,
            &format!("const V: &str = {value:?};\n"),
        );
    };
    expect("CARGO_PKG_NAME", "my-package");
    expect("CARGO_PKG_VERSION", "1.2.3-rc.4");
    expect("CARGO_PKG_VERSION_PRE", "rc.4");
    expect("CARGO_CRATE_NAME", "my_package");
    expect("CARGO_BIN_NAME", "my-package");
    expect("CARGO_PKG_LICENSE", "");
    expect("CARGO", "unset");
    expect("PATH", "unset");
    let source = "const V: &str = variable!(MINE);";
    check(
        "habits",
        "--env MINE=a=b",
        source,
        "const V: &str = \"a=b\";\n",
    );
    check("habits", "", source, "const V: &str = \"unset\";\n");
}

#[test]
fn conditions_are_those_of_the_package_and_the_machine() {
    let source = "#[cfg(feature = \"on\")] const A: &str = catch!(none);\n\
                  #[cfg(feature = \"off\")] const B: &str = catch!(string);\n\
                  #[cfg(all(unix, debug_assertions))] const C: &str = catch!(none);\n\
                  #[cfg(mine = \"x\")] const D: &str = catch!(none);\n";
    let json = |arguments: &str| {
        let ran =
            Package::new(source).expand("panics", &format!("--message-format json {arguments}"));
        let expanded = ran.messages().pop().unwrap();
        let uses = expanded["uses"].as_array().unwrap().clone();
        uses.iter()
            .map(|used| used["place"]["line_start"].as_u64().unwrap())
            .collect::<Vec<_>>()
    };
    assert_eq!(json(""), [1, 3]);
    assert_eq!(json("--cfg feature=\"off\" --cfg mine=\"x\""), [1, 2, 3, 4]);
}

#[test]
fn files_below_allow_read_alone() {
    let package = Package::new("const T: &str = file!(\"data/text\");");
    fs::create_dir(package.at("data")).unwrap();
    fs::write(package.at("data/text"), "content").unwrap();
    let denied = package.expand("habits", "");
    assert_eq!(
        denied.stdout, "const T: &str = \"PermissionDenied\";\n",
        "{denied:#?}"
    );
    let allowed = package.expand(
        "habits",
        &format!("--allow-read {}", package.at("data").display()),
    );
    assert_eq!(
        allowed.stdout, "const T: &str = \"content\";\n",
        "{allowed:#?}"
    );
    // A macro that fails for it: the refusal is told, and what to do.
    let package = Package::new("const N: &str = directory!(\"src\");");
    let texts = [
        "proc macro panicked",
        "reading `",
        "was refused",
        "help: `--allow-read PATH`",
    ];
    package.expand("habits", "").expect(1, &texts);
    package
        .expand("habits", "--allow-read /no/such/path")
        .expect(4, &["/no/such/path"]);
}

#[test]
fn panics_are_told_as_rustc_tells_them() {
    let source = "#[derive(Panics)] #[panics(multiline f)] struct S { f: u8 }\n\
                  #[panics(unit)] fn kept() {}\npanic_now!(string);\n";
    let ran = Package::new(source).expand("panics", "");
    ran.expect(
        1,
        &[
            "error: proc-macro derive panicked\n --> ",
            "src/main.rs:1:10\n",
            "= help: message: first line\n",
            "error: custom attribute panicked\n --> ",
            "src/main.rs:2:1\n",
            "error: proc macro panicked\n --> ",
            "src/main.rs:3:1\n",
            "= help: message: a plain message\n",
        ],
    );
    assert!(ran.stdout.contains("fn kept() {}"), "{ran:#?}");
    assert!(
        ran.stdout
            .contains("::core::compile_error!(\"proc macro panicked\");"),
        "{ran:#?}"
    );
}

#[test]
fn a_macro_that_ends_its_process() {
    let ran = Package::new("exit!(3); const A: &str = variable!(A);").expand("habits", "");
    ran.expect(
        1,
        &[
            "error: the macro ended its process with exit status 3",
            "src/main.rs:1:1",
        ],
    );
    assert!(
        ran.stdout.contains("const A: &str = \"unset\";"),
        "the others go on: {ran:#?}"
    );
}

#[test]
fn what_a_macro_prints_is_not_data() {
    let package = Package::new("talk!(words);");
    let mut command = pm_aot();
    command
        .arg("expand")
        .arg(package.file())
        .arg("--macro")
        .arg(fixtures().wasm("habits"));
    let output = command.output().unwrap();
    let (stdout, stderr) = (output.stdout, String::from_utf8_lossy(&output.stderr));
    assert!(
        output.status.success() && stdout == b"\n",
        "{stdout:?} {stderr}"
    );
    for text in [
        "stdout: words",
        "stderr: words",
        "no newline;bytes",
        "raw stderr",
    ] {
        assert!(stderr.contains(text), "{text:?} is missing in {stderr}");
    }
}

#[test]
fn files_that_are_no_rust() {
    let bad = |source: &str, texts: &[&str]| {
        let ran = Package::new(source).expand("panics", "");
        ran.expect(3, texts);
        assert_eq!(ran.stdout, "");
    };
    bad("fn 1() {}", &["error: ", "src/main.rs:1:4"]);
    bad(
        "fn f() { \"unterminated",
        &["unterminated double quote string", "src/main.rs:1:10"],
    );
    bad("fn f() {", &["unclosed delimiter"]);
    let package = Package::new("");
    fs::write(package.file(), b"\xff").unwrap();
    package
        .expand("panics", "")
        .expect(3, &["src/main.rs` can't be read: it isn't UTF-8"]);
    fs::remove_file(package.file()).unwrap();
    package
        .expand("panics", "")
        .expect(3, &["src/main.rs` doesn't exist"]);
}

#[test]
fn macros_that_are_not_there() {
    let package = Package::new("");
    package
        .expand("panics", "--derive Nope")
        .expect(3, &["has no derive `Nope`", "help: it has "]);
    package
        .expand("panics", "--derive A --bang b")
        .expect(2, &["cannot be used with"]);
    let with = |macros: &Path| {
        run(pm_aot()
            .arg("expand")
            .arg(package.file())
            .arg("--macro")
            .arg(macros))
    };
    with(&package.at("none.wasm")).expect(3, &["none.wasm` doesn't exist"]);
    with(&package.file()).expect(3, &["can't be used: not a WebAssembly module"]);
}

#[test]
fn outside_of_any_package() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file.rs");
    fs::write(&file, "const V: &str = variable!(CARGO_PKG_NAME);").unwrap();
    let mut command = pm_aot();
    command
        .arg("expand")
        .arg(&file)
        .arg("--macro")
        .arg(fixtures().wasm("habits"));
    let ran = run(&mut command);
    assert_eq!(
        (ran.code, &*ran.stdout),
        (Some(0), "const V: &str = \"unset\";\n"),
        "{ran:#?}"
    );
}

#[test]
fn without_the_artifact_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let alone = directory.path().join("alone.wasm");
    fs::copy(fixtures().wasm("panics"), &alone).unwrap();
    let package = Package::new("const A: &str = catch!(owned);");
    let mut command = pm_aot();
    command
        .arg("expand")
        .arg(package.file())
        .arg("--macro")
        .arg(&alone)
        .env("PM_AOT_LOG", "info");
    let ran = run(&mut command);
    ran.expect(
        0,
        &["alone.wasm: JIT, ", "(missing: ", "(compiled just now)"],
    );
    assert_eq!(
        ran.stdout,
        "const A: &str = \"String: an owned payload\";\n"
    );
    command.env("PM_AOT_WRITE", "1");
    run(&mut command).expect(0, &["JIT, "]);
    run(&mut command).expect(0, &["alone.wasm: artifact, ", "(from the artifact)"]);
}

/// The names of all fields, as docs/CLI.md must show them.
fn names(value: &Value) -> Vec<&String> {
    value.as_object().expect("an object").keys().collect()
}

#[test]
fn messages_are_as_documented() {
    let source = "panic_now!(string);\nconst A: &str = catch!(none);";
    let ran = Package::new(source).expand("panics", "--message-format json");
    assert_eq!(ran.code, Some(1), "{ran:#?}");
    let messages = ran.messages();
    let [diagnostic, expanded] = &messages[..] else {
        panic!("{ran:#?}")
    };
    let place = &diagnostic["spans"][0];
    let numbers = [
        "byte_start",
        "byte_end",
        "line_start",
        "line_end",
        "column_start",
        "column_end",
    ];
    assert_eq!(
        numbers.map(|name| &place[name]),
        [0, 18, 1, 1, 1, 19],
        "{place}"
    );
    assert_eq!(
        diagnostic["children"][0]["message"],
        "message: a plain message"
    );
    assert_eq!(expanded["uses"][0]["expanded"], false);
    assert_eq!(expanded["uses"][1]["name"], "catch");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/CLI.md");
    let docs = fs::read_to_string(docs).unwrap();
    let examples: Vec<Value> = docs
        .split("```json\n")
        .skip(1)
        .filter_map(|rest| serde_json::from_str(rest.split("```").next()?).ok())
        .collect();
    for message in &messages {
        let example = examples
            .iter()
            .find(|example| example["reason"] == message["reason"]);
        let example = example.unwrap_or_else(|| panic!("no example of {message}"));
        assert_eq!(names(message), names(example));
    }
    let shown = |reason: &str| examples.iter().find(|one| one["reason"] == reason).unwrap();
    assert_eq!(names(place), names(&shown("diagnostic")["spans"][0]));
    assert_eq!(
        names(&diagnostic["children"][0]),
        names(&shown("diagnostic")["children"][0])
    );
    assert_eq!(
        names(&expanded["uses"][0]),
        names(&shown("expanded")["uses"][0])
    );
}
