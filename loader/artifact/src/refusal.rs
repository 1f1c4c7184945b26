//! Why an artifact isn't used.

use std::fmt;

/// Why an artifact isn't used: a stable code for programs, and a text that names both sides.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    code: RefusalCode,
    text: String,
}

impl Refusal {
    /// A refusal with this code and text.
    pub fn new(code: RefusalCode, text: impl Into<String>) -> Refusal {
        Refusal {
            code,
            text: text.into(),
        }
    }

    pub(crate) fn io(error: &std::io::Error) -> Refusal {
        let code = match error.kind() {
            std::io::ErrorKind::NotFound => RefusalCode::Missing,
            _ => RefusalCode::Io,
        };
        Refusal::new(code, error.to_string())
    }

    /// Both sides of a comparison.
    pub(crate) fn differs(
        code: RefusalCode,
        what: &str,
        found: impl fmt::Display,
        expected: impl fmt::Display,
    ) -> Refusal {
        Refusal::new(
            code,
            format!("compiled with {what} '{found}' but '{expected}' is expected"),
        )
    }

    /// The stable code.
    pub fn code(&self) -> RefusalCode {
        self.code
    }

    /// The text without the code.
    pub fn text(&self) -> &str {
        &self.text
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.text)
    }
}

impl std::error::Error for Refusal {}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal,)*) => {
        /// What an artifact was refused for, in the order in which it's checked.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum RefusalCode { $($(#[$doc])* $name,)* }

        impl RefusalCode {
            /// All of them.
            pub const ALL: &[RefusalCode] = &[$(RefusalCode::$name,)*];

            /// The code as it's printed; it never changes its meaning.
            pub fn as_str(self) -> &'static str {
                match self { $(RefusalCode::$name => $text,)* }
            }
        }
    };
}

codes! {
    /// There is no artifact.
    Missing = "missing",
    /// It can't be read.
    Io = "io",
    /// It has no footer of ours.
    NotAnArtifact = "not-an-artifact",
    /// It has another format version.
    Format = "format",
    /// Its manifest is damaged.
    Manifest = "manifest",
    /// Its code is shorter or longer than the manifest says.
    Truncated = "truncated",
    /// It was made by a pm-aot with another ABI of its own.
    Abi = "abi",
    /// Its macros speak a bridge that this pm-aot doesn't know.
    Profile = "profile",
    /// The macro crate was compiled by another rustc than the one that asks.
    Rustc = "rustc",
    /// It was compiled by another wasmtime.
    Wasmtime = "wasmtime",
    /// It was compiled for another target.
    Target = "target",
    /// It uses CPU features that this machine lacks.
    Cpu = "cpu",
    /// It was compiled with other engine settings.
    Settings = "settings",
    /// Its `.wasm` has changed since.
    Stale = "stale",
    /// Its machine code is damaged, or wasmtime refused it.
    Body = "body",
}

impl fmt::Display for RefusalCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
