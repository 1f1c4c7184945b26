//! Writes compiled code to a file, whole or not at all.

use pm_artifact::TEMPORARY;
use std::io::{self, Write};
use std::path::Path;
use std::time::SystemTime;

/// Writes a file whole or not at all: a temporary file beside it is renamed over it, so that a
/// process that has the old one mapped keeps it, and an interrupted run leaves nothing half-made
/// under the name. `modified` becomes the file's time.
///
/// The temporary file is locked while its writer lives, so that what an interrupted run left can be
/// told from what a running one needs.
pub(crate) fn write_atomically(
    path: &Path,
    bytes: &[u8],
    modified: Option<SystemTime>,
) -> io::Result<()> {
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(TEMPORARY.0)
        .suffix(TEMPORARY.1)
        .permissions(permissions())
        .tempfile_in(directory)?;
    // Where files can't be locked, nothing is lost but the distinction.
    let _ = file.as_file().try_lock();
    file.write_all(bytes)?;
    if let Some(modified) = modified {
        file.as_file().set_modified(modified)?;
    }
    file.persist(path)?;
    Ok(())
}

/// As for any other file, less what the user's umask takes away: a temporary file is private.
#[cfg(unix)]
fn permissions() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}
