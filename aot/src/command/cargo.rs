//! `pm-aot cargo --wasi`: cargo, with the WASI rustc for whatever is only checked.

use crate::command::{build, rustc};
use crate::shell::{Format, Shell, Verbosity};
use crate::toolchain::{ToolchainOptions, set_up};
use crate::{Error, Exit};
use pm_build::{Hooks, OptLevel};
use std::ffi::OsString;
use std::path::Path;

/// Run cargo with the WASI rustc
///
/// Runs cargo, by the toolchain that `pm-aot setup` finds or makes. Macro crates and build scripts
/// are compiled by the native rustc, and macros for wasm too; every library and program that cargo
/// only wants checked, as `cargo check` does, is checked by the WASI rustc (`pm-aot rustc`), which
/// runs the wasm macros. Works in a `wasi` directory of its own in cargo's target directory,
/// unless `--target-dir` names one.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
#[command(override_usage = "pm-aot cargo --wasi [OPTIONS] <SUBCOMMAND> [CARGO ARGUMENTS]")]
pub(crate) struct Options {
    #[command(flatten)]
    toolchain: ToolchainOptions,

    /// Check with the WASI rustc
    #[arg(long, required = true)]
    wasi: bool,

    /// How the macros are optimised: 0, 1, 2, 3, s, z
    #[arg(long, value_name = "LEVEL", default_value_t, env = "PM_AOT_OPT_LEVEL")]
    #[arg(hide_env_values = true)]
    opt_level: OptLevel,

    /// Cargo's subcommand, and its arguments
    #[arg(value_name = "SUBCOMMAND", required = true, num_args = 1.., allow_hyphen_values = true)]
    #[arg(trailing_var_arg = true)]
    cargo: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  Check a workspace:
      pm-aot cargo --wasi check --workspace
  And say where each macro's code came from:
      PM_AOT_LOG=info pm-aot cargo --wasi check";

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options {
        toolchain,
        wasi,
        opt_level,
        cargo,
    } = options;
    let mut arguments = cargo.into_iter();
    let subcommand = arguments.next().unwrap_or_else(|| "check".into());
    let arguments: Vec<_> = arguments.collect();
    // Before cargo says it for every unit.
    rustc::installed()?;
    let toolchain = set_up(&toolchain.request(build::is_offline(&arguments))?, shell)?;
    build::with_reporter(shell, |report| {
        let settings = pm_build::BuildOptions {
            subcommand,
            opt_level,
            wasi,
            report,
            ..Default::default()
        };
        let built = pm_build::build(&toolchain, &settings, &arguments)?;
        Ok(if built.cargo.success() {
            Exit::Success
        } else {
            Exit::Cargo
        })
    })
}

/// This program as the `RUSTC_WRAPPER` of that cargo.
pub(crate) struct Wrapper;

impl Hooks for Wrapper {
    fn check(&self, arguments: Vec<OsString>) -> u8 {
        rustc::run_with(arguments).unwrap_or_else(|error| shell().error(&error).code())
    }

    fn compiled(&self, wasm: &Path) {
        // The WASI rustc compiles it where there is no artifact.
        if let Err(error) = pm_loader::compile::precompile_file(wasm) {
            eprintln!("warning: no artifact for `{}`: {error}", wasm.display());
        }
    }
}

fn shell() -> Shell {
    Shell::new(Format::default(), Verbosity::Normal)
}
