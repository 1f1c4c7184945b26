//! `pm-aot verify`: full digests.

use crate::artifact::{self, Look};
use crate::find::Walk;
use crate::message::{Message, Verified};
use crate::shell::{Shell, count, text};
use crate::{Error, Exit};
use pm_artifact::Artifact;
use pm_loader::Refusal;

/// Check artifacts in full: manifest, machine code, and the module each was made from
///
/// A loader checks the digest of the manifest alone, since the machine code's takes several times as
/// long as loading. This command checks everything, and fails if one artifact isn't what it says.
/// An artifact whose module is gone is checked for itself.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    walk: Walk,
}

const EXAMPLES: &str = "\
Examples:
  After copying a target directory to another machine:
      pm-aot verify target";

pub(crate) fn run(options: &Options, shell: &Shell) -> Result<Exit, Error> {
    let mut exit = Exit::Success;
    let (mut good, mut bad) = (0, 0);
    for found in artifact::find(&options.walk, shell) {
        let (path, checked) = match found {
            Ok(Look::Artifact(mut artifact)) => (artifact.path().to_owned(), verify(&mut artifact)),
            Ok(Look::Damaged(path, refusal)) => (path, Ok((Err(refusal), false))),
            Err(error) => {
                exit = exit.and(shell.error(&error));
                continue;
            }
        };
        let (result, source_checked) = match checked {
            Ok(checked) => checked,
            Err(error) => {
                exit = exit.and(shell.error(&error));
                continue;
            }
        };
        shell.message(&Message::Verified(Verified {
            artifact: text(&path),
            ok: result.is_ok(),
            refusal: result.as_ref().err().map(Into::into),
            source_checked,
        }))?;
        match result {
            Ok(()) => {
                good += 1;
                let alone = if source_checked {
                    ""
                } else {
                    " (its module is gone)"
                };
                shell.detail("Verified", format_args!("{}{alone}", path.display()));
            }
            Err(refusal) => {
                bad += 1;
                shell.tell(&Error::Artifact { path, refusal });
                exit = exit.and(Exit::Failure);
            }
        }
    }
    let failed = if bad == 0 {
        String::new()
    } else {
        format!("; {bad} failed")
    };
    shell.status(
        "Verified",
        format_args!("{}{failed}", count(good, "artifact")),
    );
    Ok(exit)
}

/// Whether the file is what it says, and whether its module was there to be asked.
fn verify(artifact: &mut Artifact) -> Result<(Result<(), Refusal>, bool), Error> {
    if let Err(refusal) = artifact.verify_body() {
        return Ok((Err(refusal), false));
    }
    let wasm = artifact.path().with_extension("wasm");
    if !wasm.try_exists()? {
        return Ok((Ok(()), false));
    }
    Ok((artifact.verify_source(&fs_err::read(&wasm)?), true))
}
