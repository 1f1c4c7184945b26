//! A bounds-checked reader of rustc's serialisation: LEB128 numbers and strings.
//!
//! Source: `rustc_serialize::{leb128, opaque, serialize}`.

use crate::name::is_identifier;
use std::cell::Cell;

/// The byte after each string. It occurs in no UTF-8 text.
pub(super) const STR_SENTINEL: u8 = 0xc1;

/// A position in the metadata, and the number of bytes that may still be read.
///
/// Everything that is tried on one blob shares the budget, which bounds the work on hostile bytes.
#[derive(Clone)]
pub(super) struct Reader<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) at: usize,
    budget: &'a Cell<usize>,
}

impl<'a> Reader<'a> {
    pub(super) fn new(bytes: &'a [u8], at: usize, budget: &'a Cell<usize>) -> Self {
        Self { bytes, at, budget }
    }

    pub(super) fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let left = self.budget.get().checked_sub(len);
        self.budget.set(left.unwrap_or(0));
        left?;
        let taken = self.bytes.get(self.at..)?.get(..len)?;
        self.at += len;
        Some(taken)
    }

    pub(super) fn byte(&mut self) -> Option<u8> {
        self.take(1).map(|taken| taken[0])
    }

    /// A number in the shortest LEB128 form, the only one that rustc writes.
    pub(super) fn number(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let part = u64::from(byte & 0x7f);
            if part << shift >> shift != part {
                return None;
            }
            value |= part << shift;
            if byte & 0x80 == 0 {
                let shortest = byte != 0 || shift == 0;
                return usize::try_from(value).ok().filter(|_| shortest);
            }
        }
        None
    }

    /// The name of a macro or of a helper attribute.
    pub(super) fn name(&mut self) -> Option<&'a str> {
        let len = self.number()?;
        let text = self.take(len)?;
        if self.byte()? != STR_SENTINEL {
            return None;
        }
        std::str::from_utf8(text)
            .ok()
            .filter(|name| is_identifier(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reader<'a>(bytes: &'a [u8], budget: &'a Cell<usize>) -> Reader<'a> {
        Reader::new(bytes, 0, budget)
    }

    #[test]
    fn numbers_have_one_form() {
        let check = |bytes: &[u8], expect: Option<usize>| {
            let budget = Cell::new(100);
            assert_eq!(reader(bytes, &budget).number(), expect, "{bytes:x?}");
        };
        check(&[0], Some(0));
        check(&[0x7f], Some(127));
        check(&[0xeb, 3], Some(491));
        check(&[0x80, 0], None);
        check(&[0x80], None);
        check(&[], None);
        check(&[0xff; 11], None);
        let mut most = [0xff; 10];
        most[9] = 1;
        check(&most, usize::try_from(u64::MAX).ok());
        most[9] = 2;
        check(&most, None);
    }

    #[test]
    fn names_are_identifiers() {
        let budget = Cell::new(100);
        assert_eq!(reader(b"\x03abc\xc1", &budget).name(), Some("abc"));
        assert_eq!(reader(b"\x03abc\xc2", &budget).name(), None);
        assert_eq!(reader(b"\x03abc", &budget).name(), None);
        assert_eq!(reader(b"\x02\xc3\x28\xc1", &budget).name(), None);
        assert_eq!(reader(b"\x03a-b\xc1", &budget).name(), None);
    }

    #[test]
    fn the_budget_ends_the_reading() {
        let budget = Cell::new(2);
        let mut reader = reader(b"abc", &budget);
        assert_eq!(reader.byte(), Some(b'a'));
        assert_eq!(reader.take(2), None);
        assert_eq!((reader.byte(), budget.get()), (None, 0));
    }
}
