//! What rustc says of escapes that aren't right.

use super::Lexer;
use crate::protocol::Level;
use rustc_literal_escaper::{EscapeError, Mode};
use std::ops::Range;

/// Where in the text something is wrong.
pub(super) struct Place {
    /// The literal with its quotes.
    pub(super) literal: Range<usize>,
    /// The start of its content.
    pub(super) content: usize,
    /// The escape, from there.
    pub(super) range: Range<usize>,
}

pub(super) fn report(
    lexer: &mut Lexer<'_>,
    mode: Mode,
    content: &str,
    place: Place,
    error: &EscapeError,
) {
    let last = content[place.range.clone()]
        .chars()
        .next_back()
        .unwrap_or_default();
    let whole = place.content + place.range.start..place.content + place.range.end;
    let last_char = whole.end.saturating_sub(last.len_utf8())..whole.end;
    let byte = matches!(mode, Mode::Byte | Mode::ByteStr);
    let last = shown(last);
    use EscapeError as E;
    let (message, at) = match error {
        E::LoneSurrogateUnicodeEscape | E::OutOfRangeUnicodeEscape => {
            ("invalid unicode character escape".to_owned(), whole)
        }
        E::MoreThanOneChar => (
            "character literal may only contain one codepoint".to_owned(),
            place.literal,
        ),
        E::EscapeOnlyChar => {
            let what = if mode == Mode::Byte {
                "byte"
            } else {
                "character"
            };
            (format!("{what} constant must be escaped: `{last}`"), whole)
        }
        E::BareCarriageReturn if mode.in_double_quotes() => (
            "bare CR not allowed in string, use `\\r` instead".to_owned(),
            whole,
        ),
        E::BareCarriageReturn => (
            "character constant must be escaped: `\\r`".to_owned(),
            whole,
        ),
        E::BareCarriageReturnInRawString => ("bare CR not allowed in raw string".to_owned(), whole),
        E::InvalidEscape => {
            let what = if byte { "byte" } else { "character" };
            (format!("unknown {what} escape: `{last}`"), last_char)
        }
        E::TooShortHexEscape => ("numeric character escape is too short".to_owned(), whole),
        E::InvalidCharInHexEscape => (
            format!("invalid character in numeric character escape: `{last}`"),
            last_char,
        ),
        E::InvalidCharInUnicodeEscape => (
            format!("invalid character in unicode escape: `{last}`"),
            last_char,
        ),
        E::NonAsciiCharInByte => {
            let what = match mode {
                Mode::Byte => "byte literal",
                Mode::RawByteStr => "raw byte string literal",
                _ => "byte string literal",
            };
            (format!("non-ASCII character in {what}"), last_char)
        }
        E::OutOfRangeHexEscape => ("out of range hex escape".to_owned(), whole),
        E::LeadingUnderscoreUnicodeEscape => {
            ("invalid start of unicode escape: `_`".to_owned(), last_char)
        }
        E::OverlongUnicodeEscape => ("overlong unicode escape".to_owned(), whole),
        E::UnclosedUnicodeEscape => ("unterminated unicode escape".to_owned(), whole),
        E::NoBraceInUnicodeEscape => ("incorrect unicode escape sequence".to_owned(), whole),
        E::UnicodeEscapeInByte => ("unicode escape in byte string".to_owned(), whole),
        E::EmptyUnicodeEscape => ("empty unicode escape".to_owned(), whole),
        E::ZeroChars => ("empty character literal".to_owned(), whole),
        E::LoneSlash => ("invalid trailing slash in literal".to_owned(), whole),
        E::NulInCStr => (
            "null characters in C string literals are not supported".to_owned(),
            whole,
        ),
        E::UnskippedWhitespaceWarning => {
            (format!("whitespace symbol '{last}' is not skipped"), whole)
        }
        E::MultipleSkippedLinesWarning => (
            "multiple lines skipped by escaped newline".to_owned(),
            whole,
        ),
    };
    let level = if error.is_fatal() {
        Level::Error
    } else {
        Level::Warning
    };
    lexer.emit(level, message, at.start, at.end);
}

/// A character as messages show it.
pub(super) fn shown(c: char) -> String {
    match c {
        ' '..='~' => c.to_string(),
        _ => c.escape_default().to_string(),
    }
}
