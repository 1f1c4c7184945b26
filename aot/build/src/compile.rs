//! Compiles one unit for wasm.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use fs_err as fs;
use pm_toolchain::Toolchain;

use crate::amend;
use crate::graph::{Graph, Unit};
use crate::rewrite::Recipe;
use crate::store::Store;

/// What is the same for all units of a build.
pub(crate) struct Compiler<'a> {
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) recipe: Recipe<'a>,
    pub(crate) store: &'a Store,
    pub(crate) graph: &'a Graph,
}

/// What is kept beside a unit's output: what it was made of, and its size, as a cheap check that
/// it is still the same file.
fn stamp(key: &str, output: &Path) -> io::Result<String> {
    Ok(format!("{key} {}\n", fs::metadata(output)?.len()))
}

impl Compiler<'_> {
    /// Where a unit's output goes: a macro's beside what cargo made, a library's into the store.
    pub(crate) fn output(&self, id: &str, unit: &Unit) -> PathBuf {
        let beside = unit.record.native.parent().filter(|_| unit.is_proc_macro());
        beside
            .map_or_else(|| self.store.wasm(id), Path::to_owned)
            .join(unit.file_name())
    }

    pub(crate) fn is_fresh(&self, id: &str, key: &str) -> bool {
        let output = self.output(id, self.graph.unit(id));
        let expect = stamp(key, &output).ok();
        expect.is_some() && fs::read_to_string(self.store.key(id)).ok() == expect
    }

    /// Removes what an earlier build made of a macro that has changed since and now cannot be
    /// made: an old expansion would pass for the new one. Nothing is used instead of it.
    pub(crate) fn remove_outdated(&self, id: &str) {
        let wasm = self.output(id, self.graph.unit(id));
        for outdated in [wasm.with_extension("cwasm"), wasm] {
            // It is not there, or this directory takes no new output either.
            _ = remove_if_there(&outdated);
        }
    }

    /// Compiles a unit whose libraries are there. A failure is rustc's own text, or what the
    /// system said.
    pub(crate) fn compile(&self, id: &str, key: &str) -> Result<(), String> {
        self.try_compile(id, key)
            .unwrap_or_else(|error| Err(error.to_string()))
    }

    fn try_compile(&self, id: &str, key: &str) -> io::Result<Result<(), String>> {
        let unit = self.graph.unit(id);
        let directory = self.store.wasm(id);
        fs::create_dir_all(&directory)?;
        remove_if_there(&self.store.key(id))?;
        let scratch = tempfile::Builder::new()
            .prefix("rustc-")
            .tempdir_in(&directory)?;

        let mut arguments = self.graph.arguments(&self.recipe, self.store, id);
        if amend::is_amended(unit.package())
            && let Some(package) = unit.record.environment.get("CARGO_MANIFEST_DIR")
            && let Some(input) = unit.record.source()
        {
            let copy = scratch.path().join("amended");
            amend::amend(Path::new(package), &input, &copy, &mut arguments)?;
        }

        let mut command = self.toolchain.unstable_command(&self.toolchain.rustc);
        // They name file descriptors that rustc would not get from us.
        for jobserver in ["CARGO_MAKEFLAGS", "MAKEFLAGS", "MFLAGS"] {
            command.env_remove(jobserver);
        }
        command
            .current_dir(&unit.record.directory)
            .envs(&unit.record.environment)
            // A build script may have set it for one crate.
            .env("RUSTC_BOOTSTRAP", "1")
            .args(arguments)
            .arg("--out-dir")
            .arg(scratch.path())
            .stdin(Stdio::null());
        let output = command.output().map_err(|error| {
            let (program, directory) = (&self.toolchain.rustc, &unit.record.directory);
            let place = format!("{} in {}", program.display(), directory.display());
            io::Error::new(error.kind(), format!("failed to run {place}: {error}"))
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Ok(Err(failure(output.status, said.trim_end())));
        }
        let made = scratch.path().join(unit.file_name());
        if unit.is_proc_macro() {
            // A nightly rustc's version does not say which bridge it has.
            let section = pm_abi::profile_section(self.toolchain.profile());
            let mut file = fs::File::options().append(true).open(&made)?;
            file.write_all(&section)?;
        }
        let destination = self.output(id, unit);
        install(&made, &destination)?;
        fs::write(self.store.key(id), stamp(key, &destination)?)?;
        Ok(Ok(()))
    }
}

/// The text about a rustc that failed: what it said, and its exit status where it said nothing or a
/// signal ended it, which no program says itself.
fn failure(status: ExitStatus, said: &str) -> String {
    match (said, status.code()) {
        ("", _) => format!("error: rustc failed: {status}\n"),
        (said, Some(_)) => format!("{said}\n"),
        (said, None) => format!("{said}\nerror: rustc failed: {status}\n"),
    }
}

/// Moves a file to where others may read it at any time. The temporary name keeps rustc and
/// whoever looks for wasm away from a file that is not whole.
fn install(made: &Path, destination: &Path) -> io::Result<()> {
    if fs::rename(made, destination).is_ok() {
        return Ok(());
    }
    // Another file system: cargo's build directory may be anywhere.
    let name = destination
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let temporary = destination.with_file_name(format!(".{name}.{}", std::process::id()));
    let moved = fs::copy(made, &temporary).and_then(|_| fs::rename(&temporary, destination));
    if moved.is_err() {
        _ = fs::remove_file(&temporary);
    }
    moved
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::process::ExitStatusExt;

    use super::*;

    #[test]
    fn a_signal_is_named() {
        let exit = ExitStatus::from_raw(1 << 8);
        let signal = ExitStatus::from_raw(9);
        for (status, said, expect) in [
            (exit, "error: x", "error: x\n"),
            (exit, "", "error: rustc failed: exit status: 1\n"),
            (signal, "", "error: rustc failed: signal: 9 (SIGKILL)\n"),
            (
                signal,
                "warning: x",
                "warning: x\nerror: rustc failed: signal: 9 (SIGKILL)\n",
            ),
        ] {
            assert_eq!(failure(status, said), expect);
        }
    }
}
