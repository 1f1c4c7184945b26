//! `pm-aot completions`.

use crate::{Error, Exit, cli};
use clap_complete::Shell;
use std::io::Write;

/// Print a completion script for a shell
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The shell
    shell: Shell,
}

const EXAMPLES: &str = "\
Examples:
  For bash:
      pm-aot completions bash > ~/.local/share/bash-completion/completions/pm-aot";

pub(crate) fn run(options: &Options) -> Result<Exit, Error> {
    // Not straight to standard output: clap_complete panics where it can't write.
    let mut script = Vec::new();
    clap_complete::generate(options.shell, &mut cli::command(), "pm-aot", &mut script);
    std::io::stdout()
        .write_all(&script)
        .map_err(Error::Output)?;
    Ok(Exit::Success)
}
