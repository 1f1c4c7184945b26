//! How cargo had one unit compiled, as the wrapper saw it.

use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::dep_info::DepInfo;
use crate::flags::Flags;
use crate::known::{Input, Known};
use crate::sources;
use crate::store::{self, Store, UnitId, unit_id};

/// Goes up when a record means something else than before.
const FORMAT: u32 = 2;

/// A unit's command line, and what it was made of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Record {
    format: u32,
    /// rustc's arguments.
    pub(crate) arguments: Vec<String>,
    /// What cargo and the unit's build script set.
    pub(crate) environment: BTreeMap<String, String>,
    /// Where rustc ran.
    pub(crate) directory: PathBuf,
    /// The library that it made.
    pub(crate) native: PathBuf,
    /// Digest of the sources' contents and of the variables that were compiled in.
    pub(crate) sources: String,
    /// When rustc wrote the unit's dep-info: a later one means a compile that we did not see.
    compiled: u128,
    /// When rustc was started, or the sources were looked at in its place.
    pub(crate) started: SystemTime,
    /// What the machine's cache may know of it.
    pub(crate) known: Option<Known>,
    pub(crate) state: State,
}

/// What is where cargo expects the library.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum State {
    /// What rustc made of it.
    Compiled,
    /// A placeholder ([`placeholder`](crate::placeholder)).
    Deferred,
    /// What rustc made of it in the placeholder's stead.
    Materialised,
    /// A shim of a macro crate.
    Shim,
}

/// A compile, as far as it can't be seen in what it leaves.
#[derive(Debug)]
pub(crate) struct Compile {
    /// rustc's arguments.
    pub(crate) arguments: Vec<String>,
    /// What cargo and the unit's build script set.
    pub(crate) environment: BTreeMap<String, String>,
    /// Where rustc ran.
    pub(crate) directory: PathBuf,
    pub(crate) started: SystemTime,
    /// What it was given, if that has a name, and its diagnostics.
    pub(crate) input: Option<(Input, Vec<String>)>,
}

/// Where a unit's files are.
pub(crate) struct Place {
    out_dir: PathBuf,
    /// Crate name and `-C extra-filename`.
    stem: String,
    /// The library that cargo expects.
    pub(crate) native: PathBuf,
}

impl Place {
    pub(crate) fn of(flags: &Flags, directory: &Path) -> Option<Self> {
        let out_dir = directory.join(flags.out_dir()?);
        let extra = flags.codegen("extra-filename").unwrap_or_default();
        let stem = format!("{}{extra}", flags.crate_name()?);
        let shared = ["proc-macro", "dylib"];
        let native = if flags.crate_types().all(|kind| shared.contains(&kind)) {
            format!("{DLL_PREFIX}{stem}{DLL_SUFFIX}")
        } else {
            format!("lib{stem}.rlib")
        };
        Some(Self {
            native: out_dir.join(native),
            out_dir,
            stem,
        })
    }

    pub(crate) fn id(&self) -> UnitId {
        unit_id(&self.out_dir, &self.stem)
    }

    pub(crate) fn dep_info(&self) -> PathBuf {
        self.out_dir.join(format!("{}.d", self.stem))
    }

    /// A file of that extension beside the library, by the unit's name.
    pub(crate) fn beside(&self, extension: &str) -> PathBuf {
        self.out_dir.join(format!("{}.{extension}", self.stem))
    }
}

impl Record {
    /// The record of a compile that just succeeded, or nothing if no macro can need that unit.
    pub(crate) fn of_compile(compile: Compile, state: State) -> io::Result<Option<(UnitId, Self)>> {
        let flags = Flags::parse(&compile.arguments);
        let Some(place) = place(&flags, &compile.directory) else {
            return Ok(None);
        };
        let dep_info = DepInfo::parse(&fs::read_to_string(place.dep_info())?);
        let sources = sources::read(&dep_info, &compile.directory)?;
        let known = compile.input.and_then(|(input, messages)| {
            let (directory, started) = (&compile.directory, compile.started);
            Known::of_compile(&input, &dep_info, &sources, directory, started, messages)
        });
        let record = Self {
            format: FORMAT,
            sources: sources::combined(&sources, &dep_info.variables),
            compiled: modified(&place.dep_info())?,
            arguments: compile.arguments,
            environment: compile.environment,
            directory: compile.directory,
            started: compile.started,
            known,
            state,
            native: place.native.clone(),
        };
        Ok(Some((place.id(), record)))
    }

    /// The record of a unit that wasn't compiled, since it is known what would have come of it. Its
    /// dep-info is there.
    pub(crate) fn of_known(
        compile: Compile,
        known: Known,
        state: State,
    ) -> io::Result<Option<(UnitId, Self)>> {
        let flags = Flags::parse(&compile.arguments);
        let Some(place) = place(&flags, &compile.directory) else {
            return Ok(None);
        };
        let record = Self {
            format: FORMAT,
            sources: sources::combined(&known.sources, &known.variables),
            compiled: modified(&place.dep_info())?,
            arguments: compile.arguments,
            environment: compile.environment,
            directory: compile.directory,
            started: compile.started,
            known: Some(known),
            state,
            native: place.native.clone(),
        };
        Ok(Some((place.id(), record)))
    }

