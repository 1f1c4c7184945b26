//! Edits that change a message or what lies in memory: the error names the item and the difference.

use super::Tree;

/// The lines of one case.
#[derive(Default)]
struct Case<'a> {
    line: usize,
    sources: &'a str,
    /// The files, and the lines that are replaced and that replace them.
    edits: Vec<(&'a str, Vec<&'a str>, Vec<&'a str>)>,
    error: &'a str,
}

impl<'a> Case<'a> {
    fn parse(line: usize, text: &'a str) -> Self {
        let mut case = Case {
            line,
            ..Case::default()
        };
        for line in text.lines() {
            let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
            match (mark, case.edits.last_mut()) {
                ("-", Some((_, from, _))) => from.push(rest),
                ("+", Some((_, _, to))) => to.push(rest),
                ("=", _) => case.error = rest,
                (file, Some(_)) => case.edits.push((file, Vec::new(), Vec::new())),
                (sources, None) => {
                    case.sources = sources;
                    case.edits.push((rest, Vec::new(), Vec::new()));
                }
            }
        }
        case
    }

    fn tree(&self) -> Tree {
        let mut tree = match self.sources {
            "flat" => Tree::flat(),
            "counters" => Tree::flat_with_counters(),
            "grouped" => Tree::grouped(),
            other => panic!("line {}: unknown sources `{other}`", self.line),
        };
        for (file, from, to) in &self.edits {
            tree = tree.with(file, &from.join("\n"), &to.join("\n"));
        }
        tree
    }
}

#[test]
fn refused_edits() {
    let text = include_str!("refused.txt");
    let mut line = 1;
    let mut wrong = Vec::new();
    for block in text.split("\n\n") {
        if !block.starts_with('#') {
            let case = Case::parse(line, block);
            let found = case.tree().refusal();
            let found = found.replace("library/proc_macro/src/bridge/", "…/");
            if found != case.error {
                wrong.push(format!("line {}: {found}", case.line));
            }
        }
        line += block.lines().count() + 1;
    }
    assert!(wrong.is_empty(), "other errors:\n{}", wrong.join("\n"));
}

#[test]
fn missing_file() {
    let mut tree = Tree::flat();
    tree.0.remove("bridge/symbol.rs");
    assert_eq!(tree.refusal(), "rustc's sources can't be read");
}
