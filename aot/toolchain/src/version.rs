//! What `rustc -vV` prints.

use std::num::IntErrorKind;

/// The oldest minor release of Rust 1 that is used: that of Debian 13, and the first with edition
/// 2024, in which [`link::sources`](crate::link::sources) are written.
pub(crate) const OLDEST: u32 = 85;

/// A rustc's version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Version {
    /// The whole text.
    pub(crate) verbose: String,
    /// Its first line, as crate metadata contain it.
    pub(crate) line: String,
    /// `1.96.0`, `1.98.0-nightly`.
    pub(crate) release: String,
    /// The host's triple.
    pub(crate) host: String,
    /// The commit, where the builder knew it.
    pub(crate) commit: Option<String>,
    /// LLVM's major version.
    pub(crate) llvm: Option<u32>,
}

impl Version {
    /// Reads `rustc -vV`. An error names the first line that is not a rustc's.
    pub(crate) fn parse(verbose: &str) -> Result<Self, String> {
        let line = verbose.lines().next().unwrap_or_default().trim_end();
        if !line.starts_with("rustc ") {
            return Err(format!("`-vV` printed {line:?}"));
        }
        let field = |name: &str| {
            let mut lines = verbose.lines();
            lines
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
                .map(str::trim_end)
        };
        let required = |name| {
            let value = field(name).map(str::to_owned);
            value.ok_or_else(|| format!("`-vV` printed no line `{name}: …`"))
        };
        let release = required("release")?;
        if !begins_with_numbers(&release) {
            return Err(format!("`-vV` printed the release {release:?}"));
        }
        let commit = field("commit-hash").filter(|commit| *commit != "unknown");
        let llvm = field("LLVM version").and_then(|llvm| llvm.split('.').next()?.parse().ok());
        Ok(Self {
            verbose: verbose.to_owned(),
            line: line.to_owned(),
            release,
            host: required("host")?,
            commit: commit.map(str::to_owned),
            llvm,
        })
    }

    /// Whether it is too old to be used.
    pub(crate) fn too_old(&self) -> bool {
        too_old(&self.release)
    }
}

/// Whether a release, or a package's version, is too old to be used.
pub(crate) fn too_old(release: &str) -> bool {
    numbers(release) < (1, OLDEST, 0)
}

/// Returns true if a release begins with two numbers, as `1.96` does.
fn begins_with_numbers(release: &str) -> bool {
    let mut parts = release.split(['.', '-', '+', '~']);
    let mut is_number = || {
        let part = parts.next().unwrap_or_default();
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    is_number() && is_number()
}

/// The three numbers that a release or a package's version begins with. One that is too large for
/// its type is the largest that the type has: it is newer than any other, not older.
pub(crate) fn numbers(release: &str) -> (u32, u32, u32) {
    // A Debian version may begin with an epoch.
    let release = release
        .split_once(':')
        .map_or(release, |(_, release)| release);
    let mut parts = release
        .split(['.', '-', '+', '~'])
        .map(|part| match part.parse::<u32>() {
            Ok(number) => number,
            Err(error) if *error.kind() == IntErrorKind::PosOverflow => u32::MAX,
            Err(_) => 0,
        });
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next())
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEBIAN: &str = "rustc 1.96.0 (ac68faa20 2026-05-25) (built from a source tarball)\n\
        binary: rustc\ncommit-hash: ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96\n\
        commit-date: 2026-05-25\nhost: x86_64-unknown-linux-gnu\nrelease: 1.96.0\n\
        LLVM version: 22.1.8\n";

    #[test]
    fn parses_verbose_versions() {
        let version = Version::parse(DEBIAN).unwrap();
        assert_eq!(version.line, DEBIAN.lines().next().unwrap());
        assert_eq!(version.release, "1.96.0");
        assert_eq!(version.host, "x86_64-unknown-linux-gnu");
        assert_eq!(version.llvm, Some(22));
        assert!(version.commit.as_deref().unwrap().starts_with("ac68faa20"));
        assert!(!version.too_old());

        let unknown = DEBIAN.replace("ac68faa20c58cbccd01ee7208bf3b6e93a7d7f96", "unknown");
        assert_eq!(Version::parse(&unknown).unwrap().commit, None);
    }

    #[test]
    fn other_programs_are_told_apart() {
        for (verbose, expect) in [
            (
                "clang version 22\nhost: x\nrelease: 1.0\n",
                "`-vV` printed \"clang version 22\"",
            ),
            ("", "`-vV` printed \"\""),
            ("rustc 1.96.0\n", "`-vV` printed no line `release: …`"),
            (
                "rustc 1.96.0\nrelease: 1.96.0\n",
                "`-vV` printed no line `host: …`",
            ),
            (
                "rustc x\nrelease: unknown\nhost: x\n",
                "`-vV` printed the release \"unknown\"",
            ),
            (
                "rustc 1\nrelease: 1\nhost: x\n",
                "`-vV` printed the release \"1\"",
            ),
        ] {
            assert_eq!(Version::parse(verbose).unwrap_err(), expect);
        }
    }

    #[test]
    fn compares_versions() {
        assert!(too_old("1.63.0+dfsg1-2"));
        assert!(too_old("1.84.9"));
        assert!(!too_old("1.85.0"));
        assert!(!too_old("1.98.0-nightly"));
        assert!(!too_old("2:1.96.0+dfsg1-1~deb12u2"));
        assert_eq!(numbers("1.96.0+dfsg1-1~deb12u2"), (1, 96, 0));
        assert_eq!(numbers("nonsense"), (0, 0, 0));
        // Not zero, which would be too old.
        assert!(!too_old("99999999999.1"));
        assert!(!too_old("1.99999999999"));
        assert_eq!(numbers("99999999999.1"), (u32::MAX, 1, 0));
    }
}
