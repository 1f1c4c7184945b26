//! From cargo's native command line to the one for wasm.
//!
//! Kept is what says which crate this is (name, metadata, edition, features, cfgs) and what its
//! code can observe (debug assertions, overflow checks, path remapping). Left out is what is
//! about the host, about output that nobody reads here, and about lints: the native compile has
//! shown all warnings.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::flags::Flags;

/// What every unit of a build has in common.
#[derive(Clone, Debug)]
pub(crate) struct Recipe<'a> {
    pub(crate) wasm_args: &'a [String],
    /// For the units that are linked.
    pub(crate) link_args: &'a [String],
    pub(crate) opt_level: &'a str,
}

/// Where a unit finds its dependencies and leaves its output.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The path in cargo's `--extern`, and what stands there instead.
    pub(crate) externs: BTreeMap<String, PathBuf>,
    /// Where the dependencies' own dependencies are.
    pub(crate) search: Vec<PathBuf>,
}

const KEPT: &[&str] = &[
    "--cfg",
    "--crate-name",
    "--edition",
    "--env-set",
    "--remap-path-prefix",
    "--remap-path-scope",
];
const KEPT_CODEGEN: &[&str] = &["metadata", "extra-filename"];
const KEPT_UNSTABLE: &[&str] = &["allow-features", "crate-attr"];

impl Recipe<'_> {
    /// The arguments of rustc, without its output directory.
    pub(crate) fn rewrite(&self, flags: &Flags, places: &Places) -> Vec<String> {
        let linked = flags.is_proc_macro();
        let mut arguments: Vec<String> = self.wasm_args.to_vec();
        arguments.push("-Zunstable-options".into());
        for flag in &flags.all {
            let Some(value) = &flag.value else { continue };
            let key = value.split('=').next().unwrap_or_default();
            let kept = match flag.name.as_str() {
                "-C" => KEPT_CODEGEN.contains(&key),
                "-Z" => KEPT_UNSTABLE.contains(&key),
                name => KEPT.contains(&name),
            };
            if kept {
                arguments.extend([flag.name.clone(), value.clone()]);
            }
        }
        arguments.extend(flags.input.clone());
        let kind = if linked { "proc-macro" } else { "rlib" };
        arguments
            .extend(["--crate-type", kind, "--emit=link", "--cap-lints=allow"].map(Into::into));

        let on = |yes| if yes { "on" } else { "off" };
        let debug = debug_assertions(flags);
        let overflow = switch(flags, "overflow-checks").unwrap_or(debug);
        arguments.extend([
            format!("-Copt-level={}", self.opt_level),
            format!("-Cdebug-assertions={}", on(debug)),
            format!("-Coverflow-checks={}", on(overflow)),
            // serde_derive and what is in it: 1.36 MB and 43 s of processor time; in 16 units it
            // is 2.27 MB and 78 s.
            "-Ccodegen-units=1".into(),
            "-Cdebuginfo=0".into(),
        ]);
        if linked {
            arguments.extend_from_slice(self.link_args);
        }
        for external in flags.externs() {
            let value = match external.path {
                Some(path) => match places.externs.get(path) {
                    Some(path) => external.at(path),
                    None => external.at(Path::new(path)),
                },
                None => match external.options {
                    Some(options) => format!("{options}:{}", external.name),
                    None => external.name.to_owned(),
                },
            };
            arguments.extend(["--extern".into(), value]);
        }
        for directory in &places.search {
            arguments.push(format!("-Ldependency={}", directory.display()));
        }
        arguments
    }
}

/// As rustc decides it: what it was told, else whether it does not optimise.
fn debug_assertions(flags: &Flags) -> bool {
    let optimised = flags.has("-O") || flags.codegen("opt-level").is_some_and(|level| level != "0");
    switch(flags, "debug-assertions").unwrap_or(!optimised)
}

