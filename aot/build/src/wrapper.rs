//! This program as cargo's `RUSTC_WRAPPER`: runs rustc, then notes what it was asked.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};

use fs_err as fs;
use pm_policy::{Decision, Version};

use crate::decided::Decided;
use crate::flags::Flags;
use crate::record::Record;
use crate::session::{self, Now, Session};
use crate::store::{Store, UnitId};
use crate::{Hooks, Mode, engine};

/// Acts as rustc if cargo called this process as its wrapper, else answers nothing.
///
/// Call it first in `main`, before arguments are parsed. The native compile has this process's
/// standard streams and its exit code is the answer; that nothing could be noted is told on
/// stderr and changes nothing about it.
#[must_use]
pub fn wrapper_main(hooks: &impl Hooks) -> Option<ExitCode> {
    let session = Session::read(&std::env::var_os(session::VARIABLE)?)?;
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let of_rustc = rustc_arguments(&session.rustc, &arguments)?;
    let mode = session.now.as_ref().map(|now| now.mode);
    if mode == Some(Mode::Wasi) && is_check(of_rustc) {
        return Some(ExitCode::from(hooks.check(of_rustc.to_vec())));
    }
    let status = match run(&session, &arguments) {
        Ok(status) => status,
        Err(error) => {
            eprintln!("error: {}: {error}", session.rustc.display());
            return Some(ExitCode::FAILURE);
        }
    };
    if status.success() {
        match note(&session, of_rustc) {
            Ok(Some((id, library))) => {
                if let Err(error) = serve(&session, &id, library, hooks) {
                    eprintln!("{error}");
                    return Some(ExitCode::FAILURE);
                }
            }
            Ok(None) => {}
            Err(error) => eprintln!("warning: this unit cannot be compiled to wasm: {error}"),
        }
    }
    Some(exit_code(status))
}

/// What follows rustc's path: cargo puts a workspace wrapper (clippy's) before it.
fn rustc_arguments<'a>(rustc: &Path, arguments: &'a [OsString]) -> Option<&'a [OsString]> {
    let at = arguments
        .iter()
        .take(2)
        .position(|argument| argument == rustc.as_os_str())?;
    Some(&arguments[at + 1..])
}

fn run(session: &Session, arguments: &[OsString]) -> io::Result<ExitStatus> {
    let (program, arguments) = match &session.inner {
        Some(inner) => (inner.as_os_str(), arguments),
        None => (arguments[0].as_os_str(), &arguments[1..]),
    };
    Command::new(program)
        .args(arguments)
        .env_remove(session::VARIABLE)
        .status()
}

/// Whether a unit's metadata is all that is wanted, and nothing that has to be linked or run.
fn is_check(arguments: &[OsString]) -> bool {
    let text = arguments
        .iter()
        .map(|argument| argument.to_str().map(str::to_owned));
    let Some(Ok(arguments)) = text.collect::<Option<Vec<_>>>().map(expand) else {
        return false;
    };
    let flags = Flags::parse(&arguments);
    let mut emits = flags
        .values("--emit")
        .flat_map(|emit| emit.split(','))
        .peekable();
    // A probe of cargo's or of a build script's has no metadata, and is the native rustc's to
    // answer: it's about machine code.
    flags.codegen("metadata").is_some()
        && emits.peek().is_some()
        && emits
            .all(|kind| ["metadata", "dep-info"].contains(&kind.split('=').next().unwrap_or(kind)))
}

/// Makes of a macro that was just built natively what the policy says, since what depends on it comes
/// next. An error is one of the build's: the policy says `wasm`, and there is none.
fn serve(
    session: &Session,
    id: &UnitId,
    library: PathBuf,
    hooks: &impl Hooks,
) -> Result<(), String> {
    let Some(now) = &session.now else {
        return Ok(());
    };
    let variable = |name| std::env::var(name).unwrap_or_default();
    let (package, version) = (variable("CARGO_PKG_NAME"), variable("CARGO_PKG_VERSION"));
    let decision = now.policy.decide(&package);
    let store = Store::at(&session.store);
    let failure = match decision.version {
        // The WASI rustc can't load a native macro.
        Version::Native if now.mode == Mode::Shims => None,
        _ => compile(now, &store, id, &decision, hooks).err(),
    };
    let native = match decision.version {
        Version::Native => Some(decision.why.clone()),
        Version::Wasm { .. } => failure.as_ref().map(|failure| failure.reason.clone()),
    };
    let decided = Decided {
        workspace: decision.sandbox.workspace.clone(),
        package,
        version,
        library,
        decision,
        native,
    };
    if now.mode == Mode::Shims {
        // Without a note, a change of the policy would be overlooked.
        let noted = decided.write(&store, id);
        noted.map_err(|error| format!("error: the policy's decision can't be noted: {error}"))?;
    }
    match failure {
        None => Ok(()),
        Some(failure) => failure.tell(&decided, now.mode),
    }
}

/// Why a macro doesn't run from wasm.
struct Failure {
    /// In one line.
    reason: String,
    /// What rustc said.
    diagnostics: String,
}

