//! The backend of a native proc macro: the compiler in which it runs, of rustc 1.95 or later.
//!
//! What `proc_macro` doesn't let through is lost: a group that a macro makes has its opening and
//! closing delimiter where the whole is.

extern crate proc_macro;

use crate::backend::Backend;
use crate::edition::Edition;
use crate::lex::{LexError, LiteralError, nfc, parse_literal};
use crate::protocol::{self, DelimSpan, Diagnostic, ExpnGlobals, Level, LitKind, TokenTree};
use crate::tokens;
use proc_macro::{Span, TokenStream};
use smol_str::SmolStr;
use std::hash::{Hash, Hasher};
use std::ops::{Bound, Range};

/// The compiler in which this runs.
///
/// Only inside a native proc macro: everything panics where `proc_macro` is not available.
#[derive(Clone, Copy, Debug, Default)]
pub struct Rustc;

/// A span of that compiler.
#[derive(Clone, Copy, Debug)]
pub struct RustcSpan(pub Span);

impl PartialEq for RustcSpan {
    fn eq(&self, other: &Self) -> bool {
        self.0.eq(&other.0)
    }
}

impl Eq for RustcSpan {}

impl Hash for RustcSpan {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.byte_range().hash(state);
    }
}

impl Backend for Rustc {
    type TokenStream = TokenStream;
    type Span = RustcSpan;

    fn globals(&mut self) -> ExpnGlobals<RustcSpan> {
        ExpnGlobals {
            def_site: RustcSpan(Span::def_site()),
            call_site: RustcSpan(Span::call_site()),
            mixed_site: RustcSpan(Span::mixed_site()),
        }
    }

    fn injected_env_var(&mut self, _var: &str) -> Option<String> {
        None
    }

    fn track_env_var(&mut self, var: &str, _value: Option<&str>) {
        // The compiler asks the environment once more; it is the same.
        let _ = proc_macro::tracked::env_var(var);
    }

    fn track_path(&mut self, path: &str) {
        proc_macro::tracked::path(path);
    }

    fn literal_from_str(
        &mut self,
        text: &str,
    ) -> Result<protocol::Literal<RustcSpan, String>, LiteralError> {
        let parsed: Result<proc_macro::Literal, _> = text.parse();
        let literal = match parsed {
            Ok(literal) => literal,
            Err(error) => {
                // The compiler has one error for both cases.
                self.ts_from_str(text)?;
                return Err(LiteralError::NotLiteral(error.to_string()));
            }
        };
        let tokens::Literal {
            kind,
            symbol,
            suffix,
        } = split(&literal.to_string());
        Ok(protocol::Literal {
            kind,
            symbol: symbol.into(),
            suffix: suffix.map(Into::into),
            span: RustcSpan(literal.span()),
        })
    }

    fn emit_diagnostic(&mut self, diagnostic: Diagnostic<RustcSpan>) {
        let spans = |spans: Vec<RustcSpan>| spans.into_iter().map(|s| s.0).collect::<Vec<_>>();
        let Diagnostic {
            level,
            message,
            spans: places,
            children,
        } = diagnostic;
        let mut out = proc_macro::Diagnostic::spanned(spans(places), native_level(level), message);
        for child in children {
            let (places, message) = (spans(child.spans), child.message);
            out = match child.level {
                Level::Error => out.span_error(places, message),
                Level::Warning => out.span_warning(places, message),
                Level::Note => out.span_note(places, message),
                Level::Help => out.span_help(places, message),
            };
        }
        out.emit();
    }

    fn ts_is_empty(&mut self, stream: &TokenStream) -> bool {
        stream.is_empty()
    }

    fn ts_expand_expr(&mut self, stream: &TokenStream) -> Option<TokenStream> {
        stream.expand_expr().ok()
    }

    fn ts_from_str(&mut self, text: &str) -> Result<TokenStream, LexError> {
        text.parse()
            .map_err(|error: proc_macro::LexError| LexError::Message(error.to_string()))
    }

