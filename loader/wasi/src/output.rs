//! Where a macro's output and error streams go.

use std::fmt;
use std::io::{self, Write};

/// The most bytes that are kept of a captured stream.
pub const CAPTURE_LIMIT: usize = 4 << 20;

/// Where a stream of the guest goes.
#[derive(Default)]
pub enum Output {
    /// To the same stream of this process, as under native rustc.
    #[default]
    Inherit,
    /// Into a buffer in the context.
    Capture(Captured),
    /// To a writer.
    Writer(Box<dyn Write + Send>),
}

impl Output {
    /// An empty buffer.
    pub fn capture() -> Self {
        Self::Capture(Captured::default())
    }

    /// What was captured so far; nothing if the stream goes elsewhere.
    pub fn captured(&self) -> Option<&Captured> {
        match self {
            Self::Capture(captured) => Some(captured),
            Self::Inherit | Self::Writer(_) => None,
        }
    }

    /// Writes and flushes: an instance ends without a word, so nothing may stay in a buffer.
    pub(crate) fn write(&mut self, bytes: &[u8], inherited: impl Write) -> io::Result<()> {
        fn all(mut writer: impl Write, bytes: &[u8]) -> io::Result<()> {
            writer.write_all(bytes)?;
            writer.flush()
        }
        match self {
            Self::Inherit => all(inherited, bytes),
            Self::Capture(captured) => {
                captured.append(bytes);
                Ok(())
            }
            Self::Writer(writer) => all(writer, bytes),
        }
    }
}

impl fmt::Debug for Output {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inherit => f.write_str("Inherit"),
            Self::Capture(captured) => f.debug_tuple("Capture").field(captured).finish(),
            Self::Writer(_) => f.write_str("Writer"),
        }
    }
}

/// The start of what the guest wrote to a stream, up to [`CAPTURE_LIMIT`].
///
/// Displayed, it is text, with a note at the end if something was cut.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Captured {
    bytes: Vec<u8>,
    cut: u64,
}

impl Captured {
    /// The bytes that were kept.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The number of bytes that were not kept.
    pub fn cut(&self) -> u64 {
        self.cut
    }

    fn append(&mut self, bytes: &[u8]) {
        let kept = bytes.len().min(CAPTURE_LIMIT - self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..kept]);
        self.cut += (bytes.len() - kept) as u64;
    }
}

impl fmt::Display for Captured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(&self.bytes))?;
        match self.cut {
            0 => Ok(()),
            cut => write!(f, "\n[{cut} more bytes were written and not kept]\n"),
        }
    }
}
