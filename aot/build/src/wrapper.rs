//! This program as cargo's `RUSTC_WRAPPER`: runs rustc, or does without, and notes what it was asked.
//!
//! What a call is about decides what is done:
//! - a library for the host (`library`): compiled, unless it's known that nothing but macro crates
//!   needs it,
//! - a macro crate (`macro_crate`): compiled for wasm, or taken out of the machine's cache,
//! - everything else: compiled, when what it names is there.

mod artifacts;
mod inactive;
mod library;
mod macro_crate;
mod policy;

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus};
use std::time::SystemTime;

use crate::call::{self, Call};
use crate::known::{Dependency, Input};
use crate::materialise::{Failure, Needed};
use crate::outer::{self, Caller};
use crate::record::{Compile, Record, State, is_host_library};
use crate::run::{Show, run, say};
use crate::session::{self, Now, Session};
use crate::store::{Store, UnitId, unit_of_library};
use crate::{Hooks, Mode, engine, log};

use policy::Unserved;

/// Acts as rustc if cargo called this process as its wrapper, else answers nothing.
///
/// Call it first in `main`, before arguments are parsed. The native compile has this process's
/// standard streams and its exit code is the answer; that nothing could be noted is told on
/// stderr and changes nothing about it.
#[must_use]
pub fn wrapper_main(hooks: &impl Hooks) -> Option<ExitCode> {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let (session, before, is_ours) = match std::env::var_os(session::VARIABLE) {
        Some(file) => {
            let session = Session::read(&file)?;
            let before = call::of_rustc(&session.rustc, &arguments)?;
            (session, before, true)
        }
        None => {
            let before = outer::before(&arguments)?;
            match outer::caller(hooks, &arguments, before) {
                Caller::Served(session) => (*session, before, false),
                Caller::Unserved(inactive) => {
                    return Some(inactive::for_cargo(&arguments, before, &inactive));
                }
                Caller::Other(inactive) => {
                    return Some(inactive::for_other(&arguments, before, &inactive));
                }
            }
        }
    };
    let result = match Call::new(&session, &arguments, before) {
        Ok(call) => {
            let mut unit = Unit::new(&session, hooks, call);
            if !is_ours && let Some(out_dir) = unit.call.flags.out_dir() {
                let out_dir = unit.call.directory.join(out_dir);
                unit.store = outer::store_of(&out_dir).unwrap_or(unit.store);
            }
            unit.compile()
        }
        Err(error) => Err(error.into()),
    };
    Some(result.unwrap_or_else(|failure| tell(&session.rustc, &failure)))
}

/// Runs what the arguments say.
fn plain(arguments: &[OsString]) -> ExitCode {
    let mut command = Command::new(&arguments[0]);
    command.args(&arguments[1..]);
    ended(command).unwrap_or_else(|error| not_run(&arguments[0], &error))
}

/// How a command ended that is this process's last act: where it can, this process becomes it.
#[cfg(unix)]
fn ended(mut command: Command) -> io::Result<ExitCode> {
    Err(std::os::unix::process::CommandExt::exec(&mut command))
}

#[cfg(not(unix))]
fn ended(mut command: Command) -> io::Result<ExitCode> {
    command.status().map(exit_code)
}

fn not_run(program: &OsStr, error: &io::Error) -> ExitCode {
    eprintln!("error: failed to run `{}`: {error}", program.display());
    ExitCode::FAILURE
}

/// Answers `rustc -vV` with a line more. Cargo takes it for another compiler than the one without the
/// wrapper, and so never takes the one's files for the other's.
fn version(mut command: Command) -> io::Result<ExitCode> {
    let output = command.output()?;
    let mut stdout = io::stdout().lock();
    stdout.write_all(&output.stdout)?;
    if output.status.success() {
        writeln!(stdout, "{}", outer::VERSION_LINE)?;
    }
    io::stderr().write_all(&output.stderr)?;
    Ok(exit_code(output.status))
}

/// Says why a unit couldn't be compiled.
fn tell(rustc: &Path, failure: &Failure) -> ExitCode {
    match failure {
        Failure::Io(error) => eprintln!("error: {}: {error}", rustc.display()),
        Failure::Lost(_) => eprintln!("error: {failure}"),
        Failure::Policy(text) => eprintln!("{text}"),
        Failure::Compile { messages, .. } => {
            say(messages);
            eprintln!("error: {failure}");
        }
    }
    match failure {
        Failure::Compile { status, .. } => exit_code(*status),
        Failure::Io(_) | Failure::Lost(_) | Failure::Policy(_) => ExitCode::FAILURE,
    }
}

/// The unit that this process was called for.
struct Unit<'a, H> {
    session: &'a Session,
    hooks: &'a H,
    call: Call,
    store: Store,
    /// What cargo and the unit's build script set.
    environment: BTreeMap<String, String>,
}

impl<'a, H: Hooks> Unit<'a, H> {
    fn new(session: &'a Session, hooks: &'a H, call: Call) -> Self {
        Self {
            session,
            hooks,
            call,
            store: Store::at(&session.store),
            environment: session.added(),
        }
    }

    fn compile(&self) -> Result<ExitCode, Failure> {
        let (flags, now) = (&self.call.flags, self.session.now.as_ref());
        match now {
            Some(now) if now.mode == Mode::Wasi && is_check(&self.call) => {
                Ok(ExitCode::from(self.hooks.check(self.call.given.clone())))
            }
            Some(now) if now.mode == Mode::Shims && self.call.arguments == ["-vV"] => {
                version(self.call.command()).map_err(Failure::Io)
            }
            Some(now) if now.mode == Mode::Shims && is_host_library(flags) => {
                if flags.is_proc_macro() {
                    self.macro_crate(now)
                } else {
                    self.library(now)
                }
            }
            _ if is_host_library(flags) => self.noted(),
            _ => self.other(),
        }
    }

