//! Showing where two texts differ.

use similar::{ChangeTag, TextDiff};
use std::fmt::Write as _;

/// The most lines of a difference that are shown.
const SHOWN: usize = 80;

/// The differing lines with their neighbours, `-` what was expected and `+` what is there.
pub fn diff(expected: &str, found: &str) -> String {
    let diff = TextDiff::from_lines(expected, found);
    let mut out = String::new();
    let mut lines = 0;
    for group in diff.grouped_ops(2) {
        let Some(first) = group.first() else { continue };
        _ = writeln!(out, "@@ line {} @@", first.old_range().start + 1);
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            if lines == SHOWN {
                out.push_str("… and more\n");
                return out;
            }
            lines += 1;
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            // Long lines are shown to their first difference and a little further at most.
            let text: String = change
                .value()
                .trim_end_matches('\n')
                .chars()
                .take(400)
                .collect();
            _ = writeln!(out, "{sign}{text}");
        }
    }
    out
}
