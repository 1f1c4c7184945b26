//! The names of macros and helper attributes: which are accepted, and how many.

/// The most names of one crate, those of its macros and of their helper attributes. The largest
/// real crates have some hundred.
pub(crate) const MAX_NAMES: usize = 64 << 10;
/// The most bytes that the names of one crate have together.
pub(crate) const MAX_NAME_BYTES: usize = 1 << 20;

/// The number and the size of the names that were read so far.
#[derive(Default)]
pub(crate) struct Names {
    count: usize,
    bytes: usize,
}

/// The limit that a name exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// [`MAX_NAMES`].
    TooMany,
    /// [`MAX_NAME_BYTES`].
    TooLong,
}

impl Names {
    /// Counts a name of this length, before anything is allocated for it.
    pub(crate) fn add(&mut self, len: usize) -> Result<(), Refusal> {
        self.count += 1;
        self.bytes = self.bytes.saturating_add(len);
        if self.count > MAX_NAMES {
            return Err(Refusal::TooMany);
        }
        if self.bytes > MAX_NAME_BYTES {
            return Err(Refusal::TooLong);
        }
        Ok(())
    }
}

/// Returns true if a text is an identifier as rustc keeps it: without `r#`, and so possibly a
/// keyword.
///
/// rustc accepts a keyword as a name if it can be raw, and the names of derives and helper
/// attributes only if they can be (`Symbol::can_be_raw`). The exceptions are `_` and the keywords
/// that a path can consist of. Rust forbids the joiners U+200C and U+200D in identifiers, which
/// newer tables of Unicode have among the characters that may continue one.
pub(crate) fn is_identifier(text: &str) -> bool {
    let mut chars = text.chars();
    let continues = |c| unicode_ident::is_xid_continue(c) && !matches!(c, '\u{200c}' | '\u{200d}');
    let starts = chars
        .next()
        .is_some_and(|c| c == '_' || unicode_ident::is_xid_start(c));
    let reserved = matches!(text, "_" | "self" | "Self" | "super" | "crate");
    starts && chars.all(continues) && !reserved
}

/// The start of a name, with everything escaped that isn't printable ASCII.
pub(crate) fn excerpt(name: &[u8]) -> String {
    const MOST: usize = 32;
    let start = &name[..name.len().min(MOST)];
    let mut text = match str::from_utf8(start) {
        Ok(text) => text.escape_default().to_string(),
        Err(_) => start.escape_ascii().to_string(),
    };
    if name.len() > MOST {
        text.push('…');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_identifiers() {
        let check = |text: &str, expect: bool| assert_eq!(is_identifier(text), expect, "{text:?}");
        for name in [
            "a", "__", "_1", "try", "dyn", "x1", "größe", "注釈", "e\u{301}",
        ] {
            check(name, true);
        }
        for other in [
            "", "1x", "a b", "a-b", "r#try", "a\u{a0}b", "a\u{85}", "\0", "\u{301}",
        ] {
            check(other, false);
        }
        for other in ["_", "self", "Self", "super", "crate", "$crate", "{{root}}"] {
            check(other, false);
        }
        // Characters that change what a terminal shows.
        for other in [
            "a\u{202e}b",
            "a\u{200d}b",
            "a\u{feff}",
            "a\u{1b}[2J",
            "\u{1f600}",
        ] {
            check(other, false);
        }
    }

    #[test]
    fn excerpts_are_short_and_printable() {
        assert_eq!(excerpt(b"a\nb"), r"a\nb");
        assert_eq!(excerpt("a\u{202e}".as_bytes()), r"a\u{202e}");
        assert_eq!(excerpt(b"\xff\x1b"), r"\xff\x1b");
        assert_eq!(excerpt(&[b'x'; 100]).chars().count(), 33);
    }

    #[test]
    fn names_are_counted() {
        let mut names = Names::default();
        for _ in 0..MAX_NAMES {
            assert_eq!(names.add(1), Ok(()));
        }
        assert_eq!(names.add(0), Err(Refusal::TooMany));
        let mut names = Names::default();
        assert_eq!(names.add(MAX_NAME_BYTES), Ok(()));
        assert_eq!(names.add(1), Err(Refusal::TooLong));
        assert_eq!(names.add(usize::MAX), Err(Refusal::TooLong));
    }
}