impl Failure {
    /// Tells it, or answers the text of an error.
    fn tell(&self, decided: &Decided, mode: Mode) -> Result<(), String> {
        let Self {
            reason,
            diagnostics,
        } = self;
        let Decided {
            package, decision, ..
        } = decided;
        let required = decision.version == (Version::Wasm { required: true });
        match mode {
            Mode::Shims if required => {
                return Err(format!(
                    "{diagnostics}error: `{package}` can't run from wasm: {reason}\nnote: {}\nhelp: \
                     `run = \"automatic\"` lets it stay native",
                    decision.why
                ));
            }
            // cargo repeats it with each build.
            Mode::Shims => eprintln!(
                "warning: `{package}` stays native: {reason}\nhelp: PM_AOT_POLICY={package}=wasm shows \
                 all that is known of it; with `run = \"native\"` nothing is said"
            ),
            Mode::Native | Mode::Wasi => {
                eprintln!("{diagnostics}warning: `{package}` isn't there as wasm: {reason}");
            }
        }
        Ok(())
    }
}

/// Compiles a macro for wasm and has it taken into use.
fn compile(
    now: &Now,
    store: &Store,
    id: &UnitId,
    decision: &Decision,
    hooks: &impl Hooks,
) -> Result<(), Failure> {
    let wasm = engine::compile_macro(now, store, id)
        .unwrap_or_else(|error| Err(error.to_string()))
        .map_err(|diagnostics| Failure {
            reason: format!("it doesn't compile ({})", first_error(&diagnostics)),
            diagnostics: format!("{}\n", diagnostics.trim_end()),
        })?;
    let done = hooks.compiled(&wasm, now.mode, &now.toolchain, &decision.sandbox);
    done.map_err(|reason| Failure {
        reason,
        diagnostics: String::new(),
    })
}

/// The line of rustc's text that says most.
fn first_error(diagnostics: &str) -> &str {
    let mut lines = diagnostics.lines();
    let first = lines.clone().next().unwrap_or_default();
    lines
        .find(|line| line.starts_with("error"))
        .unwrap_or(first)
}

/// Notes how a unit was compiled; answers its name and library if it is a macro.
fn note(session: &Session, arguments: &[OsString]) -> io::Result<Option<(UnitId, PathBuf)>> {
    // rustc itself takes only UTF-8 here.
    let Some(arguments) = arguments
        .iter()
        .map(|a| a.to_str().map(str::to_owned))
        .collect()
    else {
        return Ok(None);
    };
    let arguments = expand(arguments)?;
    let is_macro = Flags::parse(&arguments).is_proc_macro();
    let directory = std::env::current_dir()?;
    let Some((id, record)) = Record::of_compile(arguments, session.added(), directory)? else {
        return Ok(None);
    };
    record.write(&Store::at(&session.store), &id)?;
    Ok(is_macro.then_some((id, record.native)))
}

/// Puts the content of argument files (`@PATH`, one argument a line) in their place: cargo uses
/// one where a command line is too long for the system.
fn expand(arguments: Vec<String>) -> io::Result<Vec<String>> {
    let mut expanded = Vec::with_capacity(arguments.len());
    for argument in arguments {
        match argument.strip_prefix('@') {
            Some(path) => {
                expanded.extend(
                    fs::read_to_string(OsStr::new(path))?
                        .lines()
                        .map(str::to_owned),
                );
            }
            None => expanded.push(argument),
        }
    }
    Ok(expanded)
}

fn exit_code(status: ExitStatus) -> ExitCode {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        // As shells say it.
        return ExitCode::from(128_u8.saturating_add(u8::try_from(signal).unwrap_or(u8::MAX)));
    }
    match status.code() {
        Some(0) => ExitCode::SUCCESS,
        code => ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rustc_is_found_behind_a_workspace_wrapper() {
        let check = |line: &str, expect: Option<&str>| {
            let arguments: Vec<OsString> = line.split(' ').map(OsString::from).collect();
            let found = rustc_arguments(Path::new("/bin/rustc"), &arguments);
            let expect: Option<Vec<OsString>> =
                expect.map(|rest| rest.split_terminator(' ').map(OsString::from).collect());
            assert_eq!(found.map(<[_]>::to_vec), expect, "{line}");
        };
        check("/bin/rustc -vV", Some("-vV"));
        check(
            "clippy-driver /bin/rustc --crate-name a",
            Some("--crate-name a"),
        );
        check("build --release", None);
        check("build -- x /bin/rustc", None);
    }

    #[test]
    fn one_line_of_many() {
        let check = |text: &str, expect: &str| assert_eq!(first_error(text), expect);
        check(
            "warning: a\n --> b\nerror[E0432]: c\nerror: d",
            "error[E0432]: c",
        );
        check("failed to run rustc", "failed to run rustc");
        check("", "");
    }

    #[test]
    fn argument_files_are_read() {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), "--cfg\nfeature=\"a b\"\n").unwrap();
        let line = vec![
            "-v".into(),
            format!("@{}", file.path().display()),
            "x.rs".into(),
        ];
        assert_eq!(
            expand(line).unwrap(),
            ["-v", "--cfg", "feature=\"a b\"", "x.rs"]
        );
    }
}
