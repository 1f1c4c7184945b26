//! Editions, as far as tokens depend on them, and their keywords.

/// A Rust edition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Edition {
    /// 2015
    E2015,
    /// 2018: `async`, `await`, `dyn` and `try` are keywords.
    E2018,
    /// 2021: `c"…"`, `'r#x`; `k"…"` and `k#x` are errors.
    #[default]
    E2021,
    /// 2024: `gen` is a keyword; `#"…"#` is an error.
    E2024,
}

/// The text is not an edition.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not an edition: 2015, 2018, 2021 and 2024 are")]
pub struct UnknownEdition(String);

impl std::str::FromStr for Edition {
    type Err = UnknownEdition;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "2015" => Ok(Edition::E2015),
            "2018" => Ok(Edition::E2018),
            "2021" => Ok(Edition::E2021),
            "2024" => Ok(Edition::E2024),
            _ => Err(UnknownEdition(text.to_owned())),
        }
    }
}

impl Edition {
    /// Whether a name is a keyword, or reserved to become one.
    pub fn is_reserved(self, name: &str) -> bool {
        match name {
            "async" | "await" | "dyn" | "try" => self >= Edition::E2018,
            "gen" => self >= Edition::E2024,
            "" | "$crate" | "_" | "as" | "break" | "const" | "continue" | "crate" | "else"
            | "enum" | "extern" | "false" | "fn" | "for" | "if" | "impl" | "in" | "let"
            | "loop" | "match" | "mod" | "move" | "mut" | "pub" | "ref" | "return" | "self"
            | "Self" | "static" | "struct" | "super" | "trait" | "true" | "type" | "unsafe"
            | "use" | "where" | "while" | "abstract" | "become" | "box" | "do" | "final"
            | "macro" | "override" | "priv" | "typeof" | "unsized" | "virtual" | "yield" => true,
            _ => false,
        }
    }
}

/// Whether `r#` may stand before a name.
pub(crate) fn can_be_raw(name: &str) -> bool {
    !matches!(
        name,
        "" | "_" | "super" | "self" | "Self" | "crate" | "$crate" | "{{root}}"
    )
}
