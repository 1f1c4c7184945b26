//! The types of the standard library that messages contain.

use super::{Decode, DecodeError, Encode, Reader, Writer};
use smol_str::SmolStr;
use std::ops::{Bound, Range};

impl Encode for () {
    fn encode(&self, _: &mut Writer<'_>) {}
}

impl Decode<'_> for () {
    fn decode(_: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(())
    }
}

impl Encode for u8 {
    fn encode(&self, w: &mut Writer<'_>) {
        w.u8(*self);
    }
}

impl Decode<'_> for u8 {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.u8()
    }
}

impl Encode for usize {
    fn encode(&self, w: &mut Writer<'_>) {
        w.usize(*self);
    }
}

impl Decode<'_> for usize {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.usize()
    }
}

impl Encode for bool {
    fn encode(&self, w: &mut Writer<'_>) {
        w.u8(u8::from(*self));
    }
}

impl Decode<'_> for bool {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        match r.u8()? {
            0 => Ok(false),
            1 => Ok(true),
            tag => Err(DecodeError::Tag { what: "bool", tag }),
        }
    }
}

impl Encode for &str {
    fn encode(&self, w: &mut Writer<'_>) {
        w.str(self);
    }
}

impl<'a> Decode<'a> for &'a str {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        r.str()
    }
}

impl Encode for String {
    fn encode(&self, w: &mut Writer<'_>) {
        w.str(self);
    }
}

impl Decode<'_> for String {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.str().map(str::to_owned)
    }
}

impl Encode for SmolStr {
    fn encode(&self, w: &mut Writer<'_>) {
        w.str(self);
    }
}

impl Decode<'_> for SmolStr {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        r.str().map(SmolStr::new)
    }
}

impl<T: Encode> Encode for Vec<T> {
    fn encode(&self, w: &mut Writer<'_>) {
        w.usize(self.len());
        for element in self {
            element.encode(w);
        }
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Vec<T> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        /// What is allocated on the word of a length alone.
        const TRUSTED: usize = 256;
        let len = r.usize()?;
        // Each element has at least a byte, so a length beyond the message is a lie.
        if len > r.remaining() {
            return Err(DecodeError::Truncated);
        }
        let mut elements = Vec::with_capacity(len.min(TRUSTED));
        for _ in 0..len {
            elements.push(T::decode(r)?);
        }
        Ok(elements)
    }
}

impl<T: Encode> Encode for Option<T> {
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Some(value) => {
                w.u8(0);
                value.encode(w);
            }
            None => w.u8(1),
        }
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Option<T> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match r.u8()? {
            0 => T::decode(r).map(Some),
            1 => Ok(None),
            tag => Err(DecodeError::Tag {
                what: "Option",
                tag,
            }),
        }
    }
}

impl<T: Encode, E: Encode> Encode for Result<T, E> {
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Ok(value) => {
                w.u8(0);
                value.encode(w);
            }
            Err(error) => {
                w.u8(1);
                error.encode(w);
            }
        }
    }
}

impl<'a, T: Decode<'a>, E: Decode<'a>> Decode<'a> for Result<T, E> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match r.u8()? {
            0 => T::decode(r).map(Ok),
            1 => E::decode(r).map(Err),
            tag => Err(DecodeError::Tag {
                what: "Result",
                tag,
            }),
        }
    }
}

impl<T: Encode> Encode for Bound<T> {
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Bound::Included(value) => {
                w.u8(0);
                value.encode(w);
            }
            Bound::Excluded(value) => {
                w.u8(1);
                value.encode(w);
            }
            Bound::Unbounded => w.u8(2),
        }
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Bound<T> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        match r.u8()? {
            0 => T::decode(r).map(Bound::Included),
            1 => T::decode(r).map(Bound::Excluded),
            2 => Ok(Bound::Unbounded),
            tag => Err(DecodeError::Tag { what: "Bound", tag }),
        }
    }
}

impl<T: Encode> Encode for Range<T> {
    fn encode(&self, w: &mut Writer<'_>) {
        self.start.encode(w);
        self.end.encode(w);
    }
}

impl<'a, T: Decode<'a>> Decode<'a> for Range<T> {
    fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
        Ok(T::decode(r)?..T::decode(r)?)
    }
}
