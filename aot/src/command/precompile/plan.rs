//! What is to be done, before any of it is.

use crate::find::directory;
use crate::message::Message;
use crate::module::{Module, Modules};
use crate::shell::{Shell, text};
use crate::{Error, loading};
use pm_artifact::{Digest, path_for};
use pm_loader::{Refusal, RefusalCode};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// What is to be done.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    /// What is to be compiled, largest first: what takes longest shouldn't start last.
    pub(super) groups: Vec<Group>,
    /// Modules whose artifact fits.
    pub(super) fresh: Vec<PathBuf>,
    pub(super) other_wasm: usize,
    pub(super) errors: Vec<Error>,
}

/// Modules of the same content (cargo links a file to several places): compiled once.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) digest: Digest,
    pub(super) len: u64,
    pub(super) targets: Vec<Target>,
}

/// A module that gets an artifact.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) wasm: PathBuf,
    /// The module's time before its content was read.
    pub(super) modified: Option<SystemTime>,
    /// Why the artifact that is there isn't used; nothing if that wasn't asked.
    pub(super) refusal: Option<Refusal>,
}

impl Plan {
    pub(super) fn new(found: Modules, force: bool) -> Result<Plan, Error> {
        let Modules {
            modules,
            other_wasm,
            errors,
        } = found;
        let mut plan = Plan {
            other_wasm,
            errors,
            ..Plan::default()
        };
        let loader = loading::loader(None)?;
        for module in plan.distinct(modules) {
            let refusal = match force {
                true => None,
                false => match loader.check(&module.path) {
                    Ok(()) => {
                        plan.fresh.push(module.path);
                        continue;
                    }
                    Err(refusal) => Some(refusal),
                },
            };
            plan.add(module, refusal);
        }
        plan.groups
            .sort_by_key(|group| std::cmp::Reverse(group.len));
        Ok(plan)
    }

    /// The directories that artifacts lie or are to lie in, each once.
    pub(crate) fn directories(&self) -> impl Iterator<Item = &Path> {
        let targets = self.groups.iter().flat_map(|group| &group.targets);
        let paths = targets.map(|target| &target.wasm).chain(&self.fresh);
        let directories: std::collections::BTreeSet<&Path> =
            paths.map(|path| directory(path)).collect();
        directories.into_iter()
    }

    /// Each module once, however often it was named, without those that can't have an artifact.
    fn distinct(&mut self, modules: Vec<Module>) -> Vec<Module> {
        // By the artifact's true path; a name may lead through links.
        let mut places: BTreeMap<PathBuf, Vec<Module>> = BTreeMap::new();
        for module in modules {
            let artifact = path_for(&module.path);
            if artifact == module.path {
                self.errors.push(Error::OwnName { path: artifact });
            } else if artifact.is_dir() {
                self.errors.push(Error::Occupied { path: artifact });
            } else {
                let place = directory(&artifact);
                let place = fs_err::canonicalize(place).unwrap_or_else(|_| place.to_owned());
                let place = place.join(artifact.file_name().unwrap_or_default());
                let modules = places.entry(place).or_default();
                if modules
                    .iter()
                    .all(|known| known.path.file_name() != module.path.file_name())
                {
                    modules.push(module);
                }
            }
        }
        let mut distinct = Vec::new();
        for mut modules in places.into_values() {
            match modules.as_mut_slice() {
                [_] => distinct.append(&mut modules),
                [first, second, ..] => self.errors.push(Error::Conflict {
                    artifact: path_for(&first.path),
                    first: std::mem::take(&mut first.path),
                    second: std::mem::take(&mut second.path),
                }),
                [] => {}
            }
        }
        distinct
    }

    fn add(&mut self, module: Module, refusal: Option<Refusal>) {
        let Module {
            path: wasm,
            len,
            digest,
            modified,
            ..
        } = module;
        let target = Target {
            wasm,
            modified,
            refusal,
        };
        match self.groups.iter_mut().find(|group| group.digest == digest) {
            Some(group) => group.targets.push(target),
            None => self.groups.push(Group {
                digest,
                len,
                targets: vec![target],
            }),
        }
    }
}

impl Target {
    /// Why it is compiled.
    pub(super) fn reason(&self) -> String {
        match &self.refusal {
            None => "forced".to_owned(),
            Some(refusal) if refusal.code() == RefusalCode::Missing => "no artifact yet".to_owned(),
            Some(refusal) => refusal.to_string(),
        }
    }

    /// What a dry run says of it.
    pub(super) fn would(&self, shell: &Shell, say: &mut impl FnMut(&Message)) {
        let artifact = path_for(&self.wasm);
        shell.status(
            "Would write",
            format_args!("{} ({})", artifact.display(), self.reason()),
        );
        say(&Message::WouldPrecompile {
            wasm: text(&self.wasm),
            artifact: text(&artifact),
            refusal: self.refusal.as_ref().map(Into::into),
        });
    }
}
