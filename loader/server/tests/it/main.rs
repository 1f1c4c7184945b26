//! Tests of the server from the macro's side: bytes in, bytes out.

mod client;
mod garbage;
mod literal;
mod parse;
mod print;
mod protocol;
mod span;
mod stream;
