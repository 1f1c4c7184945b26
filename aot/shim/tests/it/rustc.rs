//! A shim in the place of a macro, given to a rustc that nobody patched.

use crate::fixture::{self, HOST};
use crate::library::{loader, rustc};
use pm_shim_writer::Input;
use std::path::Path;
use std::process::{Command, Output};

const MACROS: &str = "
    extern crate proc_macro;
    use proc_macro::TokenStream;
    #[proc_macro]
    pub fn one(input: TokenStream) -> TokenStream { input }
    #[proc_macro_attribute]
    pub fn two(_: TokenStream, item: TokenStream) -> TokenStream { item }
    #[proc_macro_derive(Three, attributes(a, bb))]
    pub fn three(_: TokenStream) -> TokenStream { TokenStream::new() }
    #[proc_macro_derive(Four)]
    pub fn four(_: TokenStream) -> TokenStream { TokenStream::new() }
";

const USER: &str = "
    demo::one! { x }
    #[demo::two] struct A;
    #[derive(demo::Three)] #[a] #[bb] struct B;
    #[derive(demo::Four)] struct C;
    fn main() {}
";

fn compile(command: &mut Command, source: &Path, dir: &Path) -> Output {
    let output = command
        .arg(source)
        .args(["--edition", "2024", "--out-dir"])
        .arg(dir)
        .output()
        .unwrap();
    assert!(output.status.code().is_some(), "{output:?}");
    output
}

/// The symbol is that of a macro which rustc itself linked, and the metadata what rustc writes without
/// linking one, both with the same `-C metadata`: so the stable crate id is the same.
///
/// The declarations are those of rustc 1.96, which 1.95 has too. A later rustc may have others: then
/// it crashes here.
#[test]
fn rustc_takes_it_for_the_macro() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    let (macros, user) = (dir.join("demo.rs"), dir.join("user.rs"));
    std::fs::write(&macros, MACROS).unwrap();
    std::fs::write(&user, USER).unwrap();
    let proc_macro = || {
        let mut command = rustc();
        command.args(["--crate-type", "proc-macro", "--crate-name", "demo"]);
        command.args(["-C", "metadata=abc", "-C", "extra-filename=-abc"]);
        command
    };
    let native = dir.join("libdemo-abc.so");
    assert!(compile(&mut proc_macro(), &macros, dir).status.success());
    let native_bytes = std::fs::read(&native).unwrap();
    let symbol = fixture::exports(&native_bytes)
        .into_iter()
        .find(|name| name.starts_with(pm_abi::layout::DECLS_PREFIX))
        .unwrap();
    let mut metadata = proc_macro();
    metadata.arg("--emit=metadata");
    assert!(compile(&mut metadata, &macros, dir).status.success());
    let metadata = std::fs::read(dir.join("libdemo-abc.rmeta")).unwrap();

    let loader = loader(dir);
    let shim = pm_shim_writer::write(&Input {
        loader: loader.to_str().unwrap(),
        symbol: &symbol,
        ..fixture::input(HOST, &fixture::declarations(), &metadata)
    })
    .unwrap();
    std::fs::remove_file(dir.join("libdemo-abc.rmeta")).unwrap();
    // Not rewritten in place: another process may have mapped it.
    std::fs::remove_file(&native).unwrap();
    std::fs::write(&native, shim).unwrap();

    let mut command = rustc();
    command
        .arg("--extern")
        .arg(format!("demo={}", native.display()));
    let output = compile(&mut command, &user, dir);
    let errors = String::from_utf8(output.stderr).unwrap();
    for index in 0..4 {
        let message = format!("macro {index} of 4, ");
        assert!(errors.contains(&message), "{errors}");
    }
    let rest = "artifact /store/demo.cwasm, bridge 1.95, sandbox [7, 0, 8], rustc 1.96.0";
    assert_eq!(errors.matches(rest).count(), 4, "{errors}");
}
