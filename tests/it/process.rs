//! In somebody else's process: what a stock rustc does when it, or a macro, or we come to grief is what it
//! does with native macros.

use fs_err as fs;
use pm_abi::{DeclarationLayout, Tag};
use pm_tests::cases::Case;
use pm_tests::compile::{Compiled, Goal, Macros, command, finish, shim};
use pm_tests::once::scratch;
use pm_tests::verdict::compare;
use pm_tests::workspace::{fixtures, pm_aot, run, toolchain};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

const SIGSEGV: i32 = 11;
const BOTH: [Macros; 2] = [Macros::Native, Macros::Shims];

/// A case of one file, in a folder of its own.
fn case(name: &str, source: &str) -> (Case, PathBuf) {
    let folder = scratch().join("in-process").join(name);
    fs::create_dir_all(&folder).expect("the scratch folder can be written to");
    let path = folder.join("case.rs");
    fs::write(&path, source).expect("a file");
    let source = source.to_owned();
    (Case { path, source }, folder)
}

/// The same command, without files that show a crash.
fn without_core(rustc: &Command) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", "ulimit -c 0; exec \"$0\" \"$@\""]);
    shell.arg(rustc.get_program()).args(rustc.get_args());
    for (name, value) in rustc.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(rustc.get_current_dir().expect("one is set"));
    shell
}

/// Kills it, if it's still there when this is dropped.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.0.kill();
    }
}

impl Running {
    fn signal(&self) {
        let mut kill = Command::new("kill");
        run(kill.arg("-SEGV").arg(self.0.id().to_string()));
    }

