//! The toolchain options that several commands share, and the progress of a set-up.

use crate::Error;
use crate::shell::{Progress, Shell};
use pm_toolchain::{PanicStrategy, Request, Toolchain};
use std::path::PathBuf;

/// Which toolchain compiles macros to wasm.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Toolchain")]
pub(crate) struct ToolchainOptions {
    /// The rustc to use; its library sources must be installed
    ///
    /// Without it: the active rustup toolchain if it has the component rust-src, else, on Debian
    /// and its relatives, one out of the distribution's packages, in a private directory.
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
        })
    }
}

/// Sets the toolchain up, telling each step.
pub(crate) fn set_up(request: &Request, shell: &Shell) -> Result<Toolchain, Error> {
    Ok(pm_toolchain::setup(
        request,
        &mut Steps {
            shell,
            progress: None,
        },
    )?)
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
