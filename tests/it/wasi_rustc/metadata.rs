//! What the WASI rustc writes, the native one reads, and the other way round.

use super::{folder, native, succeed, wasi};
use pm_tests::workspace::fixtures;
use std::process::Command;

#[test]
fn each_reads_what_the_other_wrote() {
    let library = "
        #[derive(Clone, Debug, Default)] pub struct Pair<T> { pub a: T, pub b: T }
        impl<T: Copy> Pair<T> { #[inline] pub fn swap(&self) -> Self { Pair { a: self.b, b: self.a } } }
        #[macro_export] macro_rules! pair { ($a:expr) => { $crate::Pair { a: $a, b: $a } } }
        pub const fn answer() -> u32 { 42 }";
    let program = "
        const ANSWER: [u8; library::answer() as usize] = [0; 42];
        pub fn f() -> library::Pair<u8> { let _ = ANSWER; library::pair!(1).swap().clone() }";
    let folder = folder(&[("library.rs", library), ("program.rs", program)]);
    let check = |mut writer: Command, mut reader: Command| {
        writer.current_dir(folder.path());
        succeed(writer.args(["--crate-type=lib", "--emit=metadata", "library.rs"]));
        reader.current_dir(folder.path());
        reader.args(["--crate-type=lib", "--emit=metadata", "-Dwarnings"]);
        succeed(reader.args(["--extern=library=liblibrary.rmeta", "program.rs"]));
    };
    check(wasi(), native());
    check(native(), wasi());
}

/// All but the hashes that paths go into: std's `Path::hash` mixes in a `usize`, so a compiler with
/// another pointer width gives a file, and with it the crate, another hash.
#[test]
fn both_write_the_same() {
    let source = "#[derive(panics::Panics)] pub struct A { pub x: u8 }";
    let folder = folder(&[("lib.rs", source)]);
    let macros = &fixtures()
        .externs
        .iter()
        .find(|known| known.name == "panics");
    let path = &macros.expect("a macro crate").path;
    let write = |mut rustc: Command| {
        rustc.current_dir(folder.path());
        rustc.args([
            "--crate-type=lib",
            "--emit=metadata",
            "-Zremap-cwd-prefix=.",
        ]);
        succeed(
            rustc
                .arg(format!("--extern=panics={}", path.display()))
                .arg("lib.rs"),
        );
        let metadata = folder.path().join("liblib.rmeta");
        let len = fs_err::metadata(&metadata).expect("the metadata").len();
        let listed = succeed(native().arg("-Zls=all").arg(metadata));
        let listed = String::from_utf8(listed).expect("text");
        (len, without_hash(&listed))
    };
    let (native_len, native) = write(native());
    let (wasi_len, wasi) = write(wasi());
    assert_eq!(native, wasi);
    assert_eq!(native_len, wasi_len);
}

/// A listing without the crate's own hash.
fn without_hash(listed: &str) -> String {
    let (before, rest) = listed.split_once("\nhash ").expect("a hash");
    let (_, after) = rest.split_once(' ').expect("an id after it");
    format!("{before}\n{after}")
}
