//! Reads the dep-info file that rustc writes: which sources and variables went into a unit. And writes
//! one, where rustc didn't run.

use std::path::Path;

/// The sources and the environment of a unit.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct DepInfo {
    /// As rustc names them, so relative to its working directory or absolute.
    pub(crate) sources: Vec<String>,
    /// `NAME=value` where the variable was set, else `NAME`, as rustc escaped it.
    pub(crate) variables: Vec<String>,
}

impl DepInfo {
    pub(crate) fn parse(text: &str) -> Self {
        let mut found = Self::default();
        for line in text.lines() {
            if let Some(variable) = line.strip_prefix("# env-dep:") {
                found.variables.push(variable.to_owned());
            } else if line.starts_with('#') {
                // Checksums and what later versions add.
            } else if let Some(source) = line.strip_suffix(':') {
                // Each source has an empty rule of its own, so that make survives its removal.
                found.sources.push(source.replace("\\ ", " "));
            }
        }
        found.sources.sort();
        found.sources.dedup();
        found
    }

    /// The file's text, for `targets`.
    pub(crate) fn write(&self, targets: &[&Path]) -> String {
        let escape = |path: &str| path.replace(' ', "\\ ");
        let sources: Vec<_> = self.sources.iter().map(|source| escape(source)).collect();
        let mut lines = Vec::new();
        for target in targets {
            let target = escape(&target.to_string_lossy());
            lines.push(format!("{target}: {}\n", sources.join(" ")));
        }
        lines.extend(sources.iter().map(|source| format!("{source}:")));
        lines.push(String::new());
        let variables = self.variables.iter();
        lines.extend(variables.map(|variable| format!("# env-dep:{variable}")));
        lines.join("\n") + "\n"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_and_variables() {
        let text = "/t/a-1.d: src/lib.rs src/with\\ space.rs\n\n/t/liba-1.rlib: src/lib.rs \
                    src/with\\ space.rs\n\nsrc/lib.rs:\nsrc/with\\ space.rs:\n\n\
                    # env-dep:OUT_DIR=/t/out\n# env-dep:UNSET\n";
        let found = DepInfo::parse(text);
        assert_eq!(found.sources, ["src/lib.rs", "src/with space.rs"]);
        assert_eq!(found.variables, ["OUT_DIR=/t/out", "UNSET"]);

        let written = found.write(&[Path::new("/t/a-1.d"), Path::new("/t/liba-1.rlib")]);
        assert_eq!(DepInfo::parse(&written), found);
        assert!(
            written.starts_with("/t/a-1.d: src/lib.rs src/with\\ space.rs\n"),
            "{written}"
        );
    }
}
