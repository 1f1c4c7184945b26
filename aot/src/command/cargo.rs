//! `pm-aot cargo`: cargo, with every macro from its artifact.

use crate::command::{build, rustc, shim};
use crate::shell::{Format, Shell, Verbosity};
use crate::toolchain::{ToolchainOptions, set_up};
use crate::{Error, Exit};
use pm_build::{Hooks, Mode, OptLevel};
use pm_policy::Sandbox;
use pm_toolchain::Toolchain;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::ffi::OsString;
use std::path::Path;

/// Run cargo with macros from their artifacts
///
/// Runs cargo, by the toolchain that `pm-aot setup` finds or makes, and compiles each macro crate for
/// wasm as soon as cargo has built it. The native rustc then runs it by a shim (`pm-aot shim`), which
/// takes the native library's place. A macro crate that doesn't compile for wasm stays native, with a
/// warning; a policy says for each crate which version runs and what it may read (docs/POLICY.md). Works in a `pm-aot` directory of its own in cargo's target directory, unless
/// `--target-dir` names one.
///
/// With `--wasi`, every library and program that cargo only wants checked, as `cargo check` does, is
/// checked by the WASI rustc (`pm-aot rustc`), in a directory `wasi`; what is linked or run, build
/// scripts and macro crates, is compiled by the native rustc.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
#[command(override_usage = "pm-aot cargo [OPTIONS] <SUBCOMMAND> [CARGO ARGUMENTS]")]
pub(crate) struct Options {
    #[command(flatten)]
    toolchain: ToolchainOptions,

    /// Check with the WASI rustc
    #[arg(long)]
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
  Build and test a workspace:
      pm-aot cargo test --workspace
  With the native version of one macro crate, or of all:
      PM_AOT_POLICY=serde_derive=native pm-aot cargo build
      PM_AOT_POLICY='*=native' pm-aot cargo build
  Check it with the WASI rustc:
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
    let mode = if wasi { Mode::Wasi } else { Mode::Shims };
    // Before cargo says it for every unit.
    match mode {
        Mode::Wasi => drop(rustc::installed()?),
        _ => drop(shim::loader()?),
    }
    let toolchain = set_up(&toolchain.request(build::is_offline(&arguments))?, shell)?;
    build::with_reporter(shell, |report| {
        let settings = pm_build::BuildOptions {
            subcommand,
            opt_level,
            mode,
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

    fn compiled(
        &self,
        wasm: &Path,
        mode: Mode,
        toolchain: &Toolchain,
        sandbox: &Sandbox,
    ) -> Result<(), String> {
        if let Err(error) = pm_loader::compile::precompile_file(wasm) {
            let text = format!("there is no artifact for `{}`: {error}", wasm.display());
            if mode == Mode::Wasi {
                // The WASI rustc compiles the module itself.
                eprintln!("warning: {text}");
                return Ok(());
            }
            return Err(text);
        }
        if mode == Mode::Shims {
            let name = wasm.file_stem().unwrap_or_default().to_string_lossy();
            let library = wasm.with_file_name(format!("{DLL_PREFIX}{name}{DLL_SUFFIX}"));
            shim::make(&library, &library, toolchain, sandbox)
                .map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn shell() -> Shell {
    Shell::new(Format::default(), Verbosity::Normal)
}
