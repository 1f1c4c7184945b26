//! Checks on the texts of literals and identifiers that a macro sends.
//!
//! Natively these come from rustc's lexer or from `proc_macro`'s constructors, so rustc takes them for
//! checked: its `LitKind::from_token_lit` (`compiler/rustc_ast/src/util/literal.rs`) panics at an escape
//! that the lexer would have refused, and later passes panic at a number that can't be parsed. What is
//! accepted here includes all that a lexer or a constructor makes.
//!
//! rust-analyzer's server makes others: it reads `-1.5e-7` as a number `-1.5e-` with a suffix. A server
//! that has sent such a literal gets such literals back; rustc never does.

use crate::MessageError;
use crate::handles::Handles;
use crate::visitor::Direction;
use pm_abi::Width;
use pm_abi::schema::{Field, Schema, Type};
use rustc_literal_escaper::{
    EscapeError, check_raw_byte_str, check_raw_c_str, check_raw_str, unescape_byte,
    unescape_byte_str, unescape_c_str, unescape_char, unescape_str,
};

/// The most characters of a text that an error shows.
const SHOWN: usize = 40;

/// A struct whose texts are checked.
#[derive(Clone, Debug)]
pub(crate) enum Texts {
    /// `Literal`, and the kinds by their tags.
    Literal(Box<[Kind]>),
    /// `Ident`.
    Ident,
}

/// A kind of literal (`LitKind` in rustc's `library/proc_macro/src/bridge/mod.rs`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Byte,
    Char,
    Integer,
    Float,
    Str,
    StrRaw,
    ByteStr,
    ByteStrRaw,
    CStr,
    CStrRaw,
    /// One that rustc's lexer has reported. It stands for a proof that an error was emitted.
    ErrWithGuar,
}

impl Kind {
    const ALL: [Kind; 11] = [
        Kind::Byte,
        Kind::Char,
        Kind::Integer,
        Kind::Float,
        Kind::Str,
        Kind::StrRaw,
        Kind::ByteStr,
        Kind::ByteStrRaw,
        Kind::CStr,
        Kind::CStrRaw,
        Kind::ErrWithGuar,
    ];

    /// The kind of this name. A profile has no others, as the tests show.
    fn named(name: &str) -> Option<Kind> {
        Kind::ALL
            .into_iter()
            .find(|kind| format!("{kind:?}") == name)
    }

    /// Raw strings have the number of their `#` after the tag.
    fn is_raw(self) -> bool {
        matches!(self, Kind::StrRaw | Kind::ByteStrRaw | Kind::CStrRaw)
    }

    /// Returns true if rustc's lexer could have made this text into a literal of this kind.
    fn accepts(self, text: &str) -> bool {
        let mut is_valid = true;
        let mut see = |error: Option<EscapeError>| {
            is_valid &= error.is_none_or(|error| !error.is_fatal());
        };
        match self {
            Kind::Char => return unescape_char(text).is_ok(),
            Kind::Byte => return unescape_byte(text).is_ok(),
            Kind::Integer => return is_integer(text),
            Kind::Float => return is_float(text),
            Kind::Str => unescape_str(text, |_, unit| see(unit.err())),
            Kind::StrRaw => check_raw_str(text, |_, unit| see(unit.err())),
            Kind::ByteStr => unescape_byte_str(text, |_, unit| see(unit.err())),
            Kind::ByteStrRaw => check_raw_byte_str(text, |_, unit| see(unit.err())),
            Kind::CStr => unescape_c_str(text, |_, unit| see(unit.err())),
            Kind::CStrRaw => check_raw_c_str(text, |_, unit| see(unit.err())),
            Kind::ErrWithGuar => {}
        }
        is_valid
    }
}

/// Digits, letters and underscores, the first a digit. A constructor puts a sign before them
/// (`Literal::i8_suffixed`); rustc reports digits that the base doesn't have.
fn is_integer(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_digit())
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// A number that `f64` parses, the first a digit, with underscores anywhere after it.
fn is_float(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    text.starts_with(|c: char| c.is_ascii_digit()) && text.replace('_', "").parse::<f64>().is_ok()
}

impl Texts {
    /// The checks of a struct of this name.
    pub(crate) fn of(name: &str, fields: &[Field], schema: &Schema) -> Option<Texts> {
        match name {
            "Ident" => Some(Texts::Ident),
            "Literal" => {
                let Type::Enum { variants, .. } = schema.ty(fields.first()?.ty) else {
                    return None;
                };
                let kinds = variants.iter().map(|variant| Kind::named(&variant.name));
                kinds.collect::<Option<_>>().map(Texts::Literal)
            }
            _ => None,
        }
    }

