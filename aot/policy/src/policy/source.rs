//! Where a policy is written.

use super::PolicyError;
use crate::{Read, Run};
use serde::de::{Error as _, Unexpected};
use serde::{Deserialize, Deserializer, Serialize};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The environment variable: `NAME=RUN` and `NAME.read=READ`, separated by commas.
pub const VARIABLE: &str = "PM_AOT_POLICY";

/// The file, in the workspace's folder.
pub const FILE: &str = ".config/pm-aot.toml";

/// Who stands for all crates.
const ALL: &str = "*";

/// A source that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Source {
    pub(super) origin: Origin,
    /// By the name as it's written.
    crates: BTreeMap<String, Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Origin {
    Variable,
    File(PathBuf),
    Manifest(PathBuf),
}

/// What a source says of a crate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    pub(super) run: Option<Run>,
    pub(super) read: Option<Read>,
}

/// An [`Entry`] as people write it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    run: Option<Run>,
    #[serde(default, deserialize_with = "written_read")]
    read: Option<Read>,
}

/// A policy file.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    crates: BTreeMap<String, Written>,
}

/// As much of a `Cargo.toml` as is read.
#[derive(Deserialize)]
struct Manifest {
    workspace: Option<Workspace>,
}

#[derive(Deserialize)]
struct Workspace {
    metadata: Option<Metadata>,
}

#[derive(Deserialize)]
struct Metadata {
    #[serde(rename = "pm-aot")]
    pm_aot: Option<File>,
}

impl Source {
    /// The crates, as they are written, that must run from wasm by this source.
    pub(super) fn require_wasm(&self) -> impl Iterator<Item = &str> {
        let wasm = self
            .crates
            .iter()
            .filter(|(_, entry)| entry.run == Some(Run::Wasm));
        wasm.map(|(name, _)| name.as_str())
    }

    pub(super) fn of_variable(value: &OsStr) -> Result<Self, PolicyError> {
        let text = value.to_str().ok_or(PolicyError::NotUtf8)?;
        let mut crates = BTreeMap::<String, Entry>::new();
        let settings = text.split(',').map(str::trim);
        for setting in settings.filter(|setting| !setting.is_empty()) {
            let (name, value) = setting
                .split_once('=')
                .ok_or_else(|| PolicyError::NoValue(setting.to_owned()))?;
            let (name, value) = (name.trim(), value.trim());
            let (name, key) = name.split_once('.').unwrap_or((name, "run"));
            let entry = crates.entry(name.to_owned()).or_default();
            let bad = |allowed| PolicyError::Value {
                name: name.to_owned(),
                key: key.to_owned(),
                value: value.to_owned(),
                allowed,
            };
            match key {
                "run" => entry.run = Some(parse(&Run::ALL, value).map_err(bad)?),
                "read" => entry.read = Some(parse(&Read::ALL, value).map_err(bad)?),
                _ => {
                    return Err(PolicyError::Key {
                        name: name.to_owned(),
                        key: key.to_owned(),
                    });
                }
            }
        }
        Self::new(Origin::Variable, crates)
    }

    pub(super) fn of_file(path: &Path) -> Result<Option<Self>, PolicyError> {
        let Some(text) = read(path)? else {
            return Ok(None);
        };
        let file: File = toml::from_str(&text).map_err(|error| not_toml(path, error))?;
        Self::written(Origin::File(path.to_owned()), file).map(Some)
    }

    pub(super) fn of_manifest(path: &Path) -> Result<Option<Self>, PolicyError> {
        let Some(text) = read(path)? else {
            return Ok(None);
        };
        let manifest: Manifest = toml::from_str(&text).map_err(|error| not_toml(path, error))?;
        let metadata = manifest.workspace.and_then(|workspace| workspace.metadata);
        let file = metadata.and_then(|metadata| metadata.pm_aot);
        file.map(|file| Self::written(Origin::Manifest(path.to_owned()), file))
            .transpose()
    }

