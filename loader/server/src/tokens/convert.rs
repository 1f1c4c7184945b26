//! Between rustc's token streams and the trees that macros see.

use super::{Group, Literal, Op, Spacing, Token, TokenKind, TokenStream, Tree, push_glued};
use crate::protocol::{self, DelimSpan, Delimiter, LitKind, Punct, TokenTree};
use crate::span::Span;
use smol_str::{SmolStr, SmolStrBuilder};

/// A character that is no punctuation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{:?} is not punctuation", char::from(*.0))]
pub struct NotPunctuation(pub u8);

impl TokenStream {
    /// Appends what a macro made.
    pub fn extend_trees<'a>(
        &mut self,
        trees: impl IntoIterator<Item = TokenTree<TokenStream, Span, &'a str>>,
    ) -> Result<(), NotPunctuation> {
        let trees = trees.into_iter();
        let out = self.trees_mut();
        // Not the upper bound: it is the macro's word.
        out.reserve(trees.size_hint().0);
        trees.into_iter().try_for_each(|tree| push_tree(out, tree))
    }

    /// Gives the trees, one after the other, as a macro sees them.
    pub fn for_each_tree(&self, mut sink: impl FnMut(TokenTree<TokenStream, Span, &str>)) {
        for tree in self.trees() {
            match tree {
                Tree::Group(group) => sink(TokenTree::Group(protocol::Group {
                    delimiter: group.delimiter,
                    stream: Some(group.stream.clone()),
                    span: DelimSpan {
                        open: group.open,
                        close: group.close,
                        entire: group.span(),
                    },
                })),
                Tree::Token(token) => token_trees(token, &mut sink),
            }
        }
    }
}

fn push_tree(
    out: &mut Vec<Tree>,
    tree: TokenTree<TokenStream, Span, &str>,
) -> Result<(), NotPunctuation> {
    match tree {
        TokenTree::Group(group) => out.push(Tree::Group(Group {
            delimiter: group.delimiter,
            open: group.span.open,
            open_spacing: Spacing::Alone,
            close: group.span.close,
            close_spacing: Spacing::Alone,
            stream: group.stream.unwrap_or_default(),
        })),
        TokenTree::Punct(Punct { ch, joint, span }) => {
            let op = Op::new(&[ch]).ok_or(NotPunctuation(ch))?;
            let spacing = if joint {
                Spacing::Joint
            } else {
                Spacing::Alone
            };
            push_glued(
                out,
                Tree::Token(Token {
                    kind: TokenKind::Op(op),
                    span,
                    spacing,
                }),
            );
        }
        TokenTree::Ident(ident) => {
            let kind = TokenKind::Ident {
                name: SmolStr::new(ident.sym),
                raw: ident.is_raw,
            };
            push_glued(out, Tree::alone(kind, ident.span));
        }
        TokenTree::Literal(literal) => push_literal(out, literal),
    }
    Ok(())
}

fn push_literal(out: &mut Vec<Tree>, literal: protocol::Literal<Span, &str>) {
    let protocol::Literal {
        kind,
        symbol,
        suffix,
        span,
    } = literal;
    let negative = match kind {
        LitKind::Integer | LitKind::Float => symbol.strip_prefix('-'),
        _ => None,
    };
    if negative.is_some() {
        let (kind, spacing) = (TokenKind::Op(Op::MINUS), Spacing::JointHidden);
        push_glued(
            out,
            Tree::Token(Token {
                kind,
                span,
                spacing,
            }),
        );
    }
    let symbol = SmolStr::new(negative.unwrap_or(symbol));
    let literal = Literal {
        kind,
        symbol,
        suffix: suffix.map(SmolStr::new),
    };
    out.push(Tree::alone(TokenKind::Literal(literal), span));
}

fn token_trees(token: &Token, sink: &mut impl FnMut(TokenTree<TokenStream, Span, &str>)) {
    let span = token.span;
    let punct = |ch, joint, span| TokenTree::Punct(Punct { ch, joint, span });
    match &token.kind {
        TokenKind::Op(op) => {
            let text = op.as_str().as_bytes();
            for (i, &ch) in (0..).zip(text) {
                let joint = i as usize + 1 < text.len() || token.spacing == Spacing::Joint;
                // A span of another length does not show the operator.
                let lo = span.lo + i;
                let whole = span.len() == text.len();
                sink(punct(
                    ch,
                    joint,
                    if whole {
                        Span {
                            lo,
                            hi: lo + 1,
                            ..span
                        }
                    } else {
                        span
                    },
                ));
            }
        }
        TokenKind::Ident { name, raw } => sink(ident(name, *raw, span)),
        TokenKind::Lifetime { name, raw } => {
            sink(punct(b'\'', true, span));
            sink(ident(name, *raw, span));
        }
        TokenKind::Literal(Literal {
            kind,
            symbol,
            suffix,
        }) => {
            sink(TokenTree::Literal(protocol::Literal {
                kind: *kind,
                symbol,
                suffix: suffix.as_deref(),
                span,
            }));
        }
        TokenKind::Doc { inner, text, .. } => {
            sink(punct(b'#', false, span));
            if *inner {
                sink(punct(b'!', false, span));
            }
            sink(TokenTree::Group(protocol::Group {
                delimiter: Delimiter::Bracket,
                stream: Some(doc_attribute(text, span)),
                span: DelimSpan {
                    open: span,
                    close: span,
                    entire: span,
                },
            }));
        }
    }
}

fn ident(name: &str, is_raw: bool, span: Span) -> TokenTree<TokenStream, Span, &str> {
    TokenTree::Ident(protocol::Ident {
        sym: name,
        is_raw,
        span,
    })
}

/// `doc = "…"`
fn doc_attribute(text: &str, span: Span) -> TokenStream {
    let mut symbol = SmolStrBuilder::new();
    for escaped in text.chars().flat_map(char::escape_debug) {
        symbol.push(escaped);
    }
    let literal = Literal {
        kind: LitKind::Str,
        symbol: symbol.finish(),
        suffix: None,
    };
    let name = TokenKind::Ident {
        name: SmolStr::new_static("doc"),
        raw: false,
    };
    [name, TokenKind::Op(Op::EQ), TokenKind::Literal(literal)]
        .into_iter()
        .map(|kind| Tree::alone(kind, span))
        .collect()
}
