//! Runs cargo on the user's workspace.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Write};
use std::num::NonZero;
use std::path::PathBuf;
use std::process::{Command, ExitStatus, Stdio};

use pm_policy::Policy;
use pm_toolchain::Toolchain;
use serde::Deserialize;

use crate::artifact::Artifact;
use crate::cargo_args::CargoArgs;
use crate::decided;
use crate::session::{self, Now, Session};
use crate::store::Store;
use crate::workspace::{self, Question, Workspace};
use crate::{BuildError, BuildOptions, Event, MacroCache, Mode, outer};

/// Cargo, with the user's arguments.
pub(crate) struct Cargo<'a> {
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) options: &'a BuildOptions<'a>,
    pub(crate) arguments: CargoArgs,
}

impl Cargo<'_> {
    fn command(&self) -> Command {
        self.toolchain.command(&self.toolchain.cargo)
    }

    /// How many rustc compile wasm at once.
    pub(crate) fn jobs(&self) -> NonZero<usize> {
        let asked = self.options.jobs;
        asked.unwrap_or_else(|| self.arguments.parallelism())
    }

    /// Runs the user's command as it is, with nothing of ours in it.
    pub(crate) fn run_plain(&self, user: &[OsString]) -> Result<ExitStatus, BuildError> {
        let mut command = self.command();
        command.arg(&self.options.subcommand).args(user);
        command.status().map_err(|source| not_run(&command, source))
    }

    /// Whether the subcommand compiles anything, and so takes `--message-format`.
    pub(crate) fn compiles(&self) -> bool {
        compiles(&self.options.subcommand)
    }

    /// Has cargo say why it finds no workspace, in place of the user's command. It fails, as that
    /// command would, which is not run: it might succeed, and miss a policy.
    pub(crate) fn say_no_workspace(&self) -> Result<ExitStatus, BuildError> {
        let directory = std::env::current_dir()?;
        workspace::say_none(self.command(), &self.arguments, &directory)
    }

    /// Whether the subcommand has rustdoc compile examples.
    fn runs_doctests(&self) -> bool {
        ["t", "test"]
            .iter()
            .any(|known| self.options.subcommand == *known)
    }

    /// The same as [`run_plain`](Self::run_plain), about the directory that builds work in.
    pub(crate) fn run_in(
        &self,
        workspace: &Workspace,
        user: &[OsString],
    ) -> Result<ExitStatus, BuildError> {
        let mut arguments = match self.options.subcommand == "clean" {
            true => self.own_target_dir(workspace),
            false => Vec::new(),
        };
        arguments.extend_from_slice(user);
        self.run_plain(&arguments)
    }

    /// Where the workspace is, or nothing if cargo finds none: the user's command will say why.
    pub(crate) fn workspace(&self) -> Result<Option<Workspace>, BuildError> {
        let question = Question {
            command: &|| self.command(),
            directory: &std::env::current_dir()?,
            variables: &std::env::vars_os().collect(),
            arguments: &self.arguments,
            // The environment's would come before it.
            wrapper: self.compiles() && std::env::var_os("RUSTC_WRAPPER").is_none(),
            cache: pm_toolchain::cache_dir().ok(),
        };
        question.ask()
    }

    /// Macros have to be there as wasm before anything that uses them is compiled: so a build that runs
    /// them works in a directory that no other cargo fills, unless the user names one.
    fn own_target_dir(&self, workspace: &Workspace) -> Vec<OsString> {
        let name = match self.options.mode {
            Mode::Native => return Vec::new(),
            Mode::Shims => "pm-aot",
            Mode::Wasi => "wasi",
        };
        if self.arguments.target_dir.is_some() {
            return Vec::new();
        }
        let directory = workspace.target_directory().join(name);
        vec!["--target-dir".into(), directory.into()]
    }

    /// `cargo metadata` with more arguments.
    pub(crate) fn metadata<T: for<'de> Deserialize<'de>>(
        &self,
        more: &[OsString],
    ) -> Result<Option<T>, BuildError> {
        workspace::metadata(self.command(), &self.arguments, more)
    }

    /// Runs the user's command with our wrapper. `forward` says whether messages that the user
    /// asked for reach stdout.
    pub(crate) fn build(
        &self,
        workspace: &Workspace,
        store: &Store,
        forward: bool,
    ) -> Result<(ExitStatus, Vec<Artifact>), BuildError> {
        let mut command = self.command();
        command
            .arg(&self.options.subcommand)
            .arg("--message-format")
            .arg(self.arguments.message_format())
            .args(self.own_target_dir(workspace))
            // Last: there may be a `--` among them.
            .args(&self.arguments.passed)
            .stdout(Stdio::piped());
        let wrapper = match &self.options.wrapper {
            Some(wrapper) => wrapper.clone(),
            None => std::env::current_exe()?,
        };
        command.env("RUSTC_WRAPPER", wrapper);
        if let Some(wrapper) = std::env::var_os("RUSTC_WORKSPACE_WRAPPER") {
            command.env("RUSTC_WORKSPACE_WRAPPER", wrapper);
        }
        let inner = self.users_wrapper(workspace);
        let mode = self.options.mode;
        let policy = match mode {
            Mode::Shims => workspace.policy()?,
            Mode::Native | Mode::Wasi => Policy::default(),
        };
        if mode == Mode::Shims {
            let _lock = store.lock(|lock| (self.options.report)(Event::Waiting { lock }))?;
            decided::apply(store, &policy)?;
        }
        let now = (mode != Mode::Native).then(|| Now {
            mode,
            toolchain: self.toolchain.clone(),
            opt_level: self.options.opt_level.to_string(),
            jobs: self.jobs(),
            policy: policy.clone(),
            identity: self.options.identity.clone(),
            cache: self.options.cache.clone().and_then(MacroCache::usable),
            doctests: self.runs_doctests(),
        });
        let rustc = &self.toolchain.rustc;
        let session = Session::new(rustc, inner, store.root(), now, &command).write()?;
        command.env(session::VARIABLE, session.path());

        let mut child = command
            .spawn()
            .map_err(|source| not_run(&command, source))?;
        let mut artifacts = Vec::new();
        if let Some(stdout) = child.stdout.take() {
            let wants_messages = self.arguments.wants_messages();
            let mut output = io::stdout().lock();
            for line in BufReader::new(stdout).split(b'\n') {
                let line = line?;
                // What rustc itself prints (`-Zunpretty`) may begin with a brace, too.
                let artifact = line
                    .starts_with(b"{\"reason\":")
                    .then(|| Artifact::parse(&line));
                let message = artifact.is_some();
                artifacts.extend(artifact.flatten());
                if forward && (wants_messages || !message) {
                    // Whoever reads the messages may have gone; the build goes on, as cargo's does.
                    _ = output
                        .write_all(&line)
                        .and_then(|()| output.write_all(b"\n"));
                }
            }
        }
        let status = child.wait()?;
        // Cargo has written which packages there are.
        if status.success() && !self.arguments.has_own_lock() {
            for name in policy.unknown_names() {
                (self.options.report)(Event::UnknownCrate(&name));
            }
        }
        Ok((status, artifacts))
    }

    /// `cargo clean` of some packages, in the directory that builds work in.
    pub(crate) fn clean<'a>(
        &self,
        workspace: &Workspace,
        packages: impl IntoIterator<Item = &'a str>,
    ) -> Result<ExitStatus, BuildError> {
        let mut command = self.command();
        command.args(["clean", "--quiet"]);
        command
            .args(&self.arguments.place)
            .args(self.own_target_dir(workspace))
            .args(&self.arguments.profile);
        for package in packages {
            command.args(["--package", package]);
        }
        command.status().map_err(|source| not_run(&command, source))
    }

    /// The rustc wrapper that the user has set, in the environment or in cargo's configuration.
    fn users_wrapper(&self, workspace: &Workspace) -> Option<PathBuf> {
        if let Some(wrapper) = std::env::var_os("RUSTC_WRAPPER") {
            // An empty one switches off what the configuration says, and this program needs no other
            // one's help.
            let is_another = !wrapper.is_empty() && !outer::is_ours(&wrapper);
            return is_another.then(|| wrapper.into());
        }
        let wrapper = workspace.configured_wrapper()?;
        if wrapper.is_empty() || outer::is_ours(OsStr::new(wrapper)) {
            None
        } else if wrapper.contains(['/', '\\']) {
            Some(workspace.root().join(wrapper))
        } else {
            Some(wrapper.into())
        }
    }
}

/// Returns true if a subcommand compiles a workspace, and so takes `--message-format`.
pub(crate) fn compiles(subcommand: &OsStr) -> bool {
    const COMPILING: &[&str] = &[
        "b", "bench", "build", "c", "check", "clippy", "d", "doc", "fix", "r", "run", "rustc",
        "rustdoc", "t", "test",
    ];
    COMPILING.iter().any(|known| subcommand == *known)
}

pub(crate) fn not_run(command: &Command, source: io::Error) -> BuildError {
    let program: &OsStr = command.get_program();
    BuildError::Run {
        program: program.to_owned(),
        source,
    }
}
