//! The seam between running a macro and whoever answers it.

/// The stack that is left for [`Dispatch::dispatch_in_place`] wherever the macro is, in bytes: as much as
/// rustc gives the thread that it compiles on (`DEFAULT_STACK_SIZE` of rustc's
/// `compiler/rustc_interface/src/util.rs`).
pub const STACK_IN_PLACE: usize = 8 << 20;

/// Answers the requests of a running macro.
///
/// A request is what the macro's side of `proc_macro::bridge` encoded: a method's tag and the
/// arguments; a reply is an encoded `Result<T, PanicMessage>` (rustc's
/// `library/proc_macro/src/bridge/{mod,rpc}.rs`), both as the macro's [`Profile`](crate::Profile)
/// has them in wasm32.
pub trait Dispatch {
    /// Answers one request. `reply` is empty on entry; its capacity is kept between calls.
    ///
    /// The request comes from an untrusted macro: an implementation must not panic on any bytes,
    /// and answers what it can't understand with an encoded `Err(PanicMessage)`.
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>);

    /// Answers a request as [`dispatch`](Self::dispatch) does, or says `false` and does nothing.
    ///
    /// It is called on the stack of the macro that asks, which saves the way to the caller's and back:
    /// most of what a small request costs. So it's only for requests whose answer neither looks how much
    /// stack is left nor needs more of it than [`STACK_IN_PLACE`]: see
    /// [`Method::may_run_on_macro_stack`](crate::schema::Method::may_run_on_macro_stack).
    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        let _ = (request, reply);
        false
    }

    /// Whether nobody can answer any more: the expansion is ended then, without a reply.
    fn is_gone(&self) -> bool {
        false
    }
}
