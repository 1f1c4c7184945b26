//! `pm-aot precompile`: what it finds, what it makes, and that nothing is ever left half-made.

use crate::cli_support::{Tree, good, on, pm_aot, run, several, whole};
use crate::module::Parts;
use fs_err as fs;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

#[test]
fn finds_modules_by_content_and_leaves_the_rest() {
    let mut tree = Tree::new();
    let [one, two, three, ..] = &several(3)[..] else {
        unreachable!()
    };
    tree.add("named.wasm", one);
    tree.add("deep/er/without-extension", two);
    tree.add("deep/other-extension.bin", three);
    tree.add("program.wasm", b"\0asm\x01\0\0\0");
    tree.add("library.wasm", b"\0asm\x01\0\0\0");
    tree.add("text.wasm", b"not wasm at all");
    tree.add("empty", b"");
    let summary = "Finished precompiling 3 modules (3 macros) in ";
    let rest = "; 2 other wasm files left alone";
    on("precompile", tree.path()).expect(0, &[summary, rest]);
    let made = [
        "deep/er/without-extension.cwasm",
        "deep/other-extension.cwasm",
        "named.cwasm",
    ];
    tree.expect(&made);
    on("precompile", tree.path()).expect(0, &["0 modules (0 macros)", "; 3 fresh, 2 other wasm"]);
    tree.expect(&made);
}

#[test]
fn nothing_is_said_on_standard_output_and_little_when_quiet() {
    let tree = Tree::with_good();
    let ran = on("precompile", tree.path());
    assert_eq!((ran.code, &*ran.stdout), (Some(0), ""), "{ran:#?}");
    let ran = on("precompile --force --quiet", tree.path());
    assert_eq!((ran.code, &*ran.stdout, &*ran.stderr), (Some(0), "", ""));
}

/// A build may write the same module again: by its time, a load would have to hash it.
#[test]
fn a_module_written_again_gives_its_time_to_the_artifact() {
    let tree = Tree::with_good();
    on("precompile", tree.path()).expect(0, &[]);
    let modified = |name| {
        fs::metadata(tree.at(name))
            .and_then(|file| file.modified())
            .unwrap()
    };
    let later = modified("good.wasm") + Duration::from_secs(100);
    let wasm = fs::File::options()
        .write(true)
        .open(tree.at("good.wasm"))
        .unwrap();
    wasm.file().set_modified(later).unwrap();
    let before = modified("good.cwasm");
    on("precompile --dry-run", tree.path()).expect(0, &["; 1 fresh"]);
    assert_eq!(modified("good.cwasm"), before);
    on("precompile", tree.path()).expect(0, &["; 1 fresh"]);
    assert_eq!(modified("good.cwasm"), later);
}

#[test]
fn a_fresh_artifact_stays_unless_forced() {
    let tree = Tree::with_good();
    let artifact = tree.at("good.cwasm");
    on("precompile", tree.path()).expect(0, &[]);
    let identity = || {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(&artifact).unwrap().ino()
    };
    let before = identity();
    // The old file still has a name, so that its number isn't given to a new one.
    fs::hard_link(&artifact, tree.at("kept")).unwrap();
    on("precompile", tree.path()).expect(0, &["; 1 fresh"]);
    assert_eq!(identity(), before);
    on("precompile --force", tree.path()).expect(0, &["1 module (1 macro)"]);
    assert_ne!(identity(), before, "it is replaced, never rewritten");
    assert_eq!(
        fs::read(&artifact).unwrap(),
        fs::read(tree.at("kept")).unwrap()
    );
}

#[test]
fn a_stale_artifact_is_replaced_and_the_reason_told() {
    let mut tree = Tree::with_good();
    on("precompile", tree.path()).expect(0, &[]);
    let old = fs::read(tree.at("good.cwasm")).unwrap();
    tree.add("good.wasm", &several(1)[0]);
    on("precompile --verbose", tree.path())
        .expect(0, &["good.wasm (stale: ", "1 module (1 macro)"]);
    assert_ne!(fs::read(tree.at("good.cwasm")).unwrap(), old);
    tree.expect(&["good.cwasm"]);
}