    /// What no macro needs: a program, a library for another target, a question.
    fn other(&self) -> Result<ExitCode, Failure> {
        self.require()?;
        self.note_wanted();
        Ok(ended(self.call.command())?)
    }

    /// A library that macros may need, or a macro crate, in a mode without shims.
    fn noted(&self) -> Result<ExitCode, Failure> {
        self.require()?;
        let started = SystemTime::now();
        let status = self.call.command().status()?;
        if status.success()
            && let Some(id) = self.note(self.compile_at(started), State::Compiled)
            && let Some(now) = &self.session.now
            && self.call.flags.is_proc_macro()
        {
            match engine::compile_macro(now, &self.store, &id) {
                Ok(Ok(wasm)) => {
                    // The WASI rustc compiles it where there is no artifact.
                    if let Err(error) = self.hooks.precompile(&wasm) {
                        eprintln!("warning: no artifact for `{}`: {error}", wasm.display());
                    }
                }
                Ok(Err(text)) => self.not_there(&Unserved::by_rustc(&text)),
                Err(error) => self.not_there(&Unserved::because(error.to_string())),
            }
        }
        Ok(exit_code(status))
    }

    fn not_there(&self, unserved: &Unserved) {
        let Unserved {
            reason,
            diagnostics,
        } = unserved;
        let package = self.package();
        eprintln!("{diagnostics}warning: `{package}` isn't there as wasm: {reason}");
    }

    fn needed(&self) -> Needed<'_> {
        Needed {
            session: self.session,
            store: &self.store,
            environment: &self.environment,
        }
    }

    /// Has what this unit names there.
    fn require(&self) -> Result<(), Failure> {
        self.needed()
            .require(&self.call.flags, &self.call.directory)?;
        let is_served = |now: &Now| now.mode == Mode::Shims;
        if self.session.now.as_ref().is_some_and(is_served) {
            self.remake_artifacts();
        }
        Ok(())
    }

    /// Notes that this unit needs libraries for more than macro crates.
    fn note_wanted(&self) {
        let Some(cache) = self.session.now.as_ref().and_then(|now| now.cache.as_ref()) else {
            return;
        };
        let noted = self
            .needed()
            .note(cache, &self.call.flags, &self.call.directory);
        if let Err(error) = noted {
            log::warn(format_args!("not noted in the cache: {error}"));
        }
    }

    /// What there is to say of the unit before it is compiled, if its result may be in the cache.
    fn input(&self, now: &Now) -> Option<Input> {
        now.cache.as_ref()?;
        Input::of(&self.call, self.session, now, &self.environment, |path| {
            let id = unit_of_library(path)?;
            let record = Record::read(&self.store, &id)?;
            let key = record.known.as_ref()?.key();
            let is_macro = record.state == State::Shim;
            (!is_macro || policy::reads_the_package(&self.store, &id))
                .then_some(Dependency { key, is_macro })
        })
    }

    /// Compiles it as cargo asked, with its diagnostics on the way.
    fn native(&self, started: SystemTime, input: Option<Input>) -> Result<ExitCode, Failure> {
        let compile = |messages: &[String]| Compile {
            input: input.clone().map(|input| (input, messages.to_vec())),
            ..self.compile_at(started)
        };
        // As soon as its metadata is there, cargo starts what needs no more, which needs the record too.
        let mut early = None;
        let ran = run(&mut self.call.command(), Show::Now, |messages| {
            if early.is_none() {
                early = self
                    .try_note(compile(messages), State::Compiled)
                    .ok()
                    .flatten();
            }
        })?;
        if !ran.status.success() {
            return Ok(exit_code(ran.status));
        }
        match early.as_ref().and_then(|(_, record)| record.known.as_ref()) {
            Some(known) if known.messages == ran.messages => {}
            None if early.is_some() => {}
            _ => drop(self.note(compile(&ran.messages), State::Compiled)),
        }
        Ok(ExitCode::SUCCESS)
    }

    fn compile_at(&self, started: SystemTime) -> Compile {
        Compile {
            arguments: self.call.arguments.clone(),
            environment: self.environment.clone(),
            directory: self.call.directory.clone(),
            started,
            input: None,
        }
    }

    /// Notes how a unit was compiled; answers its name.
    fn note(&self, compile: Compile, state: State) -> Option<UnitId> {
        let noted = self.try_note(compile, state).unwrap_or_else(|error| {
            eprintln!("warning: this unit cannot be compiled to wasm: {error}");
            None
        });
        noted.map(|(id, _)| id)
    }

    fn try_note(&self, compile: Compile, state: State) -> io::Result<Option<(UnitId, Record)>> {
        let found = Record::of_compile(compile, state)?;
        if let Some((id, record)) = &found {
            record.write(&self.store, id)?;
        }
        Ok(found)
    }
}

/// Whether a unit's metadata is all that is wanted, and nothing that has to be linked or run.
fn is_check(call: &Call) -> bool {
    let emits = call.flags.values("--emit");
    let mut emits = emits.flat_map(|emit| emit.split(',')).peekable();
    // A probe of cargo's or of a build script's has no metadata, and is the native rustc's to
    // answer: it's about machine code.
    call.flags.codegen("metadata").is_some()
        && emits.peek().is_some()
        && emits
            .all(|kind| ["metadata", "dep-info"].contains(&kind.split('=').next().unwrap_or(kind)))
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
