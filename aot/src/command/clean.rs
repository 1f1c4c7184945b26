//! `pm-aot clean`: removes our files, and no others.

use crate::artifact::is_ours;
use crate::find::{Found, Walk};
use crate::message::{Message, Removed};
use crate::shell::{Shell, count, size, text};
use crate::{Error, Exit, temporary};
use pm_artifact::Artifact;

/// Remove artifacts
///
/// Removes artifacts, recognised by their content and not by their name, and what interrupted runs
/// have left behind. Modules and all other files stay.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    walk: Walk,

    /// Say what would be removed, and remove nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  What is there?
      pm-aot clean --dry-run target
  Away with it:
      pm-aot clean target";

pub(crate) fn run(options: &Options, shell: &Shell) -> Result<Exit, Error> {
    let mut exit = Exit::Success;
    let mut output = Ok(());
    let (mut files, mut bytes) = (0, 0);
    for file in options.walk.files(shell) {
        match file.and_then(|file| clean(&file, options.dry_run)) {
            Ok(None) => {}
            Ok(Some(removed)) => {
                files += 1;
                bytes += removed.len;
                let (verb, message) = match options.dry_run {
                    true => (
                        "Would remove",
                        Message::WouldRemove as fn(Removed) -> Message,
                    ),
                    false => ("Removed", Message::Removed as fn(Removed) -> Message),
                };
                shell.detail(verb, &removed.path);
                if options.dry_run {
                    shell.data(&removed.path)?;
                }
                if output.is_ok() {
                    output = shell.message(&message(removed));
                }
            }
            Err(error) => exit = exit.and(shell.error(&error)),
        }
    }
    let verb = if options.dry_run {
        "Would remove"
    } else {
        "Removed"
    };
    shell.status(
        verb,
        format_args!("{}, {} total", count(files, "file"), size(bytes)),
    );
    match output {
        Err(error) if !error.is_broken_pipe() => Err(error),
        _ => Ok(exit),
    }
}

/// Removes a file if it's ours.
fn clean(file: &Found, dry_run: bool) -> Result<Option<Removed>, Error> {
    let path = &file.path;
    let temporary = temporary::is_temporary(path) && temporary::is_abandoned(path);
    if !temporary && !is_ours(path)? {
        return match file.named {
            false => Ok(None),
            true => Err(not_ours(file)),
        };
    }
    let len = fs_err::metadata(path)?.len();
    if !dry_run {
        fs_err::remove_file(path)?;
    }
    Ok(Some(Removed {
        path: text(path),
        len,
        temporary,
    }))
}

/// The error for a file that was named and isn't ours.
fn not_ours(file: &Found) -> Error {
    let path = file.path.clone();
    match Artifact::open(&path) {
        Err(refusal) => Error::Artifact { path, refusal },
        // It became one meanwhile.
        Ok(_) => Error::Changed { path },
    }
}
