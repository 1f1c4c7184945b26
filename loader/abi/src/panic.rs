//! The codec of `Err(PanicMessage)`, the reply or output that carries a panic.
//!
//! It is the same in all profiles but for the width of the length: the tags of `Err` and `Some` (or
//! `None`, for a panic without a message), and the text (rustc's `bridge/{mod,rpc}.rs`).

use crate::profile::{Profile, UsizeEncoding};

/// The width of an encoded `usize`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// Four bytes.
    Four,
    /// Eight bytes.
    Eight,
}

impl Profile {
    /// The width that a wasm32 side encodes.
    pub fn width_in_wasm32(&self) -> Width {
        match self.usize_encoding {
            UsizeEncoding::Native => Width::Four,
            UsizeEncoding::Eight => Width::Eight,
        }
    }
}

/// Appends `Err(PanicMessage)` in the encoding of a side with this width.
pub fn encode_panic(message: Option<&str>, width: Width, out: &mut Vec<u8>) {
    out.push(1);
    let Some(message) = message else {
        out.push(1);
        return;
    };
    out.push(0);
    match width {
        // Beyond 4 GiB only the start of a text has a length of 32 bits.
        Width::Four => {
            let message = &message[..message.floor_char_boundary(u32::MAX as usize)];
            out.extend((message.len() as u32).to_le_bytes());
            out.extend(message.as_bytes());
        }
        Width::Eight => {
            out.extend((message.len() as u64).to_le_bytes());
            out.extend(message.as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encodes_as_the_bridge_does() {
        let check = |message, width, expect: &[u8]| {
            let mut out = b"before".to_vec();
            encode_panic(message, width, &mut out);
            assert_eq!(out, [b"before", expect].concat());
        };
        check(Some("ab"), Width::Four, b"\x01\0\x02\0\0\0ab");
        check(Some("ab"), Width::Eight, b"\x01\0\x02\0\0\0\0\0\0\0ab");
        check(Some(""), Width::Four, b"\x01\0\0\0\0\0");
        check(None, Width::Four, b"\x01\x01");
        check(None, Width::Eight, b"\x01\x01");
    }
}