    /// Checks a value that is well-formed by its type.
    pub(crate) fn check(
        &self,
        value: &[u8],
        width: Width,
        direction: Direction,
        handles: &mut Handles,
    ) -> Result<(), MessageError> {
        let mut value = Value { rest: value, width };
        match self {
            Texts::Ident if direction == Direction::ToServer && value.str()?.is_empty() => {
                Err(MessageError::EmptyIdentifier)
            }
            Texts::Ident => Ok(()),
            Texts::Literal(kinds) => {
                let tag = value.take(1)?[0];
                let kind = *kinds.get(usize::from(tag)).ok_or(MessageError::Truncated)?;
                let valid = value.literal(kind);
                match (direction, kind) {
                    (Direction::ToClient, Kind::ErrWithGuar) => handles.receive_error_literal(),
                    (Direction::ToClient, _) if valid.is_err() => handles.receive_odd_literal(),
                    (Direction::ToClient, _) => {}
                    (Direction::ToServer, Kind::ErrWithGuar) if !handles.has_error_literal() => {
                        return Err(MessageError::ErrorLiteral);
                    }
                    (Direction::ToServer, _) if handles.has_odd_literal() => {}
                    (Direction::ToServer, _) => valid?,
                }
                Ok(())
            }
        }
    }
}

/// The bytes of a value.
struct Value<'a> {
    rest: &'a [u8],
    width: Width,
}

impl<'a> Value<'a> {
    /// Checks a literal's text and suffix, which follow its tag.
    fn literal(&mut self, kind: Kind) -> Result<(), MessageError> {
        if kind.is_raw() {
            self.take(1)?;
        }
        let text = self.str()?;
        if !kind.accepts(text) {
            let shown: String = text.chars().take(SHOWN).collect();
            return Err(MessageError::Literal {
                kind: format!("{kind:?}"),
                text: shown,
            });
        }
        // `Some` is the first variant.
        if self.take(1)?[0] == 0 && self.str()?.is_empty() {
            return Err(MessageError::EmptySuffix);
        }
        Ok(())
    }