/// A codegen option that is on or off; without a value it is on.
fn switch(flags: &Flags, name: &str) -> Option<bool> {
    let value = flags
        .values("-C")
        .map(|option| option.split_once('=').unwrap_or((option, "on")))
        .filter(|(key, _)| *key == name)
        .last()?
        .1;
    Some(["y", "yes", "on", "true"].contains(&value))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The arguments that `line` gives beyond those that every unit has.
    fn rewrite(line: &str) -> String {
        let arguments: Vec<String> = line.split(' ').map(str::to_owned).collect();
        let wasm_args = ["--target=wasm32-wasip1.json".to_owned()];
        let link_args = ["-Clinker=rust-lld".to_owned()];
        let recipe = Recipe {
            wasm_args: &wasm_args,
            link_args: &link_args,
            opt_level: "3",
        };
        let places = Places {
            externs: [("/d/liba-1.rmeta".to_owned(), "/w/a/liba-1.rlib".into())].into(),
            search: vec!["/w/a".into(), "/d".into()],
        };
        let common = [
            "-Zunstable-options",
            "--emit=link",
            "--cap-lints=allow",
            "-Copt-level=3",
            "-Ccodegen-units=1",
            "-Cdebuginfo=0",
            "-Ldependency=/w/a",
            "-Ldependency=/d",
            "--target=wasm32-wasip1.json",
        ];
        let all = recipe.rewrite(&Flags::parse(&arguments), &places);
        for argument in common {
            assert!(
                all.iter().any(|found| found == argument),
                "{argument} is missing in {all:?}"
            );
        }
        let own = all
            .iter()
            .filter(|argument| !common.contains(&argument.as_str()));
        own.cloned().collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_library_as_cargo_compiles_it() {
        assert_eq!(
            rewrite(
                "--crate-name quote --edition=2021 /src/lib.rs --error-format=json \
                 --json=diagnostic-rendered-ansi,artifacts --crate-type lib \
                 --emit=dep-info,metadata,link -C embed-bitcode=no -C debug-assertions=off \
                 --cfg feature=\"default\" --check-cfg cfg(docsrs) -C metadata=45 \
                 -C extra-filename=-03 --out-dir /d -L dependency=/d \
                 --extern b=/d/liba-1.rmeta --cap-lints allow -L native=/usr/lib -l z"
            ),
            "--crate-name quote --edition 2021 --cfg feature=\"default\" -C metadata=45 \
             -C extra-filename=-03 /src/lib.rs --crate-type rlib -Cdebug-assertions=off \
             -Coverflow-checks=off --extern b=/w/a/liba-1.rlib"
        );
    }

    #[test]
    fn a_macro_is_linked_and_uses_native_macros() {
        assert_eq!(
            rewrite(
                "--crate-name m src/lib.rs --crate-type proc-macro -C prefer-dynamic \
                 -C linker=clang -Clink-arg=-fuse-ld=mold -Ctarget-cpu=native -C incremental=/i \
                 -C metadata=1 --extern priv:d=/d/libd-1.so --extern proc_macro \
                 --extern noprelude:core"
            ),
            "--crate-name m -C metadata=1 src/lib.rs --crate-type proc-macro \
             -Cdebug-assertions=on -Coverflow-checks=on -Clinker=rust-lld \
             --extern priv:d=/d/libd-1.so --extern proc_macro --extern noprelude:core"
        );
    }

    #[test]
    fn code_sees_the_assertions_and_checks_of_the_native_build() {
        let check = |line: &str, debug: &str, overflow: &str| {
            let found = rewrite(&format!("--crate-name a --crate-type lib {line}"));
            let expect = format!("-Cdebug-assertions={debug} -Coverflow-checks={overflow}");
            assert!(found.contains(&expect), "{line}: {found}");
        };
        check("-v", "on", "on");
        check("-Copt-level=0", "on", "on");
        check("-Copt-level=2", "off", "off");
        check("-O", "off", "off");
        check("-Copt-level=3 -C debug-assertions", "on", "on");
        check(
            "-Copt-level=3 -C debug-assertions=yes -C overflow-checks=no",
            "on",
            "off",
        );
        check("-C overflow-checks=on -C debug-assertions=off", "off", "on");
    }

    #[test]
    fn what_code_can_observe_is_kept() {
        let found = rewrite(
            "--crate-name a --crate-type lib --remap-path-prefix /a=/b -Zcrate-attr=feature(x) \
             -Zthreads=8 --sysroot /s -Wunused -D warnings",
        );
        assert!(
            found.contains("--remap-path-prefix /a=/b -Z crate-attr=feature(x)"),
            "{found}"
        );
        for gone in ["threads", "/s", "unused", "warnings"] {
            assert!(!found.contains(gone), "{gone}: {found}");
        }
    }
}