    fn written(origin: Origin, file: File) -> Result<Self, PolicyError> {
        let entry = |Written { run, read }| Entry { run, read };
        let crates = file.crates.into_iter();
        Self::new(origin, crates.map(|(name, it)| (name, entry(it))).collect())
    }

    fn new(origin: Origin, crates: BTreeMap<String, Entry>) -> Result<Self, PolicyError> {
        for name in crates.keys() {
            if name != ALL && !is_package_name(name) {
                return Err(PolicyError::Name {
                    origin: origin.to_string(),
                    name: name.clone(),
                });
            }
            let twice = |other: &&String| *other != name && is_same(other, name);
            if let Some(other) = crates.keys().find(twice) {
                return Err(PolicyError::Twice {
                    origin: origin.to_string(),
                    first: name.clone(),
                    second: other.clone(),
                });
            }
        }
        Ok(Self { origin, crates })
    }

    /// The crates that it has settings of their own for.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.crates
            .keys()
            .map(String::as_str)
            .filter(|name| *name != ALL)
    }

    /// A setting of the package, else of all, and the name that it stands under.
    pub(super) fn find<T>(
        &self,
        package: &str,
        setting: impl Fn(&Entry) -> Option<T>,
    ) -> Option<(&str, T)> {
        let own = self.crates.iter().find(|(name, _)| is_same(name, package));
        let all = self.crates.get_key_value(ALL);
        let mut entries = own.into_iter().chain(all);
        entries.find_map(|(name, entry)| Some((name.as_str(), setting(entry)?)))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable => f.write_str(VARIABLE),
            Self::File(path) => write!(f, "`{}`", path.display()),
            Self::Manifest(path) => {
                write!(f, "`[workspace.metadata.pm-aot]` in `{}`", path.display())
            }
        }
    }
}

/// A package is found by its crate's name, too: registries hold `-` and `_` for the same.
pub(super) fn is_same(one: &str, other: &str) -> bool {
    let bytes = |name: &str| -> Vec<u8> {
        let hyphen = |byte| if byte == b'_' { b'-' } else { byte };
        name.bytes().map(hyphen).collect()
    };
    one.len() == other.len() && bytes(one) == bytes(other)
}

/// As cargo has it.
fn is_package_name(name: &str) -> bool {
    let allowed = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    !name.is_empty() && name.chars().all(allowed)
}

fn read(path: &Path) -> Result<Option<String>, PolicyError> {
    match fs_err::read_to_string(path) {
        // `.config` may be a file.
        Err(error) if [ErrorKind::NotFound, ErrorKind::NotADirectory].contains(&error.kind()) => {
            Ok(None)
        }
        result => result.map(Some).map_err(PolicyError::Read),
    }
}

fn not_toml(path: &Path, cause: toml::de::Error) -> PolicyError {
    PolicyError::Toml {
        path: path.to_owned(),
        cause,
    }
}

fn parse<T: Copy>(all: &[(T, &'static str)], text: &str) -> Result<T, String> {
    let found = all.iter().find(|(_, name)| *name == text);
    found.map(|(value, _)| *value).ok_or_else(|| {
        let names: Vec<_> = all.iter().map(|(_, name)| format!("`{name}`")).collect();
        names.join(", ")
    })
}

/// `true`, `false` or a name.
fn written_read<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Read>, D::Error> {
    const EXPECTED: &str = "`false`, `true`, `\"manifest-dir\"` or `\"workspace\"`";
    match toml::Value::deserialize(deserializer)? {
        toml::Value::Boolean(false) => Ok(Some(Read::Nothing)),
        toml::Value::Boolean(true) => Ok(Some(Read::ManifestDir)),
        toml::Value::String(text) if text == "manifest-dir" => Ok(Some(Read::ManifestDir)),
        toml::Value::String(text) if text == "workspace" => Ok(Some(Read::Workspace)),
        toml::Value::String(text) => {
            Err(D::Error::invalid_value(Unexpected::Str(&text), &EXPECTED))
        }
        other => Err(D::Error::invalid_type(
            Unexpected::Other(other.type_str()),
            &EXPECTED,
        )),
    }
}
