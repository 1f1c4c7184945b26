//! Token streams as rustc keeps them: operators whole, and with each token whether white space
//! followed it. A macro never sees that, but `TokenStream::to_string` shows it.

mod convert;
mod op;

pub use op::Op;

use crate::protocol::{Delimiter, LitKind};
use crate::span::Span;
use smol_str::SmolStr;
use std::sync::Arc;

/// Whether white space follows a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Spacing {
    /// It does, or nobody knows.
    Alone,
    /// Punctuation follows at once.
    Joint,
    /// Something else follows at once. A macro that takes the token out of its stream sees, and
    /// puts back, [`Spacing::Alone`].
    JointHidden,
}

/// A token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it is.
    pub span: Span,
    /// What follows it.
    pub spacing: Spacing,
}

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An operator, whole.
    Op(Op),
    /// An identifier or keyword.
    Ident {
        /// The name, without `r#`.
        name: SmolStr,
        /// Whether `r#` stands before it.
        raw: bool,
    },
    /// A lifetime.
    Lifetime {
        /// The name, without quote and `r#`.
        name: SmolStr,
        /// Whether `r#` stands before it.
        raw: bool,
    },
    /// A literal. Negative numbers are two tokens.
    Literal(Literal),
    /// A doc comment. A macro that takes it out of its stream sees an attribute.
    Doc {
        /// `//!` or `/*!`.
        inner: bool,
        /// `/**` or `/*!`.
        block: bool,
        /// What follows these three characters.
        text: SmolStr,
    },
}

/// A literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Literal {
    /// Its kind.
    pub kind: LitKind,
    /// The text between the quotes, with its escapes.
    pub symbol: SmolStr,
    /// `u8` in `1u8`.
    pub suffix: Option<SmolStr>,
}

/// A delimited stream.
#[derive(Clone, Debug)]
pub struct Group {
    /// What surrounds it.
    pub delimiter: Delimiter,
    /// The opening delimiter.
    pub open: Span,
    /// What follows that.
    pub open_spacing: Spacing,
    /// The closing delimiter.
    pub close: Span,
    /// What follows that.
    pub close_spacing: Spacing,
    /// What it contains.
    pub stream: TokenStream,
}

impl Group {
    /// From the opening delimiter to the closing one.
    pub fn span(&self) -> Span {
        self.open.with_end_of(self.close)
    }
}

/// A token or a group.
#[derive(Clone, Debug)]
pub enum Tree {
    /// A token.
    Token(Token),
    /// A group.
    Group(Group),
}

impl Tree {
    /// A token that white space follows.
    pub fn alone(kind: TokenKind, span: Span) -> Self {
        Tree::Token(Token {
            kind,
            span,
            spacing: Spacing::Alone,
        })
    }

    /// Where it is.
    pub fn span(&self) -> Span {
        match self {
            Tree::Token(token) => token.span,
            Tree::Group(group) => group.span(),
        }
    }
}

/// A sequence of token trees. A clone shares them.
#[derive(Clone, Debug, Default)]
pub struct TokenStream {
    /// `None` is empty, without an allocation.
    trees: Option<Arc<Vec<Tree>>>,
}

impl TokenStream {
    /// The trees.
    pub fn trees(&self) -> &[Tree] {
        self.trees.as_deref().map_or(&[], Vec::as_slice)
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.trees().is_empty()
    }

    /// The trees, to change. Copies them if they are shared.
    pub fn trees_mut(&mut self) -> &mut Vec<Tree> {
        Arc::make_mut(self.trees.get_or_insert_default())
    }

    /// Appends a tree. A token that continues a joint one becomes part of it.
    pub fn push(&mut self, tree: Tree) {
        push_glued(self.trees_mut(), tree);
    }

    /// Appends a stream. Its first token may become part of the last one here.
    pub fn push_stream(&mut self, stream: TokenStream) {
        let Some(first) = stream.trees().first() else {
            return;
        };
        if self.is_empty() {
            *self = stream;
            return;
        }
        let trees = self.trees_mut();
        let glued = glue_to_last(trees, first);
        trees.extend(stream.trees().iter().skip(usize::from(glued)).cloned());
    }
}

fn push_glued(trees: &mut Vec<Tree>, tree: Tree) {
    if !glue_to_last(trees, &tree) {
        trees.push(tree);
    }
}

fn glue_to_last(trees: &mut [Tree], next: &Tree) -> bool {
    let (Some(Tree::Token(last)), Tree::Token(next)) = (trees.last_mut(), next) else {
        return false;
    };
    if last.spacing == Spacing::Alone {
        return false;
    }
    let Some(kind) = glue(&last.kind, &next.kind) else {
        return false;
    };
    *last = Token {
        kind,
        span: last.span.to(next.span),
        spacing: next.spacing,
    };
    true
}

/// The token that two adjacent ones make.
pub(crate) fn glue(first: &TokenKind, second: &TokenKind) -> Option<TokenKind> {
    match (first, second) {
        (TokenKind::Op(first), TokenKind::Op(second)) => first.glue(*second).map(TokenKind::Op),
        (TokenKind::Op(op), TokenKind::Ident { name, raw }) if *op == Op::QUOTE => {
            Some(TokenKind::Lifetime {
                name: name.clone(),
                raw: *raw,
            })
        }
        _ => None,
    }
}

impl FromIterator<Tree> for TokenStream {
    /// The trees as they are: nothing becomes part of anything.
    fn from_iter<I: IntoIterator<Item = Tree>>(trees: I) -> Self {
        let trees: Vec<_> = trees.into_iter().collect();
        TokenStream {
            trees: (!trees.is_empty()).then(|| Arc::new(trees)),
        }
    }
}

/// Not recursive: a macro may nest groups as deep as it likes.
impl Drop for TokenStream {
    fn drop(&mut self) {
        let Some(trees) = self.trees.as_mut().and_then(Arc::get_mut) else {
            return;
        };
        if !trees.iter().any(|tree| matches!(tree, Tree::Group(_))) {
            return;
        }
        let mut pending = std::mem::take(trees);
        while let Some(tree) = pending.pop() {
            if let Tree::Group(mut group) = tree
                && let Some(inner) = group.stream.trees.as_mut().and_then(Arc::get_mut)
            {
                pending.append(inner);
            }
        }
    }
}
