//! The methods, in the order of rustc's `with_api!`, which numbers them.

use super::{
    Decode, DecodeError, Diagnostic, Encode, Reader, SpanHandle, StreamHandle, WireTree, Writer,
};
use std::ops::Bound;

macro_rules! methods {
    ($($(#[$meta:meta])* $method:ident $({ $($arg:ident: $ty:ty),* $(,)? })?,)*) => {
        /// The name of a method; its number is the first byte of a request.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Method {
            $($(#[$meta])* $method,)*
        }

        impl Method {
            /// All of them, in the order of their numbers.
            pub const ALL: &[Method] = &[$(Method::$method),*];
        }

        /// A method with its arguments.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the arguments' names and types say what they are")]
        pub enum Request<'a> {
            $($(#[$meta])* $method $({ $($arg: $ty),* })?,)*
        }

        impl<'a> Request<'a> {
            /// Which method is called.
            pub fn method(&self) -> Method {
                match self {
                    $(Request::$method $({ $($arg: _),* })? => Method::$method,)*
                }
            }

            /// Reads a whole request of a macro in wasm32.
            pub fn parse(bytes: &'a [u8]) -> Result<Self, DecodeError> {
                Self::read(Reader::new(bytes))
            }

            /// Reads a whole request.
            pub fn read(mut r: Reader<'a>) -> Result<Self, DecodeError> {
                let tag = r.u8()?;
                let Some(&method) = Method::ALL.get(usize::from(tag)) else {
                    return Err(DecodeError::Tag { what: "Method", tag });
                };
                let request = match method {
                    $(Method::$method => Request::$method $({
                        $($arg: <$ty as Decode<'a>>::decode(&mut r)?,)*
                    })?,)*
                };
                r.finish()?;
                Ok(request)
            }
        }

        impl Encode for Request<'_> {
            fn encode(&self, w: &mut Writer<'_>) {
                w.u8(self.method() as u8);
                match self {
                    $(Request::$method $({ $($arg),* })? => { $($($arg.encode(w);)*)? })*
                }
            }
        }
    };
}

impl Method {
    /// Whether it is one of [`pm_abi::SHALLOW_METHODS`].
    pub fn is_shallow(self) -> bool {
        matches!(
            self,
            Method::TsDrop
                | Method::TsClone
                | Method::TsIsEmpty
                | Method::TsFromTokenTree
                | Method::TsConcatTrees
                | Method::TsConcatStreams
                | Method::TsIntoTrees
                | Method::SpanResolvedAt
        )
    }
}

methods! {
    /// The value that the compiler was told to use instead of the environment's.
    InjectedEnvVar { var: &'a str },
    /// Records that the expansion depends on a variable.
    TrackEnvVar { var: &'a str, value: Option<&'a str> },
    /// Records that the expansion depends on a file.
    TrackPath { path: &'a str },
    /// `Literal::from_str`.
    LiteralFromStr { s: &'a str },
    /// `Diagnostic::emit`.
    EmitDiagnostic { diagnostic: Diagnostic<SpanHandle> },

    /// Gives a stream back.
    TsDrop { stream: StreamHandle },
    /// `TokenStream::clone`.
    TsClone { stream: StreamHandle },
    /// `TokenStream::is_empty`.
    TsIsEmpty { stream: StreamHandle },
    /// `TokenStream::expand_expr`.
    TsExpandExpr { stream: StreamHandle },
    /// `TokenStream::from_str`.
    TsFromStr { src: &'a str },
    /// `TokenStream::to_string`.
    TsToString { stream: StreamHandle },
    /// A stream of one tree.
    TsFromTokenTree { tree: WireTree<'a> },
    /// Appends trees; the base is given back.
    TsConcatTrees { base: Option<StreamHandle>, trees: Vec<WireTree<'a>> },
    /// Appends streams, all of which are given back.
    TsConcatStreams { base: Option<StreamHandle>, streams: Vec<StreamHandle> },
    /// The trees of a stream, which is given back.
    TsIntoTrees { stream: StreamHandle },

    /// `Span`'s `Debug`.
    SpanDebug { span: SpanHandle },
    /// `Span::parent`.
    SpanParent { span: SpanHandle },
    /// `Span::source`.
    SpanSource { span: SpanHandle },
    /// `Span::byte_range`.
    SpanByteRange { span: SpanHandle },
    /// `Span::start`.
    SpanStart { span: SpanHandle },
    /// `Span::end`.
    SpanEnd { span: SpanHandle },
    /// `Span::line`.
    SpanLine { span: SpanHandle },
    /// `Span::column`.
    SpanColumn { span: SpanHandle },
    /// `Span::file`.
    SpanFile { span: SpanHandle },
    /// `Span::local_file`.
    SpanLocalFile { span: SpanHandle },
    /// `Span::join`.
    SpanJoin { span: SpanHandle, other: SpanHandle },
    /// `Literal::subspan`.
    SpanSubspan { span: SpanHandle, start: Bound<usize>, end: Bound<usize> },
    /// `Span::resolved_at`.
    SpanResolvedAt { span: SpanHandle, at: SpanHandle },
    /// `Span::source_text`.
    SpanSourceText { span: SpanHandle },
    /// Keeps a span in the metadata of the proc-macro crate that is being compiled.
    SpanSaveSpan { span: SpanHandle },
    /// Finds such a span again when the crate's macro runs.
    SpanRecoverProcMacroSpan { id: usize },

    /// Normalises an identifier that isn't ASCII.
    SymbolNormalizeAndValidateIdent { string: &'a str },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shallow_methods_are_those_of_the_list() {
        let is_named = |method: &Method| {
            let name = format!("{method:?}");
            let same = |listed: &&str| listed.replace('_', "") == name.to_lowercase();
            pm_abi::SHALLOW_METHODS.iter().any(same)
        };
        let shallow: Vec<_> = Method::ALL
            .iter()
            .filter(|method| is_named(method))
            .collect();
        assert_eq!(shallow.len(), pm_abi::SHALLOW_METHODS.len());
        for method in Method::ALL {
            assert_eq!(method.is_shallow(), shallow.contains(&method), "{method:?}");
        }
    }
}
