//! The handle table of one expansion.
//!
//! The compiler numbers its objects upwards, with counters that other expansions may share. Each handle
//! that it sends to the macro is noted; each one that the macro sends must be noted and, if it gives the
//! object back, is noted no more.

use crate::MessageError;
use pm_abi::schema::{Access, HandleKind};

/// The most words in the table of a kind: 8 MiB, for 2²⁶ numbers between the first handle of an
/// expansion and its last. Counters that other expansions share run on, but not as far while one
/// expands.
const MAX_WORDS: usize = 1 << 20;

/// The handles that one expansion holds, and the saved spans that it may recover.
#[derive(Clone, Debug, Default)]
pub struct Handles {
    tables: [Table; HandleKind::ALL.len()],
    /// Set once the compiler has sent a literal that stands for an error.
    error_literal: bool,
    /// Set once the compiler has sent a literal with a text that rustc's lexer wouldn't give it.
    odd_literal: bool,
    /// The number of spans that the macro's crate saved, if it is known.
    quoted_spans: Option<u32>,
}

/// The handles of one kind: a bit for each number, in words of 64.
#[derive(Clone, Debug, Default)]
struct Table {
    /// The place of the first word that is kept.
    first: u32,
    held: Vec<u64>,
}

impl Handles {
    /// No handle yet: an expansion gets its first with its input.
    pub fn new() -> Handles {
        Handles::default()
    }

    /// The same, for a macro of a crate that saved this many spans by `proc_macro::quote!`. The
    /// macro may recover those alone: their numbers start at 0.
    ///
    /// `None`, as in [`Handles::new`], stands for an unknown number: that of a rustc whose tables
    /// aren't known (`pm_abi::metadata::quoted_spans`). Each number is then passed on, since the
    /// honest macros of such a rustc must work. The compiler panics at an invented one.
    pub fn with_quoted_spans(quoted_spans: Option<u32>) -> Handles {
        Handles {
            quoted_spans,
            ..Handles::default()
        }
    }

    /// Checks the number of a saved span that the macro wants to recover.
    ///
    /// # Errors
    ///
    /// [`MessageError::QuotedSpan`] for one that the crate doesn't have.
    pub(crate) fn recover(&self, number: u64) -> Result<(), MessageError> {
        match self.quoted_spans {
            Some(count) if number >= u64::from(count) => Err(MessageError::QuotedSpan(number)),
            _ => Ok(()),
        }
    }

    /// Notes that the compiler has sent a literal that stands for an error.
    pub(crate) fn receive_error_literal(&mut self) {
        self.error_literal = true;
    }

    /// Returns true if the compiler has sent a literal that stands for an error.
    pub(crate) fn has_error_literal(&self) -> bool {
        self.error_literal
    }

    /// Notes that the compiler has sent a literal with a text that rustc's lexer wouldn't give it.
    pub(crate) fn receive_odd_literal(&mut self) {
        self.odd_literal = true;
    }

    /// Returns true if the compiler has sent a literal with such a text.
    pub(crate) fn has_odd_literal(&self) -> bool {
        self.odd_literal
    }

    /// Notes a handle that the compiler sends to the macro.
    ///
    /// # Errors
    ///
    /// [`MessageError::Handle`] for a number that no counter can have reached.
    pub(crate) fn receive(&mut self, kind: HandleKind, handle: u32) -> Result<(), MessageError> {
        self.tables[kind as usize]
            .insert(handle)
            .ok_or(MessageError::Handle { kind, handle })
    }

    /// Checks a handle that the macro sends to the compiler; an owned one is given back.
    ///
    /// # Errors
    ///
    /// [`MessageError::Handle`] for one that the macro doesn't hold.
    pub(crate) fn send(
        &mut self,
        kind: HandleKind,
        access: Access,
        handle: u32,
    ) -> Result<(), MessageError> {
        let table = &mut self.tables[kind as usize];
        let is_held = match access {
            Access::Owned => table.remove(handle),
            Access::Borrowed | Access::Copied => table.contains(handle),
        };
        if is_held {
            return Ok(());
        }
        Err(MessageError::Handle { kind, handle })
    }
}

impl Table {
    /// The word and the bit of a handle, unless its word is before the first.
    fn place(&self, handle: u32) -> Option<(usize, u64)> {
        let word = (handle / 64).checked_sub(self.first)?;
        Some((word as usize, 1 << (handle % 64)))
    }

