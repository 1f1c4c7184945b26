//! The remains of a panic that crosses the bridge.

use super::{Decode, DecodeError, Reader};
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

impl PanicMessage {
    /// Its text, as [`pm_abi::encode_panic`] takes it.
    pub fn text(&self) -> Option<&str> {
        match self {
            PanicMessage::Text(text) => Some(text),
            PanicMessage::Unknown => None,
        }
    }
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

impl Decode<'_> for PanicMessage {
    fn decode(r: &mut Reader<'_>) -> Result<Self, DecodeError> {
        Ok(Option::<String>::decode(r)?.map_or(PanicMessage::Unknown, PanicMessage::Text))
    }
}
