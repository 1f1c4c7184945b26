//! The command line: raw flags, which each command resolves before it starts.

use crate::command::{
    build, cache, cargo, clean, completions, doctor, expand, explain, info, list, man, precompile,
    precompile_rustc, reference, rustc, setup, shim, verify,
};
use crate::shell::{Format, Shell, Verbosity};
use crate::{Error, Exit};
use clap::builder::styling::{AnsiColor, Styles};
use clap::{ArgAction, Args, CommandFactory, Parser, Subcommand};

/// Procedural macros as sandboxed WebAssembly, at native speed
///
/// `pm-aot build` compiles the proc macros of a cargo workspace to WebAssembly as well, and
/// `pm-aot precompile` makes of each `NAME.wasm` a `NAME.cwasm` beside it: the module after its
/// start-up, compiled to machine code, which a compiler maps into memory instead of compiling it
/// anew in each process.
#[derive(Debug, Parser)]
#[command(name = "pm-aot", version, max_term_width = 100, styles = STYLES)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(after_long_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    global: Global,

    #[command(subcommand)]
    command: Command,
}

/// As cargo's.
const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXIT_CODES: &str = "docs/CLI.md lists exit codes, environment variables and JSON messages.";

/// What every command understands.
#[derive(Clone, Debug, Args)]
struct Global {
    /// Say more: what was passed over, and why
    #[arg(short, long, global = true, conflicts_with = "quiet", action = ArgAction::Count)]
    verbose: u8,

    /// Say nothing but errors and warnings
    #[arg(short, long, global = true)]
    quiet: bool,

    /// Colour
    #[arg(long, global = true, value_name = "WHEN", default_value_t, value_enum)]
    color: clap::ColorChoice,

    /// The form of the data on standard output
    #[arg(
        long,
        global = true,
        value_name = "FORMAT",
        default_value_t,
        value_enum
    )]
    message_format: Format,
}

/// The commands, in the order in which they are wanted.
#[derive(Debug, Subcommand)]
enum Command {
    Setup(setup::Options),
    Build(build::Options),
    Precompile(precompile::Options),
    List(list::Options),
    Info(info::Options),
    Verify(verify::Options),
    Explain(explain::Options),
    Clean(clean::Options),
    Expand(expand::Options),
    Rustc(rustc::Options),
    Cargo(cargo::Options),
    Cache(cache::Options),
    Shim(shim::Options),
    Doctor(doctor::Options),
    Completions(completions::Options),
    Man(man::Options),
    /// What docs/CLI.md has from here
    #[command(hide = true)]
    Reference,
    #[command(hide = true)]
    PrecompileRustc(precompile_rustc::Options),
}

impl Cli {
    /// Runs the command.
    pub(crate) fn run(self) -> Exit {
        let Cli { global, command } = self;
        let shell = global.shell();
        match command.run(&shell) {
            Ok(exit) => exit,
            // Nobody reads on: there is nothing more to do.
            Err(error) if error.is_broken_pipe() => Exit::Success,
            Err(error) => shell.error(&error),
        }
    }
}

impl Global {
    fn shell(&self) -> Shell {
        let Global {
            verbose,
            quiet,
            color,
            message_format,
        } = self;
        let color = match color {
            clap::ColorChoice::Auto => anstream::ColorChoice::Auto,
            clap::ColorChoice::Always => anstream::ColorChoice::Always,
            clap::ColorChoice::Never => anstream::ColorChoice::Never,
        };
        color.write_global();
        let verbosity = match (quiet, verbose) {
            (true, _) => Verbosity::Quiet,
            (false, 0) => Verbosity::Normal,
            (false, _) => Verbosity::Verbose,
        };
        Shell::new(*message_format, verbosity)
    }
}

impl Command {
    fn run(self, shell: &Shell) -> Result<Exit, Error> {
        match self {
            Command::Setup(options) => setup::run(options, shell),
            Command::Build(options) => build::run(options, shell),
            Command::Precompile(options) => precompile::run(options, shell),
            Command::List(options) => list::run(&options, shell),
            Command::Info(options) => info::run(&options, shell),
            Command::Verify(options) => verify::run(&options, shell),
            Command::Explain(options) => explain::run(options, shell),
            Command::Clean(options) => clean::run(&options, shell),
            Command::Expand(options) => expand::run(options, shell),
            Command::Rustc(options) => rustc::run(options),
            Command::Cargo(options) => cargo::run(options, shell),
            Command::Cache(options) => cache::run(options, shell),
            Command::Shim(options) => shim::run(options, shell),
            Command::Doctor(options) => doctor::run(options, shell),
            Command::Completions(options) => completions::run(&options),
            Command::Man(options) => man::run(&options, shell),
            Command::Reference => reference::run(),
            Command::PrecompileRustc(options) => precompile_rustc::run(&options, shell),
        }
    }
}

/// The command line's description: for completions, manual pages and docs/CLI.md.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}
