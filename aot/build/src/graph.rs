//! The units that macros need, out of the records, and what each of them is made of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::flags::Flags;
use crate::record::Record;
use crate::rewrite::{Places, Recipe};
use crate::store::{Store, UnitId, unit_of_library};

/// Goes up when the same inputs give other wasm than before.
const RECIPE: &str = "pm-build 2";

/// One unit to compile for wasm.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) record: Record,
    flags: Flags,
    /// The libraries that it needs for wasm.
    pub(crate) libraries: BTreeSet<UnitId>,
    /// The macros that it uses, native.
    macros: BTreeSet<UnitId>,
}

/// Units by name; each one's dependencies are there too.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    units: BTreeMap<UnitId, Unit>,
}

impl Unit {
    pub(crate) fn crate_name(&self) -> &str {
        self.flags.crate_name().unwrap_or_default()
    }

    pub(crate) fn is_proc_macro(&self) -> bool {
        self.flags.is_proc_macro()
    }

    /// Name and version of its package.
    pub(crate) fn package(&self) -> (&str, &str) {
        let variable = |name| self.record.environment.get(name).map_or("", String::as_str);
        (variable("CARGO_PKG_NAME"), variable("CARGO_PKG_VERSION"))
    }

    /// The name of the file that rustc makes of it for wasm.
    pub(crate) fn file_name(&self) -> String {
        let extra = self.flags.codegen("extra-filename").unwrap_or_default();
        let name = self.crate_name();
        if self.is_proc_macro() {
            format!("{name}{extra}.wasm")
        } else {
            format!("lib{name}{extra}.rlib")
        }
    }
}

impl Graph {
    pub(crate) fn unit(&self, id: &str) -> &Unit {
        &self.units[id]
    }

    /// Adds a unit and what it depends on, or nothing: the answer is what there is no record of.
    pub(crate) fn load(&mut self, store: &Store, id: &UnitId) -> BTreeSet<UnitId> {
        let mut missing = BTreeSet::new();
        let mut found = BTreeMap::new();
        let mut open = vec![id.clone()];
        while let Some(id) = open.pop() {
            if self.units.contains_key(&id) || found.contains_key(&id) {
                continue;
            }
            let Some(record) = Record::read(store, &id) else {
                missing.insert(id);
                continue;
            };
            let flags = Flags::parse(&record.arguments);
            let paths = flags.externs().filter_map(|external| external.path);
            let all = paths.filter_map(|path| unit_of_library(&record.directory.join(path)));
            let libraries: BTreeSet<_> = all.collect();
            open.extend(libraries.iter().cloned());
            found.insert(
                id,
                Unit {
                    record,
                    flags,
                    libraries,
                    macros: BTreeSet::new(),
                },
            );
        }
        if missing.is_empty() {
            self.units.extend(found);
            self.sort_out_macros();
        }
        missing
    }

    /// Only a unit's own record says whether it is a macro: a shared library can be either.
    fn sort_out_macros(&mut self) {
        let is_macro = |id: &UnitId| self.units.get(id).is_some_and(Unit::is_proc_macro);
        let macros: BTreeSet<_> = self
            .units
            .keys()
            .filter(|id| is_macro(id))
            .cloned()
            .collect();
        for unit in self.units.values_mut() {
            let used: Vec<_> = unit.libraries.intersection(&macros).cloned().collect();
            unit.libraries.retain(|id| !macros.contains(id));
            unit.macros.extend(used);
        }
    }

    /// The libraries that `roots` need, and `roots`, each after what it depends on.
    pub(crate) fn in_order<'a>(
        &'a self,
        roots: impl IntoIterator<Item = &'a UnitId>,
    ) -> Vec<&'a UnitId> {
        fn visit<'a>(
            graph: &'a Graph,
            id: &'a UnitId,
            seen: &mut BTreeSet<&'a UnitId>,
            order: &mut Vec<&'a UnitId>,
        ) {
            if seen.insert(id) {
                for dependency in &graph.unit(id).libraries {
                    visit(graph, dependency, seen, order);
                }
                order.push(id);
            }
        }
        let (mut seen, mut order) = (BTreeSet::new(), Vec::new());
        for root in roots {
            visit(self, root, &mut seen, &mut order);
        }
        order
    }

    /// rustc's arguments for a unit, without the output directory.
    pub(crate) fn arguments(&self, recipe: &Recipe<'_>, store: &Store, id: &str) -> Vec<String> {
        let unit = self.unit(id);
        let mut places = Places::default();
        for path in unit.flags.externs().filter_map(|external| external.path) {
            let library = unit_of_library(&unit.record.directory.join(path));
            if let Some(library) = library.filter(|id| unit.libraries.contains(id)) {
                let file = store.wasm(&library).join(self.unit(&library).file_name());
                places.externs.insert(path.to_owned(), file);
            }
        }
        let below = self.in_order(&unit.libraries);
        let mut native = BTreeSet::new();
        for dependency in below.iter().map(|id| self.unit(id)).chain([unit]) {
            native.extend(dependency.macros.iter().filter_map(|id| self.directory(id)));
        }
        places.search = below
            .iter()
            .map(|id| store.wasm(id))
            .chain(native)
            .collect();
        recipe.rewrite(&unit.flags, &places)
    }

    fn directory(&self, id: &str) -> Option<PathBuf> {
        self.unit(id).record.native.parent().map(Path::to_owned)
    }

    /// For each unit a digest of everything that its wasm is made of: equal keys, equal wasm.
    pub(crate) fn keys(
        &self,
        recipe: &Recipe<'_>,
        toolchain: &str,
        store: &Store,
    ) -> BTreeMap<&str, String> {
        let mut keys = BTreeMap::new();
        for id in self.units.keys() {
            self.key(id, recipe, toolchain, store, &mut keys);
        }
        keys
    }

    fn key<'a>(
        &'a self,
        id: &'a str,
        recipe: &Recipe<'_>,
        toolchain: &str,
        store: &Store,
        keys: &mut BTreeMap<&'a str, String>,
    ) -> String {
        if let Some(key) = keys.get(id) {
            return key.clone();
        }
        let unit = self.unit(id);
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(RECIPE);
        add(toolchain);
        for argument in self.arguments(recipe, store, id) {
            add(&argument);
        }
        for (name, value) in &unit.record.environment {
            add(name);
            add(value);
        }
        add(&unit.record.sources);
        for dependency in unit.libraries.iter().chain(&unit.macros) {
            add(&self.key(dependency, recipe, toolchain, store, keys));
        }
        let key = hasher.finalize().to_hex().to_string();
        keys.insert(id, key.clone());
        key
    }
}

#[cfg(test)]
mod tests;