    fn ts_to_string(&mut self, stream: &TokenStream) -> String {
        stream.to_string()
    }

    fn ts_push_trees<'a>(
        &mut self,
        stream: &mut TokenStream,
        trees: impl Iterator<Item = TokenTree<TokenStream, RustcSpan, &'a str>>,
    ) {
        stream.extend(trees.map(native_tree));
    }

    fn ts_push_stream(&mut self, stream: &mut TokenStream, other: TokenStream) {
        stream.extend([other]);
    }

    fn ts_into_trees(
        &mut self,
        stream: TokenStream,
        mut sink: impl FnMut(TokenTree<TokenStream, RustcSpan, &str>),
    ) {
        for tree in stream {
            let text = tree_text(&tree);
            sink(wire_tree(&tree, &text));
        }
    }

    fn span_debug(&mut self, span: RustcSpan) -> String {
        format!("{:?}", span.0)
    }

    fn span_parent(&mut self, span: RustcSpan) -> Option<RustcSpan> {
        span.0.parent().map(RustcSpan)
    }

    fn span_source(&mut self, span: RustcSpan) -> RustcSpan {
        RustcSpan(span.0.source())
    }

    fn span_byte_range(&mut self, span: RustcSpan) -> Range<usize> {
        span.0.byte_range()
    }

    fn span_start(&mut self, span: RustcSpan) -> RustcSpan {
        RustcSpan(span.0.start())
    }

    fn span_end(&mut self, span: RustcSpan) -> RustcSpan {
        RustcSpan(span.0.end())
    }

    fn span_line(&mut self, span: RustcSpan) -> usize {
        span.0.line()
    }

    fn span_column(&mut self, span: RustcSpan) -> usize {
        span.0.column()
    }

    fn span_file(&mut self, span: RustcSpan) -> String {
        span.0.file()
    }

    fn span_local_file(&mut self, span: RustcSpan) -> Option<String> {
        span.0.local_file()?.into_os_string().into_string().ok()
    }

    fn span_join(&mut self, span: RustcSpan, other: RustcSpan) -> Option<RustcSpan> {
        span.0.join(other.0).map(RustcSpan)
    }

    fn span_subspan(
        &mut self,
        span: RustcSpan,
        start: Bound<usize>,
        end: Bound<usize>,
    ) -> Option<RustcSpan> {
        // Only literals have it; any will do.
        let mut literal = proc_macro::Literal::u8_unsuffixed(0);
        literal.set_span(span.0);
        literal.subspan((start, end)).map(RustcSpan)
    }

    fn span_resolved_at(&mut self, span: RustcSpan, at: RustcSpan) -> RustcSpan {
        RustcSpan(span.0.resolved_at(at.0))
    }

    fn span_source_text(&mut self, span: RustcSpan) -> Option<String> {
        span.0.source_text()
    }

    fn span_save_span(&mut self, span: RustcSpan) -> usize {
        span.0.save_span()
    }

    fn span_recover_proc_macro_span(&mut self, id: usize) -> RustcSpan {
        RustcSpan(Span::recover_proc_macro_span(id))
    }

    fn normalize_ident(&mut self, name: &str) -> Option<String> {
        let name = nfc(name);
        ra_ap_rustc_lexer::is_ident(&name).then(|| name.into())
    }
}

fn native_level(level: Level) -> proc_macro::Level {
    match level {
        Level::Error => proc_macro::Level::Error,
        Level::Warning => proc_macro::Level::Warning,
        Level::Note => proc_macro::Level::Note,
        Level::Help => proc_macro::Level::Help,
    }
}

/// The kind and parts of what is known to be a literal.
fn split(text: &str) -> tokens::Literal {
    // As read in an edition that has all of them.
    parse_literal(text, Edition::E2024, &mut Vec::new()).unwrap_or_else(|_| tokens::Literal {
        kind: LitKind::ErrWithGuar,
        symbol: SmolStr::new(text),
        suffix: None,
    })
}

