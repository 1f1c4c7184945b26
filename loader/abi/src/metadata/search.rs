//! The search for the list of macros, from the crate root outwards. See the parent module for why
//! its result can be trusted.

use super::reader::{Reader, STR_SENTINEL};
use super::tables::Tables;
use super::{MAX_COUNT, MacroInfo};
use crate::declaration::MacroKind;
use std::cell::Cell;

/// Fields that may come to lie between `ProcMacroData` and the tables, as long as they are empty
/// arrays, `None` or booleans.
const MAX_GAP: usize = 16;
/// The list has a few bytes for each macro: two LEB128 numbers.
const MACRO_BYTES: std::ops::RangeInclusive<usize> = 2..=15;
/// The tables that point between a macro's kind and the next macro's: `def_keys`,
/// `def_ident_span`, `def_span` and `visibility`. One fewer, and the `DefKey` could pass for the
/// kind: its symbol has the bytes of a derive, and `def_ident_span` points to the byte after it.
const MIN_ROWS: usize = 4;

/// The metadata, and its parts.
pub(super) struct Search<'a> {
    pub(super) bytes: &'a [u8],
    /// The first byte after the header.
    pub(super) start: usize,
    /// The crate root's first byte.
    pub(super) root: usize,
    /// The first byte after the crate root.
    pub(super) end: usize,
    pub(super) count: usize,
    pub(super) budget: &'a Cell<usize>,
}

/// A place in the crate root that may be `ProcMacroData`, with the tables after it.
struct Reference {
    /// The offset of the place.
    at: usize,
    /// The distance to the list, or, if that is empty, to the first table.
    distance: usize,
    /// The bytes from the list to the first table.
    len: usize,
    tables: Tables,
}

/// The result of a search.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    Nothing,
    One(Vec<MacroInfo>),
    Several,
}

/// A macro, its index in the tables, and the bytes of its kind.
struct Listed {
    info: MacroInfo,
    def_index: usize,
    start: usize,
    end: usize,
}

impl<'a> Search<'a> {
    pub(super) fn run(&self) -> Found {
        let mut found: Option<(usize, Vec<MacroInfo>)> = None;
        for at in self.root..self.end {
            let Some(reference) = self.reference(at) else {
                continue;
            };
            for position in self.positions(&reference) {
                let macros = match &found {
                    Some((known, _)) if *known == position => continue,
                    _ => self.macros(position, &reference),
                };
                match (macros, &found) {
                    (None, _) => {}
                    (Some(macros), None) => found = Some((position, macros)),
                    // A list without elements has no position that could differ.
                    (Some(macros), Some(_)) if macros.is_empty() => {}
                    (Some(_), Some(_)) => return Found::Several,
                }
            }
        }
        found.map_or(Found::Nothing, |(_, macros)| Found::One(macros))
    }

