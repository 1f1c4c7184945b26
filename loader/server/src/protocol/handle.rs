//! Handles: numbers that stand for what only the server has.

use super::{Decode, DecodeError, Encode, Reader, Writer};
use std::num::NonZeroU32;

macro_rules! handle {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub struct $name(pub NonZeroU32);

        impl From<NonZeroU32> for $name {
            fn from(handle: NonZeroU32) -> Self {
                Self(handle)
            }
        }

        impl From<$name> for NonZeroU32 {
            fn from(handle: $name) -> Self {
                handle.0
            }
        }

        impl Encode for $name {
            fn encode(&self, w: &mut Writer<'_>) {
                w.u32(self.0.get());
            }
        }

        impl Decode<'_> for $name {
            fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
                NonZeroU32::new(r.u32()?).map(Self).ok_or(DecodeError::ZeroHandle)
            }
        }
    };
}

handle! {
    /// A token stream. The macro owns it: passing one by value gives it back.
    StreamHandle
}

handle! {
    /// A source file, up to rustc 1.87. The macro owns it, as it does a stream.
    SourceFileHandle
}

handle! {
    /// The owner of the free functions, up to rustc 1.94. No message gives a macro one.
    FreeFunctionsHandle
}

handle! {
    /// A span. Equal spans have equal handles, and they stay valid until the expansion ends.
    SpanHandle
}
