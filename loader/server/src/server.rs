//! The server of one expansion after the other, for macros of one bridge profile.

use crate::backend::Backend;
use crate::lex::{LexError, LiteralError};
use crate::protocol::{
    Codec, Decode, DecodeError, Diagnostic, Encode, ExpnGlobals, Level, Literal, PanicMessage,
    Request, SourceFileHandle, SpanHandle, StreamHandle, WireTree, Writer,
};
use crate::source::FileName;
use crate::store::{OwnedStore, SpanStore, unknown};
use pm_abi::{Dispatch, LexErrors, MacroKind, Profile, Width, encode_panic};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The input of a macro.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<T> {
    /// The item that is derived for.
    Derive(T),
    /// An attribute.
    Attr {
        /// The tokens in the attribute, without its delimiters.
        args: T,
        /// The item that the attribute is on.
        item: T,
    },
    /// The tokens in the call of a function-like macro, without its delimiters.
    Bang(T),
}

impl<T> Input<T> {
    /// The kind of macro that takes it.
    pub fn kind(&self) -> MacroKind {
        match self {
            Input::Derive(_) => MacroKind::Derive,
            Input::Attr { .. } => MacroKind::Attr,
            Input::Bang(_) => MacroKind::Bang,
        }
    }
}

/// The reason for which an expansion has no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// The macro panicked, with this.
    #[error("{0}")]
    Panic(PanicMessage),
    /// The macro returned bytes that are not an output.
    #[error("malformed output: {0}")]
    Malformed(#[from] DecodeError),
    /// The macro returned a handle that names no stream.
    #[error("the output is not one of the macro's streams")]
    UnknownStream,
}

/// The compiler's side of an expansion: the handles, and the encoding, before a [`Backend`].
///
/// For one expansion: [`encode_input`](Server::encode_input), [`Dispatch`] for as long as the
/// macro runs, [`decode_output`](Server::decode_output). The server can then be used again; the
/// handles of an expansion end with it.
pub struct Server<B: Backend> {
    backend: B,
    streams: OwnedStore<StreamHandle, B::TokenStream>,
    files: OwnedStore<SourceFileHandle, FileName>,
    spans: SpanStore<B::Span>,
    codec: Codec,
    lex_errors: LexErrors,
}

impl<B: Backend> Server<B> {
    /// A server before this backend, for macros of this profile in wasm32.
    pub fn new(backend: B, profile: &'static Profile) -> Self {
        Server {
            backend,
            streams: OwnedStore::new(),
            files: OwnedStore::new(),
            spans: SpanStore::new(),
            codec: Codec::new(profile),
            lex_errors: profile.lex_errors,
        }
    }

    /// Serves macros with another `usize`: native ones, which encode it in eight bytes.
    #[must_use]
    pub fn with_width(mut self, width: Width) -> Self {
        self.codec = self.codec.with_width(width);
        self
    }

    /// The macros' profile.
    pub fn profile(&self) -> &'static Profile {
        self.codec.profile()
    }

    /// Its backend.
    pub fn backend(&self) -> &B {
        &self.backend
    }

    /// Its backend.
    pub fn backend_mut(&mut self) -> &mut B {
        &mut self.backend
    }

    /// Its backend, with what an expansion left there.
    pub fn into_backend(self) -> B {
        self.backend
    }

    /// The number of streams that the macro owns.
    pub fn live_streams(&self) -> usize {
        self.streams.len()
    }

    /// Starts an expansion; returns the input of the macro's entry point.
    pub fn encode_input(&mut self, input: Input<B::TokenStream>) -> Vec<u8> {
        self.streams = OwnedStore::new();
        self.files = OwnedStore::new();
        self.spans = SpanStore::new();
        let mut bytes = Vec::new();
        let w = &mut self.codec.writer(&mut bytes);
        let ExpnGlobals {
            def_site,
            call_site,
            mixed_site,
        } = self.backend.globals();
        for span in [def_site, call_site, mixed_site] {
            self.spans.alloc(span).encode(w);
        }
        match input {
            Input::Derive(stream) | Input::Bang(stream) => self.streams.alloc(stream).encode(w),
            Input::Attr { args, item } => {
                self.streams.alloc(args).encode(w);
                self.streams.alloc(item).encode(w);
            }
        }
        bytes
    }

    /// Ends an expansion with the output of the macro's entry point.
    pub fn decode_output(&mut self, bytes: &[u8]) -> Result<B::TokenStream, OutputError> {
        let mut r = self.codec.reader(bytes);
        let output = Result::<Option<StreamHandle>, PanicMessage>::decode(&mut r)?;
        r.finish()?;
        match output.map_err(OutputError::Panic)? {
            Some(handle) => self
                .streams
                .take(handle)
                .map_err(|_| OutputError::UnknownStream),
            None => Ok(B::TokenStream::default()),
        }
    }

    fn answer(&mut self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), PanicMessage> {
        let request = self.codec.read_request(request)?;
        let mut w = self.codec.writer(reply);
        w.u8(0);
        Call { server: self, w }.call(request)
    }
}

