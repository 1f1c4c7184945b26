//! `pm-aot man`.

use crate::shell::Shell;
use crate::{Error, Exit, cli};
use std::io::Write;
use std::path::PathBuf;

/// Print the manual page, or write one for each command
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// Write all pages to this directory, which is made if it doesn't exist
    #[arg(short, long, value_name = "DIRECTORY")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Examples:
  Read it:
      pm-aot man | man --local-file -
  Install the pages:
      pm-aot man --output ~/.local/share/man/man1";

pub(crate) fn run(options: &Options, shell: &Shell) -> Result<Exit, Error> {
    let Some(directory) = &options.output else {
        let mut page = Vec::new();
        clap_mangen::Man::new(cli::command()).render(&mut page)?;
        std::io::stdout().write_all(&page).map_err(Error::Output)?;
        return Ok(Exit::Success);
    };
    fs_err::create_dir_all(directory)?;
    clap_mangen::generate_to(cli::command().disable_help_subcommand(true), directory).map_err(
        |error| {
            let text = format!("failed to write to `{}`: {error}", directory.display());
            std::io::Error::new(error.kind(), text)
        },
    )?;
    shell.status(
        "Wrote",
        format_args!("the manual pages to {}", directory.display()),
    );
    Ok(Exit::Success)
}
