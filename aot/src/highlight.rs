//! Colours Rust code for a terminal. Where none is, the colours are stripped on the way.

use anstyle::{AnsiColor, Style};
use pm_server::Edition;
use ra_ap_rustc_lexer::{FrontmatterAllowed, LiteralKind, TokenKind, tokenize};
use std::fmt::Write;

const KEYWORD: Style = AnsiColor::Magenta.on_default();
const TEXT: Style = AnsiColor::Green.on_default();
const NUMBER: Style = AnsiColor::Yellow.on_default();
const COMMENT: Style = AnsiColor::BrightBlack.on_default();
const LIFETIME: Style = AnsiColor::Cyan.on_default();
const TYPE: Style = AnsiColor::Blue.on_default();

/// The same text with colours.
pub(crate) fn rust(code: &str) -> String {
    let mut coloured = String::with_capacity(code.len() * 2);
    let mut rest = code;
    for token in tokenize(code, FrontmatterAllowed::No) {
        let (text, after) = rest.split_at(token.len as usize);
        rest = after;
        match style(token.kind, text) {
            None => coloured.push_str(text),
            // Each line by itself: pagers forget colours at line ends.
            Some(style) => {
                for (index, line) in text.split('\n').enumerate() {
                    let newline = if index == 0 { "" } else { "\n" };
                    let _ = write!(coloured, "{newline}{style}{line}{style:#}");
                }
            }
        }
    }
    coloured
}

fn style(kind: TokenKind, text: &str) -> Option<Style> {
    match kind {
        TokenKind::LineComment { .. } | TokenKind::BlockComment { .. } => Some(COMMENT),
        TokenKind::Lifetime { .. } | TokenKind::RawLifetime => Some(LIFETIME),
        TokenKind::Literal {
            kind: LiteralKind::Int { .. } | LiteralKind::Float { .. },
            ..
        } => Some(NUMBER),
        TokenKind::Literal { .. } => Some(TEXT),
        TokenKind::Ident if Edition::E2024.is_reserved(text) => Some(KEYWORD),
        TokenKind::Ident if text.starts_with(char::is_uppercase) => Some(TYPE),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_stays_the_same() {
        let code = "/// doc\nfn f<'a>(x: &'a Vec<u8>) { /* a\nb */ g(\"s\", 'c', 1.5, r#raw) }";
        let coloured = rust(code);
        assert_eq!(anstream::adapter::strip_str(&coloured).to_string(), code);
        assert!(
            coloured.contains(&format!("{KEYWORD}fn{KEYWORD:#} f<{LIFETIME}'a")),
            "{coloured:?}"
        );
        assert!(
            coloured.contains(&format!("/* a{COMMENT:#}\n{COMMENT}b */")),
            "{coloured:?}"
        );
    }
}
