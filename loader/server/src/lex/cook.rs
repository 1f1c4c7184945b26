//! What a lexeme is as a token: names normalised, prefixes reserved, literals checked.

use super::{LexError, Lexeme, Lexer, LiteralError, Options, Spans, escape, lex};
use crate::edition::{Edition, can_be_raw};
use crate::protocol::{Delimiter, LitKind};
use crate::span::Span;
use crate::tokens::{Literal, Op, TokenKind, Tree};
use ra_ap_rustc_lexer::{
    Base, Cursor, DocStyle, FrontmatterAllowed, LiteralKind, RawStrError, TokenKind as Raw,
    validate_raw_str,
};
use rustc_literal_escaper::{Mode, check_for_errors};
use smol_str::{SmolStr, ToSmolStr, format_smolstr};
use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

impl Lexer<'_> {
    /// The next lexeme, where it is, and whether white space or a comment precedes it.
    pub(super) fn next(&mut self) -> Result<(Lexeme, Span, bool), LexError> {
        let mut spaced = false;
        let mut swallow = 0;
        loop {
            let start = self.pos;
            let raw = self.cursor.advance_token();
            self.pos += raw.len as usize;
            let text = &self.text[start..self.pos];
            let token = match raw.kind {
                Raw::Whitespace
                | Raw::LineComment { doc_style: None }
                | Raw::BlockComment {
                    doc_style: None,
                    terminated: true,
                }
                | Raw::Frontmatter { .. } => {
                    spaced = true;
                    continue;
                }
                Raw::BlockComment {
                    doc_style,
                    terminated: false,
                } => {
                    let doc = if doc_style.is_some() {
                        "doc-comment"
                    } else {
                        "comment"
                    };
                    return Err(self.fatal(format!("unterminated block {doc}"), start, self.pos));
                }
                Raw::LineComment {
                    doc_style: Some(style),
                } => self.doc_comment(start + 3, self.pos, style, false),
                Raw::BlockComment {
                    doc_style: Some(style),
                    terminated: true,
                } => self.doc_comment(start + 3, self.pos - 2, style, true),
                Raw::Ident => ident(text),
                Raw::RawIdent => {
                    let name = nfc(&text[2..]);
                    if !can_be_raw(&name) {
                        let message = format!("`{name}` cannot be a raw identifier");
                        self.error(message, start, self.pos);
                    }
                    TokenKind::Ident { name, raw: true }
                }
                // Newer than rustc 1.96, for which `k` is an unknown prefix.
                Raw::ForcedKeywordIdent => self.split_prefix(start, 1),
                Raw::UnknownPrefix => {
                    self.unknown_prefix(start);
                    ident(text)
                }
                Raw::UnknownPrefixLifetime => {
                    self.unknown_prefix(start);
                    TokenKind::Lifetime {
                        name: SmolStr::new(&text[1..]),
                        raw: false,
                    }
                }
                Raw::InvalidIdent => {
                    let message = format!("identifiers cannot contain emoji: `{text}`");
                    self.error(message, start, self.pos);
                    ident(text)
                }
                Raw::Lifetime { starts_with_number } => {
                    if starts_with_number {
                        self.error("lifetimes cannot start with a number", start, self.pos);
                    }
                    TokenKind::Lifetime {
                        name: nfc(&text[1..]),
                        raw: false,
                    }
                }
                Raw::RawLifetime => self.raw_lifetime(start),
                Raw::GuardedStrPrefix => self.guarded_string(start)?,
                Raw::Literal {
                    kind: kind @ LiteralKind::CStr { .. },
                    ..
                } if self.old() => {
                    debug_assert!(matches!(kind, LiteralKind::CStr { .. }));
                    self.split_prefix(start, 1)
                }
                Raw::Literal {
                    kind: LiteralKind::RawCStr { .. },
                    ..
                } if self.old() => self.split_prefix(start, 2),
                Raw::Literal { kind, suffix_start } => {
                    self.literal(start, start + suffix_start as usize, kind)?
                }
                Raw::OpenParen => return Ok(self.delimiter(Lexeme::Open, "(", start, spaced)),
                Raw::OpenBrace => return Ok(self.delimiter(Lexeme::Open, "{", start, spaced)),
                Raw::OpenBracket => return Ok(self.delimiter(Lexeme::Open, "[", start, spaced)),
                Raw::CloseParen => return Ok(self.delimiter(Lexeme::Close, "(", start, spaced)),
                Raw::CloseBrace => return Ok(self.delimiter(Lexeme::Close, "{", start, spaced)),
                Raw::CloseBracket => return Ok(self.delimiter(Lexeme::Close, "[", start, spaced)),
                Raw::Eof => return Ok((Lexeme::End, self.span(start, start), spaced)),
                Raw::Unknown => {
                    if swallow > 0 {
                        swallow -= 1;
                    } else {
                        swallow = self.unknown_start(start);
                    }
                    spaced = true;
                    continue;
                }
                _ => match Op::new(text.as_bytes()) {
                    Some(op) => TokenKind::Op(op),
                    None => {
                        return Err(self.fatal(format!("unknown token: {text}"), start, self.pos));
                    }
                },
            };
            return Ok((Lexeme::Token(token), self.span(start, self.pos), spaced));
        }
    }

    fn delimiter(
        &self,
        lexeme: fn(Delimiter) -> Lexeme,
        open: &str,
        start: usize,
        spaced: bool,
    ) -> (Lexeme, Span, bool) {
        let delimiter = match open {
            "(" => Delimiter::Parenthesis,
            "{" => Delimiter::Brace,
            _ => Delimiter::Bracket,
        };
        (lexeme(delimiter), self.span(start, self.pos), spaced)
    }

    /// Whether prefixes are not reserved yet.
    fn old(&self) -> bool {
        self.options.edition < Edition::E2021
    }

    fn unknown_prefix(&mut self, start: usize) {
        if !self.old() {
            let message = format!("prefix `{}` is unknown", &self.text[start..self.pos]);
            self.error(message, start, self.pos);
        }
    }

    /// Goes back to read `c"…"` as `c` and `"…"`.
    fn split_prefix(&mut self, start: usize, len: usize) -> TokenKind {
        self.rewind(start + len);
        self.unknown_prefix(start);
        ident(&self.text[start..self.pos])
    }

    fn rewind(&mut self, pos: usize) {
        self.pos = pos;
        self.cursor = Cursor::new(&self.text[pos..], FrontmatterAllowed::No);
    }

    fn raw_lifetime(&mut self, start: usize) -> TokenKind {
        if self.old() {
            self.rewind(start + 2);
            return TokenKind::Lifetime {
                name: nfc(&self.text[start + 1..self.pos]),
                raw: false,
            };
        }
        if self.cursor.as_str().starts_with('\'') {
            let message = "character literal may only contain one codepoint";
            self.error(message, start, self.pos + 1);
        }
        let name = nfc(&self.text[start + 3..self.pos]);
        if !can_be_raw(&name) {
            self.error(
                format!("`{name}` cannot be a raw lifetime"),
                start,
                self.pos,
            );
        }
        TokenKind::Lifetime { name, raw: true }
    }

    /// `#"…"#` and `##`, which are reserved since 2024 and separate tokens before.
    fn guarded_string(&mut self, start: usize) -> Result<TokenKind, LexError> {
        if self.options.edition < Edition::E2024 {
            self.rewind(start + 1);
            return Ok(TokenKind::Op(Op::POUND));
        }
        let mut cursor = Cursor::new(&self.text[start..], FrontmatterAllowed::No);
        let message = match cursor.guarded_double_quoted_string() {
            Some(string) => {
                self.cursor = cursor;
                self.pos = start + string.token_len as usize;
                if !string.terminated {
                    let lo = start + string.n_hashes as usize;
                    return Err(self.fatal("unterminated double quote string", lo, self.pos));
                }
                "invalid string literal"
            }
            None => "reserved multi-hash token is forbidden",
        };
        self.error(message, start, self.pos);
        Ok(TokenKind::Literal(not_a_literal(
            &self.text[start..self.pos],
        )))
    }

    fn doc_comment(&mut self, start: usize, end: usize, style: DocStyle, block: bool) -> TokenKind {
        let text = &self.text[start..end];
        for (i, _) in text.match_indices('\r') {
            let kind = if block {
                "block doc-comment"
            } else {
                "doc-comment"
            };
            let at = start + i;
            self.error(format!("bare CR not allowed in {kind}"), at, at + 1);
        }
        let inner = matches!(style, DocStyle::Inner);
        TokenKind::Doc {
            inner,
            block,
            text: SmolStr::new(text),
        }
    }

    /// Reports a character that starts no token; returns how many of it follow.
    fn unknown_start(&mut self, start: usize) -> usize {
        let mut rest = self.text[start..].chars();
        let Some(first) = rest.next() else { return 0 };
        if first == '\u{a0}' && std::mem::replace(&mut self.nbsp_is_space, true) {
            return 0;
        }
        let repeats = rest.take_while(|&c| c == first).count();
        let message = format!("unknown start of token: {}", escape::shown(first));
        self.error(message, start, self.pos + repeats * first.len_utf8());
        repeats
    }

    fn literal(
        &mut self,
        start: usize,
        suffix_start: usize,
        kind: LiteralKind,
    ) -> Result<TokenKind, LexError> {
        let mut literal = self.literal_without_suffix(start, suffix_start, kind)?;
        let suffix = &self.text[suffix_start..self.pos];
        if suffix == "_" {
            self.error(
                "underscore literal suffix is not allowed",
                suffix_start,
                self.pos,
            );
        } else if !suffix.is_empty() {
            literal.suffix = Some(SmolStr::new(suffix));
        }
        Ok(TokenKind::Literal(literal))
    }

    fn literal_without_suffix(
        &mut self,
        start: usize,
        end: usize,
        kind: LiteralKind,
    ) -> Result<Literal, LexError> {
        use LiteralKind as L;
        let (kind, mode, prefix) = match kind {
            L::Int { base, empty_int } => return Ok(self.integer(start, end, base, empty_int)),
            L::Float {
                base,
                empty_exponent,
            } => {
                return Ok(self.float(start, end, base, empty_exponent));
            }
            L::Char { terminated: true } => (LitKind::Char, Mode::Char, 1),
            L::Byte { terminated: true } => (LitKind::Byte, Mode::Byte, 2),
            L::Str { terminated: true } => (LitKind::Str, Mode::Str, 1),
            L::ByteStr { terminated: true } => (LitKind::ByteStr, Mode::ByteStr, 2),
            L::CStr { terminated: true } => (LitKind::CStr, Mode::CStr, 2),
            L::RawStr { n_hashes: Some(n) } => (LitKind::StrRaw(n), Mode::RawStr, 2),
            L::RawByteStr { n_hashes: Some(n) } => (LitKind::ByteStrRaw(n), Mode::RawByteStr, 3),
            L::RawCStr { n_hashes: Some(n) } => (LitKind::CStrRaw(n), Mode::RawCStr, 3),
            L::RawStr { n_hashes: None } => return Err(self.raw_string_error(start, 1)),
            L::RawByteStr { n_hashes: None } | L::RawCStr { n_hashes: None } => {
                return Err(self.raw_string_error(start, 2));
            }
            L::Char { .. } => return Err(self.fatal("unterminated character literal", start, end)),
            L::Byte { .. } => return Err(self.fatal("unterminated byte constant", start + 1, end)),
            L::Str { .. } => {
                return Err(self.fatal("unterminated double quote string", start, end));
            }
            L::ByteStr { .. } => {
                let message = "unterminated double quote byte string";
                return Err(self.fatal(message, start + 1, end));
            }
            L::CStr { .. } => return Err(self.fatal("unterminated C string", start + 1, end)),
        };
        let hashes = match kind {
            LitKind::StrRaw(n) | LitKind::ByteStrRaw(n) | LitKind::CStrRaw(n) => usize::from(n),
            _ => 0,
        };
        let (content_start, content_end) = (start + prefix + hashes, end - 1 - hashes);
        let content = &self.text[content_start..content_end];
        let mut errors = Vec::new();
        check_for_errors(content, mode, |range, error| errors.push((range, error)));
        let mut valid = true;
        for (range, error) in errors {
            valid &= !error.is_fatal();
            let place = escape::Place {
                literal: start..end,
                content: content_start,
                range,
            };
            escape::report(self, mode, content, place, &error);
        }
        if !valid {
            return Ok(not_a_literal(&self.text[start..end]));
        }
        Ok(Literal {
            kind,
            symbol: SmolStr::new(content),
            suffix: None,
        })
    }

    fn integer(&mut self, start: usize, end: usize, base: Base, empty: bool) -> Literal {
        let text = &self.text[start..end];
        let mut valid = !empty;
        if empty {
            self.error("no valid digits found for number", start, end);
        } else if matches!(base, Base::Binary | Base::Octal) {
            let base = base as u32;
            for (i, c) in text.char_indices().skip(2) {
                if c != '_' && !c.is_digit(base) {
                    let message = format!("invalid digit for a base {base} literal");
                    self.error(message, start + i, start + i + c.len_utf8());
                    valid = false;
                }
            }
        }
        let kind = if valid {
            LitKind::Integer
        } else {
            LitKind::ErrWithGuar
        };
        Literal {
            kind,
            symbol: SmolStr::new(text),
            suffix: None,
        }
    }

    fn float(&mut self, start: usize, end: usize, base: Base, empty_exponent: bool) -> Literal {
        let mut kind = LitKind::Float;
        if empty_exponent {
            self.error("expected at least one digit in exponent", start, self.pos);
            kind = LitKind::ErrWithGuar;
        }
        let base = match base {
            Base::Hexadecimal => Some("hexadecimal"),
            Base::Octal => Some("octal"),
            Base::Binary => Some("binary"),
            Base::Decimal => None,
        };
        if let Some(base) = base {
            self.error(format!("{base} float literal is not supported"), start, end);
            kind = LitKind::ErrWithGuar;
        }
        Literal {
            kind,
            symbol: SmolStr::new(&self.text[start..end]),
            suffix: None,
        }
    }

    fn raw_string_error(&mut self, start: usize, prefix: u32) -> LexError {
        let message = match validate_raw_str(&self.text[start..self.pos], prefix) {
            Err(RawStrError::InvalidStarter { bad_char }) => format!(
                "found invalid character; only `#` is allowed in raw string delimitation: {}",
                escape::shown(bad_char)
            ),
            Err(RawStrError::TooManyDelimiters { found }) => format!(
                "too many `#` symbols: raw strings may be delimited by up to 255 `#` symbols, but \
                 found {found}"
            ),
            Err(RawStrError::NoTerminator { .. }) | Ok(()) => "unterminated raw string".to_owned(),
        };
        self.fatal(message, start, self.pos)
    }
}

