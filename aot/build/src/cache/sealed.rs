//! Small files that tell whether they are whole: a digest, then JSON.

use std::io::{self, Write};
use std::path::Path;

use fs_err as fs;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// Writes a file by way of `temporary`, a directory on the same file system.
pub(super) fn write<T: Serialize>(path: &Path, temporary: &Path, value: &T) -> io::Result<()> {
    let json = serde_json::to_vec(value)?;
    let mut file = tempfile::NamedTempFile::new_in(temporary)?;
    writeln!(file, "{}", blake3::hash(&json).to_hex())?;
    file.write_all(&json)?;
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    file.persist(path)?;
    Ok(())
}

/// Reads a file; nothing if there is none, or one that isn't whole, which is then removed.
pub(super) fn read<T: DeserializeOwned>(path: &Path) -> Option<T> {
    let bytes = fs::read(path).ok()?;
    let value = open(&bytes);
    if value.is_none() {
        // Whoever finds it next has the same to do.
        _ = fs::remove_file(path);
    }
    value
}

fn open<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let end = bytes.iter().position(|byte| *byte == b'\n')?;
    let (digest, json) = (&bytes[..end], &bytes[end + 1..]);
    (digest == blake3::hash(json).to_hex().as_bytes()).then(|| serde_json::from_slice(json).ok())?
}
