//! From token streams to text, as rustc prints them: `TokenStream::to_string` shows the same
//! spaces and line breaks, on which some macros rely.

mod layout;
mod spacing;

use crate::edition::Edition;
use crate::protocol::{Delimiter, LitKind};
use crate::span::Span;
use crate::tokens::{Literal, Spacing, TokenKind, TokenStream, Tree};
use layout::Layout;
use std::fmt;

/// How much the content of braces is indented when it doesn't fit on a line.
const INDENT: isize = 4;

/// Prints a stream; the edition of a token decides what is a keyword.
pub(crate) fn print(stream: &TokenStream, edition: impl Fn(Span) -> Edition) -> String {
    let mut layout = Layout::default();
    // Not recursive: a macro may nest groups as deep as it likes.
    let mut stack = vec![Open {
        trees: stream.trees(),
        group: None,
    }];
    while let Some(Open { trees, group }) = stack.last_mut() {
        let Some((tree, rest)) = trees.split_first() else {
            let group = *group;
            stack.pop();
            if let Some((tree, delimiter, spaced)) = group {
                close(&mut layout, delimiter, spaced);
                if let Some(Open { trees, .. }) = stack.last() {
                    separate(&mut layout, tree, trees, &edition);
                }
            }
            continue;
        };
        *trees = rest;
        match tree {
            Tree::Token(token) => {
                word(&mut layout, &token.kind);
                if matches!(token.kind, TokenKind::Doc { .. }) {
                    layout.hard_break();
                }
                separate(&mut layout, tree, rest, &edition);
            }
            Tree::Group(group) => {
                let spaced = group.open_spacing == Spacing::Alone && !group.stream.is_empty();
                open(&mut layout, group.delimiter, spaced);
                let group_end = Some((tree, group.delimiter, spaced));
                stack.push(Open {
                    trees: group.stream.trees(),
                    group: group_end,
                });
            }
        }
    }
    layout.finish()
}

/// A group that is being printed.
struct Open<'a> {
    /// What is left of it.
    trees: &'a [Tree],
    /// Itself, its delimiter, and whether there are spaces inside the braces; `None` for the
    /// whole.
    group: Option<(&'a Tree, Delimiter, bool)>,
}

/// What comes between a tree and those that follow.
fn separate(
    layout: &mut Layout<'_>,
    tree: &Tree,
    rest: &[Tree],
    edition: &impl Fn(Span) -> Edition,
) {
    let Some(next) = rest.first() else { return };
    let spacing = match tree {
        Tree::Token(token) => token.spacing,
        Tree::Group(group) => group.close_spacing,
    };
    let space = match spacing {
        Spacing::Alone => spacing::space_between(tree, next, edition),
        Spacing::Joint | Spacing::JointHidden => spacing::would_merge(tree, next),
    };
    if space {
        layout.soft_break(0);
    }
}

fn open(layout: &mut Layout<'_>, delimiter: Delimiter, spaced: bool) {
    match delimiter {
        Delimiter::Brace => {
            layout.begin(INDENT, true);
            layout.text("{");
            // Before the closing brace, the same: spaces there were lost.
            if spaced {
                layout.soft_break(0);
            }
        }
        Delimiter::Parenthesis => layout.text("("),
        Delimiter::Bracket => layout.text("["),
        Delimiter::None => {}
    }
    layout.begin(0, false);
}

fn close(layout: &mut Layout<'_>, delimiter: Delimiter, spaced: bool) {
    layout.end();
    match delimiter {
        Delimiter::Brace => {
            if spaced {
                layout.soft_break(-INDENT);
            }
            layout.text("}");
            layout.end();
        }
        Delimiter::Parenthesis => layout.text(")"),
        Delimiter::Bracket => layout.text("]"),
        Delimiter::None => {}
    }
}

fn word<'a>(layout: &mut Layout<'a>, kind: &'a TokenKind) {
    match kind {
        TokenKind::Op(op) => layout.text(op.as_str()),
        TokenKind::Ident { name, raw } => {
            if *raw {
                layout.text("r#");
            }
            layout.text(name);
        }
        TokenKind::Lifetime { name, raw } => {
            layout.text(if *raw { "'r#" } else { "'" });
            layout.text(name);
        }
        TokenKind::Literal(literal) => {
            let (open, hashes, close) = quotes(literal.kind);
            let hashes = &HASHES[..usize::from(hashes)];
            let parts = [open, hashes, close, &literal.symbol, close, hashes];
            let suffix = literal.suffix.as_deref().unwrap_or_default();
            parts
                .into_iter()
                .chain([suffix])
                .for_each(|part| layout.text(part));
        }
        TokenKind::Doc { inner, block, text } => {
            layout.text(match (inner, block) {
                (false, false) => "///",
                (true, false) => "//!",
                (false, true) => "/**",
                (true, true) => "/*!",
            });
            layout.text(text);
            if *block {
                layout.text("*/");
            }
        }
    }
}

/// The prefix of a literal, the number of its `#`, and its quote.
fn quotes(kind: LitKind) -> (&'static str, u8, &'static str) {
    match kind {
        LitKind::Byte => ("b", 0, "'"),
        LitKind::Char => ("", 0, "'"),
        LitKind::Integer | LitKind::Float | LitKind::ErrWithGuar => ("", 0, ""),
        LitKind::Str => ("", 0, "\""),
        LitKind::StrRaw(n) => ("r", n, "\""),
        LitKind::ByteStr => ("b", 0, "\""),
        LitKind::ByteStrRaw(n) => ("br", n, "\""),
        LitKind::CStr => ("c", 0, "\""),
        LitKind::CStrRaw(n) => ("cr", n, "\""),
    }
}

/// As many as a raw string can have.
const HASHES: &str = match str::from_utf8(&[b'#'; 255]) {
    Ok(hashes) => hashes,
    Err(_) => unreachable!(),
};

impl fmt::Display for TokenStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&print(self, |_| Edition::default()))
    }
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, hashes, quote) = quotes(self.kind);
        let hashes = &HASHES[..usize::from(hashes)];
        let suffix = self.suffix.as_deref().unwrap_or_default();
        write!(
            f,
            "{open}{hashes}{quote}{}{quote}{hashes}{suffix}",
            self.symbol
        )
    }
}
