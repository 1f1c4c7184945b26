//! The messages between a macro and its server.
//!
//! The layout is that of rustc's `library/proc_macro/src/bridge/{mod,rpc}.rs`: integers are
//! little-endian, an enum is one byte of tag and then its fields in order, a string or vector is its
//! length and then its elements. Nothing is padded or aligned. The tags of methods, the order of
//! their arguments and the width of `usize` depend on the bridge profile: a [`Codec`] has them.
//!
//! Types are generic over what stands for a token stream, a span and a symbol: handles and text
//! on the wire ([`WireTree`]), the server's own values behind it.

mod codec;
mod diagnostic;
mod globals;
mod handle;
mod method;
mod panic;
mod primitive;
mod reader;
mod tree;
mod writer;

pub use codec::Codec;
pub use diagnostic::{Diagnostic, Level};
pub use globals::ExpnGlobals;
pub use handle::{FreeFunctionsHandle, SourceFileHandle, SpanHandle, StreamHandle};
pub use method::{Method, Request};
pub use panic::PanicMessage;
pub use reader::{Decode, DecodeError, Reader};
pub use tree::{DelimSpan, Delimiter, Group, Ident, LitKind, Literal, Punct, TokenTree, WireTree};
pub use writer::{Encode, Writer};

/// Declares a struct of the protocol: its fields in the order in which they are encoded.
macro_rules! wire_struct {
    (
        $(#[$meta:meta])*
        pub struct $name:ident $(<$($param:ident),+>)? {
            $($(#[$field_meta:meta])* pub $field:ident: $ty:ty,)*
        }
    ) => {
        $(#[$meta])*
        pub struct $name $(<$($param),+>)? {
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        impl $(<$($param: Encode),+>)? Encode for $name $(<$($param),+>)? {
            fn encode(&self, w: &mut Writer<'_>) {
                $(self.$field.encode(w);)*
            }
        }

        impl<'a $(, $($param: Decode<'a>),+)?> Decode<'a> for $name $(<$($param),+>)? {
            fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
                Ok(Self { $($field: Decode::decode(r)?,)* })
            }
        }
    };
}

/// Declares an enum of the protocol: the tag of a variant is its place in the list.
macro_rules! wire_enum {
    (
        $(#[$meta:meta])*
        pub enum $name:ident $(<$($param:ident),+>)? {
            $($(#[$variant_meta:meta])* $variant:ident $(($field:ident: $ty:ty))? = $tag:literal,)*
        }
    ) => {
        $(#[$meta])*
        pub enum $name $(<$($param),+>)? {
            $($(#[$variant_meta])* $variant $(($ty))?,)*
        }

        impl $(<$($param: Encode),+>)? Encode for $name $(<$($param),+>)? {
            fn encode(&self, w: &mut Writer<'_>) {
                match self {
                    $(Self::$variant $(($field))? => {
                        w.u8($tag);
                        $($field.encode(w);)?
                    })*
                }
            }
        }

        impl<'a $(, $($param: Decode<'a>),+)?> Decode<'a> for $name $(<$($param),+>)? {
            fn decode(r: &mut Reader<'a>) -> Result<Self, DecodeError> {
                match r.u8()? {
                    $($tag => Ok(Self::$variant $({
                        0: <$ty as Decode<'a>>::decode(r)?
                    })?),)*
                    tag => Err(DecodeError::Tag { what: stringify!($name), tag }),
                }
            }
        }
    };
}

use {wire_enum, wire_struct};
