//! The methods of all bridge profiles.
//!
//! Names and arguments are those of [`pm_abi::schema`]; which of the methods a profile has, and by
//! which tag, is in the profile.

use super::{
    Decode, DecodeError, Diagnostic, Encode, FreeFunctionsHandle, Reader, SourceFileHandle,
    SpanHandle, StreamHandle, WireTree, Writer,
};
use pm_abi::ArgumentOrder;
use std::ops::Bound;

/// Reads arguments, the last one first.
macro_rules! read_reversed {
    ($r:ident;) => {};
    ($r:ident; $arg:ident: $ty:ty $(, $args:ident: $tys:ty)*) => {
        read_reversed!($r; $($args: $tys),*);
        let $arg = <$ty as Decode<'_>>::decode($r)?;
    };
}

/// Writes arguments, the last one first.
macro_rules! write_reversed {
    ($w:ident;) => {};
    ($w:ident; $arg:ident $(, $args:ident)*) => {
        write_reversed!($w; $($args),*);
        $arg.encode($w);
    };
}

macro_rules! methods {
    ($(
        $(#[$meta:meta])*
        $method:ident ($name:literal) { $($arg:ident: $ty:ty),* $(,)? },
    )*) => {
        /// A method of some profile.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Method {
            $($(#[$meta])* $method,)*
        }

        impl Method {
            /// All of them.
            pub const ALL: &[Method] = &[$(Method::$method),*];

            /// Its name in the schemas.
            pub fn name(self) -> &'static str {
                match self {
                    $(Method::$method => $name,)*
                }
            }
        }

        /// A method with its arguments.
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[expect(missing_docs, reason = "the arguments' names and types say what they are")]
        pub enum Request<'a> {
            $($(#[$meta])* $method { $($arg: $ty),* },)*
        }

        impl<'a> Request<'a> {
            /// The method that is called.
            pub fn method(&self) -> Method {
                match self {
                    $(Request::$method { .. } => Method::$method,)*
                }
            }

            /// Reads the arguments of a method, which follow its tag.
            pub(super) fn read(
                method: Method,
                order: ArgumentOrder,
                r: &mut Reader<'a>,
            ) -> Result<Self, DecodeError> {
                Ok(match (method, order) {
                    $(
                        (Method::$method, ArgumentOrder::Forward) => Request::$method {
                            $($arg: <$ty as Decode<'_>>::decode(r)?,)*
                        },
                        (Method::$method, ArgumentOrder::Reverse) => {
                            read_reversed!(r; $($arg: $ty),*);
                            Request::$method { $($arg),* }
                        }
                    )*
                })
            }

            /// Writes the arguments.
            pub(super) fn write(&self, order: ArgumentOrder, w: &mut Writer<'_>) {
                match (self, order) {
                    $(
                        (Request::$method { $($arg),* }, ArgumentOrder::Forward) => {
                            $($arg.encode(w);)*
                        }
                        (Request::$method { $($arg),* }, ArgumentOrder::Reverse) => {
                            write_reversed!(w; $($arg),*);
                        }
                    )*
                }
            }
        }
    };
}

impl Method {
    /// The method of this name.
    pub fn by_name(name: &str) -> Option<Method> {
        Method::ALL
            .iter()
            .copied()
            .find(|method| method.name() == name)
    }
}

methods! {
    /// The value that the compiler was told to use instead of the environment's.
    InjectedEnvVar ("injected_env_var") { var: &'a str },
    /// Records that the expansion depends on a variable.
    TrackEnvVar ("track_env_var") { var: &'a str, value: Option<&'a str> },
    /// Records that the expansion depends on a file.
    TrackPath ("track_path") { path: &'a str },
    /// `Literal::from_str`.
    LiteralFromStr ("literal_from_str") { s: &'a str },
    /// `Diagnostic::emit`.
    EmitDiagnostic ("emit_diagnostic") { diagnostic: Diagnostic<SpanHandle> },

    /// Gives a stream back.
    TsDrop ("ts_drop") { stream: StreamHandle },
    /// `TokenStream::clone`.
    TsClone ("ts_clone") { stream: StreamHandle },
    /// `TokenStream::is_empty`.
    TsIsEmpty ("ts_is_empty") { stream: StreamHandle },
    /// `TokenStream::expand_expr`.
    TsExpandExpr ("ts_expand_expr") { stream: StreamHandle },
    /// `TokenStream::from_str`.
    TsFromStr ("ts_from_str") { src: &'a str },
    /// `TokenStream::to_string`.
    TsToString ("ts_to_string") { stream: StreamHandle },
    /// A stream of one tree.
    TsFromTokenTree ("ts_from_token_tree") { tree: WireTree<'a> },
    /// Appends trees; the base is given back.
    TsConcatTrees ("ts_concat_trees") { base: Option<StreamHandle>, trees: Vec<WireTree<'a>> },
    /// Appends streams, all of which are given back.
    TsConcatStreams ("ts_concat_streams") { base: Option<StreamHandle>, streams: Vec<StreamHandle> },
    /// The trees of a stream, which is given back.
    TsIntoTrees ("ts_into_trees") { stream: StreamHandle },

    /// `Span`'s `Debug`.
    SpanDebug ("span_debug") { span: SpanHandle },
    /// `Span::parent`.
    SpanParent ("span_parent") { span: SpanHandle },
    /// `Span::source`.
    SpanSource ("span_source") { span: SpanHandle },
    /// `Span::byte_range`.
    SpanByteRange ("span_byte_range") { span: SpanHandle },
    /// `Span::start`.
    SpanStart ("span_start") { span: SpanHandle },
    /// `Span::end`.
    SpanEnd ("span_end") { span: SpanHandle },
    /// `Span::line`.
    SpanLine ("span_line") { span: SpanHandle },
    /// `Span::column`.
    SpanColumn ("span_column") { span: SpanHandle },
    /// `Span::file`.
    SpanFile ("span_file") { span: SpanHandle },
    /// `Span::local_file`.
    SpanLocalFile ("span_local_file") { span: SpanHandle },
    /// `Span::join`.
    SpanJoin ("span_join") { span: SpanHandle, other: SpanHandle },
    /// `Literal::subspan`.
    SpanSubspan ("span_subspan") { span: SpanHandle, start: Bound<usize>, end: Bound<usize> },
    /// `Span::resolved_at`.
    SpanResolvedAt ("span_resolved_at") { span: SpanHandle, at: SpanHandle },
    /// `Span::source_text`.
    SpanSourceText ("span_source_text") { span: SpanHandle },
    /// Keeps a span in the metadata of the proc-macro crate that is being compiled.
    SpanSaveSpan ("span_save_span") { span: SpanHandle },
    /// Finds such a span again when the crate's macro runs.
    SpanRecoverProcMacroSpan ("span_recover_proc_macro_span") { id: usize },

    /// Normalises an identifier that isn't ASCII.
    SymbolNormalizeAndValidateIdent ("symbol_normalize_and_validate_ident") { string: &'a str },

    /// Gives the owner of the free functions back. Up to 1.94.
    FreeFunctionsDrop ("free_functions_drop") { functions: FreeFunctionsHandle },
    /// `Span::source_file`. Up to 1.87, as all of a source file's.
    SpanSourceFile ("span_source_file") { span: SpanHandle },
    /// Gives a source file back.
    SourceFileDrop ("source_file_drop") { file: SourceFileHandle },
    /// `SourceFile::clone`.
    SourceFileClone ("source_file_clone") { file: SourceFileHandle },
    /// `SourceFile::eq`.
    SourceFileEq ("source_file_eq") { file: SourceFileHandle, other: SourceFileHandle },
    /// `SourceFile::path`.
    SourceFilePath ("source_file_path") { file: SourceFileHandle },
    /// `SourceFile::is_real`.
    SourceFileIsReal ("source_file_is_real") { file: SourceFileHandle },
}
