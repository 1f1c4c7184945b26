//! The toolchain options that several commands share, and the progress of a set-up.

use crate::Error;
use crate::shell::{Progress, Shell};
use pm_abi::Profile;
use pm_toolchain::{CheckError, Conformance, PanicStrategy, Request, Toolchain};
use std::path::PathBuf;

/// Which toolchain compiles macros to wasm.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Toolchain")]
pub(crate) struct ToolchainOptions {
    /// The rustc to use; its library sources must be installed
    ///
    /// Without it: the one that cargo would use in this directory, from rustup or a distribution. If
    /// that lacks something and wasn't asked for, one out of the distribution's packages, in a
    /// private directory (Debian and its relatives).
    #[arg(
        long,
        value_name = "PATH",
        env = "PM_AOT_RUSTC",
        hide_env_values = true
    )]
    rustc: Option<PathBuf>,

    /// A folder with a wasi-libc: `libc.a` and `crt1-reactor.o`
    #[arg(
        long,
        value_name = "DIRECTORY",
        env = "PM_AOT_WASI_LIBC",
        hide_env_values = true
    )]
    wasi_libc: Option<PathBuf>,

    /// What a panic in a macro does
    #[arg(long, value_name = "STRATEGY", value_enum, default_value_t)]
    panic: Panic,
}

/// What a panic in a macro does.
#[derive(Clone, Copy, Debug, Default, clap::ValueEnum)]
enum Panic {
    /// It unwinds, as in a native macro
    #[default]
    Unwind,
    /// It traps: smaller and a little faster, but macros that unwind on purpose lose their
    /// diagnostics
    Abort,
}

impl ToolchainOptions {
    /// The request that options and environment make together.
    pub(crate) fn request(self, offline: bool) -> Result<Request, Error> {
        let ToolchainOptions {
            rustc,
            wasi_libc,
            panic,
        } = self;
        let panic = match panic {
            Panic::Unwind => PanicStrategy::Unwind,
            Panic::Abort => PanicStrategy::Abort,
        };
        Ok(Request {
            rustc,
            wasi_libc,
            panic,
            cache: pm_toolchain::cache_dir()?,
            offline,
            install: false,
        })
    }
}

/// Sets the toolchain up, telling each step.
pub(crate) fn set_up(request: &Request, shell: &Shell) -> Result<Toolchain, Error> {
    let mut steps = Steps {
        shell,
        progress: None,
    };
    Ok(pm_toolchain::setup(request, &mut steps, &Check)?)
}

/// The conformance check, with the loader of this program.
struct Check;

impl Conformance for Check {
    fn check(&self, toolchain: &Toolchain, profile: &'static Profile) -> Result<usize, CheckError> {
        let loader = crate::command::shim::loader()
            .map_err(|error| CheckError::Failed(error.to_string()))?;
        match pm_conformance::check(toolchain, profile, &loader) {
            Ok(report) => Ok(report.messages),
            Err(error) if error.is_verdict() => Err(CheckError::Differs(error.to_string())),
            Err(error) => Err(CheckError::Failed(error.to_string())),
        }
    }
}

/// Tells the steps of a set-up, with a bar for those that count.
struct Steps<'a> {
    shell: &'a Shell,
    progress: Option<Progress<'a>>,
}

impl pm_toolchain::Progress for Steps<'_> {
    fn step(&mut self, verb: &str, what: &str) {
        self.progress = None;
        self.shell.status(verb, what);
    }

    fn ticks(&mut self, done: u64, total: u64) {
        let progress = self
            .progress
            .get_or_insert_with(|| self.shell.progress("Setting up", total));
        progress.bar().set_length(total);
        progress.bar().set_position(done);
    }
}
