//! Puts an artifact together.

use crate::footer::{FORMAT_VERSION, Footer};
use crate::{Digest, Manifest};

/// The prefix and the suffix of temporary files' names.
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