    fn reader(&self, at: usize) -> Reader<'a> {
        Reader::new(self.bytes, at, self.budget)
    }

    /// `Some(ProcMacroData { proc_macro_decls_static, stability: None, macros })`, then tables.
    fn reference(&self, at: usize) -> Option<Reference> {
        let mut reader = self.reader(at);
        if reader.byte()? != 1 || reader.number()? == 0 || reader.byte()? != 0 {
            return None;
        }
        if reader.number()? != self.count {
            return None;
        }
        let distance = match self.count {
            0 => None,
            _ => Some(reader.number()?),
        };
        for gap in 0..=MAX_GAP {
            let mut tables = reader.clone();
            if let Some((first, tables)) = Tables::read(&mut tables, self.end)
                && (distance.is_none() || self.may_be_list(first))
            {
                return Some(Reference {
                    at,
                    distance: distance.unwrap_or(first),
                    len: distance.map_or(0, |_| first),
                    tables,
                });
            }
            // An empty array, `None`, or a boolean.
            if gap == MAX_GAP || reader.byte()? > 1 {
                break;
            }
        }
        None
    }

    fn may_be_list(&self, len: usize) -> bool {
        let (least, most) = (MACRO_BYTES.start(), MACRO_BYTES.end());
        (self.count * least..=self.count * most).contains(&len)
    }

    /// The possible positions of the list: before the root by its distance, if it is the first array
    /// in the root that isn't empty, or after an array that another distance in the root leads to.
    fn positions(&self, reference: &Reference) -> impl Iterator<Item = usize> {
        let root = self.root;
        let distance = reference.distance;
        let direct = root.checked_sub(distance);
        let after_another = (root..reference.at).filter_map(move |at| {
            let before = self.reader(at).number().filter(|before| *before > 0)?;
            root.checked_sub(before)?.checked_add(distance)
        });
        direct.into_iter().chain(after_another)
    }

    /// The macros, if they are listed at `position` and everything about them fits.
    fn macros(&self, position: usize, reference: &Reference) -> Option<Vec<MacroInfo>> {
        let first_table = position.checked_add(reference.len)?;
        if position < self.start || first_table + reference.tables.len() > self.root {
            return None;
        }
        let tables = reference.tables.at(self.bytes, first_table);
        let listed = self.list(position, first_table)?;
        for (index, item) in listed.iter().enumerate() {
            let next = listed.get(index + 1).map_or(position, |next| next.start);
            let rows = || tables.rows(item.def_index);
            let left = self.budget.get();
            self.budget
                .set(left.saturating_sub(reference.tables.count()));
            let after = rows().any(|row| row.is(item.end));
            let inside = rows().filter(|row| row.is_between(item.end, next));
            if !after || inside.take(MIN_ROWS).count() < MIN_ROWS {
                return None;
            }
        }
        if listed.is_empty() {
            // The crate's own records, which a crate without macros has too.
            let inside = tables
                .rows(0)
                .filter(|row| row.is_between(self.start, position));
            if inside.take(MIN_ROWS).count() < MIN_ROWS {
                return None;
            }
        }
        Some(listed.into_iter().map(|listed| listed.info).collect())
    }

    /// The array of `(DefIndex, LazyValue<ProcMacroKind>)` that fills the bytes `from..to`.
    fn list(&self, from: usize, to: usize) -> Option<Vec<Listed>> {
        let mut reader = self.reader(from);
        let mut listed: Vec<Listed> = Vec::new();
        for _ in 0..self.count {
            let def_index = reader.number()?;
            let distance = reader.number()?;
            let (start, least) = match listed.last() {
                None => (from.checked_sub(distance)?, self.start),
                Some(last) => (last.start.checked_add(distance)?, last.end),
            };
            if def_index == 0 || start < least {
                return None;
            }
            let mut kind = Reader::new(self.bytes.get(..from)?, start, self.budget);
            let info = macro_kind(&mut kind)?;
            if info.kind == MacroKind::Attr && self.is_tail(least, start) {
                return None;
            }
            listed.push(Listed {
                info,
                def_index,
                start,
                end: kind.at,
            });
        }
        (reader.at == to).then_some(listed)
    }

    /// Returns true if an attribute macro at `start` is in fact the end of a derive with one helper
    /// attribute: the number 1 and the helper's name are the bytes of an attribute macro.
    fn is_tail(&self, least: usize, start: usize) -> bool {
        let before = &self.bytes[least..start];
        let name_ends_at_start = |at: usize| {
            let mut reader = self.reader(at + 1);
            reader.name().is_some() && reader.at == start
        };
        before.last() == Some(&STR_SENTINEL)
            && (least..start)
                .filter(|at| self.bytes[*at] == 0)
                .any(name_ends_at_start)
    }
}

/// A `ProcMacroKind`.
fn macro_kind(reader: &mut Reader<'_>) -> Option<MacroInfo> {
    let kind = match reader.byte()? {
        0 => MacroKind::Derive,
        1 => MacroKind::Attr,
        2 => MacroKind::Bang,
        _ => return None,
    };
    let name = reader.name()?.to_owned();
    let mut attributes = Vec::new();
    if kind == MacroKind::Derive {
        let count = reader.number().filter(|count| *count <= MAX_COUNT)?;
        for _ in 0..count {
            attributes.push(reader.name()?.to_owned());
        }
    }
    Some(MacroInfo {
        kind,
        name,
        attributes,
    })
}
