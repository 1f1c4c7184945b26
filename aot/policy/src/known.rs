//! Published macro crates that don't work in the sandbox.
//!
//! Only what a macro does can put it here, and it was read in the crate's source: std's processes
//! and threads are refused on WASI without any import of the module, so nothing else shows it. A
//! crate whose module can't be made (a socket library that doesn't compile for wasm, say) needs no
//! entry: that is seen when it's built. Nor does one that reads files: that is a setting.

/// Package and reason, in order of the names.
const KNOWN: &[(&str, &str)] = &[
    // build-time 0.1: `Utc::now()`.
    (
        "build-time",
        "it tells the time of the build, and the sandbox's clock starts at 1970",
    ),
    // compile-time-macros 0.4: `OffsetDateTime::now_utc()`, and `rustc --version`.
    (
        "compile-time-macros",
        "it tells the time of the build and runs rustc, and the sandbox has neither",
    ),
    // const-random-macro 0.1: `getrandom`. ahash's protection against chosen keys depends on it.
    (
        "const-random-macro",
        "it makes random numbers, and in the sandbox they are the same each time",
    ),
    // git-version-macro 0.3: `Command::new("git")`.
    (
        "git-version-macro",
        "it runs git, and the sandbox has no processes",
    ),
    // sqlx-macros 0.9: `Connection::connect`, a Tokio runtime, and `cargo metadata`.
    (
        "sqlx-macros",
        "it connects to a database and runs cargo, and the sandbox has neither network nor processes",
    ),
];

/// Why a package's macros are known not to work in the sandbox.
pub(crate) fn reason(package: &str) -> Option<&'static str> {
    let found = KNOWN.binary_search_by(|(name, _)| name.cmp(&package));
    found.ok().map(|at| KNOWN[at].1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found() {
        assert!(KNOWN.is_sorted());
        for (name, expect) in KNOWN {
            assert_eq!(reason(name), Some(*expect));
        }
        assert_eq!(reason("serde_derive"), None);
    }
}
