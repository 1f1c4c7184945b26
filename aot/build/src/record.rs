//! How cargo had one unit compiled, as the wrapper saw it.

use std::collections::BTreeMap;
use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use fs_err as fs;
use serde::{Deserialize, Serialize};

use crate::dep_info::DepInfo;
use crate::flags::Flags;
use crate::store::{Store, UnitId, unit_id};

/// Goes up when a record means something else than before.
const FORMAT: u32 = 1;

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
}

/// Where a unit's files are.
struct Place {
    out_dir: PathBuf,
    /// Crate name and `-C extra-filename`.
    stem: String,
}

impl Place {
    fn of(flags: &Flags, directory: &Path) -> Option<Self> {
        let out_dir = directory.join(flags.out_dir()?);
        let extra = flags.codegen("extra-filename").unwrap_or_default();
        Some(Self {
            out_dir,
            stem: format!("{}{extra}", flags.crate_name()?),
        })
    }

    fn dep_info(&self) -> PathBuf {
        self.out_dir.join(format!("{}.d", self.stem))
    }
}

impl Record {
    /// The record of a compile that just succeeded, or nothing if no macro can need that unit.
    pub(crate) fn of_compile(
        arguments: Vec<String>,
        environment: BTreeMap<String, String>,
        directory: PathBuf,
    ) -> io::Result<Option<(UnitId, Self)>> {
        let flags = Flags::parse(&arguments);
        if !is_host_library(&flags) {
            return Ok(None);
        }
        let Some(place) = Place::of(&flags, &directory) else {
            return Ok(None);
        };
        let shared = ["proc-macro", "dylib"];
        let native = if flags.crate_types().all(|kind| shared.contains(&kind)) {
            format!("{DLL_PREFIX}{}{DLL_SUFFIX}", place.stem)
        } else {
            format!("lib{}.rlib", place.stem)
        };
        let dep_info = place.dep_info();
        let record = Self {
            format: FORMAT,
            native: place.out_dir.join(native),
            sources: digest(&DepInfo::parse(&fs::read_to_string(&dep_info)?), &directory)?,
            compiled: modified(&dep_info)?,
            arguments,
            environment,
            directory,
        };
        Ok(Some((unit_id(&place.out_dir, &place.stem), record)))
    }

    /// Writes it, so that a reader sees the old one or the new one.
    pub(crate) fn write(&self, store: &Store, id: &str) -> io::Result<()> {
        fs::create_dir_all(store.units())?;
        let mut file = tempfile::NamedTempFile::new_in(store.units())?;
        serde_json::to_writer(&mut file, self)?;
        file.flush()?;
        file.persist(store.record(id))?;
        Ok(())
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

/// Whether this is cargo compiling a library for the host. Without `-C metadata` it is a build
/// script that tries the compiler; with `--target` it is for someone else than a macro.
fn is_host_library(flags: &Flags) -> bool {
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

fn digest(dep_info: &DepInfo, directory: &Path) -> io::Result<String> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |bytes: &[u8]| {
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    for source in &dep_info.sources {
        add(source.as_bytes());
        add(&fs::read(directory.join(source))?);
    }
    for variable in &dep_info.variables {
        add(variable.as_bytes());
    }
    Ok(hasher.finalize().to_hex().to_string())
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
        Record::of_compile(arguments.to_vec(), BTreeMap::new(), directory.to_owned()).unwrap()
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
