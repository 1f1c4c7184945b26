//! Opens an artifact and reads its manifest; the machine code stays untouched.

use crate::footer::{FOOTER_LEN, FORMAT_VERSION, Footer, FooterError};
use crate::{Digest, Manifest, Refusal, RefusalCode};
use fs_err::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// How much is read from a file's end at first: manifests are smaller, so one read does.
const TAIL: u64 = 8 << 10;

/// The longest manifest that is accepted, in bytes.
const MAX_MANIFEST: u64 = 1 << 20;

/// An open artifact with a whole manifest. Whether it fits this process is decided elsewhere.
#[derive(Debug)]
pub struct Artifact {
    path: PathBuf,
    file: File,
    modified: Option<SystemTime>,
    manifest: Manifest,
}

impl Artifact {
    /// Opens a file and reads footer and manifest.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] with one of the codes `missing`, `io`, `not-an-artifact`, `format`, `truncated`,
    /// `manifest`.
    pub fn open(path: &Path) -> Result<Artifact, Refusal> {
        let mut file = File::open(path).map_err(|error| Refusal::io(&error))?;
        let metadata = file.metadata().map_err(|error| Refusal::io(&error))?;
        if !metadata.is_file() {
            return Err(Refusal::new(
                RefusalCode::NotAnArtifact,
                "it isn't a regular file",
            ));
        }
        let len = metadata.len();
        let mut tail = Vec::new();
        let start = len.saturating_sub(TAIL);
        read_between(&mut file, start, len, &mut tail)?;
        let footer = Footer::from_end(&tail).map_err(refuse_footer)?;
        let manifest_end = len - FOOTER_LEN as u64;
        if footer.manifest_len > MAX_MANIFEST || footer.manifest_len > manifest_end {
            let text = format!(
                "its footer gives the manifest {} bytes, of {manifest_end} before it",
                footer.manifest_len
            );
            return Err(Refusal::new(RefusalCode::Manifest, text));
        }
        let manifest_start = manifest_end - footer.manifest_len;
        if manifest_start < start {
            read_between(&mut file, manifest_start, len, &mut tail)?;
        }
        let from = tail.len() - FOOTER_LEN - footer.manifest_len as usize;
        let bytes = &tail[from..tail.len() - FOOTER_LEN];
        let manifest = parse(bytes, &footer)?;
        if manifest.body.len != manifest_start {
            let text = format!(
                "{manifest_start} bytes come before the manifest, where the manifest says {}",
                manifest.body.len
            );
            return Err(Refusal::new(RefusalCode::Truncated, text));
        }
        let modified = metadata.modified().ok();
        Ok(Artifact {
            path: path.to_owned(),
            file,
            modified,
            manifest,
        })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// When the file was last modified: a writer gives it the time of its `.wasm`.
    pub fn modified(&self) -> Option<SystemTime> {
        self.modified
    }

    /// The open file, to be mapped.
    pub fn into_file(self) -> (std::fs::File, Manifest) {
        (self.file.into_parts().0, self.manifest)
    }

    /// Reads the machine code and holds it against its digest.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] with the code `body` or `io`.
    pub fn verify_body(&mut self) -> Result<(), Refusal> {
        let io = |error: std::io::Error| Refusal::io(&error);
        self.file.seek(SeekFrom::Start(0)).map_err(io)?;
        let mut hasher = blake3::Hasher::new();
        let mut body = (&mut self.file).take(self.manifest.body.len);
        std::io::copy(&mut body, &mut hasher).map_err(io)?;
        let (found, expected) = (
            Digest(*hasher.finalize().as_bytes()),
            self.manifest.body.digest,
        );
        if found != expected {
            let text =
                format!("its code has the digest {found}, where the manifest says {expected}");
            return Err(Refusal::new(RefusalCode::Body, text));
        }
        Ok(())
    }

    /// Holds a `.wasm`'s content against the digest of the one that it was made from.
    ///
    /// # Errors
    ///
    /// A [`Refusal`] with the code `stale`.
    pub fn verify_source(&self, wasm: &[u8]) -> Result<(), Refusal> {
        let (found, expected) = (Digest::of(wasm), self.manifest.source.digest);
        if found != expected {
            let text = format!(
                "its `.wasm` has the digest {found} now, and had {expected} when it was compiled"
            );
            return Err(Refusal::new(RefusalCode::Stale, text));
        }
        Ok(())
    }
}

fn read_between(file: &mut File, start: u64, end: u64, bytes: &mut Vec<u8>) -> Result<(), Refusal> {
    let io = |error: std::io::Error| Refusal::io(&error);
    // At most `MAX_MANIFEST` and a footer, or `TAIL`.
    bytes.resize((end - start) as usize, 0);
    file.seek(SeekFrom::Start(start)).map_err(io)?;
    file.read_exact(bytes).map_err(io)
}

fn refuse_footer(error: FooterError) -> Refusal {
    match error {
        FooterError::Magic => Refusal::new(
            RefusalCode::NotAnArtifact,
            "it doesn't end with our magic (another tool's file, or cut off)",
        ),
        FooterError::Version(found) => Refusal::new(
            RefusalCode::Format,
            format!("it has format version {found}, but {FORMAT_VERSION} is expected"),
        ),
    }
}

fn parse(bytes: &[u8], footer: &Footer) -> Result<Manifest, Refusal> {
    let damaged = |text: &str| Refusal::new(RefusalCode::Manifest, text.to_owned());
    if *blake3::hash(bytes).as_bytes() != footer.manifest_digest {
        return Err(damaged("its manifest isn't what the footer's digest says"));
    }
    match postcard::take_from_bytes(bytes) {
        Ok((manifest, [])) => Ok(manifest),
        Ok(_) => Err(damaged("its manifest has bytes left over")),
        Err(error) => Err(damaged(&format!("its manifest can't be decoded: {error}"))),
    }
}
