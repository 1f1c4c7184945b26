//! Rustup's choice of a toolchain, with two toolchains used in turn. They are copies of the toolchain's
//! compiler, laid out as rustup does, and linked in a rustup of their own.

use crate::conformance::Copy;
use fs_err as fs;
use pm_tests::workspace::{pm_aot, run, toolchain, without_cargo};
use std::path::{Path, PathBuf};
use std::process::Command;

const NAMES: [&str; 2] = ["one", "two"];

/// A rustup with two toolchains, and a project for each, which names it.
struct Machine {
    folder: tempfile::TempDir,
    copies: [Copy; 2],
}

impl Machine {
    fn new() -> Machine {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let machine = Machine {
            folder,
            copies: [Copy::new(&[]), Copy::new(&[])],
        };
        for (name, copy) in NAMES.into_iter().zip(&machine.copies) {
            let sysroot = copy.sysroot();
            let target = sysroot.join("lib/rustlib/wasm32-wasip1/lib");
            fs::create_dir_all(&target).expect("a folder");
            std::os::unix::fs::symlink(&toolchain().libc, target.join("self-contained"))
                .expect("a link");
            let mut rustup = machine.command("rustup", machine.folder.path());
            rustup.args(["toolchain", "link", name]).arg(sysroot);
            run(&mut rustup);
            machine.write_project(name);
        }
        machine
    }

    /// A package with a macro crate of its own.
    fn write_project(&self, name: &str) {
        let files = [
            (
                "rust-toolchain.toml",
                format!("[toolchain]\nchannel = \"{name}\"\n"),
            ),
            (
                "Cargo.toml",
                "[package]\nname = \"user\"\nedition = \"2024\"\n\
                 [dependencies]\nmaker = { path = \"maker\" }\n[workspace]\n"
                    .to_owned(),
            ),
            ("src/main.rs", "fn main() { maker::unit!() }\n".to_owned()),
            (
                "maker/Cargo.toml",
                "[package]\nname = \"maker\"\nedition = \"2024\"\n[lib]\nproc-macro = true\n"
                    .to_owned(),
            ),
            (
                "maker/src/lib.rs",
                "#[proc_macro]\npub fn unit(_: proc_macro::TokenStream) \
                 -> proc_macro::TokenStream { \"()\".parse().unwrap() }\n"
                    .to_owned(),
            ),
        ];
        for (file, text) in files {
            let path = self.project(name).join(file);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, text).expect("a file");
        }
    }

    fn project(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn command(&self, program: impl AsRef<std::ffi::OsStr>, folder: &Path) -> Command {
        let mut command = Command::new(program);
        without_cargo(&mut command)
            .current_dir(folder)
            .env_remove("RUSTUP_TOOLCHAIN")
            .env_remove("PM_AOT_RUSTC")
            .env_remove("PM_AOT_WASI_LIBC")
            .env("RUSTUP_HOME", self.folder.path().join("rustup"))
            .env("PM_AOT_CACHE", self.folder.path().join("cache"));
        command
    }

    /// Runs pm-aot in a project; standard output, and standard error.
    fn pm_aot(&self, name: &str, arguments: &[&str]) -> (String, String) {
        let mut command = self.command(pm_aot(), &self.project(name));
        let output = command
            .env("PM_AOT_LOG", "info")
            .args(arguments)
            .output()
            .expect("pm-aot runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (out, error) = (text(&output.stdout), text(&output.stderr));
        assert!(output.status.success(), "{name}, {arguments:?}: {error}");
        (out, error)
    }

    /// The rustc that pm-aot uses in a project.
    fn rustc(&self, name: &str, arguments: &[&str]) -> PathBuf {
        let (out, _) = self.pm_aot(name, &[arguments, &["--message-format", "json"]].concat());
        let report: serde_json::Value = serde_json::from_str(&out).expect("the doctor's report");
        PathBuf::from(report["rustc"].as_str().expect("a path"))
    }
}

fn is_fresh(log: &str) -> bool {
    !log.contains(" Compiling ") && !log.contains(" Checking ")
}

#[test]
fn two_in_turn() {
    if Command::new("rustup").arg("--version").output().is_err() {
        eprintln!("rustup isn't on this machine: its choice of a toolchain isn't tested");
        return;
    }
    let machine = Machine::new();
    for (name, copy) in NAMES.into_iter().zip(&machine.copies) {
        machine.pm_aot(name, &["setup"]);
        assert_eq!(machine.rustc(name, &["doctor"]), copy.rustc());
        let (_, log) = machine.pm_aot(name, &["cargo", "check"]);
        assert!(log.contains("Checking user"), "{log}");
        assert!(log.contains(": artifact, "), "{log}");
    }
    // Each is there still, and so is what it compiled.
    for name in NAMES {
        let (_, log) = machine.pm_aot(name, &["setup"]);
        assert!(is_fresh(&log), "{log}");
        let (_, log) = machine.pm_aot(name, &["cargo", "check"]);
        assert!(is_fresh(&log), "{log}");
    }
    // In one project, by the argument that rustup's cargo takes.
    machine.pm_aot("one", &["cargo", "+two", "check"]);
    let (_, log) = machine.pm_aot("one", &["cargo", "check"]);
    assert!(is_fresh(&log), "{log}");
}
