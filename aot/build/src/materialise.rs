//! Compiles libraries whose place a [`placeholder`] holds, as soon as something needs them.
//!
//! Several wrappers may need one at once: each library has a lock, and who gets it after another finds the
//! library there. A lock is held while what the library itself needs is compiled; nobody waits in a circle,
//! since libraries don't depend on each other in one.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::time::SystemTime;

use fs_err as fs;

use crate::call::emitting;
use crate::dep_info::DepInfo;
use crate::flags::Flags;
use crate::record::{Record, State};
use crate::run::{Show, run};
use crate::session::{self, Session};
use crate::store::{Store, unit_of_library};
use crate::{MacroCache, log, placeholder, sources};

/// Why a unit can't be compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Only its place is there.
    #[error(
        "`{}` was not compiled, and it isn't known any more how to: run `pm-aot cargo clean` for this \
         target directory",
        .0.display()
    )]
    Lost(PathBuf),
    /// The policy says `wasm`, and there is none.
    #[error("{0}")]
    Policy(String),
    /// rustc has said why.
    #[error("`{name}` doesn't compile ({status}), which nothing had needed until now")]
    Compile {
        name: String,
        status: ExitStatus,
        messages: Vec<String>,
    },
}

/// Where libraries are needed.
pub(crate) struct Needed<'a> {
    pub(crate) session: &'a Session,
    pub(crate) store: &'a Store,
    /// What this process's environment has for its own unit.
    pub(crate) environment: &'a BTreeMap<String, String>,
}

impl Needed<'_> {
    /// Has the libraries that a command line names there, and what they need in turn.
    pub(crate) fn require(&self, flags: &Flags, directory: &Path) -> Result<(), Failure> {
        for library in libraries(flags, directory) {
            if placeholder::stands_for(&library) {
                self.materialise(&library)?;
            }
        }
        Ok(())
    }

    fn materialise(&self, library: &Path) -> Result<(), Failure> {
        let lost = || Failure::Lost(library.to_owned());
        let id = unit_of_library(library).ok_or_else(lost)?;
        let _lock = self.store.lock_unit(&id)?;
        if !placeholder::stands_for(library) {
            return Ok(());
        }
        let mut record = Record::read(self.store, &id).ok_or_else(lost)?;
        let flags = Flags::parse(&record.arguments);
        self.require(&flags, &record.directory)?;
        log::info(format_args!(
            "{}: compiled, since it is needed",
            library.display()
        ));

        let files = placeholder::files(library);
        let times = [modified(&files[0])?, modified(&files[1])?];
        // The one that is there is what cargo and the record know; it stays.
        let dep_info = tempfile::NamedTempFile::new_in(self.store.root())?.into_temp_path();
        let emit = format!("dep-info={},metadata,link", dep_info.display());
        let ran = run(&mut self.command(&record, &emit), Show::Later, |_| {})?;
        if !ran.status.success() {
            return Err(Failure::Compile {
                name: flags.crate_name().unwrap_or_default().to_owned(),
                status: ran.status,
                messages: ran.messages,
            });
        }
        // Cargo takes what depends on a file for outdated if that file is younger.
        for (file, time) in files.iter().zip(times) {
            let file = fs::File::options().write(true).open(file)?;
            file.file().set_modified(time)?;
        }
        let dep_info = DepInfo::parse(&fs::read_to_string(&dep_info)?);
        let found = sources::read(&dep_info, &record.directory)?;
        if sources::combined(&found, &dep_info.variables) != record.sources {
            record.known = None;
        }
        record.state = State::Materialised;
        record.write(self.store, &id)?;
        Ok(())
    }

    /// rustc for a record's unit, in the environment that cargo gave it.
    fn command(&self, record: &Record, emit: &str) -> Command {
        let rustc = &self.session.rustc;
        let mut command = Command::new(self.session.inner.as_ref().unwrap_or(rustc));
        if self.session.inner.is_some() {
            command.arg(rustc);
        }
        command
            .args(emitting(&record.arguments, emit))
            .current_dir(&record.directory)
            .env_remove(session::VARIABLE);
        for name in self.environment.keys() {
            command.env_remove(name);
        }
        command.envs(&record.environment);
        command
    }

    /// Notes in the cache that this project needs for itself what was deferred of the libraries below a
    /// command line, so that next time they are compiled when cargo asks for them.
    pub(crate) fn note(
        &self,
        cache: &MacroCache,
        flags: &Flags,
        directory: &Path,
    ) -> io::Result<()> {
        let mut seen = BTreeSet::new();
        let mut open = libraries(flags, directory);
        while let Some(library) = open.pop() {
            let Some(id) = unit_of_library(&library) else {
                continue;
            };
            if !seen.insert(id.clone()) {
                continue;
            }
            let Some(record) = Record::read(self.store, &id) else {
                continue;
            };
            let flags = Flags::parse(&record.arguments);
            if flags.is_proc_macro() {
                // It runs, and is not linked with what it was made of.
                continue;
            }
            if let (State::Deferred | State::Materialised, Some(known)) =
                (record.state, &record.known)
            {
                cache.want(&known.key(), self.store.root())?;
            }
            open.extend(libraries(&flags, &record.directory));
        }
        Ok(())
    }
}

fn libraries(flags: &Flags, directory: &Path) -> Vec<PathBuf> {
    let paths = flags.externs().filter_map(|external| external.path);
    paths.map(|path| directory.join(path)).collect()
}

fn modified(path: &Path) -> io::Result<SystemTime> {
    fs::metadata(path)?.modified()
}
