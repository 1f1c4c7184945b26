//! The server: requests in, replies out.

use crate::backend::Backend;
use crate::lex::LexError;
use crate::protocol::{
    Decode, DecodeError, Encode, ExpnGlobals, Method, PanicMessage, Reader, Request, SpanHandle,
    StreamHandle, UsizeWidth, WireTree, Writer,
};
use crate::store::{SpanStore, StreamStore};
use pm_abi::{Dispatch, MacroKind};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a macro is applied to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input<T> {
    /// The item that is derived for.
    Derive(T),
    /// An attribute.
    Attr {
        /// What stands in the attribute, without its delimiters.
        args: T,
        /// What the attribute is on.
        item: T,
    },
    /// What stands in the call of a function-like macro, without its delimiters.
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

/// Why an expansion has no output.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutputError {
    /// The macro panicked, with this.
    #[error("{0}")]
    Panic(PanicMessage),
    /// What the macro returned is no output.
    #[error("malformed output: {0}")]
    Malformed(#[from] DecodeError),
    /// What the macro returned names no stream.
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
    streams: StreamStore<B::TokenStream>,
    spans: SpanStore<B::Span>,
    width: UsizeWidth,
}

impl<B: Backend> Server<B> {
    /// A server that has this backend answer.
    pub fn new(backend: B) -> Self {
        Server {
            backend,
            streams: StreamStore::new(),
            spans: SpanStore::new(),
            width: UsizeWidth::Wasm32,
        }
    }

    /// Serves macros with another `usize`: native ones.
    #[must_use]
    pub fn with_width(mut self, width: UsizeWidth) -> Self {
        self.width = width;
        self
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

    /// Starts an expansion: what the macro's entry point is given.
    pub fn encode_input(&mut self, input: Input<B::TokenStream>) -> Vec<u8> {
        self.streams = StreamStore::new();
        self.spans = SpanStore::new();
        let mut bytes = Vec::new();
        let w = &mut Writer::with_width(&mut bytes, self.width);
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

    /// Ends an expansion: what the macro's entry point returned.
    pub fn decode_output(&mut self, bytes: &[u8]) -> Result<B::TokenStream, OutputError> {
        let mut r = Reader::with_width(bytes, self.width);
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
        let request = Request::read(Reader::with_width(request, self.width))?;
        let mut w = Writer::with_width(reply, self.width);
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
            Err::<(), _>(panic).encode(&mut Writer::with_width(reply, self.width));
        }
    }

    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        let tag = request.first().map(|&tag| usize::from(tag));
        let method = tag.and_then(|tag| Method::ALL.get(tag));
        let is_shallow = B::IS_SHALLOW && method.is_some_and(|method| method.is_shallow());
        if is_shallow {
            self.dispatch(request, reply);
        }
        is_shallow
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
        let Server { backend, .. } = &mut *self.server;
        match request {
            R::InjectedEnvVar { var } => backend.injected_env_var(var).encode(&mut self.w),
            R::TrackEnvVar { var, value } => backend.track_env_var(var, value),
            R::TrackPath { path } => backend.track_path(path),
            R::LiteralFromStr { s } => {
                let literal = message(backend.literal_from_str(s))?;
                self.result(literal, |this, literal| {
                    literal.kind.encode(&mut this.w);
                    literal.symbol.encode(&mut this.w);
                    literal.suffix.encode(&mut this.w);
                    this.span(literal.span);
                });
            }
            R::EmitDiagnostic { diagnostic } => {
                let spans = &self.server.spans;
                let diagnostic = diagnostic.try_map(&mut |span| spans.get(span))?;
                self.server.backend.emit_diagnostic(diagnostic);
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
            R::TsExpandExpr { stream } => {
                let stream = backend.ts_expand_expr(streams.get(stream)?);
                self.result(stream.ok_or(()), Self::stream);
            }
            R::TsFromStr { src } => {
                let stream = message(backend.ts_from_str(src))?;
                self.result(stream, Self::stream);
            }
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

    fn result<T, E: Encode>(&mut self, result: Result<T, E>, ok: impl FnOnce(&mut Self, T)) {
        match result {
            Ok(value) => {
                self.w.u8(0);
                ok(self, value);
            }
            Err(error) => {
                self.w.u8(1);
                error.encode(&mut self.w);
            }
        }
    }
}

/// What the macro is told of text that it can't have lexed: a message, or it unwinds.
fn message<T>(result: Result<T, LexError>) -> Result<Result<T, String>, PanicMessage> {
    match result {
        Ok(value) => Ok(Ok(value)),
        Err(LexError::Message(message)) => Ok(Err(message)),
        Err(LexError::Fatal) => Err(PanicMessage::Unknown),
    }
}
