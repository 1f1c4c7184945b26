//! Graphs out of a build directory that cargo might have left.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::time::SystemTime;

use fs_err as fs;

use super::*;
use crate::record::{Compile, State};

/// A build directory after cargo has compiled some crates in it, each with one source file.
struct Compiled {
    directory: tempfile::TempDir,
    store: Store,
}

impl Compiled {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::in_build_dir(directory.path());
        Self { directory, store }
    }

    fn library(name: &str) -> String {
        format!("lib{name}-1.rlib")
    }

    fn shared(name: &str) -> String {
        format!("{DLL_PREFIX}{name}-1{DLL_SUFFIX}")
    }

    /// `externs` are names and files in the build directory.
    fn crate_of(&self, name: &str, kind: &str, source: &str, externs: &[(&str, &str)]) -> UnitId {
        let at = |file: &str| self.directory.path().join(file);
        fs::write(at(&format!("{name}.rs")), source).unwrap();
        fs::write(
            at(&format!("{name}-1.d")),
            format!("x: {name}.rs\n\n{name}.rs:\n"),
        )
        .unwrap();
        let mut arguments = vec![
            format!("--crate-name={name}"),
            format!("{name}.rs"),
            format!("--crate-type={kind}"),
            "--emit=dep-info,link".to_owned(),
            "-Cmetadata=0".to_owned(),
            "-Cextra-filename=-1".to_owned(),
            format!("--out-dir={}", self.directory.path().display()),
        ];
        arguments.extend(
            externs
                .iter()
                .map(|(name, file)| format!("--extern={name}={}", at(file).display())),
        );
        let directory = self.directory.path().to_owned();
        let compile = Compile {
            arguments,
            environment: BTreeMap::new(),
            directory,
            started: SystemTime::now(),
            input: None,
        };
        let (id, record) = Record::of_compile(compile, State::Compiled)
            .unwrap()
            .unwrap();
        record.write(&self.store, &id).unwrap();
        id
    }

    /// A macro that uses a macro, a library, and a library that uses a macro.
    fn example(&self) -> [UnitId; 4] {
        let inner = self.crate_of("inner", "proc-macro", "", &[]);
        let below = self.crate_of("below", "lib", "", &[]);
        let externs = [
            ("below", &*Self::library("below")),
            ("inner", &Self::shared("inner")),
        ];
        let helper = self.crate_of("helper", "lib", "", &externs);
        let externs = [("help", &*Self::library("helper"))];
        let outer = self.crate_of("outer", "proc-macro", "", &externs);
        [inner, below, helper, outer]
    }

    fn graph(&self, root: &UnitId) -> Graph {
        let mut graph = Graph::default();
        assert_eq!(graph.load(&self.store, root), BTreeSet::new());
        graph
    }

    fn key(&self, root: &UnitId, toolchain: &str, opt_level: &str) -> String {
        let recipe = Recipe {
            wasm_args: &[],
            link_args: &[],
            opt_level,
        };
        self.graph(root).keys(&recipe, toolchain, &self.store)[root.as_str()].clone()
    }
}

#[test]
fn libraries_come_first_and_macros_stay_native() {
    let compiled = Compiled::new();
    let [_, below, helper, outer] = compiled.example();
    let graph = compiled.graph(&outer);
    assert_eq!(graph.in_order([&outer]), [&below, &helper, &outer]);

    let recipe = Recipe {
        wasm_args: &[],
        link_args: &[],
        opt_level: "3",
    };
    let check = |id: &UnitId, expect: &str| {
        let arguments = graph.arguments(&recipe, &compiled.store, id).join(" ");
        assert!(
            arguments.contains(expect),
            "{expect} is missing in {arguments}"
        );
    };
    let wasm = |id, file: String| compiled.store.wasm(id).join(file).display().to_string();
    let native = compiled.directory.path().display();
    let library = wasm(&helper, Compiled::library("helper"));
    check(&outer, &format!("--extern help={library}"));
    check(
        &outer,
        &format!("-Ldependency={}", compiled.store.wasm(&below).display()),
    );
    check(&outer, &format!("-Ldependency={native}"));
    let library = wasm(&below, Compiled::library("below"));
    check(&helper, &format!("--extern below={library}"));
    check(
        &helper,
        &format!("--extern inner={native}/{}", Compiled::shared("inner")),
    );
}

#[test]
fn what_is_not_recorded_is_named() {
    let compiled = Compiled::new();
    let [inner, _, helper, outer] = compiled.example();
    let mut graph = Graph::default();
    for gone in [helper, inner.clone()] {
        fs::remove_file(compiled.store.record(&gone)).unwrap();
        assert_eq!(graph.load(&compiled.store, &outer), [gone.clone()].into());
        compiled.example();
    }
    assert_eq!(graph.load(&compiled.store, &inner), [].into());
}

#[test]
fn a_key_follows_everything_below() {
    let compiled = Compiled::new();
    let [_, _, _, outer] = compiled.example();
    let before = compiled.key(&outer, "t", "3");
    compiled.example();
    assert_eq!(compiled.key(&outer, "t", "3"), before);
    assert_ne!(compiled.key(&outer, "u", "3"), before);
    assert_ne!(compiled.key(&outer, "t", "1"), before);
    for (name, kind) in [("below", "lib"), ("inner", "proc-macro")] {
        compiled.crate_of(name, kind, "fn changed() {}", &[]);
        assert_ne!(compiled.key(&outer, "t", "3"), before, "{name}");
        compiled.example();
    }
    assert_eq!(compiled.key(&outer, "t", "3"), before);
}
