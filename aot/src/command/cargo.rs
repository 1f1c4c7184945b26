//! `pm-aot cargo`: cargo, with every macro from its artifact.

mod native;

use crate::cache::CacheOptions;
use crate::command::{build, rustc, shim};
use crate::shell::{Format, Shell, Verbosity};
use crate::toolchain::{ToolchainOptions, set_up};
use crate::{Error, Exit};
use clap::Parser;
use pm_artifact::{Cpu, Settings, TARGET, WASMTIME_VERSION};
use pm_build::{Hooks, Mode, OptLevel, ShimFiles};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

/// Run cargo with macros from their artifacts
///
/// Runs cargo, by the toolchain that `pm-aot setup` finds or makes, and compiles each macro crate for
/// wasm instead of natively. The native rustc then runs it by a shim (`pm-aot shim`), which takes the
/// native library's place. A macro crate that doesn't compile for wasm stays native, with a warning; a
/// policy says for each crate which version runs and what it may read (docs/POLICY.md). Works in a `pm-aot`
/// directory of its own in cargo's target directory, unless `--target-dir` names one.
///
/// What is made of a macro crate is kept in the machine's macro cache (`pm-aot cache`). A project
/// with a crate that is there doesn't compile it, nor the libraries that only such crates need.
///
/// The same without this command: `RUSTC_WRAPPER=pm-aot` with a cargo of the toolchain that `pm-aot setup`
/// found. What this command's options set, the environment then does.
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

    #[command(flatten)]
    cache: CacheOptions,

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
        cache,
        wasi,
        opt_level,
        cargo,
    } = options;
    let mut arguments = cargo.into_iter();
    let subcommand = arguments.next().unwrap_or_else(|| "check".into());
    if let Some(name) = subcommand.to_str().and_then(|word| word.strip_prefix('+')) {
        return with_toolchain(name, &subcommand);
    }
    let arguments: Vec<_> = arguments.collect();
    let mode = if wasi { Mode::Wasi } else { Mode::Shims };
    // Before cargo says it for every unit.
    match mode {
        Mode::Wasi => drop(rustc::installed()?),
        _ => drop(shim::loader()?),
    }
    let cache = cache.resolve()?;
    let request = toolchain.request(build::is_offline(&arguments))?;
    let toolchain = match set_up(&request, shell) {
        Err(Error::Setup(refusal)) if refusal.is_refusal() && mode == Mode::Shims => {
            return native::run(refusal, &request, &subcommand, &arguments, shell);
        }
        other => other?,
    };
    build::with_reporter(shell, |report| {
        let settings = pm_build::BuildOptions {
            subcommand,
            opt_level,
            mode,
            cache: (cache.limit() > 0).then_some(cache),
            identity: identity()?,
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

/// Runs this command again with another toolchain of rustup's, as rustup's `cargo` does with `+NAME`
/// before the subcommand: all that is started then knows of it.
fn with_toolchain(name: &str, word: &OsStr) -> Result<Exit, Error> {
    if !pm_toolchain::has_rustup() {
        let text = format!(
            "`+{name}` names a toolchain of rustup, and the `rustc` on PATH is not rustup's: install \
             rustup, or leave `+{name}` out"
        );
        return Err(io::Error::other(text).into());
    }
    let mut arguments: Vec<_> = std::env::args_os().skip(1).collect();
    if let Some(at) = arguments.iter().position(|argument| argument == word) {
        arguments.remove(at);
    }
    let mut again = Command::new(std::env::current_exe()?);
    again.args(arguments).env("RUSTUP_TOOLCHAIN", name);
    // No process is left waiting, so signals reach the one that builds.
    Err(again.exec().into())
}

/// This program as the `RUSTC_WRAPPER` of that cargo.
pub(crate) struct Wrapper;

impl Hooks for Wrapper {
    fn settings(&self) -> Result<pm_build::Settings, String> {
        environment().map_err(|error| {
            let text = pm_toolchain::with_causes(&error);
            match error.help() {
                Some(help) => format!("{text} (help: {help})"),
                None => text,
            }
        })
    }

    fn check(&self, arguments: Vec<OsString>) -> u8 {
        rustc::run_with(arguments).unwrap_or_else(|error| shell().error(&error).code())
    }

    fn precompile(&self, wasm: &Path) -> Result<PathBuf, String> {
        let made = pm_compile::precompile_file(wasm);
        made.map(|(artifact, _)| artifact)
            .map_err(|error| error.to_string())
    }

    fn shim(&self, files: &ShimFiles<'_>) -> Result<(), String> {
        shim::make(files).map_err(|error| error.to_string())
    }
}

/// What the environment alone sets.
#[derive(Debug, clap::Parser)]
struct Environment {
    #[command(flatten)]
    toolchain: ToolchainOptions,

    #[command(flatten)]
    cache: CacheOptions,

    #[arg(long, default_value_t, env = "PM_AOT_OPT_LEVEL")]
    opt_level: OptLevel,
}

fn environment() -> Result<pm_build::Settings, Error> {
    let Environment {
        toolchain,
        cache,
        opt_level,
    } = Environment::try_parse_from(["pm-aot"]).unwrap_or_else(|error| error.exit());
    drop(shim::loader()?);
    let cache = cache.resolve()?;
    Ok(pm_build::Settings {
        // Not set up from here: another process may have its output read.
        toolchain: pm_toolchain::find(&toolchain.request(true)?)?,
        opt_level,
        cache: (cache.limit() > 0).then_some(cache),
        identity: identity()?,
    })
}

/// What artifacts are made by: the engine, and this very program, whose size and time change
/// with every build of it.
fn identity() -> Result<String, Error> {
    let program = fs_err::metadata(std::env::current_exe()?)?;
    let built = program
        .modified()?
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default();
    let version = env!("CARGO_PKG_VERSION");
    Ok(format!(
        "pm-aot {version} ({} bytes, {} ns), wasmtime {WASMTIME_VERSION}, {TARGET}, {:?}\n{}",
        program.len(),
        built.as_nanos(),
        Cpu::FEATURES,
        Settings::default(),
    ))
}

fn shell() -> Shell {
    Shell::new(Format::default(), Verbosity::Normal)
}
