//! Recognising artifacts by their content, whatever they are called.

use crate::find::{Found, Walk, tail};
use crate::{Error, Shell, module};
use pm_artifact::{Artifact, MAGIC};
use std::path::{Path, PathBuf};

/// What a file is.
pub(crate) enum Look {
    /// An artifact.
    Artifact(Box<Artifact>),
    /// An artifact that is damaged or of another format, or a file with an artifact's name and
    /// place that is none.
    Damaged(PathBuf, pm_loader::Refusal),
}

/// The artifacts under some paths, damaged ones included; each error is told.
pub(crate) fn find<'a>(
    walk: &'a Walk,
    shell: &'a Shell,
) -> impl Iterator<Item = Result<Look, Error>> + 'a {
    walk.files(shell)
        .filter_map(|file| file.and_then(|file| look(&file)).transpose())
}

fn look(file: &Found) -> Result<Option<Look>, Error> {
    let path = &file.path;
    if !file.named && !is_ours(path)? && !stands_for_one(path)? {
        return Ok(None);
    }
    Ok(Some(match Artifact::open(path) {
        Ok(artifact) => Look::Artifact(Box::new(artifact)),
        Err(refusal) => Look::Damaged(path.clone(), refusal),
    }))
}

/// Whether a file ends as ours do, in whichever version of the format.
pub(crate) fn is_ours(path: &Path) -> Result<bool, Error> {
    Ok(tail::<{ MAGIC.len() }>(path)? == MAGIC)
}

/// Whether a file without our footer stands where the artifact of a proc-macro module belongs: one
/// that was cut off.
fn stands_for_one(path: &Path) -> Result<bool, Error> {
    if path
        .extension()
        .is_none_or(|extension| extension != "cwasm")
    {
        return Ok(false);
    }
    let wasm = path.with_extension("wasm");
    Ok(wasm.is_file() && module::open(&wasm)?.is_ok())
}

impl Look {
    /// The artifact, if it can be read.
    pub(crate) fn readable(self) -> Result<Artifact, Error> {
        match self {
            Look::Artifact(artifact) => Ok(*artifact),
            Look::Damaged(path, refusal) => Err(Error::Artifact { path, refusal }),
        }
    }
}