    /// The signal that ended it; none if it didn't end by one, or not at all for a minute.
    fn ended_by(&mut self) -> Option<i32> {
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(60) {
            if let Some(status) = self.0.try_wait().expect("a child") {
                return status.signal();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        None
    }
}

/// Without our handler below wasmtime's, this writes backtraces until somebody ends it.
#[test]
fn a_crash_of_the_compiler_ends_it_once() {
    let (case, out) = case("crash", "pub const N: u8 = habits::nest!(20000);\n");
    let seen = BOTH.map(|macros| {
        let (rustc, _) = command(fixtures(), &case, macros, Goal::Check, &out);
        let mut rustc = without_core(&rustc);
        rustc.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut rustc = Running(rustc.stdin(Stdio::null()).spawn().expect("a shell"));
        let stderr = rustc.0.stderr.take().expect("a pipe");
        let mut text = String::new();
        // Natively it's some kilobytes.
        stderr
            .take(1 << 20)
            .read_to_string(&mut text)
            .expect("text");
        let signal = rustc.ended_by();
        let once = text.matches("error: rustc interrupted by SIGSEGV").count();
        let overflowed = text.contains("rustc unexpectedly overflowed its stack");
        (signal, once, overflowed)
    });
    assert_eq!(seen[0], (Some(SIGSEGV), 1, true), "native rustc");
    assert_eq!(seen[0], seen[1]);
}

/// rustc goes on after the first, and the second ends it.
#[test]
fn a_signal_from_outside_does_what_it_does_natively() {
    let (case, out) = case("signal", "habits::talk!();\nhabits::spin!();\n");
    for macros in BOTH {
        let (rustc, _) = command(fixtures(), &case, macros, Goal::Check, &out);
        let mut rustc = without_core(&rustc);
        rustc.stdout(Stdio::null()).stderr(Stdio::piped());
        let mut rustc = Running(rustc.stdin(Stdio::null()).spawn().expect("a shell"));
        let mut lines = BufReader::new(rustc.0.stderr.take().expect("a pipe")).split(b'\n');
        let mut until = |what: &str| {
            let found = lines.any(|line| {
                let line = line.expect("a line");
                String::from_utf8_lossy(&line).contains(what)
            });
            assert!(found, "{macros:?}: no `{what}`");
        };
        until("raw stderr");
        rustc.signal();
        until("help: you can increase rustc's stack size");
        std::thread::sleep(Duration::from_millis(100));
        let status = rustc.0.try_wait().expect("a child");
        assert_eq!(status, None, "{macros:?} ends at the first");
        rustc.signal();
        assert_eq!(rustc.ended_by(), Some(SIGSEGV), "{macros:?}");
    }
}

/// Compiles with native macros and with shims, with more arguments, and has both say the same.
fn same_with(
    case: &Case,
    out: &Path,
    arguments: &[&str],
    normal: fn(Vec<u8>) -> Vec<u8>,
) -> Compiled {
    for goal in [Goal::Expand, Goal::Check] {
        let [native, ours] = BOTH.map(|macros| {
            let (mut rustc, made) = command(fixtures(), case, macros, goal, out);
            // No file about an internal error.
            rustc.args(arguments).env("RUSTC_ICE", "0");
            let mut compiled = finish(&mut rustc, goal, &made);
            compiled.stderr = normal(compiled.stderr);
            compiled
        });
        let differences = compare(goal, &native, &ours);
        assert!(
            differences.is_empty(),
            "{arguments:?} (- native, + shims)\n{differences}"
        );
        if goal == Goal::Check {
            return ours;
        }
    }
    unreachable!("the last goal returns")
}

/// What the compiler gives up on while it answers a macro: it panics below us, and catches that before it
/// reaches us. After the first of these, rustc 1.96 has an internal error of its own.
const FATAL: [&str; 3] = [
    "pub const A: u8 = habits::expand!(include!(\"unclosed.rs\"));",
    "macro_rules! endless { ($($t:tt)*) => { endless!($($t)* 1) } }
     pub const A: u8 = habits::expand!(endless!());",
    "pub const A: u8 = habits::expand!(habits::expand!(panics::panic_now!(string)));",
];

#[test]
fn a_panic_of_the_compiler_below_a_macro() {
    // The number of the thread is in it.
    let normal = |stderr: Vec<u8>| {
        let text = String::from_utf8_lossy(&stderr);
        let line = |line: &str| match line.split_once("' (") {
            Some((start, end)) if line.starts_with("thread '") => {
                let end = end.trim_start_matches(|c: char| c.is_ascii_digit());
                format!("{start}' ({end}\n")
            }
            _ => format!("{line}\n"),
        };
        text.lines().map(line).collect::<String>().into_bytes()
    };
    for (index, source) in FATAL.into_iter().enumerate() {
        let (case, out) = case(&format!("fatal-{index}"), source);
        fs::write(out.join("unclosed.rs"), "fn f( {\n").expect("a file");
        for arguments in [
            &[][..],
            &["-Ztreat-err-as-bug=1"],
            &["-Ztreat-err-as-bug=2"],
        ] {
            let compiled = same_with(&case, &out, arguments, normal);
            let stderr = String::from_utf8_lossy(&compiled.stderr);
            assert!(!compiled.succeeded(), "{stderr}");
            if arguments == ["-Ztreat-err-as-bug=1"] {
                assert_eq!(compiled.status, "exit status: 101", "{stderr}");
                let panicked = "the compiler unexpectedly panicked";
                assert!(stderr.contains(panicked), "{stderr}");
            }
        }
    }
}

/// rustc's own ways to run macros: its threads, and a thread of its own for each expansion, as for one
/// inside another.
#[test]
fn threads_of_the_compiler() {
    let ways: [&[&str]; 2] = [
        &["-Zthreads=4"],
        &[
            "-Zthreads=2",
            "-Zproc-macro-execution-strategy=cross-thread",
        ],
    ];
    for name in [
        "deep",
        "diagnostics_spans",
        "expand_nested",
        "large",
        "panic_caught",
    ] {
        let case = Case::read(fixtures(), &format!("{name}.rs"));
        let out = scratch().join("in-process/threads").join(name);
        for way in ways {
            let compiled = same_with(&case, &out, way, |stderr| stderr);
            let stderr = String::from_utf8_lossy(&compiled.stderr);
            assert!(compiled.succeeded(), "{name} {way:?}: {stderr}");
        }
    }
}

/// What is answered on the macro's stack has as much of it as on the compiler's, or isn't answered there.
#[test]
fn deep_structures_of_the_compiler_below_a_deep_macro() {
    for (depth, stack) in [(30_000, 8 << 20), (1_000_000, 256 << 20)] {
        let source = format!("pub const A: u64 = habits::drop_nest!({depth});\n");
        let (case, out) = case(&format!("drop-nest-{depth}"), &source);
        for macros in BOTH {
            let (mut rustc, made) = command(fixtures(), &case, macros, Goal::Check, &out);
            rustc.env("RUST_MIN_STACK", stack.to_string());
            let compiled = finish(&mut without_core(&rustc), Goal::Check, &made);
            let stderr = String::from_utf8_lossy(&compiled.stderr);
            assert!(compiled.succeeded(), "{macros:?} {depth}: {stderr}");
        }
    }
}

/// A program of ours that is host to macros as a compiler is: `tests/protocol/host.rs`.
#[test]
fn threads_small_stacks_and_reloads_in_one_process() {
    let toolchain = toolchain();
    let profile = toolchain.profile();
    if profile.tag == Tag::GroupAndMethod {
        eprintln!("host.rs has a server for rustc 1.95 and later, not for {profile}");
        return;
    }
    let program = scratch().join("host");
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("protocol/host.rs");
    let mut rustc = toolchain.unstable_command(&toolchain.rustc);
    rustc.args(["--edition=2024", "-Copt-level=1", "-Ainternal_features"]);
    if profile.declarations == DeclarationLayout::Clients {
        rustc.arg("--cfg=clients");
    }
    run(rustc.arg("-o").arg(&program).arg(source));
    let habits = fixtures()
        .externs
        .iter()
        .find(|known| known.name == "habits");
    let shim = shim(habits.expect("a fixture"));
    let index = place_of("recurse", fixtures().wasm("habits"));
    let output = run(Command::new(program).arg(&shim).arg(index.to_string()));
    let output = String::from_utf8(output).expect("text");
    assert_eq!(output, "threads: 800 expansions\nreloads: 100\n");
}

/// The place of a macro among those of its artifact.
fn place_of(name: &str, wasm: &Path) -> usize {
    let mut list = Command::new(pm_aot());
    list.args(["list", "--message-format=json"]);
    let output = run(list.arg(wasm.with_extension("cwasm")));
    let artifact: serde_json::Value = serde_json::from_slice(&output).expect("JSON");
    let mut macros = artifact["macros"].as_array().expect("macros").iter();
    macros
        .position(|known| known["name"] == name)
        .expect("a macro of this name")
}

/// Whoever removes pm-aot, and uses the target directory after that, reads what to do.
#[test]
fn a_missing_loader_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let loader = folder.path().join("libpm_loader.so");
    let real = pm_aot().with_file_name("libpm_loader.so");
    let habits = fixtures()
        .externs
        .iter()
        .find(|known| known.name == "habits");
    let library = &habits.expect("a fixture").path;
    fs::copy(&real, &loader).expect("a copy");
    let shim = folder.path().join(library.file_name().expect("a name"));
    let mut make = Command::new(pm_aot());
    make.env("PM_AOT_LOADER", &loader);
    make.args(["shim", "--quiet", "--output"]);
    run(make.arg(&shim).arg(library));
    let source = folder.path().join("case.rs");
    fs::write(&source, "pub const A: &str = habits::echo!(b c);\n").expect("a file");
    let compile = || {
        let toolchain = toolchain();
        let mut rustc = toolchain.command(&toolchain.rustc);
        rustc.args([
            "--crate-type=lib",
            "--emit=metadata",
            "--edition=2021",
            "-o",
        ]);
        rustc.arg(folder.path().join("libcase.rmeta")).arg(&source);
        rustc.arg(format!("--extern=habits={}", shim.display()));
        let output = rustc.output().expect("rustc runs");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        (output.status.code(), stderr)
    };
    assert_eq!(compile(), (Some(0), String::new()));

    fs::remove_file(&loader).expect("the loader");
    let told = |reason: &str| {
        let (status, stderr) = compile();
        assert_eq!(status, Some(1), "{stderr}");
        for part in ["proc macro panicked", "Install pm-aot again", reason] {
            assert!(stderr.contains(part), "no `{part}` in {stderr}");
        }
    };
    told("libpm_loader.so: cannot open shared object file");
    fs::write(&loader, "no library").expect("a file");
    told("libpm_loader.so: file too short");
    // A library that isn't the loader; the shim itself is one.
    fs::copy(&shim, folder.path().join("other")).expect("a copy");
    fs::rename(folder.path().join("other"), &loader).expect("a rename");
    told("undefined symbol: pm_loader_run_1");
    fs::copy(&real, folder.path().join("again")).expect("a copy");
    fs::rename(folder.path().join("again"), &loader).expect("a rename");
    assert_eq!(compile(), (Some(0), String::new()));
}
