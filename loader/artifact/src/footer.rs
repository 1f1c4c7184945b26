//! The last bytes of an artifact: where the manifest is, and whether it is whole.

/// What an artifact ends with.
pub const MAGIC: [u8; 12] = *b"pm-aot.cwasm";

/// The version of everything before the magic: the footer's layout and the manifest's encoding.
pub const FORMAT_VERSION: u32 = 3;

/// The footer's length in bytes.
pub const FOOTER_LEN: usize = 56;

/// The footer. The magic and the version come last, at the same distance from the end in every
/// version, so that any reader can tell what it has before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Footer {
    /// blake3 of the manifest's bytes.
    pub manifest_digest: [u8; 32],
    /// The manifest's length in bytes; it ends where the footer begins.
    pub manifest_len: u64,
    /// [`FORMAT_VERSION`] of the writer.
    pub version: u32,
}

/// Why the last bytes of a file aren't a footer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FooterError {
    /// No magic.
    Magic,
    /// Another version.
    Version(u32),
}

impl Footer {
    /// The footer's bytes.
    pub fn to_bytes(self) -> [u8; FOOTER_LEN] {
        let mut bytes = [0; FOOTER_LEN];
        bytes[0..32].copy_from_slice(&self.manifest_digest);
        bytes[32..40].copy_from_slice(&self.manifest_len.to_le_bytes());
        bytes[40..44].copy_from_slice(&self.version.to_le_bytes());
        bytes[44..56].copy_from_slice(&MAGIC);
        bytes
    }

    /// Reads a footer from the end of a file's bytes.
    pub(crate) fn from_end(bytes: &[u8]) -> Result<Footer, FooterError> {
        let footer = bytes
            .last_chunk::<FOOTER_LEN>()
            .filter(|footer| footer[44..56] == MAGIC)
            .ok_or(FooterError::Magic)?;
        let version = u32::from_le_bytes(*footer[40..].first_chunk().expect("56 bytes"));
        if version != FORMAT_VERSION {
            return Err(FooterError::Version(version));
        }
        Ok(Footer {
            manifest_digest: *footer.first_chunk().expect("56 bytes"),
            manifest_len: u64::from_le_bytes(*footer[32..].first_chunk().expect("56 bytes")),
            version,
        })
    }
}
