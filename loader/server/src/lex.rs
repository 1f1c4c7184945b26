//! From text to token streams, as rustc does: the same tokens, spacing, spans and errors.
//!
//! rustc's own lexer (its crate `rustc_lexer`) says what the lexemes are. Here is what rustc's
//! parser makes of them: operators are glued, delimiters matched, literals checked.

mod cook;
mod delimiter;
mod escape;

pub(crate) use cook::{nfc, parse_literal};

use crate::edition::Edition;
use crate::protocol::{Delimiter, Diagnostic, Level};
use crate::span::Span;
use crate::tokens::{Spacing, Token, TokenKind, TokenStream, Tree, glue};
use delimiter::Delimiters;
use ra_ap_rustc_lexer::{Cursor, FrontmatterAllowed};

/// The reason for which text is not a token stream.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LexError {
    /// Delimiters don't match. Since rustc 1.95 the macro gets this as the text of a
    /// `proc_macro::LexError`; before, it becomes a diagnostic, and the macro unwinds.
    #[error("{0}")]
    Message(String),
    /// A diagnostic was emitted, and the macro unwinds; since rustc 1.98 it gets an error.
    #[error("the text ends inside a literal or comment")]
    Fatal,
}

/// The reason for which text is not a literal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LiteralError {
    /// It has other tokens than one literal. The macro gets a `proc_macro::LexError`, which has this
    /// text since rustc 1.95.
    #[error("{0}")]
    NotLiteral(String),
    /// It is not a token stream.
    #[error(transparent)]
    Lex(#[from] LexError),
}

/// How to lex.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options {
    pub(crate) edition: Edition,
    pub(crate) spans: Spans,
    /// Whether a `#!` line at the start may be skipped.
    pub(crate) shebang: bool,
}

/// Where the tokens are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Spans {
    /// In a file, the first byte of which is here.
    From(u32),
    /// All in the same place.
    At(Span),
}

/// Lexes a text; what rustc would report at once is appended to `diagnostics`.
pub(crate) fn lex(
    text: &str,
    options: Options,
    diagnostics: &mut Vec<Diagnostic<Span>>,
) -> Result<TokenStream, LexError> {
    let skipped = if options.shebang {
        ra_ap_rustc_lexer::strip_shebang(text)
    } else {
        None
    };
    let pos = skipped.unwrap_or(0);
    let cursor = Cursor::new(&text[pos..], FrontmatterAllowed::No);
    let mut lexer = Lexer {
        text,
        cursor,
        pos,
        options,
        diagnostics,
        nbsp_is_space: false,
    };
    lexer.token_trees()
}

/// A lexeme for the matching of delimiters.
#[derive(Clone, Debug, PartialEq)]
enum Lexeme {
    Token(TokenKind),
    Open(Delimiter),
    Close(Delimiter),
    End,
}

struct Lexer<'a> {
    text: &'a str,
    cursor: Cursor<'a>,
    pos: usize,
    options: Options,
    diagnostics: &'a mut Vec<Diagnostic<Span>>,
    /// A non-breaking space was reported; the next ones are white space.
    nbsp_is_space: bool,
}

/// A group that isn't closed yet, and what was read before it.
struct Frame {
    delimiter: Delimiter,
    open: Span,
    open_spacing: Spacing,
    before: Vec<Tree>,
}

impl Lexer<'_> {
    fn token_trees(&mut self) -> Result<TokenStream, LexError> {
        let mut delimiters = Delimiters::default();
        let mut frames: Vec<Frame> = Vec::new();
        let mut trees = Vec::new();
        let (mut lexeme, mut span, _) = self.next()?;
        loop {
            match lexeme {
                Lexeme::Token(kind) => {
                    let (token, next) = self.glued(kind, span)?;
                    trees.push(Tree::Token(token));
                    (lexeme, span) = next;
                }
                Lexeme::Open(delimiter) => {
                    let (open, open_spacing) = (span, self.bump(&mut lexeme, &mut span)?);
                    let before = std::mem::take(&mut trees);
                    frames.push(Frame {
                        delimiter,
                        open,
                        open_spacing,
                        before,
                    });
                }
                Lexeme::Close(delimiter) => {
                    let Some(frame) = frames.pop() else {
                        return Err(delimiters.unexpected(delimiter));
                    };
                    let close = span;
                    let consumed = frame.delimiter == delimiter || {
                        delimiters.mismatch(delimiter, span);
                        frames.iter().all(|outer| outer.delimiter != delimiter)
                    };
                    let close_spacing = if consumed {
                        self.bump(&mut lexeme, &mut span)?
                    } else {
                        // It closes an outer group.
                        lexeme = Lexeme::Close(delimiter);
                        Spacing::Alone
                    };
                    let Frame {
                        delimiter,
                        open,
                        open_spacing,
                        before,
                    } = frame;
                    let stream = std::mem::replace(&mut trees, before).into_iter().collect();
                    trees.push(Tree::Group(crate::tokens::Group {
                        delimiter,
                        open,
                        open_spacing,
                        close,
                        close_spacing,
                        stream,
                    }));
                }
                Lexeme::End => {
                    delimiters.finish(!frames.is_empty())?;
                    return Ok(trees.into_iter().collect());
                }
            }
        }
    }

    /// Goes on to the next lexeme; returns the spacing before it.
    fn bump(&mut self, lexeme: &mut Lexeme, span: &mut Span) -> Result<Spacing, LexError> {
        let spaced;
        (*lexeme, *span, spaced) = self.next()?;
        Ok(spacing(lexeme, spaced))
    }

    /// Makes one token of a lexeme and those that continue it; returns what follows too.
    fn glued(
        &mut self,
        mut kind: TokenKind,
        mut span: Span,
    ) -> Result<(Token, (Lexeme, Span)), LexError> {
        loop {
            let (next, next_span, spaced) = self.next()?;
            if !spaced
                && let Lexeme::Token(next) = &next
                && let Some(glued) = glue(&kind, next)
            {
                kind = glued;
                span = span.to(next_span);
                continue;
            }
            let spacing = spacing(&next, spaced);
            return Ok((
                Token {
                    kind,
                    span,
                    spacing,
                },
                (next, next_span),
            ));
        }
    }

    fn span(&self, lo: usize, hi: usize) -> Span {
        match self.options.spans {
            Spans::From(start) => Span::new(start + lo as u32, start + hi as u32),
            Spans::At(span) => span,
        }
    }

    fn emit(&mut self, level: Level, message: impl Into<String>, lo: usize, hi: usize) {
        let span = self.span(lo, hi);
        self.diagnostics
            .push(Diagnostic::new(level, message, vec![span]));
    }

    fn error(&mut self, message: impl Into<String>, lo: usize, hi: usize) {
        self.emit(Level::Error, message, lo, hi);
    }

    fn fatal(&mut self, message: impl Into<String>, lo: usize, hi: usize) -> LexError {
        self.error(message, lo, hi);
        LexError::Fatal
    }
}

/// What a token has before the next lexeme.
fn spacing(next: &Lexeme, spaced: bool) -> Spacing {
    match next {
        Lexeme::End => Spacing::Alone,
        _ if spaced => Spacing::Alone,
        Lexeme::Token(TokenKind::Op(_)) => Spacing::Joint,
        _ => Spacing::JointHidden,
    }
}