    fn str(&mut self) -> Result<&'a str, MessageError> {
        let mut word = [0; 8];
        let size = match self.width {
            Width::Four => 4,
            Width::Eight => 8,
        };
        word[..size].copy_from_slice(self.take(size)?);
        let len = usize::try_from(u64::from_le_bytes(word)).map_err(|_| MessageError::Truncated)?;
        str::from_utf8(self.take(len)?).map_err(|_| MessageError::Utf8)
    }

    fn take(&mut self, len: usize) -> Result<&'a [u8], MessageError> {
        let (first, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(MessageError::Truncated)?;
        self.rest = rest;
        Ok(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_abi::Profile;

    #[test]
    fn all_profiles_have_these_kinds() {
        for profile in Profile::all() {
            let schema = &profile.schema;
            let found = schema.types.iter().filter_map(|ty| match ty {
                Type::Struct { name, fields } => Texts::of(name, fields, schema),
                _ => None,
            });
            let mut literals = 0;
            let mut idents = 0;
            for texts in found {
                match texts {
                    Texts::Literal(kinds) => {
                        literals += 1;
                        assert_eq!(*kinds, Kind::ALL, "{profile}");
                    }
                    Texts::Ident => idents += 1,
                }
            }
            assert_eq!((literals, idents), (1, 1), "{profile}");
        }
    }

    #[test]
    fn texts_by_kind() {
        let check = |kind: Kind, valid: &[&str], invalid: &[&str]| {
            for text in valid {
                assert!(kind.accepts(text), "{kind:?} {text:?}");
            }
            for text in invalid {
                assert!(!kind.accepts(text), "{kind:?} {text:?}");
            }
        };
        let char = ["a", "\\n", "\\'", "\"", "\\\"", "\\u{1F600}", "é"];
        check(
            Kind::Char,
            &char,
            &["", "ab", "'", "\\", "\\q", "\\u{}", "\n"],
        );
        let byte = ["a", "\\xff", "\\0", "\\\\"];
        check(Kind::Byte, &byte, &["", "ab", "é", "\\u{41}", "\\x1"]);
        let integer = [
            "0",
            "1_000",
            "-128",
            "0xFF_u",
            "0b101",
            "340282366920938463463374607431768211456",
        ];
        check(
            Kind::Integer,
            &integer,
            &["", "-", "a", "_1", "1 ", "--1", "1.0", "+1"],
        );
        let float = ["1.0", "1.", "1e10", "1_0.5_E-3_", "-1.5", "1", "1e+_1"];
        check(
            Kind::Float,
            &float,
            &[
                "", "-", ".5", "inf", "nan", "1e", "1.2.3", "_1.0", "0x1.0", "1.0f32", "e1",
            ],
        );
        let str = [
            "",
            "it's",
            "\\\"",
            "\\x7f\\u{0}",
            "a\\\n   b",
            "a\\\n\n\n b",
            "\0",
        ];
        check(
            Kind::Str,
            &str,
            &["\\", "\\q", "\\x80", "\\u{110000}", "\r"],
        );
        check(Kind::StrRaw, &["", "\\", "é\n"], &["\r"]);
        check(
            Kind::ByteStr,
            &["", "\\xff", "a\\\n b"],
            &["é", "\\u{41}", "\\", "\r"],
        );
        check(Kind::ByteStrRaw, &["", "\\"], &["é", "\r"]);
        check(
            Kind::CStr,
            &["", "é", "\\xff"],
            &["\0", "\\0", "\\x00", "\\u{0}", "\\"],
        );
        check(Kind::CStrRaw, &["", "é", "\\0"], &["\0", "\r"]);
        check(Kind::ErrWithGuar, &["", "anything \\"], &[]);
    }

    /// A `Literal` in the encoding of wasm32, without its span.
    fn literal(kind: u8, text: &str) -> Vec<u8> {
        let mut bytes = vec![kind];
        bytes.extend((text.len() as u32).to_le_bytes());
        bytes.extend(text.as_bytes());
        bytes.push(1);
        bytes
    }

    #[test]
    fn lengths_of_both_widths() {
        let texts = Texts::Literal(Kind::ALL.into());
        // `StrRaw(7)` with a text and a suffix, whose `Some` is the first tag.
        let value = |len: &[u8], text: &str, suffix: &str| {
            let number = |n: usize| [&(n as u64).to_le_bytes()[..4], len].concat();
            let (text_len, suffix_len) = (number(text.len()), number(suffix.len()));
            let parts: [&[u8]; 6] = [
                &[5, 7],
                &text_len,
                text.as_bytes(),
                &[0],
                &suffix_len,
                suffix.as_bytes(),
            ];
            parts.concat()
        };
        for (width, rest) in [(Width::Four, &[][..]), (Width::Eight, &[0; 4])] {
            let check = |text: &str, suffix: &str| {
                let value = value(rest, text, suffix);
                texts.check(&value, width, Direction::ToServer, &mut Handles::new())
            };
            assert_eq!(check("a \\ \" é", "suffix"), Ok(()), "{width:?}");
            assert_eq!(check("", "u"), Ok(()), "{width:?}");
            assert_eq!(check("", ""), Err(MessageError::EmptySuffix), "{width:?}");
            let refused = check("a\rb", "u");
            assert!(
                matches!(refused, Err(MessageError::Literal { .. })),
                "{width:?}"
            );
        }
    }

    /// A server gets back the literals that it has sent, whatever their texts.
    #[test]
    fn literals_of_another_server() {
        let texts = Texts::Literal(Kind::ALL.into());
        let check = |value: &[u8], direction, handles: &mut Handles| {
            texts.check(value, Width::Four, direction, handles)
        };
        let (odd, error) = (literal(3, "-1.5e-"), literal(10, "x"));
        let mut handles = Handles::new();
        let refused = Err(MessageError::Literal {
            kind: "Float".into(),
            text: "-1.5e-".into(),
        });
        assert_eq!(check(&odd, Direction::ToServer, &mut handles), refused);
        assert_eq!(check(&odd, Direction::ToClient, &mut handles), Ok(()));
        assert_eq!(check(&odd, Direction::ToServer, &mut handles), Ok(()));
        let refused = Err(MessageError::ErrorLiteral);
        assert_eq!(check(&error, Direction::ToServer, &mut handles), refused);
        assert_eq!(check(&error, Direction::ToClient, &mut handles), Ok(()));
        assert_eq!(check(&error, Direction::ToServer, &mut handles), Ok(()));
    }
}