    fn insert(&mut self, handle: u32) -> Option<()> {
        let word = handle / 64;
        if self.held.is_empty() {
            self.first = word;
        }
        if word < self.first {
            // Counters run upwards, so this happens only where another expansion on another thread
            // was between the two.
            let words = (self.first - word) as usize;
            if words + self.held.len() > MAX_WORDS {
                return None;
            }
            self.held.splice(0..0, std::iter::repeat_n(0, words));
            self.first = word;
        }
        let (word, bit) = self.place(handle)?;
        if word >= MAX_WORDS {
            return None;
        }
        if word >= self.held.len() {
            self.held.resize(word + 1, 0);
        }
        self.held[word] |= bit;
        Some(())
    }

    fn contains(&self, handle: u32) -> bool {
        let held = self.place(handle);
        held.is_some_and(|(word, bit)| self.held.get(word).is_some_and(|held| held & bit != 0))
    }

    fn remove(&mut self, handle: u32) -> bool {
        let is_held = self.contains(handle);
        if let Some((word, bit)) = self.place(handle).filter(|_| is_held) {
            self.held[word] &= !bit;
        }
        is_held
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Access::{Borrowed, Copied, Owned};
    use HandleKind::{SourceFile, Span, TokenStream};

    fn refused(kind: HandleKind, handle: u32) -> Result<(), MessageError> {
        Err(MessageError::Handle { kind, handle })
    }

    #[test]
    fn owned_handles_are_given_back_once() {
        let mut handles = Handles::new();
        assert_eq!(
            handles.send(TokenStream, Borrowed, 10),
            refused(TokenStream, 10)
        );
        handles.receive(TokenStream, 10).unwrap();
        assert_eq!(handles.send(TokenStream, Borrowed, 10), Ok(()));
        assert_eq!(handles.send(TokenStream, Owned, 10), Ok(()));
        assert_eq!(
            handles.send(TokenStream, Owned, 10),
            refused(TokenStream, 10)
        );
        assert_eq!(
            handles.send(TokenStream, Borrowed, 10),
            refused(TokenStream, 10)
        );
        // An object of another kind has the same number.
        assert_eq!(handles.send(SourceFile, Owned, 10), refused(SourceFile, 10));
    }

    #[test]
    fn spans_stay() {
        let mut handles = Handles::new();
        for handle in [20, 21, 20] {
            handles.receive(Span, handle).unwrap();
        }
        for _ in 0..2 {
            assert_eq!(handles.send(Span, Copied, 20), Ok(()));
            assert_eq!(handles.send(Span, Copied, 21), Ok(()));
        }
        for unknown in [0, 19, 22, 84, u32::MAX] {
            assert_eq!(handles.send(Span, Copied, unknown), refused(Span, unknown));
        }
    }

    #[test]
    fn counters_that_others_share() {
        let mut handles = Handles::new();
        let given = [1000, 900, 5000, 899, 1001, 70_000];
        for handle in given {
            handles.receive(TokenStream, handle).unwrap();
        }
        for handle in 800..6000 {
            let expect = given.contains(&handle);
            let held = handles.send(TokenStream, Borrowed, handle).is_ok();
            assert_eq!(held, expect, "{handle}");
        }
        assert_eq!(handles.send(TokenStream, Owned, 70_000), Ok(()));
        // Not as far as a table of this size would reach.
        assert!(handles.receive(TokenStream, u32::MAX).is_err());
        let low = handles.receive(TokenStream, 1);
        assert_eq!(low.is_ok(), handles.send(TokenStream, Owned, 1).is_ok());
    }

    /// The first numbers of a counter, and numbers at both ends of it.
    #[test]
    fn numbers_out_of_order() {
        let mut handles = Handles::new();
        for handle in [50, 3, 130, 64, 1] {
            handles.receive(TokenStream, handle).unwrap();
        }
        for handle in 1..200 {
            let held = handles.send(TokenStream, Borrowed, handle).is_ok();
            assert_eq!(held, [50, 3, 130, 64, 1].contains(&handle), "{handle}");
        }
        for (first, second) in [(u32::MAX, 1), (1, u32::MAX)] {
            let mut handles = Handles::new();
            handles.receive(TokenStream, first).unwrap();
            assert_eq!(
                handles.receive(TokenStream, second),
                refused(TokenStream, second)
            );
            assert_eq!(handles.send(TokenStream, Owned, first), Ok(()));
        }
    }
}
