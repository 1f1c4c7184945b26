//! Whether a space belongs between two tokens that the source text doesn't say it of.

use crate::edition::Edition;
use crate::protocol::Delimiter;
use crate::span::Span;
use crate::tokens::{TokenKind, Tree};

/// Whether two tokens without white space between them would be read as one.
pub(super) fn would_merge(first: &Tree, second: &Tree) -> bool {
    let is_name = |tree: &Tree| matches!(tree, Tree::Token(token) if matches!(token.kind, TokenKind::Ident { .. }));
    is_name(first) && is_name(second)
}

/// rustc's rules for tokens that nothing is known of. The default is a space; the exceptions are
/// `x.y`, `$e`, `x,`, `x;`, `x!`, `f(…)`, `#[…]`, and whatever follows a line of documentation.
pub(super) fn space_between(
    first: &Tree,
    second: &Tree,
    edition: &impl Fn(Span) -> Edition,
) -> bool {
    let token = match first {
        Tree::Token(token) => Some(token),
        Tree::Group(_) => None,
    };
    if matches!(
        token.map(|t| &t.kind),
        Some(TokenKind::Doc { block: false, .. })
    ) {
        return false;
    }
    match (op(first), second) {
        (Some("."), second) if op(second).is_none() => return false,
        (Some("$"), Tree::Token(next)) if matches!(next.kind, TokenKind::Ident { .. }) => {
            return false;
        }
        (Some("#"), Tree::Group(group)) if group.delimiter == Delimiter::Bracket => return false,
        (None, second) if matches!(op(second), Some("," | ";" | ".")) => return false,
        _ => {}
    }
    let Some(TokenKind::Ident { name, raw }) = token.map(|t| &t.kind) else {
        return true;
    };
    let is_keyword = || !raw && edition(first.span()).is_reserved(name);
    match second {
        Tree::Token(_) if op(second) == Some("!") => is_keyword(),
        Tree::Group(group) if group.delimiter == Delimiter::Parenthesis => {
            is_keyword() && !matches!(name.as_str(), "fn" | "Self" | "pub")
        }
        _ => true,
    }
}

/// The text of an operator.
fn op(tree: &Tree) -> Option<&'static str> {
    match tree {
        Tree::Token(token) => match token.kind {
            TokenKind::Op(op) => Some(op.as_str()),
            _ => None,
        },
        Tree::Group(_) => None,
    }
}
