//! Why there is no policy.

use std::io;
use std::path::PathBuf;

/// Why there is no policy.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// A file; the text has its path.
    #[error(transparent)]
    Read(io::Error),
    /// A file that isn't as it should be.
    #[error("`{}` can't be read as a policy", path.display())]
    Toml {
        /// The file.
        path: PathBuf,
        /// The place in it, what is there, and what is expected.
        #[source]
        cause: toml::de::Error,
    },
    /// The environment variable isn't text.
    #[error("PM_AOT_POLICY isn't UTF-8")]
    NotUtf8,
    /// A part of it isn't a setting.
    #[error("PM_AOT_POLICY: `{0}` isn't of the form `NAME=VALUE` or `NAME.KEY=VALUE`")]
    NoValue(String),
    /// A key that there isn't.
    #[error("PM_AOT_POLICY: unknown key `{key}` of `{name}`, expected `run` or `read`")]
    Key {
        /// Of the crate.
        name: String,
        /// What is there.
        key: String,
    },
    /// A value that the key can't have.
    #[error("PM_AOT_POLICY: `{key}` of `{name}` can't be `{value}`, expected one of {allowed}")]
    Value {
        /// Of the crate.
        name: String,
        /// The key.
        key: String,
        /// What is there.
        value: String,
        /// What may be.
        allowed: String,
    },
    /// A name that no package has.
    #[error("{origin}: `{name}` isn't a package's name, nor `*` for all")]
    Name {
        /// Where.
        origin: String,
        /// What is there.
        name: String,
    },
    /// The same package twice.
    #[error("{origin}: `{first}` and `{second}` are the same package")]
    Twice {
        /// Where.
        origin: String,
        /// One name.
        first: String,
        /// The other.
        second: String,
    },
}

impl PolicyError {
    /// What to do next.
    #[must_use]
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::Read(_) => None,
            Self::NotUtf8 | Self::NoValue(_) | Self::Key { .. } | Self::Value { .. } => {
                Some("for example `PM_AOT_POLICY=\"serde_derive=native,*.read=false\"`")
            }
            Self::Toml { .. } | Self::Name { .. } | Self::Twice { .. } => {
                Some("docs/POLICY.md lists what can be set")
            }
        }
    }
}
