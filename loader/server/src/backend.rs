//! The seam below the protocol: a compiler's knowledge of tokens and spans.

use crate::lex::{LexError, LiteralError};
use crate::protocol::{Diagnostic, ExpnGlobals, Literal, TokenTree};
use crate::source::FileName;
use std::hash::Hash;
use std::ops::{Bound, Range};

/// The requests of a macro to its compiler, in terms of the backend's own streams and spans: rustc's
/// trait `Server`, without the handles. [`Server`](crate::Server) does those, and the encoding, and
/// all else that depends on the rustc version.
///
/// [`Standalone`](crate::Standalone) is the backend without a compiler. With the feature `rustc`,
/// there is one of a native proc macro that asks the compiler in which it runs.
///
/// A backend may panic where `proc_macro` does; the macro is told.
pub trait Backend {
    /// A token stream. A clone is cheap.
    type TokenStream: Clone + Default;
    /// A place. Equal places are equal to the macro.
    type Span: Copy + Eq + Hash;

    /// True if its answers to the methods that
    /// [`may_run_on_macro_stack`](pm_abi::schema::Method::may_run_on_macro_stack) do with little stack
    /// and never look how much is left.
    const MAY_RUN_ON_MACRO_STACK: bool = false;

    /// The spans that the macro is told at its start.
    fn globals(&mut self) -> ExpnGlobals<Self::Span>;

    /// The value of an environment variable that the compiler was given instead of the real one.
    fn injected_env_var(&mut self, var: &str) -> Option<String>;
    /// The expansion depends on an environment variable, which had this value.
    fn track_env_var(&mut self, var: &str, value: Option<&str>);
    /// The expansion depends on a file.
    fn track_path(&mut self, path: &str);
    /// Reads one literal.
    fn literal_from_str(&mut self, text: &str)
    -> Result<Literal<Self::Span, String>, LiteralError>;
    /// The macro emits a diagnostic.
    fn emit_diagnostic(&mut self, diagnostic: Diagnostic<Self::Span>);

    /// Whether a stream has no tokens.
    fn ts_is_empty(&mut self, stream: &Self::TokenStream) -> bool;
    /// Expands macros in an expression that comes to a literal; `None` if it doesn't.
    fn ts_expand_expr(&mut self, stream: &Self::TokenStream) -> Option<Self::TokenStream>;
    /// Reads tokens, the place of which is the call site.
    fn ts_from_str(&mut self, text: &str) -> Result<Self::TokenStream, LexError>;
    /// Prints tokens.
    fn ts_to_string(&mut self, stream: &Self::TokenStream) -> String;
    /// Appends trees.
    fn ts_push_trees<'a>(
        &mut self,
        stream: &mut Self::TokenStream,
        trees: impl Iterator<Item = TokenTree<Self::TokenStream, Self::Span, &'a str>>,
    );
    /// Appends a stream.
    fn ts_push_stream(&mut self, stream: &mut Self::TokenStream, other: Self::TokenStream);
    /// Gives the trees of a stream, one after the other.
    fn ts_into_trees(
        &mut self,
        stream: Self::TokenStream,
        sink: impl FnMut(TokenTree<Self::TokenStream, Self::Span, &str>),
    );

    /// What `Debug` shows.
    fn span_debug(&mut self, span: Self::Span) -> String;
    /// The call of the macro that made the span, if one did.
    fn span_parent(&mut self, span: Self::Span) -> Option<Self::Span>;
    /// The call, in source text, that the span comes from, or itself.
    fn span_source(&mut self, span: Self::Span) -> Self::Span;
    /// The bytes in its file.
    fn span_byte_range(&mut self, span: Self::Span) -> Range<usize>;
    /// The empty span at its start.
    fn span_start(&mut self, span: Self::Span) -> Self::Span;
    /// The empty span at its end.
    fn span_end(&mut self, span: Self::Span) -> Self::Span;
    /// The line of its start, counted from one.
    fn span_line(&mut self, span: Self::Span) -> usize;
    /// The column of its start in characters, counted from one.
    fn span_column(&mut self, span: Self::Span) -> usize;
    /// The name of its file, to be shown.
    fn span_file(&mut self, span: Self::Span) -> String;
    /// The path of its file.
    fn span_local_file(&mut self, span: Self::Span) -> Option<String>;
    /// The file of its start, which macros of rustc up to 1.87 can have. Files are equal if their
    /// names are.
    fn span_source_file(&mut self, span: Self::Span) -> FileName {
        match self.span_local_file(span) {
            Some(path) => FileName::Real(path.into()),
            None => FileName::Virtual(self.span_file(span)),
        }
    }
    /// The smallest span around two in the same file.
    fn span_join(&mut self, span: Self::Span, other: Self::Span) -> Option<Self::Span>;
    /// A part, by bytes.
    fn span_subspan(
        &mut self,
        span: Self::Span,
        start: Bound<usize>,
        end: Bound<usize>,
    ) -> Option<Self::Span>;
    /// The place of one with the names of another.
    fn span_resolved_at(&mut self, span: Self::Span, at: Self::Span) -> Self::Span;
    /// The text there.
    fn span_source_text(&mut self, span: Self::Span) -> Option<String>;
    /// Keeps a span for the macros of the crate that is being compiled.
    fn span_save_span(&mut self, span: Self::Span) -> usize;
    /// A span that was kept when the macro's crate was compiled.
    fn span_recover_proc_macro_span(&mut self, id: usize) -> Self::Span;

    /// Normalises an identifier that isn't ASCII; `None` if it is none.
    fn normalize_ident(&mut self, name: &str) -> Option<String>;
}
