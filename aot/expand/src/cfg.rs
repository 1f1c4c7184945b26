//! Conditions.

use crate::flat::{Flat, split_commas};
use pm_server::protocol::LitKind;
use pm_server::tokens::{Token, TokenKind};
use std::collections::BTreeSet;
use std::ops::Range;

/// The options that conditional compilation sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CfgSet {
    options: BTreeSet<(String, Option<String>)>,
}

impl CfgSet {
    /// Reads options as `rustc --print cfg` writes them and `--cfg` takes them: one a line,
    /// `unix` or `target_os="linux"`.
    pub fn parse(text: &str) -> Self {
        let mut set = CfgSet::default();
        text.lines()
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .for_each(|line| set.add(line));
        set
    }

    /// Adds one option.
    pub fn add(&mut self, option: &str) {
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.trim().trim_matches('"').to_owned())),
            None => (option, None),
        };
        self.options.insert((name.trim().to_owned(), value));
    }

    fn has(&self, name: &str, value: Option<&str>) -> bool {
        self.options
            .contains(&(name.to_owned(), value.map(str::to_owned)))
    }

    /// Evaluates a condition. One that rustc would refuse counts as true, so that what it guards
    /// is not lost.
    pub(crate) fn holds(&self, flats: &[Flat], range: Range<usize>) -> bool {
        self.eval(flats, range, MAX_DEPTH).unwrap_or(true)
    }

    fn eval(&self, flats: &[Flat], range: Range<usize>, depth: usize) -> Option<bool> {
        let depth = depth.checked_sub(1)?;
        let (first, rest) = flats[range.clone()].split_first()?;
        let name = first.ident()?;
        match rest {
            [] => Some(match name {
                "true" => true,
                "false" => false,
                name => self.has(name, None),
            }),
            [
                eq,
                Flat::Token(Token {
                    kind: TokenKind::Literal(literal),
                    ..
                }),
            ] if eq.is_op("=") => {
                let is_text = matches!(literal.kind, LitKind::Str | LitKind::StrRaw(_));
                is_text.then(|| self.has(name, Some(&literal.symbol)))
            }
            [Flat::Open { .. }, .., Flat::Close { .. }] => {
                let inner = range.start + 2..range.end - 1;
                let mut conditions = split_commas(flats, inner)
                    .into_iter()
                    .map(|piece| self.eval(flats, piece, depth));
                match name {
                    "all" => conditions.try_fold(true, |all, holds| Some(all & holds?)),
                    "any" => conditions.try_fold(false, |any, holds| Some(any | holds?)),
                    "not" => conditions.next()?.map(|holds| !holds),
                    _ => None,
                }
            }
            _ => None,
        }
    }
}

/// Deeper than any real condition.
const MAX_DEPTH: usize = 64;
