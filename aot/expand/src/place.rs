//! Output in the place of a call.

use crate::find::Position;
use crate::flat::{Flat, flatten, unflatten};
use pm_server::protocol::Delimiter;
use pm_server::tokens::Spacing;
use pm_server::{Backend as _, Span, Standalone, TokenStream};

/// A macro's output as it stands in the place of its call.
pub(crate) fn placed(output: &TokenStream, position: Position, call: Span) -> Vec<Flat> {
    let mut flats = flatten(output);
    let text = output.to_string();
    let closed = match position {
        Position::Item | Position::Statement => true,
        Position::Expression => syn::parse_str(&text).is_ok_and(|e: syn::Expr| is_closed(&e)),
        Position::Type => !matches!(
            syn::parse_str(&text),
            Ok(syn::Type::TraitObject(_) | syn::Type::ImplTrait(_))
        ),
        Position::Pattern => !text.contains('|'),
    };
    if !closed && !flats.is_empty() {
        let (delimiter, spacing) = (Delimiter::Parenthesis, Spacing::Alone);
        flats.insert(
            0,
            Flat::Open {
                delimiter,
                span: call.start(),
                spacing,
            },
        );
        flats.push(Flat::Close {
            delimiter,
            span: call.end(),
            spacing,
        });
    }
    flats
}

/// Whether a statement's output needs the call's semicolon.
pub(crate) fn needs_semicolon(output: &[Flat]) -> bool {
    match output.last() {
        None => false,
        Some(Flat::Close { delimiter, .. }) => *delimiter != Delimiter::Brace,
        Some(last) => !last.is_op(";"),
    }
}

/// Whether an expression can stand anywhere without parentheses.
fn is_closed(expression: &syn::Expr) -> bool {
    use syn::Expr as E;
    matches!(
        expression,
        E::Array(_)
            | E::Call(_)
            | E::Field(_)
            | E::Index(_)
            | E::Lit(_)
            | E::Macro(_)
            | E::MethodCall(_)
            | E::Paren(_)
            | E::Path(_)
            | E::Repeat(_)
            | E::Struct(_)
            | E::Tuple(_)
    )
}

/// What takes the place of output that there isn't.
pub(crate) fn compile_error(message: &str, call: Span, position: Position) -> TokenStream {
    let end = if position == Position::Item { ";" } else { "" };
    let text = format!("::core::compile_error!({message:?}){end}");
    // A path, a literal and punctuation: this can't fail.
    let tokens = Standalone::default().ts_from_str(&text).unwrap_or_default();
    let mut flats = flatten(&tokens);
    flats.iter_mut().for_each(|flat| *flat.span_mut() = call);
    unflatten(flats)
}
