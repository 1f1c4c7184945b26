//! The settings of a macro crate, and how they are written.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Which version of a macro crate runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Run {
    /// The wasm version; the build fails where there is none.
    Wasm,
    /// The native version, as cargo builds it.
    Native,
    /// The wasm version, unless it is known not to work in the sandbox or can't be made.
    #[default]
    Automatic,
}

/// What a macro may read of the file system.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Read {
    /// Nothing (`false`).
    Nothing,
    /// The folder of the package that is being compiled (`true` means the same).
    #[default]
    ManifestDir,
    /// That, and the folder of the workspace.
    Workspace,
}

impl Run {
    /// All values, by their names in a policy.
    pub const ALL: [(Self, &str); 3] = [
        (Self::Wasm, "wasm"),
        (Self::Native, "native"),
        (Self::Automatic, "automatic"),
    ];
}

impl Read {
    /// All values, by their names in a policy.
    pub const ALL: [(Self, &str); 4] = [
        (Self::Nothing, "false"),
        (Self::ManifestDir, "manifest-dir"),
        (Self::Workspace, "workspace"),
        (Self::ManifestDir, "true"),
    ];
}

/// The first name of a value.
fn name<T: PartialEq>(all: &[(T, &'static str)], value: &T) -> &'static str {
    let found = all.iter().find(|(known, _)| known == value);
    found.map_or("", |(_, name)| name)
}

/// As in a policy file, the key too.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "run = \"{}\"", name(&Self::ALL, self))
    }
}

/// As in a policy file, the key too.
impl fmt::Display for Read {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => f.write_str("read = false"),
            _ => write!(f, "read = \"{}\"", name(&Self::ALL, self)),
        }
    }
}
