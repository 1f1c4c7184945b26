//! Attributes, as tokens.

use crate::cfg::CfgSet;
use crate::flat::{Flat, split_commas};
use pm_server::protocol::Delimiter;
use std::ops::Range;

/// `#[path args]`
#[derive(Clone, Debug)]
pub(crate) struct Attribute {
    /// All of it.
    pub(crate) range: Range<usize>,
    /// Path and arguments.
    pub(crate) meta: Meta,
}

/// `path args`
#[derive(Clone, Debug)]
pub(crate) struct Meta {
    pub(crate) range: Range<usize>,
    path: Range<usize>,
    args: Args,
}

#[derive(Clone, Debug)]
enum Args {
    None,
    /// What is between the delimiters.
    List(Range<usize>),
    /// What is after the `=`.
    Value(Range<usize>),
}

impl Attribute {
    /// The outer attribute at a range. `None` for documentation, and for inner attributes.
    pub(crate) fn new(flats: &[Flat], range: Range<usize>) -> Option<Self> {
        match &flats[range.clone()] {
            [
                pound,
                Flat::Open {
                    delimiter: Delimiter::Bracket,
                    ..
                },
                ..,
                Flat::Close { .. },
            ] if pound.is_op("#") => {
                let meta = Meta::new(flats, range.start + 2..range.end - 1)?;
                Some(Attribute { range, meta })
            }
            _ => None,
        }
    }

    /// What a `cfg_attr` comes to: the attributes for which it stands, with its own `#` and
    /// brackets; nothing if its condition doesn't hold. `None` for other attributes.
    pub(crate) fn conditional(&self, flats: &[Flat], cfgs: &CfgSet) -> Option<Vec<Flat>> {
        if self.meta.name(flats) != Some("cfg_attr") {
            return None;
        }
        let pieces = split_commas(flats, self.meta.list()?);
        let (condition, attributes) = pieces.split_first()?;
        if !cfgs.holds(flats, condition.clone()) {
            return Some(Vec::new());
        }
        let Range { start, end } = self.range;
        Some(
            attributes
                .iter()
                .flat_map(|piece| {
                    let content = flats[piece.clone()].iter().cloned();
                    let around = [flats[start].clone(), flats[start + 1].clone()];
                    around
                        .into_iter()
                        .chain(content)
                        .chain([flats[end - 1].clone()])
                })
                .collect(),
        )
    }

    /// The metas that it stands for: its own, or those in a `cfg_attr` whose condition holds.
    pub(crate) fn metas(&self, flats: &[Flat], cfgs: &CfgSet) -> Vec<Meta> {
        let mut metas = Vec::new();
        let mut pending = vec![self.meta.clone()];
        while let Some(meta) = pending.pop() {
            let Some(list) = meta.list().filter(|_| meta.name(flats) == Some("cfg_attr")) else {
                metas.push(meta);
                continue;
            };
            let pieces = split_commas(flats, list);
            if let Some((condition, attributes)) = pieces.split_first()
                && cfgs.holds(flats, condition.clone())
            {
                let inner = attributes
                    .iter()
                    .filter_map(|piece| Meta::new(flats, piece.clone()));
                pending.extend(inner.rev());
            }
        }
        metas
    }

    /// Whether it is a condition that doesn't hold.
    pub(crate) fn excludes(&self, flats: &[Flat], cfgs: &CfgSet) -> bool {
        self.metas(flats, cfgs).iter().any(|meta| {
            let condition = meta.list().filter(|_| meta.name(flats) == Some("cfg"));
            condition.is_some_and(|range| !cfgs.holds(flats, range))
        })
    }
}

impl Meta {
    fn new(flats: &[Flat], range: Range<usize>) -> Option<Self> {
        let mut end = range.start;
        while end < range.end && (flats[end].is_op("::") || flats[end].ident().is_some()) {
            end += 1;
        }
        if end == range.start {
            return None;
        }
        let args = match &flats[end..range.end] {
            [] => Args::None,
            [eq, ..] if eq.is_op("=") => Args::Value(end + 1..range.end),
            [Flat::Open { .. }, .., Flat::Close { .. }] => Args::List(end + 1..range.end - 1),
            _ => return None,
        };
        Some(Meta {
            path: range.start..end,
            range,
            args,
        })
    }

    /// The last segment of the path, and whether it is the only one.
    pub(crate) fn last<'a>(&self, flats: &'a [Flat]) -> Option<(&'a str, bool)> {
        last_segment(flats, self.path.clone())
    }

    /// The path, if it is one name.
    pub(crate) fn name<'a>(&self, flats: &'a [Flat]) -> Option<&'a str> {
        self.last(flats).filter(|last| last.1).map(|last| last.0)
    }

    /// What is between the delimiters.
    pub(crate) fn list(&self) -> Option<Range<usize>> {
        match &self.args {
            Args::List(range) => Some(range.clone()),
            Args::None | Args::Value(_) => None,
        }
    }

    /// What an attribute macro gets.
    pub(crate) fn args(&self) -> Range<usize> {
        match &self.args {
            Args::None => self.range.end..self.range.end,
            Args::List(range) | Args::Value(range) => range.clone(),
        }
    }
}

/// The last segment of a path, and whether it is the only one; or nothing where the path begins with
/// the name of one of std's crates, which have macros of the same names as others (`test`).
pub(crate) fn last_segment(flats: &[Flat], path: Range<usize>) -> Option<(&str, bool)> {
    let single = path.len() == 1;
    let segments = &flats[path];
    let first = segments.iter().find_map(Flat::ident)?;
    let last = segments.last()?.ident()?;
    (single || !is_std(first)).then_some((last, single))
}

/// Whether a crate is one of std's.
pub(crate) fn is_std(name: &str) -> bool {
    ["alloc", "core", "std"].contains(&name)
}
