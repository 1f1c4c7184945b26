//! The tables of the metadata (`LazyTables`): from each definition's index to its records.

use super::reader::Reader;

/// The fewest tables that are taken for rustc's. rustc 1.85 has 75, 1.98 has 79.
const MIN_TABLES: usize = 32;
const MAX_TABLES: usize = 512;
/// The widest row, an `Option<LazyArray<_>>`.
const MAX_WIDTH: usize = 16;

/// The shapes of the tables, which lie side by side without a gap.
#[derive(Clone)]
pub(super) struct Tables {
    shapes: Vec<Shape>,
    len: usize,
}

#[derive(Clone, Copy)]
struct Shape {
    width: usize,
    rows: usize,
    offset: usize,
}

impl Tables {
    /// Reads as many tables as there are in the crate root, and the first one's distance.
    ///
    /// Each is encoded as its row's width, the number of rows, and the distance from the table
    /// before, which is that table's size.
    pub(super) fn read(reader: &mut Reader<'_>, max_len: usize) -> Option<(usize, Self)> {
        let mut shapes = Vec::new();
        let mut first = None;
        let (mut offset, mut size) = (0, 0);
        while shapes.len() < MAX_TABLES {
            let mut next = || Some((reader.number()?, reader.number()?, reader.number()?));
            let Some((width, rows, distance)) = next() else {
                break;
            };
            if width > MAX_WIDTH || rows > max_len || (width == 0) != (rows == 0) {
                break;
            }
            match first {
                None if distance == 0 => return None,
                None => first = Some(distance),
                Some(_) if distance == size => {}
                Some(_) => break,
            }
            offset += size;
            size = width * rows;
            shapes.push(Shape {
                width,
                rows,
                offset,
            });
        }
        let len = offset + size;
        (shapes.len() >= MIN_TABLES && len <= max_len).then_some((first?, Self { shapes, len }))
    }

    /// The size of all tables in bytes.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The number of tables.
    pub(super) fn count(&self) -> usize {
        self.shapes.len()
    }

    /// The tables with their bytes, which start at `first`.
    pub(super) fn at<'a>(&'a self, bytes: &'a [u8], first: usize) -> Placed<'a> {
        Placed {
            shapes: &self.shapes,
            bytes: bytes.get(first..).unwrap_or_default(),
        }
    }
}

/// Tables with their bytes.
pub(super) struct Placed<'a> {
    shapes: &'a [Shape],
    bytes: &'a [u8],
}

impl<'a> Placed<'a> {
    /// The number of tables.
    pub(super) fn count(&self) -> usize {
        self.shapes.len()
    }

    /// All rows of the table at this place, counted from 0.
    pub(super) fn table(&self, place: usize) -> Option<impl ExactSizeIterator<Item = Row<'a>>> {
        let shape = *self.shapes.get(place)?;
        let bytes = self.bytes.get(shape.offset..)?;
        let bytes = bytes.get(..shape.width * shape.rows)?;
        // A table without rows has the width 0.
        Some(bytes.chunks_exact(shape.width.max(1)).map(Row))
    }

    /// A definition's row in each table that has one.
    pub(super) fn rows(&self, def_index: usize) -> impl Iterator<Item = Row<'a>> {
        let bytes = self.bytes;
        self.shapes.iter().filter_map(move |shape| {
            let index = Some(def_index).filter(|index| *index < shape.rows)?;
            let row = bytes.get(shape.offset + index * shape.width..)?;
            row.get(..shape.width).map(Row)
        })
    }
}

impl Placed<'_> {
    /// Returns true if there is a table of bytes with exactly these rows, which are sorted by their
    /// index; all its other rows are 0.
    pub(super) fn has_bytes(&self, rows: &[(usize, u8)]) -> bool {
        self.shapes
            .iter()
            .filter(|shape| shape.width == 1)
            .any(|shape| {
                let table = self.bytes.get(shape.offset..).unwrap_or_default();
                let table = table.get(..shape.rows).unwrap_or_default();
                let set = table
                    .iter()
                    .copied()
                    .enumerate()
                    .filter(|(_, row)| *row != 0);
                set.eq(rows.iter().copied())
            })
    }
}

/// A row of a table.
pub(super) struct Row<'a>(&'a [u8]);

impl Row<'_> {
    /// Returns true if the row isn't the default, which is all zeros.
    pub(super) fn is_set(&self) -> bool {
        self.0.iter().any(|byte| *byte != 0)
    }

    /// Returns true if the row refers to this position, as a `LazyValue` (the position alone) or as a
    /// `LazyArray` (the bytes of the position and of the length in turn).
    pub(super) fn is(&self, position: usize) -> bool {
        let is = |bytes: &mut dyn Iterator<Item = &u8>| little_endian(bytes) == Some(position);
        is(&mut self.0.iter()) || is(&mut self.0.iter().step_by(2))
    }

    /// Returns true if the row refers to a `LazyValue` in this range.
    pub(super) fn is_between(&self, from: usize, to: usize) -> bool {
        little_endian(&mut self.0.iter()).is_some_and(|position| (from..to).contains(&position))
    }
}

fn little_endian(bytes: &mut dyn Iterator<Item = &u8>) -> Option<usize> {
    let mut value = 0u64;
    for (index, byte) in bytes.enumerate() {
        match index {
            0..8 => value |= u64::from(*byte) << (8 * index),
            _ if *byte == 0 => {}
            _ => return None,
        }
    }
    usize::try_from(value).ok()
}
