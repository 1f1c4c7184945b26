//! `pm-aot cache`: what is kept of macro crates for other projects.

use crate::cache::CacheOptions;
use crate::message::{Cache, Message};
use crate::shell::{Shell, count, size, text};
use crate::{Error, Exit};
use pm_build::{MacroCache, Usage};

/// Show or clear the machine's macro cache
///
/// `pm-aot cargo` keeps what it makes of a macro crate (module, artifact, metadata), so that the next
/// project with that very crate, version, features and compiler has it without compiling it, and without
/// compiling what only macro crates need. Nothing is used whose sources have changed.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// What to do
    #[arg(value_enum)]
    action: Action,

    #[command(flatten)]
    cache: CacheOptions,
}

/// What to do with it.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Action {
    /// Say what is there
    Info,
    /// Remove everything; builds that run meanwhile do without
    Clear,
}

const EXAMPLES: &str = "\
Examples:
  How much is there?
      pm-aot cache info
  Let it become larger:
      PM_AOT_CACHE_SIZE=8GiB pm-aot cargo build
  Away with it:
      pm-aot cache clear";

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options { action, cache } = options;
    let cache = cache.resolve()?;
    match action {
        Action::Info => {
            let usage = cache.usage()?;
            let message = message(&cache, usage);
            shell.data(format_args!("directory: {}", message.directory))?;
            shell.data(format_args!("macro crates: {}", usage.macros))?;
            shell.data(format_args!("units: {}", usage.units))?;
            shell.data(format_args!("size: {}", size(usage.bytes)))?;
            shell.data(format_args!("limit: {}", size(cache.limit())))?;
            shell.message(&Message::Cache(message))?;
        }
        Action::Clear => {
            let usage = cache.clear()?;
            let removed = count(usage.macros, "macro crate");
            shell.status(
                "Removed",
                format_args!("{removed}, {} total", size(usage.bytes)),
            );
            shell.message(&Message::CacheCleared(message(&cache, usage)))?;
        }
    }
    Ok(Exit::Success)
}

fn message(cache: &MacroCache, usage: Usage) -> Cache {
    let Usage {
        macros,
        units,
        bytes,
    } = usage;
    Cache {
        directory: text(cache.directory()),
        macros,
        units,
        bytes,
        limit: cache.limit(),
    }
}
