//! Libraries: compiled when cargo asks for them, or when something needs them.
//!
//! A library that the cache knows is part of a macro crate that it has. Then that crate isn't compiled here,
//! and the library is, as far as anybody knows, of no use.

use std::process::ExitCode;
use std::time::SystemTime;

use fs_err as fs;

use super::Unit;
use crate::known::{Input, Known};
use crate::materialise::Failure;
use crate::record::{Place, Record, State};
use crate::run::say;
use crate::session::Now;
use crate::{Hooks, log, placeholder};

impl<H: Hooks> Unit<'_, H> {
    pub(super) fn library(&self, now: &Now) -> Result<ExitCode, Failure> {
        let started = SystemTime::now();
        let input = self.input(now);
        if let Some(known) = self.deferrable(now, input.as_ref()) {
            match self.defer(known, started) {
                Ok(()) => return Ok(ExitCode::SUCCESS),
                Err(error) => log::warn(format_args!(
                    "compiled, since no placeholder could be made: {error}"
                )),
            }
        }
        self.require()?;
        if self.is_primary() {
            self.note_wanted();
        }
        self.native(started, input)
    }

    /// What is known of the library, if nothing is known to need it.
    fn deferrable(&self, now: &Now, input: Option<&Input>) -> Option<Known> {
        let (cache, input) = (now.cache.as_ref()?, input?);
        let usual = |kind| ["lib", "rlib"].contains(&kind);
        if self.is_primary()
            || !self.call.flags.crate_types().all(usual)
            || !self
                .call
                .flags
                .values("--emit")
                .eq(["dep-info,metadata,link"])
        {
            return None;
        }
        let known = cache.find_unit(input, &self.call.directory)?;
        (!cache.is_wanted(&known.key(), self.store.root())).then_some(known)
    }

    /// Whether the user asked for this package. Cargo puts its libraries where they are for the user.
    pub(super) fn is_primary(&self) -> bool {
        self.environment.contains_key("CARGO_PRIMARY_PACKAGE")
    }

    fn defer(&self, known: Known, started: SystemTime) -> std::io::Result<()> {
        let Some(place) = Place::of(&self.call.flags, &self.call.directory) else {
            return Err(std::io::Error::other("it has no output directory"));
        };
        let messages = known.messages.clone();
        let dep_info = place.dep_info();
        let [metadata, library] = placeholder::files(&place.native);
        fs::write(
            &dep_info,
            known.dep_info().write(&[&dep_info, &metadata, &library]),
        )?;
        let compile = self.compile_at(started);
        if let Some((id, record)) = Record::of_known(compile, known, State::Deferred)? {
            record.write(&self.store, &id)?;
        }
        placeholder::write(&place.native)?;
        say(&messages);
        log::info(format_args!(
            "{}: not compiled until it is needed",
            library.display()
        ));
        Ok(())
    }
}
