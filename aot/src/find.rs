//! Walks the paths that were named.

use crate::{Error, Shell};
use std::io::{ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use walkdir::WalkDir;

/// A regular file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Found {
    pub(crate) path: PathBuf,
    /// Whether the user named it, or a directory above it.
    pub(crate) named: bool,
}

/// How to walk.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Walk {
    /// Files, and directories with all that is in them
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// Follow symbolic links inside directories
    ///
    /// Links that are named are always followed. A link that leads back to a directory above it is
    /// reported and not followed.
    #[arg(long)]
    pub(crate) follow: bool,
}

impl Walk {
    /// The files under the paths, in order of their names; each path that can't be walked is an
    /// error, and the others go on.
    pub(crate) fn files<'a>(
        &'a self,
        shell: &'a Shell,
    ) -> impl Iterator<Item = Result<Found, Error>> + 'a {
        self.paths.iter().flat_map(|path| self.walk(path, shell))
    }

    fn walk<'a>(
        &self,
        path: &'a Path,
        shell: &'a Shell,
    ) -> Box<dyn Iterator<Item = Result<Found, Error>> + 'a> {
        let one = |result| Box::new(std::iter::once(result));
        match fs_err::metadata(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => one(Err(Error::Missing {
                path: path.to_owned(),
            })),
            Err(error) => one(Err(error.into())),
            Ok(metadata) if metadata.is_file() => one(Ok(Found {
                path: path.to_owned(),
                named: true,
            })),
            Ok(metadata) if metadata.is_dir() => Box::new(
                WalkDir::new(path)
                    .follow_links(self.follow)
                    .sort_by_file_name()
                    .into_iter()
                    .filter_map(|entry| entered(entry, shell)),
            ),
            Ok(_) => one(Err(Error::NotAFile {
                path: path.to_owned(),
            })),
        }
    }
}

/// A regular file, or what is wrong with an entry of a directory.
fn entered(
    entry: walkdir::Result<walkdir::DirEntry>,
    shell: &Shell,
) -> Option<Result<Found, Error>> {
    let error = match entry {
        Ok(entry) if entry.file_type().is_file() => {
            return Some(Ok(Found {
                path: entry.into_path(),
                named: false,
            }));
        }
        Ok(_) => return None,
        Err(error) => error,
    };
    let path = error.path().unwrap_or(Path::new("")).display().to_string();
    if let Some(above) = error.loop_ancestor() {
        shell.warn(format_args!(
            "symbolic link loop: `{path}` leads back to `{}`, and isn't followed",
            above.display()
        ));
        return None;
    }
    let is_link = error
        .path()
        .is_some_and(|path| std::fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()));
    let error = error.into_io_error()?;
    // A link that leads nowhere, or a file that went away meanwhile.
    if error.kind() == ErrorKind::NotFound {
        return None;
    }
    // A link that leads to itself, say.
    if is_link {
        shell.warn(format_args!("`{path}` can't be followed: {error}"));
        return None;
    }
    let text = format!("failed to read `{path}`: {error}");
    Some(Err(std::io::Error::new(error.kind(), text).into()))
}

/// The first bytes of a file, fewer if it is shorter.
pub(crate) fn head<const N: usize>(path: &Path) -> Result<Vec<u8>, Error> {
    let mut bytes = Vec::with_capacity(N);
    fs_err::File::open(path)?
        .take(N as u64)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The last bytes of a file, fewer if it is shorter.
pub(crate) fn tail<const N: usize>(path: &Path) -> Result<Vec<u8>, Error> {
    let mut file = fs_err::File::open(path)?;
    let len = file.metadata()?.len();
    file.seek(SeekFrom::Start(len.saturating_sub(N as u64)))?;
    let mut bytes = Vec::with_capacity(N);
    file.take(N as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The directory that a file lies in.
pub(crate) fn directory(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
