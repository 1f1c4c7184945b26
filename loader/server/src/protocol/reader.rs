//! Reading: every length and tag is checked, since a macro is not trusted.

use super::UsizeWidth;

/// Why bytes aren't a message. Displayed as a lowercase fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message ends inside a value.
    #[error("the message is truncated")]
    Truncated,
    /// Bytes follow the last value.
    #[error("the message has {0} bytes too many")]
    Trailing(usize),
    /// A tag that its type doesn't have.
    #[error("{tag} is no tag of {what}")]
    Tag {
        /// The type.
        what: &'static str,
        /// The tag.
        tag: u8,
    },
    /// A string that isn't UTF-8.
    #[error("a string is not UTF-8")]
    Utf8,
    /// A handle of zero; they start at one.
    #[error("a handle is zero")]
    ZeroHandle,
    /// Nested deeper than any real macro does, and deep enough to use up the stack.
    #[error("a diagnostic is nested more than {0} deep")]
    TooDeep(usize),
}

/// A value of the protocol that can be read; it may borrow from the message.
pub trait Decode<'a>: Sized {
    /// Reads one value.
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError>;
}

/// A cursor over one message.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    bytes: &'a [u8],
    width: UsizeWidth,
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`, from a macro in wasm32.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self::with_width(bytes, UsizeWidth::Wasm32)
    }

    /// A cursor at the start of `bytes`.
    pub fn with_width(bytes: &'a [u8], width: UsizeWidth) -> Self {
        Self { bytes, width }
    }

    /// The number of bytes that are left.
    pub fn remaining(&self) -> usize {
        self.bytes.len()
    }

    /// Fails unless everything was read.
    pub fn finish(self) -> Result<(), DecodeError> {
        match self.bytes.len() {
            0 => Ok(()),
            n => Err(DecodeError::Trailing(n)),
        }
    }

    /// Reads one byte.
    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        let (&first, rest) = self.bytes.split_first().ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(first)
    }

    /// Reads four bytes.
    pub fn u32(&mut self) -> Result<u32, DecodeError> {
        let (first, rest) = self
            .bytes
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        Ok(u32::from_le_bytes(*first))
    }

    /// Reads a `usize` of the macro's side.
    pub fn usize(&mut self) -> Result<usize, DecodeError> {
        match self.width {
            // Lossless: no target of this crate has a narrower usize.
            UsizeWidth::Wasm32 => self.u32().map(|n| n as usize),
            UsizeWidth::Native64 => {
                let low = self.u32()?;
                let value = u64::from(low) | u64::from(self.u32()?) << 32;
                usize::try_from(value).map_err(|_| DecodeError::Truncated)
            }
        }
    }

    /// Reads a string.
    pub fn str(&mut self) -> Result<&'a str, DecodeError> {
        let len = self.usize()?;
        let (first, rest) = self
            .bytes
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.bytes = rest;
        str::from_utf8(first).map_err(|_| DecodeError::Utf8)
    }
}