impl<B: Backend> Dispatch for Server<B> {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        // The backend may be a compiler, which panics where it would for a macro of its own.
        let answered = catch_unwind(AssertUnwindSafe(|| self.answer(request, reply)))
            .unwrap_or_else(|payload| Err(PanicMessage::from(payload)));
        if let Err(panic) = answered {
            reply.clear();
            encode_panic(panic.text(), self.codec.width(), reply);
        }
    }

    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        let may_run = B::MAY_RUN_ON_MACRO_STACK && self.codec.may_run_on_macro_stack(request);
        if may_run {
            self.dispatch(request, reply);
        }
        may_run
    }
}

/// One request, and the place of its reply.
struct Call<'a, B: Backend> {
    server: &'a mut Server<B>,
    w: Writer<'a>,
}

impl<B: Backend> Call<'_, B> {
    fn call(mut self, request: Request<'_>) -> Result<(), PanicMessage> {
        use Request as R;
        let Server { backend, spans, .. } = &mut *self.server;
        match request {
            R::InjectedEnvVar { var } => backend.injected_env_var(var).encode(&mut self.w),
            R::TrackEnvVar { var, value } => backend.track_env_var(var, value),
            R::TrackPath { path } => backend.track_path(path),
            R::LiteralFromStr { s } => {
                let literal = backend.literal_from_str(s);
                self.literal(literal)?;
            }
            R::EmitDiagnostic { diagnostic } => {
                let diagnostic = diagnostic.try_map(&mut |span| spans.get(span))?;
                backend.emit_diagnostic(diagnostic);
            }
            R::TsDrop { .. }
            | R::TsClone { .. }
            | R::TsIsEmpty { .. }
            | R::TsExpandExpr { .. }
            | R::TsFromStr { .. }
            | R::TsToString { .. }
            | R::TsFromTokenTree { .. }
            | R::TsConcatTrees { .. }
            | R::TsConcatStreams { .. }
            | R::TsIntoTrees { .. } => self.call_stream(request)?,
            R::SpanRecoverProcMacroSpan { id } => {
                let span = backend.span_recover_proc_macro_span(id);
                self.span(span);
            }
            R::SymbolNormalizeAndValidateIdent { string } => {
                backend
                    .normalize_ident(string)
                    .ok_or(())
                    .encode(&mut self.w);
            }
            R::SpanSourceFile { span } => {
                let file = backend.span_source_file(spans.get(span)?);
                self.server.files.alloc(file).encode(&mut self.w);
            }
            R::SourceFileDrop { .. }
            | R::SourceFileClone { .. }
            | R::SourceFileEq { .. }
            | R::SourceFilePath { .. }
            | R::SourceFileIsReal { .. } => self.call_file(request)?,
            // No message gives a macro such a handle.
            R::FreeFunctionsDrop { functions: _ } => return Err(unknown()),
            _ => self.call_span(request)?,
        }
        Ok(())
    }

    fn call_stream(&mut self, request: Request<'_>) -> Result<(), PanicMessage> {
        use Request as R;
        let Server {
            backend,
            streams,
            spans,
            ..
        } = &mut *self.server;
        match request {
            R::TsDrop { stream } => drop(streams.take(stream)?),
            R::TsClone { stream } => {
                let stream = streams.get(stream)?.clone();
                self.stream(stream);
            }
            R::TsIsEmpty { stream } => {
                backend
                    .ts_is_empty(streams.get(stream)?)
                    .encode(&mut self.w);
            }
            R::TsExpandExpr { stream } => match backend.ts_expand_expr(streams.get(stream)?) {
                Some(stream) => {
                    self.w.u8(0);
                    self.stream(stream);
                }
                None => self.w.u8(1),
            },
            R::TsFromStr { src } => match backend.ts_from_str(src) {
                Ok(stream) => {
                    if self.server.lex_errors != LexErrors::Diagnostics {
                        self.w.u8(0);
                    }
                    self.stream(stream);
                }
                Err(error) => self.lex_error(error, "failed to parse to tokenstream")?,
            },
            R::TsToString { stream } => {
                backend
                    .ts_to_string(streams.get(stream)?)
                    .encode(&mut self.w);
            }
            R::TsFromTokenTree { tree } => self.concat(None, [tree])?,
            R::TsConcatTrees { base, trees } => self.concat(base, trees)?,
            R::TsConcatStreams {
                base,
                streams: others,
            } => {
                let mut stream = base
                    .map(|base| streams.take(base))
                    .transpose()?
                    .unwrap_or_default();
                for other in others {
                    backend.ts_push_stream(&mut stream, streams.take(other)?);
                }
                self.stream(stream);
            }
            R::TsIntoTrees { stream } => {
                let stream = streams.take(stream)?;
                let count_at = self.w.reserve_usize();
                let mut count = 0;
                let w = &mut self.w;
                backend.ts_into_trees(stream, |tree| {
                    count += 1;
                    let tree: Result<_, std::convert::Infallible> = tree.try_map(
                        |stream| Ok(streams.alloc(stream)),
                        |span| Ok(spans.alloc(span)),
                    );
                    let Ok(tree) = tree;
                    tree.encode(w);
                });
                self.w.set_usize(count_at, count);
            }
            _ => unreachable!("not a request about a stream"),
        }
        Ok(())
    }

    fn call_span(&mut self, request: Request<'_>) -> Result<(), PanicMessage> {
        use Request as R;
        let Server { backend, spans, .. } = &mut *self.server;
        let w = &mut self.w;
        match request {
            R::SpanDebug { span } => backend.span_debug(spans.get(span)?).encode(w),
            R::SpanParent { span } => {
                let parent = backend.span_parent(spans.get(span)?);
                self.span_option(parent);
            }
            R::SpanSource { span } => {
                let source = backend.span_source(spans.get(span)?);
                self.span(source);
            }
            R::SpanByteRange { span } => backend.span_byte_range(spans.get(span)?).encode(w),
            R::SpanStart { span } => {
                let start = backend.span_start(spans.get(span)?);
                self.span(start);
            }
            R::SpanEnd { span } => {
                let end = backend.span_end(spans.get(span)?);
                self.span(end);
            }
            R::SpanLine { span } => backend.span_line(spans.get(span)?).encode(w),
            R::SpanColumn { span } => backend.span_column(spans.get(span)?).encode(w),
            R::SpanFile { span } => backend.span_file(spans.get(span)?).encode(w),
            R::SpanLocalFile { span } => backend.span_local_file(spans.get(span)?).encode(w),
            R::SpanJoin { span, other } => {
                let joined = backend.span_join(spans.get(span)?, spans.get(other)?);
                self.span_option(joined);
            }
            R::SpanSubspan { span, start, end } => {
                let part = backend.span_subspan(spans.get(span)?, start, end);
                self.span_option(part);
            }
            R::SpanResolvedAt { span, at } => {
                let span = backend.span_resolved_at(spans.get(span)?, spans.get(at)?);
                self.span(span);
            }
            R::SpanSourceText { span } => backend.span_source_text(spans.get(span)?).encode(w),
            R::SpanSaveSpan { span } => backend.span_save_span(spans.get(span)?).encode(w),
            _ => unreachable!("not a request about a span"),
        }
        Ok(())
    }

    fn call_file(&mut self, request: Request<'_>) -> Result<(), PanicMessage> {
        use Request as R;
        let files = &mut self.server.files;
        let w = &mut self.w;
        match request {
            R::SourceFileDrop { file } => drop(files.take(file)?),
            R::SourceFileClone { file } => {
                let file = files.get(file)?.clone();
                files.alloc(file).encode(w);
            }
            R::SourceFileEq { file, other } => (files.get(file)? == files.get(other)?).encode(w),
            R::SourceFilePath { file } => match files.get(file)? {
                FileName::Real(path) => {
                    let path = path
                        .to_str()
                        .ok_or("non-UTF8 file path in `proc_macro::SourceFile::path`")?;
                    path.encode(w);
                }
                FileName::Virtual(name) => name.encode(w),
            },
            R::SourceFileIsReal { file } => {
                matches!(files.get(file)?, FileName::Real(_)).encode(w);
            }
            _ => unreachable!("not a request about a source file"),
        }
        Ok(())
    }

    fn literal(
        &mut self,
        literal: Result<Literal<B::Span, String>, LiteralError>,
    ) -> Result<(), PanicMessage> {
        match literal {
            Ok(literal) => {
                self.w.u8(0);
                literal.kind.encode(&mut self.w);
                literal.symbol.encode(&mut self.w);
                literal.suffix.encode(&mut self.w);
                self.span(literal.span);
            }
            Err(LiteralError::NotLiteral(message)) => {
                self.w.u8(1);
                if self.server.lex_errors != LexErrors::Diagnostics {
                    message.encode(&mut self.w);
                }
            }
            Err(LiteralError::Lex(error)) => {
                self.lex_error(error, "failed to parse to literal")?;
            }
        }
        Ok(())
    }

    /// Replies to a request to read text that is not a token stream. `failed` is rustc's text where
    /// the reason was a diagnostic.
    fn lex_error(&mut self, error: LexError, failed: &str) -> Result<(), PanicMessage> {
        let text = match (&error, self.server.lex_errors) {
            (LexError::Message(message), LexErrors::Texts | LexErrors::AllTexts) => message,
            (LexError::Fatal, LexErrors::AllTexts) => failed,
            (LexError::Fatal, _) => return Err(PanicMessage::Unknown),
            (LexError::Message(message), LexErrors::Diagnostics) => {
                let backend = &mut self.server.backend;
                let spans = vec![backend.globals().call_site];
                let message = message.clone();
                backend.emit_diagnostic(Diagnostic::new(Level::Error, message, spans));
                return Err(PanicMessage::Unknown);
            }
        };
        self.w.u8(1);
        text.encode(&mut self.w);
        Ok(())
    }

    fn concat<'a>(
        &mut self,
        base: Option<StreamHandle>,
        trees: impl IntoIterator<Item = WireTree<'a>>,
    ) -> Result<(), PanicMessage> {
        let Server {
            backend,
            streams,
            spans,
            ..
        } = &mut *self.server;
        let mut stream = base
            .map(|base| streams.take(base))
            .transpose()?
            .unwrap_or_default();
        let mut failed = None;
        let trees = trees.into_iter().map_while(|tree| {
            let tree = tree.try_map(|handle| streams.take(handle), |handle| spans.get(handle));
            tree.map_err(|error| failed = Some(error)).ok()
        });
        backend.ts_push_trees(&mut stream, trees);
        match failed {
            Some(error) => Err(error),
            None => {
                self.stream(stream);
                Ok(())
            }
        }
    }

    fn stream(&mut self, stream: B::TokenStream) {
        self.server.streams.alloc(stream).encode(&mut self.w);
    }

    fn span(&mut self, span: B::Span) {
        self.server.spans.alloc(span).encode(&mut self.w);
    }

    fn span_option(&mut self, span: Option<B::Span>) {
        let handle: Option<SpanHandle> = span.map(|span| self.server.spans.alloc(span));
        handle.encode(&mut self.w);
    }
}
