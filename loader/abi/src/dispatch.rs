//! The seam between running a macro and whoever answers it.

/// Answers the requests of a running macro.
///
/// A request is what the macro's side of `proc_macro::bridge` encoded: a one-byte method tag in the
/// order of `with_api!`, then the arguments; a reply is an encoded `Result<T, PanicMessage>`
/// (rustc's `library/proc_macro/src/bridge/{mod,rpc}.rs`). Both have a 32-bit `usize`.
pub trait Dispatch {
    /// Answers one request. `reply` is empty on entry; its capacity is kept between calls.
    ///
    /// The request comes from an untrusted macro: an implementation must not panic on any bytes,
    /// and answers what it can't understand with an encoded `Err(PanicMessage)`.
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>);

    /// Whether nobody can answer any more: the expansion is ended then, without a reply.
    fn is_gone(&self) -> bool {
        false
    }
}
