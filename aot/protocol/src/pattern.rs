//! Patterns of tokens, by which parts of macros are recognised whatever their variables are called.

use crate::tokens::{Token, flatten};
use proc_macro2::TokenStream;
use std::collections::BTreeMap;

/// The names that stand for the holes of a pattern.
#[derive(Clone, Debug, Default)]
pub(crate) struct Names(BTreeMap<String, String>);

/// Tokens with holes: an identifier that begins with `_` stands for any identifier, and for the
/// same one wherever it is used.
struct Pattern(Vec<Token>);

impl Pattern {
    fn new(text: &str) -> Self {
        Self(tokens(text))
    }

    /// The end of the pattern where it begins at `start`.
    fn at(&self, tokens: &[Token], start: usize, names: &mut Names) -> Option<usize> {
        let end = start + self.0.len();
        let mut new = names.clone();
        for (expected, found) in self.0.iter().zip(tokens.get(start..end)?) {
            let is_same = match hole(&expected.text) {
                None => expected.text == found.text,
                Some(name) => {
                    let known = new.0.entry(name.to_owned());
                    is_identifier(&found.text) && *known.or_insert(found.text.clone()) == found.text
                }
            };
            if !is_same {
                return None;
            }
        }
        *names = new;
        Some(end)
    }
}

impl Names {
    /// The name in a hole.
    pub(crate) fn get(&self, hole: &str) -> &str {
        self.0.get(hole).map_or("", String::as_str)
    }
}

/// The tokens of a text, in which delimiters need not be in pairs.
pub(crate) fn tokens(text: &str) -> Vec<Token> {
    let is_delimiter = |c: char| "()[]{}".contains(c);
    let mut out = Vec::new();
    for part in text.split_inclusive(is_delimiter) {
        let (inner, delimiter) = match part.strip_suffix(is_delimiter) {
            Some(inner) => (inner, Some(&part[inner.len()..])),
            None => (part, None),
        };
        let parsed = inner.parse::<TokenStream>();
        debug_assert!(parsed.is_ok(), "{inner}");
        out.extend(parsed.into_iter().flat_map(flatten));
        out.extend(delimiter.map(|text| Token {
            text: text.to_owned(),
        }));
    }
    out
}

fn hole(token: &str) -> Option<&str> {
    token.strip_prefix('_').filter(|name| !name.is_empty())
}

fn is_identifier(token: &str) -> bool {
    token.starts_with(|first: char| first == '_' || first.is_alphabetic())
}

/// A pattern that isn't there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// Its place among the patterns.
    pub(crate) index: usize,
    /// The pattern, for messages.
    pub(crate) text: String,
}

/// Finds all patterns, one after the other.
pub(crate) fn find(tokens: &[Token], patterns: &[&str]) -> Result<Names, Lacking> {
    let mut names = Names::default();
    let mut from = 0;
    for (index, text) in patterns.iter().enumerate() {
        let pattern = Pattern::new(text);
        let mut starts = from..tokens.len();
        let end = starts.find_map(|start| pattern.at(tokens, start, &mut names));
        from = end.ok_or_else(|| Lacking {
            index,
            text: readable(text),
        })?;
    }
    Ok(names)
}

/// A pattern without the marks of its holes.
fn readable(text: &str) -> String {
    let mut out = String::new();
    let mut before = ' ';
    for (index, c) in text.char_indices() {
        let is_name = text[index..]
            .chars()
            .nth(1)
            .is_some_and(char::is_alphabetic);
        let is_hole = c == '_' && is_name && !before.is_alphanumeric() && before != '_';
        if !is_hole {
            out.push(c);
        }
        before = c;
    }
    out
}

/// The number of times that a token is there.
pub(crate) fn count(tokens: &[Token], text: &str) -> usize {
    tokens.iter().filter(|token| token.text == text).count()
}

#[cfg(test)]
mod tests {
    use super::{find, tokens};

    #[test]
    fn names_are_free_but_consistent() {
        let check = |text: &str, patterns: &[&str], expect: Result<&str, &str>| {
            let found = find(&tokens(text), patterns);
            let found = found.as_ref().map(|names| names.get("x"));
            let found = found.map_err(|lacking| lacking.text.as_str());
            assert_eq!(found, expect, "{text}");
        };
        let pattern = &["let _x = 1;", "f(&_x, _)"];
        check("let a = 1; g(); f(&a, _);", pattern, Ok("a"));
        check("let b = 1; f(&b, _);", pattern, Ok("b"));
        check("let b = 1; f(&c, _);", pattern, Err("f(&x, _)"));
        check("f(&b, _); let b = 1;", pattern, Err("f(&x, _)"));
        check("let 2 = 1;", pattern, Err("let x = 1;"));
        check("", pattern, Err("let x = 1;"));
    }
}
