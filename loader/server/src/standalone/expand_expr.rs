//! `TokenStream::expand_expr` where there is nothing to expand.

use crate::protocol::{Delimiter, LitKind};
use crate::tokens::{Op, Spacing, Token, TokenKind, TokenStream, Tree};

/// The literal that an expression is, if it is one.
pub(super) fn literal(stream: &TokenStream) -> Option<TokenStream> {
    match single_tokens(stream)?.as_slice() {
        [token] => is_literal(token).then(|| collect([alone(token)])),
        [sign, number] if sign.kind == TokenKind::Op(Op::MINUS) => {
            let TokenKind::Literal(literal) = &number.kind else {
                return None;
            };
            let is_number = matches!(literal.kind, LitKind::Integer | LitKind::Float);
            // The compiler forgets where the sign was.
            let sign = Token {
                kind: TokenKind::Op(Op::MINUS),
                span: number.span,
                spacing: Spacing::JointHidden,
            };
            is_number.then(|| collect([sign, alone(number)]))
        }
        _ => None,
    }
}

/// The tokens, at most two, also of invisible groups.
fn single_tokens(stream: &TokenStream) -> Option<Vec<&Token>> {
    let mut tokens = Vec::new();
    let mut pending: Vec<&Tree> = stream.trees().iter().rev().collect();
    while let Some(tree) = pending.pop() {
        match tree {
            Tree::Token(token) if tokens.len() < 2 => tokens.push(token),
            Tree::Group(group) if group.delimiter == Delimiter::None => {
                pending.extend(group.stream.trees().iter().rev());
            }
            _ => return None,
        }
    }
    Some(tokens)
}

fn is_literal(token: &Token) -> bool {
    match &token.kind {
        TokenKind::Literal(_) => true,
        TokenKind::Ident { name, raw } => !raw && matches!(name.as_str(), "true" | "false"),
        _ => false,
    }
}

fn alone(token: &Token) -> Token {
    Token {
        spacing: Spacing::Alone,
        ..token.clone()
    }
}

fn collect<const N: usize>(tokens: [Token; N]) -> TokenStream {
    tokens.into_iter().map(Tree::Token).collect()
}