fn ident(text: &str) -> TokenKind {
    TokenKind::Ident {
        name: nfc(text),
        raw: false,
    }
}

fn not_a_literal(text: &str) -> Literal {
    Literal {
        kind: LitKind::ErrWithGuar,
        symbol: SmolStr::new(text),
        suffix: None,
    }
}

/// A name in the one of its spellings that counts.
pub(crate) fn nfc(name: &str) -> SmolStr {
    if name.is_ascii() || is_nfc_quick(name.chars()) == IsNormalized::Yes {
        return SmolStr::new(name);
    }
    name.nfc().to_smolstr()
}

/// `Literal::from_str`: one literal and nothing else, but for a sign before a number. The symbol
/// has the sign.
pub(crate) fn parse_literal(
    text: &str,
    edition: Edition,
    diagnostics: &mut Vec<crate::protocol::Diagnostic<Span>>,
) -> Result<Literal, LiteralError> {
    let normalized = crate::source::normalize(text);
    let options = Options {
        edition,
        spans: Spans::From(0),
        shebang: false,
    };
    let stream = lex(&normalized, options, diagnostics)?;
    let refuse = |why: &str| Err(LiteralError::NotLiteral(why.to_owned()));
    let token = |index: usize| match stream.trees().get(index) {
        Some(Tree::Token(token)) => Some(token),
        _ => None,
    };
    let sign = token(0).filter(|token| token.kind == TokenKind::Op(Op::MINUS));
    let first = token(usize::from(sign.is_some()));
    let Some((span, TokenKind::Literal(literal))) = first.map(|t| (t.span, &t.kind)) else {
        return refuse("not a literal");
    };
    let whole = sign.map_or(span, |sign| sign.span).to(span);
    if whole.len() != text.len() {
        return refuse("comment or whitespace around literal");
    }
    let mut literal = literal.clone();
    if let Some(sign) = sign {
        if sign.span.hi != span.lo {
            return refuse("comment or whitespace after minus");
        }
        if !matches!(literal.kind, LitKind::Integer | LitKind::Float) {
            return refuse("non-numeric literal may not be negated");
        }
        literal.symbol = format_smolstr!("-{}", literal.symbol);
    }
    Ok(literal)
}
