//! `pm-aot build`: cargo's build, with each proc macro as wasm too.

pub(crate) mod arguments;

use crate::command::precompile::{self, Settings, precompile};
use crate::find::Walk;
use crate::message::Message;
use crate::module::Modules;
use crate::shell::{Progress, Shell, count, text};
use crate::toolchain::{ToolchainOptions, set_up};
use crate::{Error, Exit};
use pm_build::{BuildOptions, Built, Event, FailedMacro, OptLevel};
use std::ffi::OsString;
use std::num::NonZero;
use std::sync::Mutex;

/// Build with cargo, and each proc macro of the build as wasm too, precompiled
///
/// Runs `cargo build` with the arguments given, by the toolchain that `pm-aot setup` finds or makes
/// (which runs first where it's needed). Each proc-macro crate of the build, with the very version,
/// features and metadata that cargo chose, is compiled to a NAME.wasm beside what cargo made of it,
/// and that is then precompiled. What this command doesn't know goes to cargo.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
#[command(override_usage = "pm-aot build [OPTIONS] [CARGO ARGUMENTS]")]
pub(crate) struct Options {
    #[command(flatten)]
    toolchain: ToolchainOptions,

    /// How the macros are optimised, whatever the profile says for native macros: 0, 1, 2, 3, s, z
    #[arg(long, value_name = "LEVEL", default_value_t, env = "PM_AOT_OPT_LEVEL")]
    #[arg(hide_env_values = true)]
    opt_level: OptLevel,

    /// Leave the modules as they are: no artifacts
    #[arg(long)]
    no_precompile: bool,

    /// Work on this many threads, in cargo and after it [default: one a processor]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Arguments for cargo build
    #[arg(value_name = "CARGO ARGUMENTS", num_args = 0.., allow_hyphen_values = true)]
    #[arg(trailing_var_arg = true)]
    cargo: Vec<OsString>,
}

const EXAMPLES: &str = "\
Examples:
  This workspace:
      pm-aot build
  One package, as released:
      pm-aot build --release --package my-app
  With macros that are optimised for size:
      pm-aot build --opt-level s";

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options {
        toolchain,
        opt_level,
        no_precompile,
        jobs,
        cargo,
    } = options;
    let toolchain = set_up(&toolchain.request(is_offline(&cargo))?, shell)?;
    let built = with_reporter(shell, |report| {
        let settings = BuildOptions {
            opt_level,
            jobs,
            report,
            ..BuildOptions::default()
        };
        pm_build::build(&toolchain, &settings, &cargo)
    })?;
    let Built {
        cargo,
        macros,
        failed,
    } = built;
    if !cargo.success() {
        return Ok(Exit::Cargo);
    }
    for built in &macros {
        shell.message(&Message::BuiltMacro {
            package: built.package.clone(),
            version: built.version.clone(),
            crate_name: built.crate_name.clone(),
            wasm: text(&built.wasm),
            native: text(&built.native),
            fresh: built.fresh,
        })?;
        let verb = if built.fresh { "Fresh" } else { "Compiled" };
        shell.detail(verb, built.wasm.display());
    }
    let exit = failed
        .into_iter()
        .map(|failed| tell(failed, shell))
        .fold(Exit::Success, Exit::and);
    if macros.is_empty() || no_precompile {
        shell.status(
            "Finished",
            format_args!("{} as wasm", count(macros.len(), "proc-macro crate")),
        );
        return Ok(exit);
    }
    let paths = macros.into_iter().map(|built| built.wasm).collect();
    let found = Modules::find(
        &Walk {
            paths,
            follow: false,
        },
        shell,
    );
    let jobs = jobs.unwrap_or_else(precompile::processors);
    Ok(exit.and(precompile(
        found,
        Settings {
            jobs,
            force: false,
            dry_run: false,
        },
        shell,
    )?))
}

/// Whether cargo is told to do without the network.
pub(crate) fn is_offline(arguments: &[OsString]) -> bool {
    arguments
        .iter()
        .any(|argument| argument == "--offline" || argument == "--frozen")
}

/// Does `work` with someone who tells what happens meanwhile.
pub(crate) fn with_reporter<R>(
    shell: &Shell,
    work: impl FnOnce(&(dyn Fn(Event<'_>) + Sync)) -> R,
) -> R {
    let reporter = Reporter {
        shell,
        progress: Mutex::new(None),
    };
    work(&|event| reporter.report(event))
}

/// Says why a macro has no wasm form: rustc's own words first.
fn tell(failed: FailedMacro, shell: &Shell) -> Exit {
    let FailedMacro {
        package,
        version,
        failed_crate,
        diagnostics,
        ..
    } = failed;
    shell.line(diagnostics.trim_end());
    shell.error(&Error::NotForWasm {
        package,
        version,
        failed_crate,
    })
}

/// Tells what happens during a build, besides what cargo says itself.
struct Reporter<'a> {
    shell: &'a Shell,
    progress: Mutex<Option<Progress<'a>>>,
}

impl Reporter<'_> {
    fn report(&self, event: Event<'_>) {
        match event {
            Event::Waiting { lock } => {
                let lock = lock.display();
                self.shell.status(
                    "Waiting",
                    format_args!("for another build that holds {lock}"),
                );
            }
            Event::Refreshing { packages } => {
                let packages = packages.join(", ");
                self.shell.status(
                    "Refreshing",
                    format_args!("what was built before: {packages}"),
                );
            }
            Event::UnknownCrate(unknown) => {
                self.shell.warn(unknown);
                if let Some(similar) = &unknown.similar {
                    self.shell.help(format_args!("there is `{similar}`"));
                }
            }
            Event::Compiling {
                package,
                version,
                done,
                total,
            } => {
                let mut progress = self
                    .progress
                    .lock()
                    .unwrap_or_else(|poisoned| poisoned.into_inner());
                let progress =
                    progress.get_or_insert_with(|| self.shell.progress("Compiling", total as u64));
                progress.bar().set_length(total as u64);
                progress.bar().set_position(done as u64);
                progress.bar().set_message(package.to_owned());
                self.shell
                    .status("Compiling", format_args!("{package} v{version} (wasm)"));
            }
            _ => {}
        }
    }
}
