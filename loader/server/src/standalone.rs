//! The backend without a compiler: its own tokens, files, diagnostics.

mod expand_expr;

use crate::backend::Backend;
use crate::edition::Edition;
use crate::lex::{LexError, LiteralError, Options, Spans, lex, nfc, parse_literal};
use crate::print::print;
use crate::protocol::{self, Diagnostic, ExpnGlobals, TokenTree};
use crate::source::{FileName, SourceFile, SourceMap, SourceMapFull, normalize};
use crate::span::{Context, Span};
use crate::tokens::TokenStream;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::{Bound, Range};

/// Tokens and spans without a compiler.
///
/// What an expansion does besides returning tokens is kept here: [`diagnostics`], the variables
/// and files that it says it depends on, saved spans.
///
/// [`diagnostics`]: Standalone::diagnostics
#[derive(Debug, Default)]
pub struct Standalone {
    /// Of the source text.
    edition: Edition,
    /// Of the macro, and so of the tokens that it makes.
    macro_edition: Edition,
    sources: SourceMap,
    /// Where each expansion was called; the last one is under way.
    calls: Vec<Span>,
    diagnostics: Vec<Diagnostic<Span>>,
    injected_env: BTreeMap<String, String>,
    tracked_env: BTreeMap<String, Option<String>>,
    tracked_paths: BTreeSet<String>,
    saved_spans: Vec<Span>,
}

/// Each expansion has three contexts after that of the source text.
const SITES: u32 = 3;

impl Standalone {
    /// A backend for source text of an edition.
    pub fn new(edition: Edition) -> Self {
        Standalone {
            edition,
            ..Standalone::default()
        }
    }

    /// Sets the edition of the macro's crate, by which it reads text and prints keywords.
    pub fn set_macro_edition(&mut self, edition: Edition) {
        self.macro_edition = edition;
    }

    /// Sets what a variable is to `proc_macro::tracked::env_var`.
    pub fn inject_env(&mut self, var: impl Into<String>, value: impl Into<String>) {
        self.injected_env.insert(var.into(), value.into());
    }

    /// Adds a file and lexes it.
    pub fn add_file(
        &mut self,
        name: FileName,
        text: &str,
    ) -> Result<(Span, Result<TokenStream, LexError>), SourceMapFull> {
        let file = self.sources.add(name, text)?;
        let span = file.span();
        let options = Options {
            edition: self.edition,
            spans: Spans::From(span.lo),
            shebang: true,
        };
        Ok((span, lex(file.text(), options, &mut self.diagnostics)))
    }

    /// The files.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// Starts an expansion that is called from here.
    pub fn enter(&mut self, call_site: Span) {
        self.calls.push(call_site);
    }

    /// What was emitted so far, by macros and for the text that they had read.
    pub fn diagnostics(&self) -> &[Diagnostic<Span>] {
        &self.diagnostics
    }

    /// What was emitted since this was last called.
    pub fn take_diagnostics(&mut self) -> Vec<Diagnostic<Span>> {
        std::mem::take(&mut self.diagnostics)
    }

    /// The environment variables that the output depends on, with the values that they had.
    pub fn tracked_env(&self) -> &BTreeMap<String, Option<String>> {
        &self.tracked_env
    }

    /// The files that the output depends on.
    pub fn tracked_paths(&self) -> &BTreeSet<String> {
        &self.tracked_paths
    }

    /// Prints tokens as `TokenStream::to_string` does.
    pub fn print(&self, stream: &TokenStream) -> String {
        print(stream, |span| self.edition_of(span))
    }

    fn edition_of(&self, span: Span) -> Edition {
        if span.context.is_root() {
            self.edition
        } else {
            self.macro_edition
        }
    }

    fn call_site(&self) -> Span {
        self.calls.last().copied().unwrap_or_default()
    }

    /// One of the sites of the expansion that is under way.
    fn site(&self, site: u32) -> Span {
        let expansion = self.calls.len().saturating_sub(1) as u32;
        self.call_site()
            .with_context(Context(expansion * SITES + site + 1))
    }

    fn lookup(&self, position: u32) -> Option<(&SourceFile, usize)> {
        self.sources.lookup(position)
    }
}

impl Backend for Standalone {
    const MAY_RUN_ON_MACRO_STACK: bool = true;

    type TokenStream = TokenStream;
    type Span = Span;

    fn globals(&mut self) -> ExpnGlobals<Span> {
        if self.calls.is_empty() {
            self.enter(Span::default());
        }
        ExpnGlobals {
            def_site: self.site(0),
            call_site: self.site(1),
            mixed_site: self.site(2),
        }
    }

    fn injected_env_var(&mut self, var: &str) -> Option<String> {
        self.injected_env.get(var).cloned()
    }

    fn track_env_var(&mut self, var: &str, value: Option<&str>) {
        self.tracked_env
            .insert(var.to_owned(), value.map(str::to_owned));
    }

    fn track_path(&mut self, path: &str) {
        self.tracked_paths.insert(path.to_owned());
    }

    fn literal_from_str(
        &mut self,
        text: &str,
    ) -> Result<protocol::Literal<Span, String>, LiteralError> {
        let literal = parse_literal(text, self.edition, &mut self.diagnostics)?;
        Ok(protocol::Literal {
            kind: literal.kind,
            symbol: literal.symbol.into(),
            suffix: literal.suffix.map(Into::into),
            span: self.site(1),
        })
    }

