//! The bridge's messages between a 32-bit macro and a 64-bit compiler, re-encoded by type.
//!
//! A macro (the *client*) and rustc (the *server*) exchange four kinds of message: the input of an
//! entry point, its requests, their replies, and its output. Both sides encode a `usize`, and so
//! every length, with the width of their own. A [`Schema`] says of which types the messages are
//! made; it is derived from a rustc's sources, so nothing here knows one version's protocol. What
//! all versions share is how primitives are encoded (rustc's
//! `library/proc_macro/src/bridge/rpc.rs`): little-endian and without padding, an enum as one byte
//! of tag and its payload, a string or vector as its length and its elements.
//!
//! A [`Recoder`] believes neither side. What it lets through is well-formed by its type: the
//! receiver reads it to its last byte and never past it. Whether a handle in it exists, and a
//! symbol is an identifier, is for others to say.

mod check;
mod code;
mod error;
mod recoder;
mod schema;
mod walk;

#[cfg(test)]
mod sample;

pub use error::{RecodeError, SchemaError};
pub use recoder::{Recoder, Streams};
pub use schema::{Method, MethodId, Schema, Type, TypeId, Variant};
pub use walk::Width;
