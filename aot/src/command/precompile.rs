//! `pm-aot precompile`: `NAME.cwasm` beside each `NAME.wasm`.

mod plan;
mod work;

use crate::find::Walk;
use crate::message::{Message, PrecompileFinished};
use crate::module::Modules;
use crate::shell::{Shell, count, text};
use crate::{Error, Exit, temporary};
pub(crate) use plan::Plan;
use pm_artifact::path_for;
use std::num::NonZero;
use std::time::Instant;

/// Compile proc-macro modules ahead of time: NAME.cwasm beside each NAME.wasm
///
/// Finds proc-macro modules by their content, whatever they are called. Each is started up once,
/// the initialised module is compiled to machine code, and both go into an artifact beside the
/// module, which appears whole or not at all. The module itself is never changed. An artifact that
/// fits is left as it is; other wasm files are left alone and counted. When a module fails, the
/// others go on, and failures are listed at the end.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    walk: Walk,

    /// Compile on this many threads [default: one a processor]
    #[arg(short, long, value_name = "N")]
    jobs: Option<NonZero<usize>>,

    /// Compile also where an artifact fits
    #[arg(short, long)]
    force: bool,

    /// Say what would be compiled, and write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  Everything that a build has left:
      pm-aot precompile target
  One module, whatever is there already:
      pm-aot precompile --force target/debug/deps/libserde_derive-0123456789abcdef.wasm
  What would be done, and why:
      pm-aot precompile --dry-run target";

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options {
        walk,
        jobs,
        force,
        dry_run,
    } = options;
    let found = Modules::find(&walk, shell);
    let settings = Settings {
        jobs: jobs.unwrap_or_else(processors),
        force,
        dry_run,
    };
    precompile(found, settings, shell)
}

/// How to precompile.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Settings {
    pub(crate) jobs: NonZero<usize>,
    pub(crate) force: bool,
    pub(crate) dry_run: bool,
}

pub(crate) fn processors() -> NonZero<usize> {
    std::thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN)
}

/// Precompiles modules that were found.
pub(crate) fn precompile(found: Modules, settings: Settings, shell: &Shell) -> Result<Exit, Error> {
    let start = Instant::now();
    let plan = Plan::new(found, settings.force)?;
    if !settings.dry_run {
        temporary::sweep(&plan, shell);
    }
    let mut sum = PrecompileFinished {
        fresh: plan.fresh.len(),
        failed: plan.errors.len(),
        other_wasm: plan.other_wasm,
        ..PrecompileFinished::default()
    };
    // A reader that went away is no reason to leave the work undone.
    let mut output = Ok(());
    let mut say = |message: &Message| {
        if output.is_ok() {
            output = shell.message(message);
        }
    };
    for wasm in &plan.fresh {
        shell.detail("Fresh", wasm.display());
        if !settings.dry_run {
            // Where that can't be done, loads are slower, and nothing else.
            _ = pm_compile::renew(wasm);
        }
        say(&Message::Fresh {
            wasm: text(wasm),
            artifact: text(&path_for(wasm)),
        });
    }
    let mut errors = plan.errors;
    for error in &errors {
        say(&Message::Error(error.into()));
    }
    let mut macros = 0;
    let planned = plan.groups.iter().map(|group| group.targets.len()).sum();
    if settings.dry_run {
        for target in plan.groups.iter().flat_map(|group| &group.targets) {
            target.would(shell, &mut say);
        }
    } else {
        work::run(&plan.groups, settings.jobs, shell, |result| match result {
            Ok(done) => {
                sum.precompiled += 1;
                macros += done.macros.len();
                say(&Message::Precompiled(done));
            }
            Err(error) => {
                sum.failed += 1;
                say(&Message::Error((&error).into()));
                errors.push(error);
            }
        });
    }
    let exit = errors
        .iter()
        .map(|error| shell.tell(error))
        .fold(Exit::Success, Exit::and);
    sum.success = errors.is_empty();
    sum.seconds = start.elapsed().as_secs_f64();
    if sum.precompiled + sum.fresh + sum.failed + planned == 0 {
        shell.warn("no proc-macro modules were found");
        shell.help("`pm-aot build` compiles a workspace's proc macros to WebAssembly");
    }
    let did = match settings.dry_run {
        true => format!("dry run: {} to precompile", count(planned, "module")),
        false => format!(
            "precompiling {} ({}) in {:.1}s",
            count(sum.precompiled, "module"),
            count(macros, "macro"),
            sum.seconds
        ),
    };
    shell.status("Finished", format_args!("{did}{}", rest(&sum)));
    say(&Message::PrecompileFinished(sum));
    match output {
        Err(error) if !error.is_broken_pipe() => Err(error),
        _ => Ok(exit),
    }
}

/// `; 4 fresh, 1 failed, 2 other wasm files left alone`.
fn rest(sum: &PrecompileFinished) -> String {
    let mut parts = Vec::new();
    if sum.fresh > 0 {
        parts.push(format!("{} fresh", sum.fresh));
    }
    if sum.failed > 0 {
        parts.push(format!("{} failed", sum.failed));
    }
    if sum.other_wasm > 0 {
        parts.push(format!(
            "{} left alone",
            count(sum.other_wasm, "other wasm file")
        ));
    }
    if parts.is_empty() {
        String::new()
    } else {
        format!("; {}", parts.join(", "))
    }
}
