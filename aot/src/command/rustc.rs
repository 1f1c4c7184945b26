//! `pm-aot rustc`: the WASI rustc, as a rustc.

use crate::shell::{Format, Shell, Verbosity};
use crate::{Error, Exit};
use pm_loader::Options as LoaderOptions;
use pm_rustc::{Compiler, Ended, Files, Installed, Invocation, Statistics};
use std::collections::BTreeSet;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Run the WASI rustc, as a rustc
///
/// Everything after `rustc` goes to a rustc that is itself a WebAssembly module: it checks crates
/// (`--emit=metadata`), prints (`--print`, `-vV`, `-Zunpretty=…`) and explains as the native one
/// does, and runs proc macros from their artifacts. It generates no machine code.
/// `scripts/wasi-rustc.sh` makes it.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES, disable_help_flag = true)]
#[command(override_usage = "pm-aot rustc [RUSTC ARGUMENTS]")]
pub(crate) struct Options {
    /// Arguments for rustc
    #[arg(value_name = "RUSTC ARGUMENTS", num_args = 0.., allow_hyphen_values = true)]
    #[arg(trailing_var_arg = true)]
    arguments: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  Which one it is:
      pm-aot rustc -vV
  Check a file that uses a macro crate, and say where the macro's code comes from:
      PM_AOT_LOG=info pm-aot rustc --emit=metadata --extern serde_derive=serde_derive.wasm lib.rs";

/// The exit status of a rustc that crashed.
const CRASHED: u8 = 101;

/// Runs rustc if the command line says so: before it is parsed, since all that follows is rustc's.
pub(crate) fn main(arguments: &[OsString]) -> Option<ExitCode> {
    let rest = match arguments {
        [_, command, rest @ ..] if command == "rustc" => rest,
        _ => return None,
    };
    // What clap would do for any other command.
    Some(match run_with(rest.to_vec()) {
        Ok(status) => ExitCode::from(status),
        Err(error) => Shell::new(Format::default(), Verbosity::Normal)
            .error(&error)
            .into(),
    })
}

pub(crate) fn run(options: Options) -> Result<Exit, Error> {
    let Options { arguments } = options;
    let status = run_with(arguments)?;
    std::process::exit(status.into());
}

/// Runs rustc with these arguments and this process's environment and streams; the answer is its
/// exit status.
pub(crate) fn run_with(arguments: Vec<OsString>) -> Result<u8, Error> {
    let arguments: Vec<String> = arguments
        .into_iter()
        .map(|argument| {
            argument
                .into_string()
                .map_err(|argument| Error::NotUtf8 { argument })
        })
        .collect::<Result<_, _>>()?;
    let compiler = Compiler::open(installed()?, Some(Arc::new(pm_compile::Jit::default())))?;
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect();
    let invocation = Invocation {
        paths: paths(&arguments),
        arguments,
        variables,
        directory: std::env::current_dir()?,
        files: Files::from_env(),
        options: LoaderOptions::from_env(),
        statistics: std::env::var_os("PM_AOT_STATISTICS").map(|_| tell as fn(Statistics)),
    };
    let (text, help) = match compiler.run(invocation)? {
        Ended::Exit(status) => return Ok(status),
        Ended::OutOfMemory => (
            "the WASI rustc ran out of memory: as a 32-bit program it has 4 GiB".to_owned(),
            "check this crate with the native rustc",
        ),
        Ended::StackOverflow => (
            "the WASI rustc overflowed its stack".to_owned(),
            "check this crate with the native rustc",
        ),
        Ended::Crash(cause) => (
            format!("the WASI rustc crashed: {cause}"),
            "what it said before is above; if the native rustc accepts the crate, this is a bug of \
             pm-aot's",
        ),
    };
    eprintln!("error: {text}\nhelp: {help}");
    Ok(CRASHED)
}

/// Tells what macros have cost, for `scripts/bench-wasi-rustc.sh` and whoever is curious.
fn tell(statistics: Statistics) {
    let Statistics {
        expansions,
        expanding,
        dispatches,
        dispatching,
        answering,
    } = statistics;
    eprintln!(
        "pm-aot: {expansions} expansions in {} ns; {dispatches} dispatches in {} ns, of which \
         rustc's own {} ns",
        expanding.as_nanos(),
        dispatching.as_nanos(),
        answering.as_nanos()
    );
}

/// The WASI rustc: in the folder `PM_AOT_WASI_RUSTC`, or the current one in the cache.
pub(crate) fn installed() -> Result<Installed, Error> {
    let folder = match std::env::var_os("PM_AOT_WASI_RUSTC") {
        Some(folder) => folder.into(),
        None => pm_toolchain::cache_dir()?.join("wasi-rustc/current"),
    };
    Ok(Installed::open(&folder)?)
}

/// The absolute paths in a command line, wherever they stand (`--extern a=/b`, `-L dependency=/c`).
fn paths(arguments: &[String]) -> Vec<PathBuf> {
    let parts = arguments
        .iter()
        .flat_map(|argument| argument.split(['=', ',']));
    let folders: BTreeSet<&Path> = parts
        .map(Path::new)
        .filter(|path| path.is_absolute())
        .collect();
    let variables = ["CARGO_MANIFEST_DIR", "OUT_DIR"];
    let named = variables.into_iter().filter_map(std::env::var_os);
    folders
        .into_iter()
        .map(Path::as_os_str)
        .map(OsStr::to_owned)
        .chain(named)
        .map(PathBuf::from)
        .collect()
}
