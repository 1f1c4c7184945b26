//! A rustc to whoever calls it: arguments, streams, files, exit codes.

use super::{folder, native, output, same, told, wasi};
use std::io::Write;
use std::process::{Command, Stdio};

/// Errors of the parser, of resolution, of types and of borrowing, a lint, and a help with a
/// suggestion.
const WRONG: &str = "
fn main() {
    let x: u32 = \"text\";
    let mut list = vec![1];
    let first = &list[0];
    list.push(*first);
    println!(\"{}\", first);
    undefined(x);
    let unused = 1;
}
";

#[test]
fn version_and_settings() {
    let folder = folder(&[("file.rs", "")]);
    for arguments in [
        &["-V"][..],
        &["--print=sysroot"],
        &["--print=host-tuple"],
        &["--print=crate-name", "file.rs"],
        &[
            "--print=file-names",
            "--crate-type=lib",
            "--crate-name=a",
            "file.rs",
        ],
        &["--explain", "E0382"],
        &["--help"],
    ] {
        let (code, stdout, _) = same(folder.path(), arguments);
        assert_eq!(code, Some(0), "{arguments:?}");
        assert!(!stdout.is_empty(), "{arguments:?}");
    }
    // Without LLVM there is nothing to say of it.
    let verbose = |mut rustc: Command| told(&output(rustc.arg("-vV"))).1;
    let (native, wasi) = (verbose(native()), verbose(wasi()));
    let without_llvm: String = native
        .lines()
        .filter(|line| !line.starts_with("LLVM"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert_eq!(wasi, without_llvm);
}

#[test]
fn errors_are_the_same_text_and_status() {
    let folder = folder(&[("wrong.rs", WRONG), ("torn.rs", "fn main() { (")]);
    for arguments in [
        &["wrong.rs"][..],
        &["--emit=metadata", "wrong.rs"],
        &["--error-format=json", "--emit=metadata", "wrong.rs"],
        &["--color=always", "--emit=metadata", "wrong.rs"],
        &["--emit=metadata", "torn.rs"],
        &["--emit=metadata", "missing.rs"],
        &["--extern", "nothing=nothing.rlib", "wrong.rs"],
        &["--sysroot=/nowhere", "wrong.rs"],
        &["--no-such-flag"],
        &["-Copt-level=9", "wrong.rs"],
        &["@missing"],
    ] {
        let (code, _, stderr) = same(folder.path(), arguments);
        assert_eq!(code, Some(1), "{arguments:?}: {stderr}");
        assert!(!stderr.contains("wasm"), "{stderr}");
    }
}

#[test]
fn files_and_directories() {
    let folder = folder(&[
        (
            "project/src/lib.rs",
            "mod inner; pub const TEXT: &str = include_str!(\"../../text\");",
        ),
        (
            "project/src/inner.rs",
            "#[test] fn unused() {}\nfn dead() {}",
        ),
        ("text", "some text"),
        (
            "arguments",
            "--crate-type=lib\n--crate-name=from_file\nproject/src/lib.rs",
        ),
    ]);
    let project = folder.path().join("project");
    fs_err::create_dir(folder.path().join("out")).expect("a temporary folder");
    same(
        &project,
        &[
            "--crate-type=lib",
            "--emit=metadata,dep-info",
            "--out-dir=../out",
            "src/lib.rs",
        ],
    );
    let native = fs_err::read(folder.path().join("out/lib.d")).expect("the native one's");
    assert!(folder.path().join("out/liblib.rmeta").exists());
    fs_err::remove_file(folder.path().join("out/lib.d")).expect("the native one's");
    let mut rustc = wasi();
    rustc.current_dir(&project).args([
        "--crate-type=lib",
        "--emit=metadata,dep-info",
        "--out-dir=../out",
        "src/lib.rs",
    ]);
    assert_eq!(output(&mut rustc).status.code(), Some(0));
    let wasi = fs_err::read(folder.path().join("out/lib.d")).expect("the WASI rustc's");
    assert_eq!(
        String::from_utf8_lossy(&wasi),
        String::from_utf8_lossy(&native)
    );
    same(folder.path(), &["--emit=metadata", "@arguments"]);
    assert!(folder.path().join("libfrom_file.rmeta").exists());
}

#[test]
fn input_from_stdin() {
    let from_stdin = |mut rustc: Command| {
        let folder = folder(&[]);
        rustc.current_dir(folder.path());
        rustc.args(["--crate-type=lib", "-Zunpretty=expanded", "-"]);
        rustc
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut child = rustc.spawn().expect("a rustc");
        let mut stdin = child.stdin.take().expect("a pipe");
        stdin
            .write_all(b"#[derive(Debug)] struct A(u8); fn f() { println!(\"{}\", 1) }")
            .expect("a pipe");
        drop(stdin);
        told(&child.wait_with_output().expect("its output"))
    };
    let (native, wasi) = (from_stdin(native()), from_stdin(wasi()));
    assert_eq!(wasi, native);
    assert_eq!(wasi.0, Some(0));
}

#[test]
fn incremental() {
    let folder = folder(&[("lib.rs", "pub fn a() -> u8 { 1 }")]);
    let arguments = [
        "--crate-type=lib",
        "--emit=metadata",
        "-Cincremental=cache",
        "lib.rs",
    ];
    let check = || {
        let output = output(wasi().current_dir(folder.path()).args(arguments));
        assert_eq!(told(&output), (Some(0), String::new(), String::new()));
        fs_err::read(folder.path().join("liblib.rmeta")).expect("the metadata")
    };
    let first = check();
    assert_eq!(check(), first);
    fs_err::write(folder.path().join("lib.rs"), "pub fn a() -> u16 { 1 }").expect("the source");
    assert_ne!(check(), first);
    // Its cache is whole: the native one of the same version goes on from it.
    let mut rustc = native();
    let output = output(rustc.current_dir(folder.path()).args(arguments));
    assert_eq!(told(&output), (Some(0), String::new(), String::new()));
}

#[test]
fn what_it_sees_can_be_chosen() {
    let folder = folder(&[
        ("seen/lib.rs", "pub const A: &str = include_str!(\"a\");"),
        ("seen/a", "a"),
        ("unseen/lib.rs", ""),
    ]);
    let check = |file: &str, arguments: &[&str]| {
        let mut rustc = wasi();
        rustc
            .current_dir(folder.path().join("seen"))
            .env("PM_AOT_RUSTC_READ", folder.path().join("seen"))
            .args(["--crate-type=lib", "-Zno-codegen"])
            .args(arguments)
            .arg(folder.path().join(file));
        told(&output(&mut rustc))
    };
    let (code, _, stderr) = check("seen/lib.rs", &["-Zunpretty=expanded"]);
    assert_eq!(code, Some(0), "{stderr}");
    let (code, _, stderr) = check("unseen/lib.rs", &["-Zunpretty=expanded"]);
    assert_eq!(code, Some(1));
    assert!(stderr.contains("couldn't read"), "{stderr}");
    let (code, _, stderr) = check("seen/lib.rs", &["--emit=metadata"]);
    assert_eq!(code, Some(1), "{stderr}");
    assert!(!folder.path().join("seen/liblib.rmeta").exists());
}

/// A source whose constants take this much of rustc's memory each; rustc keeps equal ones once.
fn constants(sizes: impl IntoIterator<Item = usize>) -> String {
    let constant = |(number, size): (u8, usize)| {
        format!(
            "pub const A{number}: [u8; {size}] = [{number}; {size}];
             pub static B{number}: u8 = A{number}[7];\n"
        )
    };
    (1..).zip(sizes).map(constant).collect()
}

/// Memory up to what a 32-bit program can have; and beyond it a message, no backtrace through wasm.
#[test]
fn memory() {
    let large = 950_000_000;
    // A constant that is too large is refused, but the eighth of it that rustc takes then for which bytes
    // are set is not: one of these leaves less than that.
    let smaller = std::iter::successors(Some(large), |size| Some(size / 10 * 9));
    let filled = [large; 3].into_iter().chain(smaller.take(40));
    let folder = folder(&[
        ("large.rs", &constants([large; 3])),
        ("too_large.rs", &constants([5_000_000_000])),
        ("filled.rs", &constants(filled)),
    ]);
    let check = |file: &str| {
        let mut rustc = wasi();
        rustc.current_dir(folder.path());
        rustc.args(["--crate-type=lib", "--emit=metadata", file]);
        told(&output(&mut rustc))
    };
    assert_eq!(check("large.rs"), (Some(0), String::new(), String::new()));
    // What rustc itself can refuse it refuses.
    let (code, _, stderr) = check("too_large.rs");
    assert_eq!(code, Some(1), "{stderr}");
    assert!(
        stderr.contains("tried to allocate more memory than available to compiler"),
        "{stderr}"
    );
    let (code, _, stderr) = check("filled.rs");
    assert_eq!(code, Some(101), "{stderr}");
    assert!(
        stderr.ends_with(
            "error: the WASI rustc ran out of memory: as a 32-bit program it has 4 GiB\n\
             help: check this crate with the native rustc\n"
        ),
        "{stderr}"
    );
    assert!(!stderr.contains("backtrace"), "{stderr}");
}

/// An internal error says so, as the native one does, and leaves its report.
#[test]
fn an_internal_error() {
    let run = |mut rustc: Command| {
        let folder = folder(&[("lib.rs", "pub fn f() -> u8 { \"\" }")]);
        rustc.current_dir(folder.path());
        rustc.args(["-Ztreat-err-as-bug", "--crate-type=lib", "--emit=metadata"]);
        let (code, _, stderr) = told(&output(rustc.arg("lib.rs")));
        let entries = fs_err::read_dir(folder.path()).expect("a folder");
        let paths = entries.map(|entry| entry.expect("an entry").path());
        let reports: Vec<_> = paths
            .filter(|path| path.to_string_lossy().contains("/rustc-ice-"))
            .collect();
        assert_eq!(reports.len(), 1, "{reports:?}");
        let report = fs_err::read_to_string(&reports[0]).expect("the report");
        assert!(report.contains("treat-err-as-bug"), "{report}");
        assert!(!stderr.contains("wasm"), "{stderr}");
        // The rest has times, threads and addresses in it.
        let (_, said) = stderr.split_once("error: the compiler").expect(&stderr);
        let said = said.lines().filter(|line| !line.contains("rustc-ice-"));
        (code, said.collect::<Vec<_>>().join("\n"))
    };
    assert_eq!(run(wasi()), run(native()));
}
