//! Artifacts that are gone from beside their macro crates.
//!
//! The loader has no compiler, so an expansion fails without its artifact, and cargo doesn't know of
//! the file: it would not compile the crate again. So a missing one is made before rustc may need it.

use std::collections::BTreeSet;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::path::{Path, PathBuf};

use fs_err as fs;

use super::Unit;
use crate::record::{Record, State};
use crate::store::unit_of_library;
use crate::{Hooks, log};

impl<H: Hooks> Unit<'_, H> {
    /// Makes the artifacts of macro crates that this unit may use. One that can't be made is told, and
    /// is no error: nobody knows whether its macros are called.
    pub(super) fn remake_artifacts(&self) {
        let folders: BTreeSet<PathBuf> = self
            .call
            .flags
            .values("-L")
            .filter_map(|value| value.strip_prefix("dependency="))
            .map(|folder| self.call.directory.join(folder))
            .collect();
        for folder in folders {
            for module in without_artifact(&folder) {
                if let Err(error) = self.remake(&module) {
                    let module = module.display();
                    log::warn(format_args!("no artifact for `{module}`: {error}"));
                }
            }
        }
    }

    fn remake(&self, module: &Path) -> Result<(), String> {
        let stem = module.file_stem().unwrap_or_default().display();
        let library = module.with_file_name(format!("{DLL_PREFIX}{stem}{DLL_SUFFIX}"));
        let Some(id) = unit_of_library(&library) else {
            return Ok(());
        };
        // A native macro crate doesn't use its module, if there is one.
        let record = Record::read(&self.store, &id);
        if record.is_none_or(|record| record.state != State::Shim) {
            return Ok(());
        }
        let lock = self.store.lock_unit(&id);
        let _lock = lock.map_err(|error| error.to_string())?;
        // Another wrapper may have made it meanwhile.
        if !module.with_extension("cwasm").exists() {
            self.hooks.precompile(module)?;
            log::info(format_args!("{}: artifact made again", module.display()));
        }
        Ok(())
    }
}

/// The modules in a folder that have no artifact beside them.
fn without_artifact(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let (mut modules, mut artifacts) = (Vec::new(), BTreeSet::new());
    for path in entries.map(|entry| entry.path()) {
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("wasm") => modules.push(path),
            Some("cwasm") => {
                artifacts.insert(path);
            }
            _ => {}
        }
    }
    modules.retain(|module| !artifacts.contains(&module.with_extension("cwasm")));
    modules
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_without_artifacts() {
        let folder = tempfile::tempdir().unwrap();
        for file in ["a.wasm", "a.cwasm", "b.wasm", "c.cwasm", "libd.so"] {
            fs::write(folder.path().join(file), "").unwrap();
        }
        let found = without_artifact(folder.path());
        assert_eq!(found, [folder.path().join("b.wasm")]);
        assert!(without_artifact(&folder.path().join("nowhere")).is_empty());
    }
}