    fn emit_diagnostic(&mut self, diagnostic: Diagnostic<Span>) {
        self.diagnostics.push(diagnostic);
    }

    fn ts_is_empty(&mut self, stream: &TokenStream) -> bool {
        stream.is_empty()
    }

    fn ts_expand_expr(&mut self, stream: &TokenStream) -> Option<TokenStream> {
        expand_expr::literal(stream)
    }

    fn ts_from_str(&mut self, text: &str) -> Result<TokenStream, LexError> {
        let spans = Spans::At(self.site(1));
        let options = Options {
            edition: self.macro_edition,
            spans,
            shebang: true,
        };
        lex(&normalize(text), options, &mut self.diagnostics)
    }

    fn ts_to_string(&mut self, stream: &TokenStream) -> String {
        self.print(stream)
    }

    fn ts_push_trees<'a>(
        &mut self,
        stream: &mut TokenStream,
        trees: impl Iterator<Item = TokenTree<TokenStream, Span, &'a str>>,
    ) {
        // `proc_macro` doesn't let another character through either.
        stream
            .extend_trees(trees)
            .unwrap_or_else(|error| panic!("{error}"));
    }

    fn ts_push_stream(&mut self, stream: &mut TokenStream, other: TokenStream) {
        stream.push_stream(other);
    }

    fn ts_into_trees(
        &mut self,
        stream: TokenStream,
        sink: impl FnMut(TokenTree<TokenStream, Span, &str>),
    ) {
        stream.for_each_tree(sink);
    }

    fn span_debug(&mut self, span: Span) -> String {
        format!("#{} bytes({}..{})", span.context.0, span.lo, span.hi)
    }

    fn span_parent(&mut self, span: Span) -> Option<Span> {
        let expansion = span.context.0.checked_sub(1)? / SITES;
        self.calls.get(expansion as usize).copied()
    }

    fn span_source(&mut self, span: Span) -> Span {
        let mut source = span;
        // A call is in what an earlier expansion made, so this ends.
        while let Some(parent) = self.span_parent(source) {
            if parent.context.0 >= source.context.0 {
                break;
            }
            source = parent;
        }
        source
    }

    fn span_byte_range(&mut self, span: Span) -> Range<usize> {
        let offset = |position| self.lookup(position).map_or(0, |(_, offset)| offset);
        offset(span.lo)..offset(span.hi)
    }

    fn span_start(&mut self, span: Span) -> Span {
        span.start()
    }

    fn span_end(&mut self, span: Span) -> Span {
        span.end()
    }

    fn span_line(&mut self, span: Span) -> usize {
        self.lookup(span.lo)
            .map_or(1, |(file, offset)| file.line(offset))
    }

    fn span_column(&mut self, span: Span) -> usize {
        self.lookup(span.lo)
            .map_or(1, |(file, offset)| file.column(offset))
    }

    fn span_file(&mut self, span: Span) -> String {
        self.lookup(span.lo)
            .map_or("<anon>".to_owned(), |(file, _)| file.name().to_string())
    }

    fn span_local_file(&mut self, span: Span) -> Option<String> {
        Some(self.lookup(span.lo)?.0.path()?.to_str()?.to_owned())
    }

    fn span_source_file(&mut self, span: Span) -> FileName {
        match self.lookup(span.lo) {
            Some((file, _)) => file.name().clone(),
            None => FileName::Virtual(self.span_file(span)),
        }
    }

    fn span_join(&mut self, span: Span, other: Span) -> Option<Span> {
        let start = |span: Span| self.lookup(span.lo).map(|(file, _)| file.span().lo);
        (start(span) == start(other)).then(|| span.to(other))
    }

    fn span_subspan(&mut self, span: Span, start: Bound<usize>, end: Bound<usize>) -> Option<Span> {
        let start = match start {
            Bound::Included(start) => start,
            Bound::Excluded(start) => start.checked_add(1)?,
            Bound::Unbounded => 0,
        };
        let end = match end {
            Bound::Included(end) => end.checked_add(1)?,
            Bound::Excluded(end) => end,
            Bound::Unbounded => span.len(),
        };
        if start >= end || end > span.len() {
            return None;
        }
        // Both are at most the span's length, and that has 32 bits.
        Some(Span {
            lo: span.lo + start as u32,
            hi: span.lo + end as u32,
            ..span
        })
    }

    fn span_resolved_at(&mut self, span: Span, at: Span) -> Span {
        span.with_context(at.context)
    }

    fn span_source_text(&mut self, span: Span) -> Option<String> {
        self.sources.text(span).map(str::to_owned)
    }

    fn span_save_span(&mut self, span: Span) -> usize {
        self.saved_spans.push(span);
        self.saved_spans.len() - 1
    }

    fn span_recover_proc_macro_span(&mut self, _id: usize) -> Span {
        // It is in the source of the macro's crate, which isn't here.
        self.site(0)
    }

    fn normalize_ident(&mut self, name: &str) -> Option<String> {
        let name = nfc(name);
        ra_ap_rustc_lexer::is_ident(&name).then(|| name.into())
    }
}
