//! A cargo that somebody else has started, with `RUSTC_WRAPPER=pm-aot`.
//!
//! Nobody has written a [session](crate::session) for it. The first call that it makes writes one, under a name
//! that no other process ever has, and the later calls read that: what cargo was asked for is in its own
//! arguments, directory and environment, which Linux shows to its children (`/proc`, proc(5)).
//!
//! Cargo asks `rustc -vV` once and keeps the answer, in `.rustc_info.json` in the target directory. The line that
//! the wrapper adds to it gives its files names of their own. A cargo that doesn't know of that line (it may have
//! the answer of `pm-aot build`, whose wrapper is the same program) would put files of ours under the names of
//! native ones: so without it nothing is served.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use fs_err as fs;
use pm_policy::{Policy, PolicyError};
use pm_toolchain::with_causes;
use serde::{Deserialize, Serialize};

use crate::cargo_args::CargoArgs;
use crate::session::{Now, Session};
use crate::store::{self, Store};
use crate::workspace::{Question, Workspace};
use crate::{Hooks, MacroCache, Mode, Settings, log};

/// What `rustc -vV` says in a line more, through the wrapper.
pub(crate) const VERSION_LINE: &str = concat!("pm-aot: ", env!("CARGO_PKG_VERSION"));

/// The compiler's file.
const RUSTC: &str = if cfg!(windows) { "rustc.exe" } else { "rustc" };

/// Who called this process, where no session says it.
pub(crate) enum Caller {
    /// A cargo, for which macros are compiled.
    Served(Box<Session>),
    /// A cargo, for which they aren't.
    Unserved(Inactive),
    /// Somebody else, a build script for example, who knows cargo's wrapper from the environment.
    Other(Inactive),
}

/// The reason why macros aren't compiled for wasm, and the policy, which may forbid that they run
/// natively instead.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Inactive {
    pub(crate) reason: String,
    /// Or the reason why it can't be read.
    pub(crate) policy: Result<Policy, String>,
}

impl Inactive {
    /// For where the workspace isn't known.
    fn without_workspace(reason: String, directory: &Path) -> Self {
        let variable = std::env::var_os(pm_policy::VARIABLE);
        let policy = Policy::nearest(directory, variable.as_deref());
        Self {
            reason,
            policy: policy.map_err(|error| unreadable(&error)),
        }
    }
}

/// The text about a policy that can't be read.
fn unreadable(error: &PolicyError) -> String {
    let help = error.help().map(|help| format!("\nhelp: {help}"));
    with_causes(error) + &help.unwrap_or_default()
}

/// Whether arguments are those of a compiler's wrapper: how many come before rustc's own.
///
/// `pm-aot rustc …` may be a user's command, too: then neither cargo calls nor anybody whom cargo
/// has told of its wrapper.
pub(crate) fn before(arguments: &[OsString]) -> Option<usize> {
    let named = std::env::var_os("RUSTC");
    let is_rustc = |argument: &OsString| {
        // Not by its stem: `rustc.wasm` is a file of ours.
        let name = Path::new(argument).file_name();
        name.is_some_and(|name| name == "rustc" || name == RUSTC)
            || Some(argument) == named.as_ref()
    };
    let at = arguments.iter().take(2).position(is_rustc)?;
    let is_path = |argument: &OsString| Path::new(argument).components().nth(1).is_some();
    // `cargo pm-aot rustc` has our own name before it.
    let is_command = !is_path(&arguments[at]) && (at == 0 || is_ours(&arguments[0]));
    let wraps = || {
        let wrapper = std::env::var_os("RUSTC_WRAPPER");
        // A user's shell may have the wrapper set, but not what cargo sets for those that it calls.
        let is_told = std::env::var_os("CARGO").is_some();
        is_told && wrapper.is_some_and(|wrapper| is_ours(&wrapper)) || Parent::cargo().is_some()
    };
    let is_wrapper = match at {
        0 => !is_command || wraps(),
        // Before rustc there may be the user's own wrapper, but also a command of ours that is given a file.
        _ => !is_command && (is_path(&arguments[0]) || wraps()),
    };
    is_wrapper.then_some(at + 1)
}

/// Whether a wrapper that the user has set is this program.
pub(crate) fn is_ours(program: &OsStr) -> bool {
    let own = std::env::current_exe().ok();
    own.as_deref().and_then(Path::file_stem) == Path::new(program).file_stem()
}

