//! The bridge's messages: checked, and re-encoded where the two sides have another `usize`.
//!
//! A macro (the *client*) and the compiler (the *server*) exchange four kinds of message: the input of
//! an entry point, its requests, their replies, and its output. A [`Profile`](pm_abi::Profile) has
//! their types. All profiles share the encoding of primitives (rustc's
//! `library/proc_macro/src/bridge/rpc.rs`): little-endian and without padding, an enum as one byte of
//! tag and its payload, a string or vector as its length and its elements.
//!
//! A [`Transcoder`] trusts neither side. A message that it passes is well-formed by its type: the
//! receiver reads it to its last byte and never past it. Each handle in a request is one that the
//! compiler has given to this expansion ([`Handles`]) and that was not given back. Each literal in it
//! has a text that rustc's lexer could have given it. rustc's server panics at everything else, since
//! natively its own library is the client.

mod check;
mod error;
mod handles;
mod plan;
mod text;
mod transcoder;
mod visitor;

pub use error::MessageError;
pub use handles::Handles;
pub use transcoder::{Server, Streams, Transcoder};
