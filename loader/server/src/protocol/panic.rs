//! What is left of a panic when it crosses the bridge.

use super::{Decode, DecodeError, Encode, Reader, Writer};
use std::any::Any;
use std::fmt;

/// The payload of a panic, of the macro or of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PanicMessage {
    /// It was a string.
    Text(String),
    /// It was something else.
    Unknown,
}

impl fmt::Display for PanicMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PanicMessage::Text(text) => f.write_str(text),
            PanicMessage::Unknown => f.write_str("(a panic without a message)"),
        }
    }
}

impl From<&str> for PanicMessage {
    fn from(text: &str) -> Self {
        PanicMessage::Text(text.to_owned())
    }
}

impl From<DecodeError> for PanicMessage {
    fn from(error: DecodeError) -> Self {
        PanicMessage::Text(format!("malformed request: {error}"))
    }
}

impl From<Box<dyn Any + Send>> for PanicMessage {
    fn from(payload: Box<dyn Any + Send>) -> Self {
        if let Some(text) = payload.downcast_ref::<&'static str>() {
            return PanicMessage::from(*text);
        }
        match payload.downcast::<String>() {
            Ok(text) => PanicMessage::Text(*text),
            Err(_) => PanicMessage::Unknown,
        }
    }
}

impl Encode for PanicMessage {
    fn encode(&self, w: &mut Writer<'_>) {
        match self {
            PanicMessage::Text(text) => Some(text.as_str()).encode(w),
            PanicMessage::Unknown => None::<&str>.encode(w),
        }
    }
}

impl Decode<'_> for PanicMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Option::<String>::decode(r)?.map_or(PanicMessage::Unknown, PanicMessage::Text))
    }
}