/// Who called this process, whose arguments are a wrapper's.
pub(crate) fn caller(hooks: &impl Hooks, arguments: &[OsString], before: usize) -> Caller {
    let Some(cargo) = Parent::cargo() else {
        let reason = "the process that runs the wrapper isn't known to be a cargo".into();
        return Caller::Other(Inactive::without_workspace(reason, Path::new(".")));
    };
    let rustc = Path::new(&arguments[before - 1]);
    let asks_version = arguments[before..] == ["-vV"];
    let found = cargo.session(hooks, rustc, asks_version);
    match found {
        Ok(session) => Caller::Served(Box::new(session)),
        Err(inactive) => Caller::Unserved(inactive),
    }
}

/// The cargo that has started this process.
struct Parent {
    /// Of all processes since the machine was started, and of all starts of it.
    name: String,
    program: PathBuf,
    directory: PathBuf,
    arguments: Vec<OsString>,
    environment: BTreeMap<OsString, OsString>,
}

/// What the calls of one cargo share.
#[derive(Serialize, Deserialize)]
struct Shared {
    /// Or why there is none.
    session: Result<Session, Inactive>,
}

impl Parent {
    #[cfg(target_os = "linux")]
    fn cargo() -> Option<Self> {
        let id = std::os::unix::process::parent_id();
        let process = procfs::process::Process::new(i32::try_from(id).ok()?).ok()?;
        let program = process.exe().ok()?;
        let named = || fs::canonicalize(std::env::var_os("CARGO")?).ok();
        if program.file_stem() != Some(OsStr::new("cargo")) && named()? != program {
            return None;
        }
        let start = process.stat().ok()?.starttime;
        let machine = procfs::sys::kernel::random::boot_id().ok()?;
        Some(Self {
            name: format!("{id}-{start}-{machine}"),
            program,
            directory: process.cwd().ok()?,
            arguments: process
                .cmdline()
                .ok()?
                .into_iter()
                .map(Into::into)
                .collect(),
            environment: process.environ().ok()?.into_iter().collect(),
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn cargo() -> Option<Self> {
        None
    }

    fn session(
        &self,
        hooks: &impl Hooks,
        rustc: &Path,
        asks_version: bool,
    ) -> Result<Session, Inactive> {
        let Ok(cache) = pm_toolchain::cache_dir() else {
            // Its reason is this one, and nothing can be kept.
            return self.new_session(hooks, rustc, asks_version);
        };
        let folder = cache.join("sessions");
        let digest = blake3::hash(rustc.as_os_str().as_encoded_bytes()).to_hex();
        let file = folder.join(format!("{}-{}.json", self.name, &digest[..8]));
        let read = || serde_json::from_slice::<Shared>(&fs::read(&file).ok()?).ok();
        if let Some(shared) = read() {
            return shared.session;
        }
        let session = self.new_session(hooks, rustc, asks_version);
        let shared = Shared { session };
        remove_old(&folder);
        // Another call may do the same, with the same result.
        if let Err(error) = store::write_json(&file, &shared) {
            log::warn(format_args!(
                "what is known of this cargo isn't kept: {error}"
            ));
        }
        shared.session
    }

    fn new_session(
        &self,
        hooks: &impl Hooks,
        rustc: &Path,
        asks_version: bool,
    ) -> Result<Session, Inactive> {
        let user = self.arguments.get(1..).unwrap_or_default();
        let subcommand = user.first().map_or(OsStr::new(""), OsString::as_os_str);
        let arguments = CargoArgs::parse_command(subcommand, user);
        let workspace = match self.workspace(&arguments) {
            Ok(workspace) => workspace,
            Err(reason) => {
                let manifest = arguments.manifest().unwrap_or(Path::new("Cargo.toml"));
                let manifest = self.directory.join(manifest);
                let folder = manifest.parent().unwrap_or(&self.directory);
                return Err(Inactive::without_workspace(reason, folder));
            }
        };
        // Before all that may be unusable: macros may not be allowed to run natively instead.
        let policy = match workspace.policy() {
            Ok(policy) => policy,
            Err(error) => {
                return Err(Inactive {
                    reason: "the policy can't be read".into(),
                    policy: Err(unreadable(&error)),
                });
            }
        };
        let store = workspace.store();
        if !asks_version {
            for package in crate::decided::stale(&store, &policy).unwrap_or_default() {
                eprintln!(
                    "warning: `{package}` was built for another policy\nhelp: `cargo clean --package \
                     {package}` has it built for the policy of now"
                );
            }
        }
        match self.now(hooks, rustc, asks_version, &arguments, &workspace, &policy) {
            Ok(now) => Ok(Session::of_variables(
                rustc,
                None,
                store.root(),
                Some(now),
                self.environment.clone(),
            )),
            Err(reason) => Err(Inactive {
                reason,
                policy: Ok(policy),
            }),
        }
    }

    /// The settings of a session, or the reason why there can be none.
    fn now(
        &self,
        hooks: &impl Hooks,
        rustc: &Path,
        asks_version: bool,
        arguments: &CargoArgs,
        workspace: &Workspace,
        policy: &Policy,
    ) -> Result<Now, String> {
        if !asks_version && !workspace.knows_version(VERSION_LINE) {
            return Err("cargo has kept what rustc's version is from a build without this wrapper: run \
                        `touch` on this program, or remove `.rustc_info.json` in the target directory"
                .into());
        }
        let Settings {
            toolchain,
            opt_level,
            cache,
            identity,
        } = hooks.settings()?;
        let sysroot = pm_toolchain::sysroot(rustc).map_err(|error| with_causes(&error))?;
        let is_same = |other: &Path| {
            let canonical = (fs::canonicalize(&sysroot), fs::canonicalize(other));
            matches!(canonical, (Ok(one), Ok(other)) if one == other)
        };
        if !is_same(&toolchain.sysroot) {
            return Err(format!(
                "cargo runs the rustc of `{}`, and macros are compiled by that of `{}`: `pm-aot cargo` runs \
                 the latter",
                sysroot.display(),
                toolchain.sysroot.display()
            ));
        }
        let user = self.arguments.get(1..).unwrap_or_default();
        Ok(Now {
            mode: Mode::Shims,
            toolchain,
            opt_level: opt_level.to_string(),
            jobs: arguments.parallelism(),
            policy: policy.clone(),
            identity,
            cache: cache.and_then(MacroCache::usable),
            // Its subcommand may be an alias. That it's there for nothing costs a compile.
            doctests: user
                .iter()
                .any(|argument| argument == "test" || argument == "t"),
        })
    }

    fn workspace(&self, arguments: &CargoArgs) -> Result<Workspace, String> {
        let command = || {
            let mut command = Command::new(&self.program);
            command
                .current_dir(&self.directory)
                .env_clear()
                .envs(&self.environment)
                // It would be called for every question.
                .env("RUSTC_WRAPPER", "");
            command
        };
        let question = Question {
            command: &command,
            directory: &self.directory,
            variables: &self.environment,
            arguments,
            wrapper: false,
            cache: pm_toolchain::cache_dir().ok(),
        };
        let found = question.ask().map_err(|error| with_causes(&error))?;
        found.ok_or_else(|| {
            let directory = self.directory.display();
            format!("`cargo metadata` finds no workspace in `{directory}`")
        })
    }
}

/// Where the records of a unit go: cargo marks the directory that it builds in.
pub(crate) fn store_of(out_dir: &Path) -> Option<Store> {
    let mut folders = out_dir.ancestors();
    let found = folders.find(|folder| folder.join("CACHEDIR.TAG").exists())?;
    Some(Store::in_build_dir(found))
}

/// Removes the sessions of processes that have ended. What can't be removed is tried again.
fn remove_old(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let process = name
            .to_str()
            .and_then(|name| name.split('-').next()?.parse::<u32>().ok());
        if process.is_some_and(|id| !Path::new("/proc").join(id.to_string()).exists()) {
            _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sessions_of_processes_that_have_ended_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let own = format!("{}-1-x.json", std::process::id());
        for name in [&*own, "4294967295-1-x.json", "else"] {
            fs::write(folder.path().join(name), "").unwrap();
        }
        remove_old(folder.path());
        let exists = |name: &str| folder.path().join(name).exists();
        assert!(exists(&own) && exists("else"));
        assert!(!exists("4294967295-1-x.json"));
    }

    #[test]
    fn records_go_where_cargo_builds() {
        let folder = tempfile::tempdir().unwrap();
        let deps = folder.path().join("x/debug/deps");
        fs::create_dir_all(&deps).unwrap();
        assert!(store_of(&deps).is_none_or(|store| !store.root().starts_with(folder.path())));
        fs::write(folder.path().join("CACHEDIR.TAG"), "").unwrap();
        let store = store_of(&deps).unwrap();
        assert_eq!(store.root(), folder.path().join("pm-aot"));
    }
}
