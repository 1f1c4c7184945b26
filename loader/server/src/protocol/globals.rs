//! Spans sent to the macro with its input.

use super::{Decode, DecodeError, Encode, Reader, Writer, wire_struct};

wire_struct! {
    /// The spans that a macro can name without asking; they precede its input.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub struct ExpnGlobals<S> {
        /// `Span::def_site()`.
        pub def_site: S,
        /// `Span::call_site()`.
        pub call_site: S,
        /// `Span::mixed_site()`.
        pub mixed_site: S,
    }
}
