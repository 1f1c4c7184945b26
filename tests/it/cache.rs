//! The machine's macro cache, by what `pm-aot cargo` leaves in projects that use the same macro crate.
//!
//! The macro crate is small, but has what makes it hard: a library below it, which a program or a build
//! script may need too, and a library below that. All of them are outside of the projects, as those
//! of a registry are.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use fs_err as fs;
use pm_tests::workspace::{pm_aot, without_cargo};

const CRATES: &[(&str, &str)] = &[
    (
        "crates/words/Cargo.toml",
        "[package]\nname = 'words'\nedition = '2024'\n[lib]\nproc-macro = true\n\
         [dependencies]\nhelper = { path = '../helper' }",
    ),
    (
        "crates/words/src/lib.rs",
        "#[proc_macro]
        pub fn word(_: proc_macro::TokenStream) -> proc_macro::TokenStream {
            format!(\"{:?}\", helper::word()).parse().unwrap()
        }",
    ),
    (
        "crates/helper/Cargo.toml",
        "[package]\nname = 'helper'\nedition = '2024'\n\
         [dependencies]\nbelow = { path = '../below' }",
    ),
    (
        "crates/helper/src/lib.rs",
        "pub fn word() -> String { below::WORD.to_lowercase() }\nfn nobody_calls_this() {}",
    ),
    (
        "crates/below/Cargo.toml",
        "[package]\nname = 'below'\nedition = '2024'",
    ),
    (
        "crates/below/src/lib.rs",
        "pub const WORD: &str = \"HELLO\";",
    ),
];

/// Some projects of one user.
pub(crate) struct Machine {
    folder: tempfile::TempDir,
}

/// What a cargo of ours left.
pub(crate) struct Ran {
    pub(crate) succeeded: bool,
    pub(crate) stderr: String,
}

impl Machine {
    pub(crate) fn new() -> Machine {
        let machine = Machine {
            folder: tempfile::tempdir().expect("a temporary folder"),
        };
        for (name, content) in CRATES {
            machine.write(name, content);
        }
        machine
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, content: &str) {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, content).expect("a file");
    }

    /// A program that prints the word, by the macro.
    pub(crate) fn project(&self, name: &str) {
        let manifest = format!(
            "[package]\nname = '{name}'\nedition = '2024'\n[workspace]\n\
             [dependencies]\nwords = {{ path = '../crates/words' }}\n"
        );
        self.write(&format!("{name}/Cargo.toml"), &manifest);
        let main = "fn main() { println!(\"{}\", words::word!()); }";
        self.write(&format!("{name}/src/main.rs"), main);
    }

    fn add(&self, name: &str, text: &str) {
        let old = fs::read_to_string(self.at(name)).expect("a file");
        self.write(name, &(old + text));
    }

    pub(crate) fn command(&self, project: &str, arguments: &str) -> Command {
        self.called(Command::new(pm_aot()), project, arguments)
    }

    /// A program as the machine's user calls it in a project.
    pub(crate) fn called(&self, mut program: Command, project: &str, arguments: &str) -> Command {
        without_cargo(&mut program)
            .current_dir(self.at(project))
            .env("PM_AOT_MACRO_CACHE", self.at("cache"))
            .env("PM_AOT_LOG", "info")
            .env("PM_AOT_OPT_LEVEL", "0")
            .env_remove("PM_AOT_CACHE_SIZE")
            .args(arguments.split(' '))
            .stdin(Stdio::null());
        program
    }

    fn cargo(&self, project: &str, arguments: &str) -> Ran {
        run(&mut self.command(project, &format!("cargo {arguments}")))
    }

    /// Builds the project, which must succeed and print this word; answers what was said.
    #[track_caller]
    fn build(&self, project: &str, word: &str) -> String {
        let Ran { succeeded, stderr } = self.cargo(project, "build --offline");
        assert!(succeeded, "{stderr}");
        self.prints(project, word);
        stderr
    }

    #[track_caller]
    pub(crate) fn prints(&self, project: &str, word: &str) {
        let program = self.at(project).join("target/pm-aot/debug").join(project);
        let output = Command::new(&program).output().expect("a program");
        assert_eq!(String::from_utf8_lossy(&output.stdout), format!("{word}\n"));
    }

    /// The crates of which there is code in a project, and those of which there are placeholders.
    fn libraries(&self, project: &str) -> (Vec<String>, Vec<String>) {
        let mut found = BTreeMap::new();
        let folder = self.at(project).join("target/pm-aot/debug/deps");
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            let name = path
                .file_name()
                .and_then(|name| name.to_str())
                .expect("a name");
            if let Some(name) = name
                .strip_prefix("lib")
                .filter(|name| name.ends_with(".rlib"))
            {
                let bytes = fs::read(&path).expect("a library");
                let crate_name = name.split('-').next().expect("a name").to_owned();
                found.insert(crate_name, bytes.starts_with(b"pm-aot placeholder"));
            }
        }
        let names = |deferred: bool| {
            let of = found.iter().filter(|(_, is)| **is == deferred);
            of.map(|(name, _)| name.clone()).collect()
        };
        (names(false), names(true))
    }

    fn usage(&self) -> serde_json::Value {
        let mut command = self.command("crates", "--message-format json cache info");
        let output = command.output().expect("pm-aot");
        serde_json::from_slice(&output.stdout).expect("JSON")
    }
}

pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Ran {
        succeeded: output.status.success(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

pub(crate) fn is_from_cache(stderr: &str) -> bool {
    stderr.contains(": from the cache")
}

#[test]
fn directories_that_move() {
    let machine = Machine::new();
    machine.project("first");
    let builds_in = |target: &str| {
        let Ran { succeeded, stderr } = machine.cargo("first", "build --offline");
        assert!(succeeded, "{stderr}");
        let program = machine.at(target).join("pm-aot/debug/first");
        let found = program.exists();
        // So that only the next build can have made it.
        _ = fs::remove_file(program);
        assert!(found, "{target}: {stderr}");
    };
    // What cargo says of a workspace is kept, until something changes that it depends on.
    builds_in("first/target");
    builds_in("first/target");
    let configuration = "first/.cargo/config.toml";
    machine.write(configuration, "[build]\ntarget-dir = 'other'");
    builds_in("first/other");
    machine.write(configuration, "[build]\ntarget-dir = 'third'");
    builds_in("first/third");
    fs::remove_file(machine.at(configuration)).expect("a file");
    builds_in("first/target");
    machine.write("Cargo.toml", "[workspace]\nmembers = ['first']");
    builds_in("first/target");
    let manifest = "first/Cargo.toml";
    let text = fs::read_to_string(machine.at(manifest)).expect("a file");
    machine.write(manifest, &text.replace("[workspace]", ""));
    builds_in("target");
    machine.write(
        "Cargo.toml",
        "[workspace]\nmembers = []\nexclude = ['first']",
    );
    builds_in("first/target");
}

#[test]
fn the_second_project_compiles_no_macro() {
    let machine = Machine::new();
    machine.project("first");
    let said = machine.build("first", "hello");
    assert!(!is_from_cache(&said), "{said}");
    assert_eq!(
        machine.libraries("first"),
        (vec!["below".into(), "helper".into()], vec![])
    );
    let usage = machine.usage();
    assert_eq!(
        (&usage["macros"], &usage["units"]),
        (&1.into(), &3.into()),
        "{usage}"
    );

    machine.project("second");
    let said = machine.build("second", "hello");
    assert!(is_from_cache(&said), "{said}");
    // As rustc would have said it.
    assert!(
        said.contains("function `nobody_calls_this` is never used"),
        "{said}"
    );
    assert_eq!(
        machine.libraries("second"),
        (vec![], vec!["below".into(), "helper".into()])
    );
    // Cargo finds everything as it was.
    let said = machine.build("second", "hello");
    assert!(!said.contains("Compiling"), "{said}");

    // A build script that comes later needs what has no code yet, and cargo doesn't ask for it again.
    machine.add(
        "second/Cargo.toml",
        "[build-dependencies]\nhelper = { path = '../crates/helper' }\n",
    );
    machine.write(
        "second/build.rs",
        "fn main() { assert_eq!(helper::word(), \"hello\"); }",
    );
    let said = machine.build("second", "hello");
    assert!(!said.contains("Compiling helper"), "{said}");
    assert_eq!(
        machine.libraries("second"),
        (vec!["below".into(), "helper".into()], vec![])
    );
    let said = machine.build("second", "hello");
    assert!(!said.contains("Compiling"), "{said}");

    // Next time it's known to be needed.
    let ran = machine.cargo("second", "clean");
    assert!(ran.succeeded, "{}", ran.stderr);
    let said = machine.build("second", "hello");
    assert!(
        is_from_cache(&said) && !said.contains("until it is needed"),
        "{said}"
    );
    assert_eq!(machine.libraries("second").1, Vec::<String>::new());
}

#[test]
fn a_program_that_uses_the_libraries_itself() {
    let machine = Machine::new();
    for name in ["first", "second"] {
        machine.project(name);
        machine.add(
            &format!("{name}/Cargo.toml"),
            "helper = { path = '../crates/helper' }\n",
        );
        let main = "fn main() { println!(\"{} {}\", words::word!(), helper::word()); }";
        machine.write(&format!("{name}/src/main.rs"), main);
    }
    machine.build("first", "hello hello");
    // Two programs want the same libraries at once, and each library is compiled once.
    machine.write("second/src/bin/other.rs", "fn main() { helper::word(); }");
    let said = machine.build("second", "hello hello");
    assert!(is_from_cache(&said), "{said}");
    for name in ["libhelper-", "libbelow-"] {
        let compiled = said
            .lines()
            .filter(|line| line.ends_with(": compiled, since it is needed"));
        assert_eq!(
            compiled.filter(|line| line.contains(name)).count(),
            1,
            "{said}"
        );
    }
    assert_eq!(machine.libraries("second").1, Vec::<String>::new());
}

#[test]
fn what_has_changed_is_compiled() {
    let machine = Machine::new();
    machine.project("first");
    machine.build("first", "hello");
    machine.write("crates/below/src/lib.rs", "pub const WORD: &str = \"BYE\";");
    machine.project("second");
    let said = machine.build("second", "bye");
    assert!(!is_from_cache(&said), "{said}");
    let said = machine.build("first", "bye");
    assert!(is_from_cache(&said), "{said}");
    machine.write(
        "crates/below/src/lib.rs",
        "pub const WORD: &str = \"HELLO\";",
    );
    let said = machine.build("first", "hello");
    assert!(is_from_cache(&said), "{said}");
}

#[test]
fn a_cache_that_is_damaged_or_gone() {
    let machine = Machine::new();
    machine.project("first");
    machine.build("first", "hello");
    let rebuild = |project: &str| {
        machine.cargo(project, "clean");
        machine.build(project, "hello")
    };
    assert!(is_from_cache(&rebuild("first")));
    for entry in walkdir::WalkDir::new(machine.at("cache")) {
        let path = entry.expect("an entry").into_path();
        if path
            .extension()
            .is_some_and(|extension| extension == "cwasm")
        {
            let bytes = fs::read(&path).expect("an artifact");
            fs::write(&path, &bytes[..bytes.len() / 2]).expect("an artifact");
        }
    }
    let said = rebuild("first");
    assert!(!is_from_cache(&said), "{said}");
    assert!(is_from_cache(&rebuild("first")));

    // While there are placeholders.
    assert_eq!(machine.libraries("first").1.len(), 2);
    fs::remove_dir_all(machine.at("cache")).expect("the cache");
    machine.add("first/src/main.rs", "// Changed.\n");
    machine.build("first", "hello");
    machine.add(
        "first/Cargo.toml",
        "[build-dependencies]\nhelper = { path = '../crates/helper' }\n",
    );
    machine.write("first/build.rs", "fn main() { helper::word(); }");
    machine.build("first", "hello");
    assert!(!is_from_cache(&rebuild("first")));

    // Nobody can write there.
    fs::remove_dir_all(machine.at("cache")).expect("the cache");
    machine.write("cache", "a file");
    let said = rebuild("first");
    assert!(
        said.contains("no macro cache") && !is_from_cache(&said),
        "{said}"
    );
}

#[test]
fn two_builds_at_once() {
    let machine = Machine::new();
    for name in ["first", "second"] {
        machine.project(name);
    }
    std::thread::scope(|scope| {
        for name in ["first", "second"] {
            scope.spawn(|| machine.build(name, "hello"));
        }
    });
    let usage = machine.usage();
    assert_eq!(usage["macros"], 1, "{usage}");
    machine.project("third");
    assert!(is_from_cache(&machine.build("third", "hello")));
}

#[test]
fn a_plain_cargo_in_the_same_directory() {
    let machine = Machine::new();
    machine.project("first");
    machine.build("first", "hello");
    machine.project("second");
    machine.build("second", "hello");
    let toolchain = pm_tests::workspace::toolchain();
    let mut cargo = toolchain.command(&toolchain.cargo);
    without_cargo(&mut cargo)
        .current_dir(machine.at("second"))
        .args(["build", "--offline", "--target-dir", "target/pm-aot"]);
    let ran = run(&mut cargo);
    assert!(
        ran.succeeded && ran.stderr.contains("Compiling helper"),
        "{}",
        ran.stderr
    );
    machine.prints("second", "hello");
    let said = machine.build("second", "hello");
    assert!(!said.contains("Compiling words"), "{said}");
}

#[test]
fn info_and_clear() {
    let machine = Machine::new();
    machine.project("first");
    machine.build("first", "hello");
    let usage = machine.usage();
    let directory = machine.at("cache");
    assert_eq!(usage["reason"], "cache");
    assert_eq!(usage["directory"], directory.to_str().expect("UTF-8"));
    assert_eq!(usage["limit"], 2_u64 << 30);
    assert!(
        usage["bytes"].as_u64().is_some_and(|bytes| bytes > 1000),
        "{usage}"
    );
    let ran = run(&mut machine.command("first", "cache clear"));
    assert!(
        ran.succeeded && ran.stderr.contains("Removed 1 macro crate"),
        "{}",
        ran.stderr
    );
    assert_eq!(machine.usage()["bytes"], 0);
    let ran = run(machine
        .command("first", "cache info")
        .env("PM_AOT_CACHE_SIZE", "much"));
    assert!(
        !ran.succeeded && ran.stderr.contains("--cache-size"),
        "{}",
        ran.stderr
    );
}
