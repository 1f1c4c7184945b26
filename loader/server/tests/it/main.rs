//! Tests of the server from the macro's side: bytes in, bytes out.

mod client;
mod garbage;
mod literal;
mod parse;
mod print;
mod profiles;
mod protocol;
mod schema;
mod session;
mod source_file;
mod span;
mod stream;