fn native_tree(tree: TokenTree<TokenStream, RustcSpan, &str>) -> proc_macro::TokenTree {
    match tree {
        TokenTree::Group(group) => {
            let delimiter = match group.delimiter {
                protocol::Delimiter::Parenthesis => proc_macro::Delimiter::Parenthesis,
                protocol::Delimiter::Brace => proc_macro::Delimiter::Brace,
                protocol::Delimiter::Bracket => proc_macro::Delimiter::Bracket,
                protocol::Delimiter::None => proc_macro::Delimiter::None,
            };
            let stream = group.stream.unwrap_or_default();
            let mut native = proc_macro::Group::new(delimiter, stream);
            native.set_span(group.span.entire.0);
            native.into()
        }
        TokenTree::Punct(punct) => {
            let spacing = match punct.joint {
                true => proc_macro::Spacing::Joint,
                false => proc_macro::Spacing::Alone,
            };
            let mut native = proc_macro::Punct::new(punct.ch.into(), spacing);
            native.set_span(punct.span.0);
            native.into()
        }
        TokenTree::Ident(ident) => {
            let new = if ident.is_raw {
                proc_macro::Ident::new_raw
            } else {
                proc_macro::Ident::new
            };
            new(ident.sym, ident.span.0).into()
        }
        TokenTree::Literal(protocol::Literal {
            kind,
            symbol,
            suffix,
            span,
        }) => {
            let suffix = suffix.map(SmolStr::new);
            let text = tokens::Literal {
                kind,
                symbol: SmolStr::new(symbol),
                suffix,
            }
            .to_string();
            let mut native: proc_macro::Literal = text.parse().expect("a literal");
            native.set_span(span.0);
            native.into()
        }
    }
}

/// What a tree borrows.
fn tree_text(tree: &proc_macro::TokenTree) -> tokens::Literal {
    match tree {
        proc_macro::TokenTree::Literal(literal) => split(&literal.to_string()),
        proc_macro::TokenTree::Ident(ident) => {
            let symbol = SmolStr::new(ident.to_string());
            tokens::Literal {
                kind: LitKind::ErrWithGuar,
                symbol,
                suffix: None,
            }
        }
        _ => tokens::Literal {
            kind: LitKind::ErrWithGuar,
            symbol: SmolStr::default(),
            suffix: None,
        },
    }
}

fn wire_tree<'a>(
    tree: &proc_macro::TokenTree,
    text: &'a tokens::Literal,
) -> TokenTree<TokenStream, RustcSpan, &'a str> {
    let span = RustcSpan(tree.span());
    match tree {
        proc_macro::TokenTree::Group(group) => TokenTree::Group(protocol::Group {
            delimiter: match group.delimiter() {
                proc_macro::Delimiter::Parenthesis => protocol::Delimiter::Parenthesis,
                proc_macro::Delimiter::Brace => protocol::Delimiter::Brace,
                proc_macro::Delimiter::Bracket => protocol::Delimiter::Bracket,
                proc_macro::Delimiter::None => protocol::Delimiter::None,
            },
            stream: Some(group.stream()),
            span: DelimSpan {
                open: RustcSpan(group.span_open()),
                close: RustcSpan(group.span_close()),
                entire: span,
            },
        }),
        proc_macro::TokenTree::Punct(punct) => TokenTree::Punct(protocol::Punct {
            ch: punct.as_char() as u8,
            joint: punct.spacing() == proc_macro::Spacing::Joint,
            span,
        }),
        proc_macro::TokenTree::Ident(_) => {
            let name = text.symbol.strip_prefix("r#");
            TokenTree::Ident(protocol::Ident {
                sym: name.unwrap_or(&text.symbol),
                is_raw: name.is_some(),
                span,
            })
        }
        proc_macro::TokenTree::Literal(_) => TokenTree::Literal(protocol::Literal {
            kind: text.kind,
            symbol: &text.symbol,
            suffix: text.suffix.as_deref(),
            span,
        }),
    }
}