#[test]
fn a_damaged_artifact_is_replaced() {
    let tree = Tree::with_good();
    let artifact = tree.at("good.cwasm");
    on("precompile", tree.path()).expect(0, &[]);
    let whole = fs::read(&artifact).unwrap();
    for len in [0, 1, whole.len() / 2, whole.len() - 1] {
        fs::write(&artifact, &whole[..len]).unwrap();
        on("precompile", tree.path()).expect(0, &["1 module (1 macro)"]);
        assert!(fs::read(&artifact).unwrap() == whole, "cut at {len}");
    }
}

#[test]
fn a_dry_run_writes_nothing() {
    let tree = Tree::with_good();
    let expect = [
        "Would write",
        "good.cwasm (no artifact yet)",
        "dry run: 1 module to precompile",
    ];
    on("precompile --dry-run", tree.path()).expect(0, &expect);
    tree.expect(&[]);
}

#[test]
fn one_file_under_several_names_is_compiled_once() {
    let mut tree = Tree::new();
    let first = tree.add("deps/macro-0123.wasm", &good());
    tree.add("copy.wasm", &good());
    fs::hard_link(&first, tree.at("macro.wasm")).unwrap();
    let ran = on("precompile --verbose", tree.path());
    ran.expect(0, &["Finished precompiling 3 modules"]);
    tree.expect(&[
        "copy.cwasm",
        "deps/macro-0123.cwasm",
        "macro.cwasm",
        "macro.wasm",
    ]);
    on("precompile", tree.path()).expect(0, &["; 3 fresh"]);
    // The same path named twice, once through a link.
    std::os::unix::fs::symlink(tree.path(), tree.at("link")).unwrap();
    let mut command = pm_aot();
    command
        .args(["precompile", "--force"])
        .args([&first, &first]);
    command.arg(tree.at("link/deps"));
    run(&mut command).expect(0, &["Finished precompiling 1 module (1 macro)"]);
}

#[test]
fn messages_for_programs() {
    let mut tree = Tree::with_good();
    tree.add("bad.wasm", b"\0asm\x01\0\0\0\xff");
    tree.add("other.wasm", b"\0asm\x01\0\0\0");
    let ran = on("precompile --message-format json", tree.path());
    ran.expect(3, &["Finished", "error: "]);
    let messages = ran.messages();
    let of = |reason: &str| {
        let found: Vec<_> = messages.iter().filter(|m| m["reason"] == reason).collect();
        assert_eq!(found.len(), 1, "{reason}: {ran:#?}");
        found[0]
    };
    assert_eq!(of("error")["code"], "malformed");
    let precompiled = of("precompiled");
    assert_eq!(
        precompiled["artifact"],
        tree.at("good.cwasm").to_str().unwrap()
    );
    assert_eq!(precompiled["macros"][0]["name"], "Trait");
    let len = fs::metadata(tree.at("good.cwasm")).unwrap().len();
    assert_eq!(precompiled["artifact_len"], len);
    let finished = of("precompile-finished");
    assert_eq!(messages.last(), Some(finished));
    let numbers = ["precompiled", "fresh", "failed", "other_wasm"].map(|name| &finished[name]);
    assert_eq!(numbers, [1, 0, 1, 1], "{finished}");
    assert_eq!(finished["success"], false);
}

/// Precompiles a tree that has a good module and this one: the bad one is refused with this text and
/// code, alone too; the good one goes on.
#[track_caller]
fn refused(bad: &[u8], code: i32, texts: &[&str]) {
    let mut tree = Tree::with_good();
    let path = tree.add("bad.wasm", bad);
    on("precompile", &path)
        .expect(code, texts)
        .expect(code, &["error: ", "bad.wasm"]);
    tree.expect(&[]);
    on("precompile", tree.path())
        .expect(code, texts)
        .expect(code, &["1 module (1 macro)", "; 1 failed"]);
    tree.expect(&["good.cwasm"]);
}

#[test]
fn two_declaration_symbols() {
    let second =
        r#"(global (export "__rustc_proc_macro_decls_fedcba9876543210__") i32 (i32.const 4096))"#;
    let bad = Parts {
        fields: second,
        ..Parts::default()
    }
    .wasm();
    refused(
        &bad,
        3,
        &["isn't a proc-macro module", "two declaration symbols"],
    );
}

