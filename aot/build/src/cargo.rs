//! Runs cargo on the user's workspace.

use std::ffi::{OsStr, OsString};
use std::io::{self, BufRead, BufReader, Write};
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use pm_policy::Policy;
use pm_toolchain::Toolchain;
use serde::Deserialize;

use crate::artifact::Artifact;
use crate::cargo_args::CargoArgs;
use crate::decided;
use crate::session::{self, Now, Session};
use crate::store::Store;
use crate::{BuildError, BuildOptions, Event, MacroCache, Mode, outer};

/// Cargo, with the user's arguments.
pub(crate) struct Cargo<'a> {
    pub(crate) toolchain: &'a Toolchain,
    pub(crate) options: &'a BuildOptions<'a>,
    pub(crate) arguments: CargoArgs,
}

/// What `cargo metadata` says about directories.
#[derive(Debug, Deserialize)]
pub(crate) struct Workspace {
    target_directory: PathBuf,
    /// Only newer cargos have one that can be elsewhere.
    build_directory: Option<PathBuf>,
    workspace_root: PathBuf,
    /// The wrapper that cargo's configuration names, as it is written there.
    #[serde(skip)]
    configured_wrapper: Option<String>,
}

impl Workspace {
    /// Where cargo keeps what is between source and final artifact.
    pub(crate) fn build_dir(&self) -> &Path {
        self.build_directory
            .as_ref()
            .unwrap_or(&self.target_directory)
    }

    /// What the user wants of macro crates.
    pub(crate) fn policy(&self) -> Result<Policy, BuildError> {
        let variable = std::env::var_os(pm_policy::VARIABLE);
        Ok(Policy::read(&self.workspace_root, variable.as_deref())?)
    }

    /// Whether cargo has kept this line of what `rustc -vV` said.
    pub(crate) fn knows_version(&self, line: &str) -> bool {
        let kept = fs_err::read_to_string(self.target_directory.join(".rustc_info.json"));
        kept.is_ok_and(|kept| kept.contains(line))
    }

    /// Where the side directory of a build is.
    pub(crate) fn store(&self) -> Store {
        Store::in_build_dir(self.build_dir())
    }
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
        const COMPILING: &[&str] = &[
            "b", "bench", "build", "c", "check", "clippy", "d", "doc", "fix", "r", "run", "rustc",
            "rustdoc", "t", "test",
        ];
        COMPILING
            .iter()
            .any(|known| self.options.subcommand == *known)
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
        // Two questions to two cargos, each of which takes longer than all that this program does.
        let (workspace, configured_wrapper) = thread::scope(|scope| {
            // The environment's would come before it.
            let matters = self.compiles() && std::env::var_os("RUSTC_WRAPPER").is_none();
            let wrapper = scope.spawn(move || matters.then(|| self.configured_wrapper()));
            let workspace = self.metadata::<Workspace>(&["--no-deps".into()]);
            (workspace, wrapper.join().ok().flatten().flatten())
        });
        Ok(workspace?.map(|workspace| Workspace {
            configured_wrapper,
            ..workspace
        }))
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
        let directory = workspace.target_directory.join(name);
        vec!["--target-dir".into(), directory.into()]
    }

    /// `cargo metadata` with more arguments.
    pub(crate) fn metadata<T: for<'de> Deserialize<'de>>(
        &self,
        more: &[OsString],
    ) -> Result<Option<T>, BuildError> {
        let mut command = self.command();
        command
            .args(["metadata", "--format-version=1"])
            .args(&self.arguments.place)
            .args(more);
        if let Some(directory) = &self.arguments.target_dir {
            command.env("CARGO_TARGET_DIR", directory);
        }
        let output = command
            .output()
            .map_err(|source| not_run(&command, source))?;
        if !output.status.success() {
            return Ok(None);
        }
        serde_json::from_slice(&output.stdout)
            .map(Some)
            .map_err(BuildError::Metadata)
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
            policy,
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
        Ok((child.wait()?, artifacts))
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
        let wrapper = workspace.configured_wrapper.as_ref()?;
        if wrapper.is_empty() || outer::is_ours(OsStr::new(wrapper)) {
            None
        } else if wrapper.contains(['/', '\\']) {
            Some(workspace.workspace_root.join(wrapper))
        } else {
            Some(wrapper.into())
        }
    }

    /// `build.rustc-wrapper` in cargo's configuration.
    fn configured_wrapper(&self) -> Option<String> {
        let mut command = self.toolchain.unstable_command(&self.toolchain.cargo);
        command
            .args(["config", "-Zunstable-options", "get", "build.rustc-wrapper"])
            .args(["--format", "json-value"])
            .args(&self.arguments.configuration)
            .stderr(Stdio::null());
        // Cargo fails where there is none.
        let output = command
            .output()
            .ok()
            .filter(|output| output.status.success())?;
        serde_json::from_slice(&output.stdout).ok()
    }
}

fn not_run(command: &Command, source: io::Error) -> BuildError {
    let program: &OsStr = command.get_program();
    BuildError::Run {
        program: program.to_owned(),
        source,
    }
}
