//! The number of spans that `proc_macro::quote!` saved in a crate.
//!
//! rustc numbers them from 0 and keeps them in the table `LazyTables::proc_macro_quoted_spans`,
//! which has a row for each. A macro asks for one by its number
//! (`Span::recover_proc_macro_span`), and rustc panics where the table has no such row.
//!
//! The tables have no names in the metadata, so the place of this one has to be known.

use super::tables::Placed;

/// The places of two tables in a release, counted from 0. `define_tables!` encodes all `defaulted`
/// tables first, and then all `optional` ones, each in the order of the source.
///
/// Source: `LazyTables` in rustc's `compiler/rustc_metadata/src/rmeta/mod.rs`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Order {
    /// The minor version: 96 for 1.96.
    minor: u32,
    /// The number of tables.
    tables: usize,
    /// The place of `proc_macro_quoted_spans`. `def_keys` is the table before it.
    quoted_spans: usize,
}

const fn order(minor: u32, tables: usize, quoted_spans: usize) -> Order {
    Order {
        minor,
        tables,
        quoted_spans,
    }
}

/// The releases whose source was read. The comments name the versions.
const ORDERS: [Order; 4] = [
    // rustc 1.85.1
    order(85, 75, 64),
    // rustc 1.96.0
    order(96, 80, 66),
    // rustc 1.97.1
    order(97, 80, 66),
    // rustc 1.98.1
    order(98, 79, 66),
];

/// The place of `def_path_hashes`, which is the fifth table in all of these releases.
const DEF_PATH_HASHES: usize = 4;

/// The most tables that are read beyond the last one. The crate root has some 30 numbers after its
/// tables, and three of them may read as one more table: the lengths of three empty arrays do.
const MAX_BEYOND: usize = 10;

impl Order {
    /// The order of a release, by its version string. `None` for other releases, and for all
    /// nightly, beta and development versions.
    pub(super) fn of_rustc(version: &str) -> Option<Order> {
        let number = version.strip_prefix("rustc 1.")?;
        let (number, _) = number.split_once(' ').unwrap_or((number, ""));
        let (minor, patch) = number.split_once('.')?;
        let (minor, _): (u32, u32) = (minor.parse().ok()?, patch.parse().ok()?);
        ORDERS.into_iter().find(|order| order.minor == minor)
    }

    /// The number of saved spans in these tables. `None` if they aren't in this order: a vendor's
    /// rustc may have other tables than the release.
    ///
    /// The order is proved by the number of tables and by two others: `def_keys` has rows for the
    /// same definitions as `def_path_hashes`, and lies before the table of spans. That one has no
    /// empty row.
    pub(super) fn count(self, tables: &Placed<'_>) -> Option<u32> {
        let beyond = tables.count().checked_sub(self.tables)?;
        if beyond > MAX_BEYOND {
            return None;
        }
        let set = |place| Some(tables.table(place)?.map(|row| row.is_set()));
        if !set(self.quoted_spans - 1)?.eq(set(DEF_PATH_HASHES)?) {
            return None;
        }
        let mut spans = set(self.quoted_spans)?;
        let count = spans.len();
        if !spans.all(|is_set| is_set) {
            return None;
        }
        u32::try_from(count).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_known_by_their_version() {
        let check = |version: &str, expect: Option<u32>| {
            let minor = Order::of_rustc(version).map(|order| order.minor);
            assert_eq!(minor, expect, "{version}");
        };
        check("rustc 1.85.1 (4eb161250 2025-03-15)", Some(85));
        check("rustc 1.96.0", Some(96));
        check("rustc 1.96.1 (x) (built from a source tarball)", Some(96));
        check("rustc 1.97.1 (x)", Some(97));
        check("rustc 1.98.1 (x)", Some(98));
        for unknown in [
            "rustc 1.86.0 (x)",
            "rustc 1.95.0 (x)",
            "rustc 1.99.0 (x)",
            "rustc 1.96.0-nightly (x)",
            "rustc 1.96.0-beta.2 (x)",
            "rustc 1.96.0-dev",
            "rustc 1.96 (x)",
            "rustc 1.960.0",
            "rustc 2.96.0",
            "rustc",
        ] {
            check(unknown, None);
        }
    }
}
