//! One call of cargo's: what rustc is asked to do, and how it is run.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;

use crate::flags::Flags;
use crate::session::{self, Session};

/// A compile that cargo asked for.
#[derive(Debug)]
pub(crate) struct Call {
    /// The program, and what comes before rustc's own arguments: the user's wrapper, a workspace
    /// wrapper (clippy's), rustc.
    before: Vec<OsString>,
    /// rustc's arguments as they came.
    pub(crate) given: Vec<OsString>,
    /// The same with argument files read.
    pub(crate) arguments: Vec<String>,
    pub(crate) flags: Flags,
    /// Where rustc runs.
    pub(crate) directory: PathBuf,
    /// Whether rustc itself compiles, and not a workspace wrapper in its place.
    pub(crate) is_plain: bool,
}

impl Call {
    /// The call that this process stands for. `before` is how many of the arguments come before
    /// rustc's own ([`of_rustc`]).
    pub(crate) fn new(
        session: &Session,
        arguments: &[OsString],
        before: usize,
    ) -> io::Result<Self> {
        let (wrappers, given) = arguments.split_at(before);
        let inner = session.inner.iter().map(|inner| inner.clone().into());
        let text = given.iter().map(|argument| {
            let utf8 = argument.to_str().map(str::to_owned);
            let error = || format!("`{}` isn't UTF-8", argument.display());
            // rustc doesn't take it either.
            utf8.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, error()))
        });
        let expanded = expand(text.collect::<io::Result<Vec<_>>>()?)?;
        Ok(Self {
            before: inner.chain(wrappers.iter().cloned()).collect(),
            given: given.to_vec(),
            flags: Flags::parse(&expanded),
            arguments: expanded,
            directory: std::env::current_dir()?,
            is_plain: before == 1,
        })
    }

    /// The command that cargo asked for.
    pub(crate) fn command(&self) -> Command {
        self.command_with(&self.given)
    }

    /// The same with other arguments for rustc.
    pub(crate) fn command_with(&self, arguments: &[impl AsRef<OsStr>]) -> Command {
        let mut command = Command::new(&self.before[0]);
        command
            .args(&self.before[1..])
            .args(arguments)
            .env_remove(session::VARIABLE);
        command
    }
}

/// Where rustc's own arguments begin: cargo puts a workspace wrapper (clippy's) before its path.
pub(crate) fn of_rustc(rustc: &Path, arguments: &[OsString]) -> Option<usize> {
    let mut first = arguments.iter().take(2);
    first
        .position(|argument| argument == rustc.as_os_str())
        .map(|at| at + 1)
}

/// Puts the content of argument files (`@PATH`, one argument a line) in their place: cargo uses
/// one where a command line is too long for the system.
pub(crate) fn expand(arguments: Vec<String>) -> io::Result<Vec<String>> {
    let mut expanded = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument.strip_prefix('@') {
            Some(path) => {
                expanded.extend(fs::read_to_string(path)?.lines().map(str::to_owned));
            }
            None => expanded.push(argument),
        }
    }
    Ok(expanded)
}

/// The arguments with another `--emit`.
pub(crate) fn emitting(arguments: &[String], emit: &str) -> Vec<String> {
    let mut changed = Vec::with_capacity(arguments.len() + 1);
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        if argument == "--emit" {
            rest.next();
        } else if !argument.starts_with("--emit=") {
            changed.push(argument.clone());
        }
    }
    changed.push(format!("--emit={emit}"));
    changed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_is_found_behind_a_workspace_wrapper() {
        let check = |line: &str, expect: Option<usize>| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            assert_eq!(
                of_rustc(Path::new("/bin/rustc"), &arguments),
                expect,
                "{line}"
            );
        };
        check("/bin/rustc -vV", Some(1));
        check("clippy-driver /bin/rustc --crate-name a", Some(2));
        check("build --release", None);
        check("build -- x /bin/rustc", None);
    }

    #[test]
    fn argument_files_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "--cfg\nfeature=\"a b\"\n").unwrap();
        let line = ["-v", &format!("@{}", file.path().display()), "x.rs"];
        assert_eq!(
            expand(line.map(str::to_owned).to_vec()).unwrap(),
            ["-v", "--cfg", "feature=\"a b\"", "x.rs"]
        );
    }

    #[test]
    fn what_is_emitted_can_be_changed() {
        for line in ["--emit=dep-info,link a.rs", "--emit dep-info,link a.rs"] {
            let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
            assert_eq!(
                emitting(&arguments, "metadata=m"),
                ["a.rs", "--emit=metadata=m"]
            );
        }
    }
}
