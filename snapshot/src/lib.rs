//! Pre-initialises a proc-macro module: bytes in, bytes and declarations out.
