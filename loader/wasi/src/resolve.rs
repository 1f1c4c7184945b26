//! From a path that the guest names to the canonical one, within the grants.
//!
//! Two things must not leak: what lies outside the grants, and whether it exists. So a path is
//! followed one component at a time by this module, and not by the operating system: an error is
//! passed on only if the very component that it is about lies in a grant, and otherwise is the same
//! refusal as for a path that exists.

use std::ffi::OsString;
use std::io;
use std::path::{Component, Path, PathBuf};

use crate::errno::Errno;
use crate::grants::Grants;

/// As on Linux.
const MAX_LINKS: usize = 40;

/// What a path leads to.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Something that may be read, by its canonical path.
    Granted(PathBuf),
    /// A directory on the way to a grant, of which only its existence may be known.
    Above(PathBuf),
}

/// Why a path leads to nothing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    /// What the guest is told.
    pub(crate) errno: Errno,
    /// What the user is told: the path that the guest was not allowed to read.
    pub(crate) refused: Option<PathBuf>,
}

impl Failure {
    pub(crate) fn refused(path: PathBuf) -> Self {
        Self {
            errno: Errno::ACCES,
            refused: Some(path),
        }
    }
}

/// Whether a symbolic link at the end of a path is followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Last {
    /// It is, as by `open` and `stat`.
    Follow,
    /// It is not, as by `lstat` and `readlink`.
    Keep,
}

/// Follows `path` from `/`, then from the working directory (see the crate's documentation).
pub(crate) fn from_root(grants: &Grants, path: &str, last: Last) -> Result<Found, Failure> {
    let mut above = None;
    let mut errno = None;
    let mut refused = Vec::new();
    for root in grants.roots() {
        match from(grants, root, path, last) {
            Ok(Found::Granted(path)) => return Ok(Found::Granted(path)),
            Ok(Found::Above(path)) => above = above.or(Some(path)),
            Err(Failure {
                refused: Some(place),
                ..
            }) => refused.push(place),
            Err(failure) => errno = errno.or(Some(failure.errno)),
        }
    }
    if let Some(path) = above {
        return Ok(Found::Above(path));
    }
    // The guest must not learn whether there is something at a refused path; the user may, and is
    // told of the path that the macro probably meant.
    let there = refused
        .iter()
        .position(|place| place.symlink_metadata().is_ok());
    let told = there.or(errno.is_none().then_some(0));
    Err(Failure {
        errno: errno.unwrap_or(Errno::ACCES),
        refused: told.and_then(|index| refused.into_iter().nth(index)),
    })
}

/// Follows `path` from the canonical directory `start`.
pub(crate) fn from(
    grants: &Grants,
    start: &Path,
    path: &str,
    last: Last,
) -> Result<Found, Failure> {
    match follow(start, Path::new(path), last) {
        Ok(path) if grants.covers(&path) => Ok(Found::Granted(path)),
        Ok(path) if grants.leads_to(&path) => Ok(Found::Above(path)),
        // A link on the way to a grant: with `realpath`, a guest asks for each component.
        Ok(path) if last == Last::Keep && leads_in(grants, &path) => Ok(Found::Granted(path)),
        Ok(path) => Err(Failure::refused(path)),
        Err((place, errno)) if grants.covers(&place) => Err(Failure {
            errno,
            refused: None,
        }),
        Err((place, _)) => Err(Failure::refused(place)),
    }
}

/// Whether a path with all its links followed is, or leads to, a grant.
fn leads_in(grants: &Grants, path: &Path) -> bool {
    follow(Path::new("/"), path, Last::Follow)
        .is_ok_and(|path| grants.covers(&path) || grants.leads_to(&path))
}

/// The canonical form of `path`, or the place at which it fails and how.
fn follow(start: &Path, path: &Path, last: Last) -> Result<PathBuf, (PathBuf, Errno)> {
    let mut here = start.to_path_buf();
    let mut is_directory = true;
    let mut links = 0;
    // The components to come, the next one at the end.
    let mut pending = Vec::new();
    push(&mut pending, path);
    // `Path` drops a slash or dot at the end, which says that a directory is meant.
    let text = path.as_os_str().as_encoded_bytes();
    if text.ends_with(b"/") || text.ends_with(b"/.") {
        pending.insert(0, Step::Stay);
    }
    while let Some(step) = pending.pop() {
        if !is_directory {
            return Err((here, Errno::NOTDIR));
        }
        let name = match step {
            Step::Root => {
                here = PathBuf::from("/");
                continue;
            }
            Step::Up => {
                here.pop();
                continue;
            }
            Step::Stay => continue,
            Step::Into(name) => name,
        };
        let next = here.join(name);
        let failed = |error: io::Error| (next.clone(), Errno::from(error));
        let kind = next.symlink_metadata().map_err(failed)?.file_type();
        if kind.is_symlink() && (last == Last::Follow || !pending.is_empty()) {
            links += 1;
            if links > MAX_LINKS {
                return Err((next, Errno::LOOP));
            }
            push(&mut pending, &next.read_link().map_err(failed)?);
        } else {
            is_directory = kind.is_dir();
            here = next;
        }
    }
    Ok(here)
}

enum Step {
    Root,
    Up,
    Stay,
    Into(OsString),
}

fn push(pending: &mut Vec<Step>, path: &Path) {
    pending.extend(path.components().rev().map(|component| match component {
        Component::Prefix(_) | Component::RootDir => Step::Root,
        Component::CurDir => Step::Stay,
        Component::ParentDir => Step::Up,
        Component::Normal(name) => Step::Into(name.to_os_string()),
    }));
}