#[test]
fn declarations_outside_memory() {
    // The slice is at 4096: a pointer and a count.
    let start = "(i32.store (i32.const 4096) (i32.const 0xfffffff0))";
    let fields = format!(r#"(func (export "_initialize") {start})"#);
    let bad = Parts {
        fields: Box::leak(fields.into_boxed_str()),
        ..Parts::default()
    }
    .wasm();
    refused(
        &bad,
        3,
        &[
            "its declarations can't be read",
            "0xfffffff0",
            "outside the module's memory",
        ],
    );
}

#[test]
fn unknown_imports() {
    let imports = r#"(import "env" "sqlite3_open" (func (param i32) (result i32)))"#;
    let bad = Parts {
        imports,
        ..Parts::default()
    }
    .wasm();
    refused(
        &bad,
        3,
        &[
            "can't be compiled ahead of time",
            "unknown import `env` `sqlite3_open`",
        ],
    );
}

#[test]
fn another_rustc() {
    let bad = Parts {
        rustc: "rustc 1.70.0 (by hand)",
        names_bridge: false,
        ..Parts::default()
    }
    .wasm();
    refused(
        &bad,
        3,
        &[
            "made by rustc 1.70.0 (by hand)",
            "help: build it again: `pm-aot build`",
        ],
    );
}

#[test]
fn truncated_modules() {
    let whole = good();
    let mut tree = Tree::new();
    for len in (8..whole.len()).step_by(11).chain([whole.len() - 1]) {
        let path = tree.add("cut.wasm", &whole[..len]);
        on("precompile", &path).expect(3, &["error: ", "cut.wasm"]);
        tree.expect(&[]);
    }
    // In the midst of a section, the message says so.
    let path = tree.add("cut.wasm", &whole[..whole.len() - 1]);
    on("precompile", &path).expect(3, &["damaged or truncated WebAssembly"]);
}

#[test]
fn named_files_that_are_no_proc_macros() {
    let mut tree = Tree::new();
    let check = |path: &std::path::Path, texts: &[&str]| {
        on("precompile", path)
            .expect(3, texts)
            .expect(3, &["isn't a proc-macro module"]);
    };
    let text = tree.add("text.wasm", b"text");
    check(
        &text,
        &["doesn't start with `\\0asm`", "help: `pm-aot build`"],
    );
    check(&tree.add("empty.wasm", b""), &["not a WebAssembly module"]);
    check(
        &tree.add("program.wasm", b"\0asm\x01\0\0\0"),
        &["no proc-macro declarations"],
    );
    check(
        &tree.add("component.wasm", b"\0asm\x0d\0\x01\0"),
        &["a WebAssembly component"],
    );
    tree.expect(&[]);
    let good = tree.add("good.wasm", &good());
    on("precompile", &good).expect(0, &[]);
    let artifact = tree.at("good.cwasm");
    check(
        &artifact,
        &["name the module that it was made from", "good.wasm"],
    );
    tree.expect(&["good.cwasm"]);
}

#[test]
fn missing_paths_and_what_is_no_path() {
    let mut tree = Tree::with_good();
    let missing = tree.at("no/such/directory");
    on("precompile", &missing).expect(3, &["error: `", "no/such/directory` doesn't exist"]);
    let below = tree.add("file", b"").join("below.wasm");
    on("precompile", &below).expect(4, &["below.wasm", "Not a directory"]);
    on("precompile", std::path::Path::new("/dev/null"))
        .expect(3, &["neither a file nor a directory"]);
    // The others go on; two kinds of failure have the general code.
    let mut command = pm_aot();
    command
        .arg("precompile")
        .args([&missing, &below])
        .arg(tree.path());
    run(&mut command).expect(
        1,
        &["doesn't exist", "Not a directory", "1 module (1 macro)"],
    );
    tree.expect(&["good.cwasm"]);
    on(
        "precompile",
        tree.add("empty/directory/file", b"").parent().unwrap(),
    )
    .expect(0, &["warning: no proc-macro modules were found"]);
}

#[test]
fn two_modules_with_one_artifact() {
    let mut tree = Tree::with_good();
    tree.add("twin.wasm", &several(1)[0]);
    tree.add("twin.bin", &good());
    on("precompile", tree.path()).expect(
        3,
        &["twin.bin` and `", "twin.wasm` would both have the artifact"],
    );
    tree.expect(&["good.cwasm"]);
}

#[test]
fn a_module_with_an_artifacts_name() {
    let mut tree = Tree::new();
    let path = tree.add("module.cwasm", &good());
    on("precompile", &path).expect(
        3,
        &["its artifact would replace it", "help: rename it to `"],
    );
    assert_eq!(tree.made(), [""; 0]);
    assert!(fs::read(path).unwrap() == good());
}

#[test]
fn a_directory_in_the_artifacts_place() {
    let mut tree = Tree::new();
    tree.add("bad.wasm", &good());
    tree.add("bad.cwasm/file", b"precious");
    tree.add("good.wasm", &several(1)[0]);
    on("precompile", tree.path()).expect(4, &["bad.cwasm` is a directory", "1 module (1 macro)"]);
    tree.expect(&["good.cwasm"]);
}

#[test]
fn symbolic_links() {
    let tree = Tree::with_good();
    let link = |to: &std::path::Path, name| std::os::unix::fs::symlink(to, tree.at(name)).unwrap();
    link(tree.path(), "loop");
    link(std::path::Path::new("itself"), "itself");
    link(std::path::Path::new("nowhere"), "dangling.wasm");
    let links = ["dangling.wasm", "itself", "loop"];
    let made = ["dangling.wasm", "good.cwasm", "itself", "loop"];
    on("precompile --dry-run", tree.path()).expect(0, &["dry run: 1 module"]);
    tree.expect(&links);
    on("precompile --follow", tree.path()).expect(
        0,
        &[
            "warning: symbolic link loop: `",
            "loop` leads back to `",
            "1 module (1 macro)",
        ],
    );
    tree.expect(&made);
    on("precompile", &tree.at("itself")).expect(4, &["Too many levels of symbolic links"]);
    on("precompile", &tree.at("loop")).expect(0, &["; 1 fresh"]);
    on("precompile", &tree.at("dangling.wasm")).expect(3, &["doesn't exist"]);
}

/// Runs a script in a mount namespace of its own, if this machine lets us; `$0` is a directory.
fn in_namespace(script: &str, tree: &Tree) -> Option<crate::cli_support::Ran> {
    let namespace = |user: &[&str], script: &str| {
        let mut command = std::process::Command::new("unshare");
        command
            .arg("--mount")
            .args(user)
            .args(["sh", "-ec", script])
            .arg(tree.path());
        command.env("PM_AOT", pm_tests::workspace::pm_aot());
        command.output().ok().map(|_| run(&mut command))
    };
    let users: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    let may = |user: &&&[&str]| {
        namespace(user, "mount -t tmpfs none \"$0\"").is_some_and(|ran| ran.code == Some(0))
    };
    let user = users.iter().find(may)?;
    namespace(user, script)
}

#[test]
fn a_read_only_directory() {
    let tree = Tree::with_good();
    let script = r#"cp "$0/good.wasm" /tmp/pm-aot-$$.wasm; mount -t tmpfs none "$0"
        mv /tmp/pm-aot-$$.wasm "$0/good.wasm"; mount -o remount,ro "$0"
        status=0; "$PM_AOT" precompile "$0" || status=$?; ls "$0"; exit $status"#;
    let Some(ran) = in_namespace(script, &tree) else {
        // No user of this machine may mount; then permissions have to do, unless root ignores them.
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(tree.path(), PermissionsExt::from_mode(0o555)).unwrap();
        if fs::write(tree.at("probe"), "").is_err() {
            on("precompile", tree.path())
                .expect(4, &["Permission denied", "help: artifacts lie beside"]);
            tree.expect(&[]);
        }
        return;
    };
    ran.expect(
        4,
        &[
            "failed to write `",
            "Read-only file system",
            "help: artifacts lie beside",
        ],
    );
    assert_eq!(ran.stdout, "good.wasm\n");
}

#[test]
fn a_full_disk() {
    let tree = Tree::with_good();
    let script = r#"cp "$0/good.wasm" /tmp/pm-aot-$$.wasm; mount -t tmpfs -o size=12k none "$0"
        mv /tmp/pm-aot-$$.wasm "$0/good.wasm"; cp "$0/good.wasm" "$0/before"
        status=0; "$PM_AOT" precompile "$0/good.wasm" || status=$?
        cmp "$0/good.wasm" "$0/before"; ls -A "$0"; exit $status"#;
    let Some(ran) = in_namespace(script, &tree) else {
        return;
    };
    ran.expect(
        4,
        &[
            "failed to write `",
            "No space left on device",
            "help: free some space",
        ],
    );
    assert_eq!(ran.stdout, "before\ngood.wasm\n");
}

#[test]
fn a_limit_on_the_size_of_files() {
    let mut tree = Tree::with_good();
    on("precompile", tree.path()).expect(0, &[]);
    let old = fs::read(tree.at("good.cwasm")).unwrap();
    tree.add("good.wasm", &several(1)[0]);
    let mut command = std::process::Command::new("sh");
    let script = "trap '' XFSZ; ulimit -f 4; exec \"$PM_AOT\" precompile \"$0\"";
    command.args(["-ec", script]).arg(tree.path());
    let ran = run(command.env("PM_AOT", pm_tests::workspace::pm_aot()));
    ran.expect(
        4,
        &[
            "failed to write `",
            "File too large",
            "help: free some space",
        ],
    );
    tree.expect(&["good.cwasm"]);
    assert!(
        fs::read(tree.at("good.cwasm")).unwrap() == old,
        "the old one stays"
    );
    on("precompile", tree.path()).expect(0, &["1 module (1 macro)"]);
}

/// Ends the process whatever happens to the test.
struct Kill(Child);

impl Drop for Kill {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn an_interrupted_run() {
    let mut tree = Tree::new();
    let count = 40;
    for (index, wasm) in several(count).iter().enumerate() {
        tree.add(&format!("{index:02}.wasm"), wasm);
    }
    let mut command = pm_aot();
    command.args(["precompile", "--jobs", "1"]).arg(tree.path());
    let mut child = Kill(command.stderr(Stdio::null()).spawn().unwrap());
    let start = Instant::now();
    while tree.made().iter().all(|name| !name.ends_with(".cwasm")) {
        assert!(
            start.elapsed() < Duration::from_secs(120),
            "nothing was made"
        );
        std::thread::sleep(Duration::from_millis(2));
    }
    child.0.kill().unwrap();
    child.0.wait().unwrap();
    let left = tree.made();
    let artifacts: Vec<_> = left
        .iter()
        .filter(|name| name.ends_with(".cwasm"))
        .collect();
    assert!(
        artifacts.len() < count,
        "it was done before it could be interrupted"
    );
    artifacts.iter().for_each(|name| whole(&tree.at(name)));
    // What it may have left, and what it can't have: a file that somebody is still writing.
    fs::write(tree.at(".pm-aot-dead.tmp"), "half").unwrap();
    fs::write(tree.at(".pm-aot-live.tmp"), "half").unwrap();
    let live = fs::File::open(tree.at(".pm-aot-live.tmp")).unwrap();
    live.file().lock().unwrap();
    std::thread::sleep(Duration::from_millis(1200));
    on("precompile", tree.path()).expect(0, &[&format!("; {} fresh", artifacts.len())]);
    drop(live);
    let mut expect: Vec<String> = (0..count)
        .map(|index| format!("{index:02}.cwasm"))
        .collect();
    expect.insert(0, ".pm-aot-live.tmp".into());
    tree.expect(&expect.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn several_runs_at_once() {
    let mut tree = Tree::new();
    for (index, wasm) in several(6).iter().enumerate() {
        tree.add(&format!("{index}.wasm"), wasm);
    }
    let spawn = |_| {
        let mut command = pm_aot();
        command
            .args(["precompile", "--force"])
            .arg(tree.path())
            .stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let children: Vec<Child> = (0..3).map(spawn).collect();
    for child in children {
        let output = child.wait_with_output().unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    tree.expect(&[
        "0.cwasm", "1.cwasm", "2.cwasm", "3.cwasm", "4.cwasm", "5.cwasm",
    ]);
    on("precompile", tree.path()).expect(0, &["; 6 fresh"]);
}