    /// Writes it, so that a reader sees the old one or the new one.
    pub(crate) fn write(&self, store: &Store, id: &str) -> io::Result<()> {
        store::write_json(&store.record(id), self)
    }

    /// The record of a unit if there is one and cargo has not compiled the unit since.
    pub(crate) fn read(store: &Store, id: &str) -> Option<Self> {
        let record: Self = serde_json::from_slice(&fs::read(store.record(id)).ok()?).ok()?;
        let flags = Flags::parse(&record.arguments);
        let dep_info = Place::of(&flags, &record.directory)?.dep_info();
        let current = record.format == FORMAT && modified(&dep_info).ok()? == record.compiled;
        current.then_some(record)
    }

    /// The source file that rustc was given.
    pub(crate) fn source(&self) -> Option<PathBuf> {
        Some(self.directory.join(Flags::parse(&self.arguments).input?))
    }
}

/// Where the files of a unit are that a macro may need.
fn place(flags: &Flags, directory: &Path) -> Option<Place> {
    is_host_library(flags).then(|| Place::of(flags, directory))?
}

/// Whether this is cargo compiling a library for the host. Without `-C metadata` it is a build
/// script that tries the compiler; with `--target` it is for someone else than a macro.
pub(crate) fn is_host_library(flags: &Flags) -> bool {
    let library = |kind| ["lib", "rlib", "dylib", "proc-macro"].contains(&kind);
    flags.crate_types().any(library)
        && flags
            .values("--emit")
            .flat_map(|emit| emit.split(','))
            .any(|kind| kind == "link")
        && flags.codegen("metadata").is_some()
        && !flags.has("--target")
        && !flags.has("--test")
}

fn modified(path: &Path) -> io::Result<u128> {
    let time = fs::metadata(path)?.modified()?;
    Ok(time
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A directory in which rustc "has compiled" `src/lib.rs`, and the arguments for it.
    fn compiled(more: &[&str]) -> (tempfile::TempDir, Vec<String>) {
        let directory = tempfile::tempdir().unwrap();
        fs::create_dir(directory.path().join("out")).unwrap();
        fs::write(directory.path().join("lib.rs"), "fn a() {}").unwrap();
        fs::write(
            directory.path().join("out/a-1.d"),
            "out/a-1.d: lib.rs\n\nlib.rs:\n",
        )
        .unwrap();
        let arguments = [
            "--crate-name=a",
            "lib.rs",
            "--emit=dep-info,metadata,link",
            "-Cmetadata=0",
            "-Cextra-filename=-1",
            "--out-dir=out",
        ];
        (
            directory,
            arguments
                .iter()
                .chain(more)
                .map(|&argument| argument.into())
                .collect(),
        )
    }

    fn record(directory: &Path, arguments: &[String]) -> Option<(UnitId, Record)> {
        let compile = Compile {
            arguments: arguments.to_vec(),
            environment: BTreeMap::new(),
            directory: directory.to_owned(),
            started: SystemTime::now(),
            input: None,
        };
        Record::of_compile(compile, State::Compiled).unwrap()
    }

    #[test]
    fn only_libraries_for_the_host() {
        let check = |more: &[&str], native: Option<&str>| {
            let (directory, arguments) = compiled(more);
            let found = record(directory.path(), &arguments).map(|(_, record)| record.native);
            assert_eq!(
                found,
                native.map(|name| directory.path().join("out").join(name))
            );
        };
        check(&["--crate-type=lib"], Some("liba-1.rlib"));
        check(
            &["--crate-type=cdylib", "--crate-type=rlib"],
            Some("liba-1.rlib"),
        );
        let library = format!("{DLL_PREFIX}a-1{DLL_SUFFIX}");
        check(&["--crate-type=proc-macro"], Some(&library));
        check(&["--crate-type=bin"], None);
        check(&["--crate-type=lib", "--test"], None);
        check(
            &["--crate-type=lib", "--target=x86_64-unknown-linux-gnu"],
            None,
        );
    }

    #[test]
    fn the_digest_follows_the_sources() {
        let (directory, arguments) = compiled(&["--crate-type=lib"]);
        let (_, before) = record(directory.path(), &arguments).unwrap();
        assert_eq!(
            record(directory.path(), &arguments).unwrap().1.sources,
            before.sources
        );
        fs::write(directory.path().join("lib.rs"), "fn b() {}").unwrap();
        assert_ne!(
            record(directory.path(), &arguments).unwrap().1.sources,
            before.sources
        );
    }

    #[test]
    fn a_compile_that_nobody_saw_makes_the_record_void() {
        let (directory, arguments) = compiled(&["--crate-type=lib"]);
        let store = Store::in_build_dir(directory.path());
        let (id, before) = record(directory.path(), &arguments).unwrap();
        before.write(&store, &id).unwrap();
        assert!(Record::read(&store, &id).is_some());

        let dep_info = fs::File::options()
            .append(true)
            .open(directory.path().join("out/a-1.d"));
        let later = UNIX_EPOCH + std::time::Duration::from_secs(4_000_000_000);
        dep_info.unwrap().set_modified(later).unwrap();
        assert!(Record::read(&store, &id).is_none());
    }
}
