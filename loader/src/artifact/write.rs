//! Puts an artifact together.

use super::footer::{FORMAT_VERSION, Footer};
use super::{Digest, Manifest};

/// How the names of temporary files start and end.
pub const TEMPORARY: (&str, &str) = (".pm-aot-", ".tmp");

/// Puts the parts together: the machine code, the manifest, the footer.
///
/// # Panics
///
/// If the manifest doesn't describe this body.
pub fn assemble(mut body: Vec<u8>, manifest: &Manifest) -> Vec<u8> {
    assert_eq!(manifest.body.len, body.len() as u64, "another body");
    let manifest = postcard::to_allocvec(manifest).expect("no type in it can fail to encode");
    let footer = Footer {
        manifest_digest: Digest::of(&manifest).0,
        manifest_len: manifest.len() as u64,
        version: FORMAT_VERSION,
    };
    body.extend_from_slice(&manifest);
    body.extend_from_slice(&footer.to_bytes());
    body
}

/// Writes a file whole or not at all: a temporary file beside it is renamed over it, so that a
/// process that has the old one mapped keeps it, and an interrupted run leaves nothing half-made
/// under the name. `modified` becomes the file's time.
///
/// The temporary file is locked while its writer lives, so that what an interrupted run left can be
/// told from what a running one needs.
#[cfg(feature = "compile")]
pub(crate) fn write_atomically(
    path: &std::path::Path,
    bytes: &[u8],
    modified: Option<std::time::SystemTime>,
) -> std::io::Result<()> {
    use std::io::Write;
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => std::path::Path::new("."),
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
#[cfg(all(feature = "compile", unix))]
fn permissions() -> std::fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o666)
}
