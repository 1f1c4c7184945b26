//! A toolchain that is ready for use, as the other crates see it.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use pm_abi::Profile;
use serde::{Deserialize, Serialize};

use crate::Bridge;

/// What a panic in a macro does.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PanicStrategy {
    /// It unwinds, by WebAssembly exceptions, as it does in a native macro.
    #[default]
    Unwind,
    /// It traps: smaller and a little faster, but macros that unwind on purpose lose their
    /// diagnostics.
    Abort,
}

impl PanicStrategy {
    /// The name that rustc and target specifications use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unwind => "unwind",
            Self::Abort => "abort",
        }
    }
}

/// A toolchain that compiles proc-macro crates to wasm.
///
/// It is kept in the cache as `toolchain.json`, for people and for tools: [`find`](crate::find)
/// makes it anew from what it sees, so that a moved cache is no trap.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Toolchain {
    /// Names everything below: a hash of all inputs of the set-up.
    pub id: String,
    /// The compiler, native and for wasm.
    pub rustc: PathBuf,
    /// The cargo that belongs to it.
    pub cargo: PathBuf,
    /// The first line of `rustc --version`, which is also what crate metadata contain.
    pub rustc_version: String,
    /// The host's target triple.
    pub host: String,
    /// rustc's own sysroot, with the host's standard library.
    pub sysroot: PathBuf,
    /// Goes before `LD_LIBRARY_PATH` to run rustc and cargo; empty where they find their own.
    pub library_path: Vec<PathBuf>,
    /// Goes before `PATH` for programs that look for `rustc` and its like there.
    pub bin_path: Vec<PathBuf>,
    /// The standard library's sources: the folder that contains `std` and `proc_macro`.
    pub library_sources: PathBuf,
    /// The target specification, `…/wasm32-wasip1.json`.
    pub target_spec: PathBuf,
    /// The sysroot for wasm, with std and `proc_macro`.
    pub wasm_sysroot: PathBuf,
    /// The folder with `libc.a` and `crt1-reactor.o`.
    pub libc: PathBuf,
    /// What a panic does.
    pub panic: PanicStrategy,
    /// rustc arguments of every unit that is compiled for wasm. They need `RUSTC_BOOTSTRAP=1`
    /// (see [`unstable_command`](Self::unstable_command)). No optimisation level, no metadata,
    /// no crate type.
    pub wasm_args: Vec<String>,
    /// Further rustc arguments of a wasm unit that is linked, so of a proc macro.
    pub link_args: Vec<String>,
    /// The bridge of its rustc.
    pub bridge: Bridge,
}

impl Toolchain {
    /// The profile of its bridge.
    ///
    /// # Panics
    /// If it is none that this program knows: [`find`](crate::find) returns no such toolchain.
    #[must_use]
    pub fn profile(&self) -> &'static Profile {
        let profile = Profile::by_name(&self.bridge.profile);
        profile.expect("a toolchain that was found has a known bridge")
    }

    /// A command in the environment that this toolchain's programs need.
    ///
    /// `program` is usually [`rustc`](Self::rustc) or [`cargo`](Self::cargo). What a rustup proxy
    /// or an outer cargo has left in the environment is taken out, since it names another
    /// toolchain.
    #[must_use]
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        command(program, &self.rustc, &self.library_path, &self.bin_path)
    }

    /// [`command`](Self::command) with rustc's unstable features switched on, as wasm units need.
    #[must_use]
    pub fn unstable_command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.command(program);
        command.env("RUSTC_BOOTSTRAP", "1");
        command
    }
}

/// A command in the environment that a toolchain's programs need ([`Toolchain::command`]).
pub(crate) fn command(
    program: impl AsRef<OsStr>,
    rustc: &Path,
    library_path: &[PathBuf],
    bin_path: &[PathBuf],
) -> Command {
    let mut command = Command::new(program);
    for name in ["RUSTUP_TOOLCHAIN", "RUSTDOC", "CARGO"] {
        command.env_remove(name);
    }
    command.env("RUSTC", rustc);
    prepend(&mut command, "LD_LIBRARY_PATH", library_path);
    prepend(&mut command, "PATH", bin_path);
    command
}

/// Puts `directories` before what the variable holds.
pub(crate) fn prepend(command: &mut Command, variable: &str, directories: &[PathBuf]) {
    if directories.is_empty() {
        return;
    }
    let old = std::env::var_os(variable).unwrap_or_default();
    let all = directories
        .iter()
        .cloned()
        .chain(std::env::split_paths(&old));
    // An empty element would mean the working directory.
    let all = all.filter(|directory| !directory.as_os_str().is_empty());
    if let Ok(joined) = std::env::join_paths(all) {
        command.env(variable, joined);
    }
}
