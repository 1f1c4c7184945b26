//! Reading: every length and tag is checked, since a macro is not trusted.

use pm_abi::Width;

/// The reason for which bytes are not a message. Displayed as a lowercase fragment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// The message ends inside a value.
    #[error("the message is truncated")]
    Truncated,
    /// Bytes follow the last value.
    #[error("the message has {0} bytes too many")]
    Trailing(usize),
    /// The first bytes of a request are no method's.
    #[error("unknown method {0:?}")]
    Method(Vec<u8>),
    /// A tag that its type doesn't have.
    #[error("invalid tag {tag} for {what}")]
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
    /// A number that a `usize` of 32 bits has no room for.
    #[error("the number {0} does not fit into a 32-bit `usize`")]
    TooLarge(u64),
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
    width: Width,
}

impl<'a> Reader<'a> {
    /// A cursor at the start of `bytes`, from a macro that encodes `usize` in this width.
    pub fn new(bytes: &'a [u8], width: Width) -> Self {
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

    /// Reads four bytes, or eight that hold a number of 32 bits: a `usize` of the macro.
    ///
    /// Its lengths and the bounds of its spans have no more, a native macro's neither: a source map
    /// ends at 4 GiB.
    pub fn usize(&mut self) -> Result<usize, DecodeError> {
        let low = self.u32()?;
        if self.width == Width::Eight {
            let high = self.u32()?;
            if high != 0 {
                return Err(DecodeError::TooLarge(
                    u64::from(high) << 32 | u64::from(low),
                ));
            }
        }
        // Lossless: no target of this crate has a narrower usize.
        Ok(low as usize)
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
