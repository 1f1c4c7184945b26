//! What was decided about each macro crate of a build directory, and what a change of the policy
//! makes stale.
//!
//! A decision is noted when cargo has built a macro crate: `BUILD-DIR/pm-aot/macros/ID.json`. Cargo knows
//! nothing of policies, so before the next build each note is held against the policy of then. Where
//! it differs, the macro crate's library is removed: cargo builds that unit again, and after it those
//! that use it, which is right, since they may expand to something else.

use std::path::{Path, PathBuf};

use fs_err as fs;
use pm_policy::{Decision, Policy, PolicyError, Version};
use serde::{Deserialize, Serialize};

use crate::store::{self, Store, UnitId, unit_id, unit_of_library};

/// What was decided about a macro crate when it was built.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decided {
    /// The package's name.
    pub package: String,
    /// Its version.
    pub version: String,
    /// The workspace that it was built for.
    pub workspace: PathBuf,
    /// The library that rustc loads.
    pub library: PathBuf,
    /// What the policy said.
    pub decision: Decision,
    /// Why the library is the native one; nothing if it runs the wasm version.
    pub native: Option<String>,
}

impl Decided {
    pub(crate) fn write(&self, store: &Store, id: &str) -> std::io::Result<()> {
        store::write_json(&store.decided(id), self)
    }

    pub(crate) fn read(store: &Store, id: &str) -> Option<Self> {
        serde_json::from_slice(&fs::read(store.decided(id)).ok()?).ok()
    }

    /// What was decided about a macro crate: its library, or the module beside it, in a build
    /// directory.
    #[must_use]
    pub fn of(file: &Path) -> Option<Self> {
        let absolute = std::path::absolute(file).ok()?;
        let canonical = absolute.canonicalize().ok();
        [Some(absolute), canonical]
            .into_iter()
            .flatten()
            .find_map(|file| {
                let id = match file.extension()?.to_str()? {
                    "wasm" => unit_id(file.parent()?, file.file_stem()?.to_str()?),
                    _ => unit_of_library(&file)?,
                };
                let mut folders = file.ancestors().skip(1);
                folders.find_map(|folder| Self::read(&Store::in_build_dir(folder), &id))
            })
    }

    /// What the policy of its workspace says now.
    ///
    /// # Errors
    /// If that policy can't be read.
    pub fn now(&self) -> Result<Decision, PolicyError> {
        let variable = std::env::var_os(pm_policy::VARIABLE);
        let policy = Policy::read(&self.workspace, variable.as_deref())?;
        Ok(policy.decide(&self.package))
    }

    /// Whether what is there is what this decision would make.
    #[must_use]
    pub fn holds(&self, now: &Decision) -> bool {
        match (now.version, &self.native) {
            // What cargo repeats is that it failed, and nothing is to be said.
            (Version::Native, _) => self.decision.version == Version::Native,
            (Version::Wasm { .. }, None) => self.decision.sandbox == now.sandbox,
            // It was tried, and failed: that is well unless it must not fail.
            (Version::Wasm { required }, Some(_)) => {
                !required && self.decision.version != Version::Native
            }
        }
    }
}

/// The packages of the macro crates whose libraries aren't what the policy says now.
pub(crate) fn stale(store: &Store, policy: &Policy) -> std::io::Result<Vec<String>> {
    let mut all = Vec::new();
    find(store, policy, |_, decided| {
        all.push(decided.package.clone());
        Ok(())
    })?;
    Ok(all)
}

/// Removes the macro crates' libraries that aren't what the policy says now.
pub(crate) fn apply(store: &Store, policy: &Policy) -> std::io::Result<()> {
    find(store, policy, |note, decided| {
        remove(&decided.library)?;
        remove(note)
    })
}

fn find(
    store: &Store,
    policy: &Policy,
    mut found: impl FnMut(&Path, &Decided) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let Ok(entries) = fs::read_dir(store.macros()) else {
        // Nothing was built here yet.
        return Ok(());
    };
    for entry in entries {
        let path = entry?.path();
        let id: Option<UnitId> = path
            .file_stem()
            .and_then(|stem| stem.to_str().map(str::to_owned));
        let Some(decided) = id.and_then(|id| Decided::read(store, &id)) else {
            continue;
        };
        if !decided.holds(&policy.decide(&decided.package)) {
            found(&path, &decided)?;
        }
    }
    Ok(())
}

fn remove(path: &Path) -> std::io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_policy::{Read, Sandbox};
    use std::env::consts::{DLL_EXTENSION, DLL_PREFIX};

    const NATIVE: Version = Version::Native;
    const WASM: Version = Version::Wasm { required: true };
    const AUTOMATIC: Version = Version::Wasm { required: false };

    fn decision(version: Version, read: Read) -> Decision {
        Decision {
            version,
            sandbox: Sandbox {
                read,
                ..Sandbox::default()
            },
            ..Decision::default()
        }
    }

    fn decided(version: Version, native: bool) -> Decided {
        Decided {
            package: "a".into(),
            version: "1.0.0".into(),
            workspace: "/w".into(),
            library: "/t/debug/deps/liba-1.so".into(),
            decision: decision(version, Read::Nothing),
            native: native.then(|| "of something".into()),
        }
    }

    #[test]
    fn what_a_policy_makes_stale() {
        let check = |was: Version, native: bool, now: Version, read: Read, holds: bool| {
            let text = format!("{was:?} {native} {now:?} {read:?}");
            assert_eq!(
                decided(was, native).holds(&decision(now, read)),
                holds,
                "{text}"
            );
        };
        for wasm in [WASM, AUTOMATIC] {
            check(wasm, false, WASM, Read::Nothing, true);
            check(wasm, false, AUTOMATIC, Read::Nothing, true);
            check(wasm, false, AUTOMATIC, Read::ManifestDir, false);
            check(wasm, false, NATIVE, Read::Nothing, false);
            check(NATIVE, true, wasm, Read::Nothing, false);
        }
        // What a native macro may read is of no interest.
        check(NATIVE, true, NATIVE, Read::ManifestDir, true);
        // It doesn't compile for wasm.
        check(AUTOMATIC, true, AUTOMATIC, Read::ManifestDir, true);
        check(AUTOMATIC, true, NATIVE, Read::Nothing, false);
        check(AUTOMATIC, true, WASM, Read::Nothing, false);
    }

    #[test]
    fn a_module_and_a_library_lead_to_the_decision() {
        let folder = tempfile::tempdir().unwrap();
        let deps = folder.path().join("debug/deps");
        fs::create_dir_all(&deps).unwrap();
        let store = Store::in_build_dir(folder.path());
        let expect = decided(WASM, false);
        expect.write(&store, &unit_id(&deps, "a-1")).unwrap();
        let library = format!("{DLL_PREFIX}a-1.{DLL_EXTENSION}");
        assert_eq!(Decided::of(&deps.join(library)), Some(expect.clone()));
        assert_eq!(Decided::of(&deps.join("a-1.wasm")), Some(expect));
        assert_eq!(Decided::of(&deps.join("a-2.wasm")), None);
        assert_eq!(Decided::of(&folder.path().join("a-1.wasm")), None);
    }
}
