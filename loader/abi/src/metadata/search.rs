//! The search for the list of macros, from the crate root outwards. See the parent module for why
//! its result can be trusted.

use super::reader::{Reader, STR_SENTINEL};
use super::tables::Tables;
use super::{MAX_COUNT, MacroInfo};
use crate::declaration::MacroKind;
use crate::name::Names;
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

/// The form of the list.
#[derive(Clone, Copy)]
pub(super) enum Form<'a> {
    /// Since 1.98: for each macro its `DefIndex` and the distance of its `ProcMacroKind`.
    Named,
    /// Up to 1.97: for each macro its `DefIndex`. These are the kinds that they must have.
    Unnamed(&'a [MacroKind]),
}

/// The most bytes of a string's length in LEB128.
const MAX_LEN_BYTES: usize = 10;

/// The metadata, and its parts.
pub(super) struct Search<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) form: Form<'a>,
    /// The first byte after the header.
    pub(super) start: usize,
    /// The crate root's first byte.
    pub(super) root: usize,
    /// The first byte after the crate root.
    pub(super) end: usize,
    pub(super) count: usize,
    pub(super) budget: &'a Cell<usize>,
    /// Set if a list has more names than are accepted.
    pub(super) excess: &'a Cell<bool>,
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
pub(super) enum Found {
    Nothing,
    One(Listing),
    Several,
}

/// The list of macros, and the tables that prove it.
pub(super) struct Listing {
    /// The macros; empty if they were searched by their kinds.
    pub(super) macros: Vec<MacroInfo>,
    pub(super) tables: Tables,
    /// The offset of the first table.
    pub(super) first_table: usize,
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
        let mut found: Option<(usize, Listing)> = None;
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
                    (Some(macros), None) => {
                        let listing = Listing {
                            macros,
                            tables: reference.tables.clone(),
                            first_table: position + reference.len,
                        };
                        found = Some((position, listing));
                    }
                    // A list without elements has no position that could differ.
                    (Some(_), Some(_)) if self.count == 0 => {}
                    (Some(_), Some(_)) => return Found::Several,
                }
            }
        }
        found.map_or(Found::Nothing, |(_, listing)| Found::One(listing))
    }

    /// Takes this much work from the budget. `None` if less is left.
    fn charge(&self, work: usize) -> Option<()> {
        let left = self.budget.get().checked_sub(work);
        self.budget.set(left.unwrap_or(0));
        left.map(drop)
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

    /// Returns true if this many bytes from the list to the first table can be the list, or, where
    /// the records follow it, the list and they.
    fn may_be_list(&self, len: usize) -> bool {
        if let Form::Unnamed(_) = self.form {
            return len >= self.count;
        }
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
        let end = first_table.checked_add(reference.tables.len())?;
        if position < self.start || end > self.root {
            return None;
        }
        let tables = reference.tables.at(self.bytes, first_table);
        if let Form::Unnamed(kinds) = self.form
            && !kinds.is_empty()
        {
            self.unnamed(position, first_table, reference, kinds)?;
            return Some(Vec::new());
        }
        let listed = self.list(position, first_table)?;
        for (index, item) in listed.iter().enumerate() {
            let next = listed.get(index + 1).map_or(position, |next| next.start);
            let rows = || tables.rows(item.def_index);
            self.charge(2 * reference.tables.count())?;
            let after = rows().any(|row| row.is(item.end));
            let inside = rows().filter(|row| row.is_between(item.end, next));
            if !after || inside.take(MIN_ROWS).count() < MIN_ROWS {
                return None;
            }
        }
        if listed.is_empty() {
            // The crate's own records, which a crate without macros has too.
            self.charge(reference.tables.count())?;
            let inside = tables
                .rows(0)
                .filter(|row| row.is_between(self.start, position));
            if inside.take(MIN_ROWS).count() < MIN_ROWS {
                return None;
            }
        }
        Some(listed.into_iter().map(|listed| listed.info).collect())
    }

    /// The array of `DefIndex` at `position`, if its macros have these kinds and the records lie
    /// between it and the first table.
    fn unnamed(
        &self,
        position: usize,
        first_table: usize,
        reference: &Reference,
        kinds: &[MacroKind],
    ) -> Option<()> {
        let mut reader = self.reader(position);
        let mut rows = Vec::new();
        for kind in kinds {
            rows.push((reader.number().filter(|index| *index > 0)?, kind_row(*kind)));
        }
        let tables = reference.tables.at(self.bytes, first_table);
        for (def_index, _) in &rows {
            self.charge(reference.tables.count())?;
            let records = tables.rows(*def_index);
            let inside = records.filter(|row| row.is_between(reader.at, first_table));
            if inside.take(MIN_ROWS).count() < MIN_ROWS {
                return None;
            }
        }
        rows.sort_unstable();
        self.charge(reference.tables.len())?;
        tables.has_bytes(&rows).then_some(())
    }

    /// The array of `(DefIndex, LazyValue<ProcMacroKind>)` that fills the bytes `from..to`.
    fn list(&self, from: usize, to: usize) -> Option<Vec<Listed>> {
        let mut reader = self.reader(from);
        let mut listed: Vec<Listed> = Vec::new();
        let mut names = Names::default();
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
            for name in [&info.name].into_iter().chain(&info.attributes) {
                if names.add(name.len()).is_err() {
                    self.excess.set(true);
                    return None;
                }
            }
            if info.kind == MacroKind::Attr && self.is_tail(least, start)? {
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
    /// attribute: the number 1 and the helper's name are the bytes of an attribute macro. `None` if
    /// the budget is too small to tell.
    ///
    /// It looks at each byte since the macro before. Lists that start at many positions can lead to
    /// one attribute macro, so this is charged: for a list at most the bytes before it.
    fn is_tail(&self, least: usize, start: usize) -> Option<bool> {
        let before = &self.bytes[least..start];
        if before.last() != Some(&STR_SENTINEL) {
            return Some(false);
        }
        self.charge(before.len())?;
        let name_ends_at_start = |at: usize| {
            let mut reader = self.reader(at + 1);
            let len = reader.clone().number()?;
            // Most zeros aren't followed by a length that fits; no other name is read.
            let longest = start - at - 1;
            if len >= longest || longest - len > MAX_LEN_BYTES + 1 {
                return None;
            }
            reader.name().filter(|_| reader.at == start).map(drop)
        };
        let tail = (least..start)
            .filter(|at| self.bytes[*at] == 0)
            .any(|at| name_ends_at_start(at).is_some());
        Some(tail)
    }
}

/// The row of a macro in the table `proc_macro`: the place of its `MacroKind`, counted from 1, in
/// rustc's `fixed_size_enum!` (`rustc_metadata/src/rmeta/table.rs`).
fn kind_row(kind: MacroKind) -> u8 {
    match kind {
        MacroKind::Attr => 1,
        MacroKind::Bang => 2,
        MacroKind::Derive => 3,
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
