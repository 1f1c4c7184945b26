//! Macro crates: out of the machine's cache, else compiled for wasm, and where that can't be, natively.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::SystemTime;

use fs_err as fs;

use pm_policy::{Decision, Version};

use super::policy::Unserved;
use super::{Unit, exit_code};
use crate::cache::{Entry, link};
use crate::call::emitting;
use crate::dep_info::DepInfo;
use crate::graph::Graph;
use crate::known::{Input, Known};
use crate::materialise::Failure;
use crate::record::{Place, Record, State};
use crate::run::{Show, run, say};
use crate::session::Now;
use crate::store::UnitId;
use crate::{Hooks, MacroCache, ShimFiles, engine, log, sources};

impl<H: Hooks> Unit<'_, H> {
    pub(super) fn macro_crate(&self, now: &Now) -> Result<ExitCode, Failure> {
        let started = SystemTime::now();
        let decision = self.decide(now);
        let Some(place) = Place::of(&self.call.flags, &self.call.directory) else {
            self.may_be_native(&decision, "its command line names no output directory")?;
            return Ok(exit_code(self.call.command().status()?));
        };
        if decision.version == Version::Native {
            self.require()?;
            self.note_decision(&place, &decision, Some(decision.why.clone()))?;
            return self.native(started, None);
        }
        let input = self.input(now);
        if let Some(found) = self.find(now, input.as_ref()) {
            match self.install(&place, &decision, found, started) {
                Ok(()) => {
                    self.note_decision(&place, &decision, None)?;
                    if now.doctests && self.is_primary() {
                        self.require()?;
                    }
                    return Ok(ExitCode::SUCCESS);
                }
                Err(error) => log::warn(format_args!("not taken out of the cache: {error}")),
            }
        }
        self.require()?;
        self.for_wasm(now, &place, &decision, input, started)
    }

    fn find(&self, now: &Now, input: Option<&Input>) -> Option<(Known, Entry)> {
        let (cache, input) = (now.cache.as_ref()?, input?);
        let known = cache.find_unit(input, &self.call.directory)?;
        let entry = cache.find_macro(&known.key())?;
        Some((known, entry))
    }

    /// Puts what the cache has where cargo expects the macro crate.
    fn install(
        &self,
        place: &Place,
        decision: &Decision,
        (known, entry): (Known, Entry),
        started: SystemTime,
    ) -> Result<(), String> {
        let text = |error: io::Error| error.to_string();
        let (wasm, artifact) = (place.beside("wasm"), place.beside("cwasm"));
        link(&entry.module, &wasm).map_err(text)?;
        link(&entry.artifact, &artifact).map_err(text)?;
        let shim = ShimFiles {
            artifact: &artifact,
            metadata: &entry.metadata,
            library: &place.native,
            sandbox: &decision.sandbox,
        };
        self.hooks.shim(&shim)?;
        write_dep_info(place, &known.dep_info()).map_err(text)?;
        let messages = known.messages.clone();
        let record =
            Record::of_known(self.compile_at(started), known, State::Shim).map_err(text)?;
        if let Some((id, record)) = record {
            record.write(&self.store, &id).map_err(text)?;
        }
        say(&messages);
        log::info(format_args!("{}: from the cache", place.native.display()));
        Ok(())
    }

    /// Compiles the crate for wasm, and for the host no more than its metadata. What it names is there.
    fn for_wasm(
        &self,
        now: &Now,
        place: &Place,
        decision: &Decision,
        input: Option<Input>,
        started: SystemTime,
    ) -> Result<ExitCode, Failure> {
        fs::create_dir_all(self.store.root())?;
        let scratch = tempfile::Builder::new()
            .prefix("metadata-")
            .tempdir_in(self.store.root())?;
        let metadata = scratch.path().join("metadata.rmeta");
        let emit = format!("dep-info,metadata={}", metadata.display());
        let arguments = emitting(&self.call.arguments, &emit);
        let ran = run(&mut self.call.command_with(&arguments), Show::Later, |_| {})?;
        if !ran.status.success() {
            say(&ran.messages);
            return Ok(exit_code(ran.status));
        }
        // As if rustc had linked it.
        let dep_info = DepInfo::parse(&fs::read_to_string(place.dep_info())?);
        write_dep_info(place, &dep_info)?;
        let mut compile = self.compile_at(started);
        compile.input = input.map(|input| (input, ran.messages.clone()));
        let Some(id) = self.note(compile, State::Shim) else {
            let reason = "how it is compiled can't be noted";
            self.may_be_native(decision, reason)?;
            self.note_decision(place, decision, Some(reason.to_owned()))?;
            return self.native(started, None);
        };
        match self.sandboxed(now, place, decision, &id, &metadata) {
            Ok(entry) => {
                self.note_decision(place, decision, None)?;
                say(&ran.messages);
                if let Some(cache) = &now.cache
                    && let Err(error) = self.keep(cache, &id, &entry)
                {
                    log::warn(format_args!("not kept in the cache: {error}"));
                }
                Ok(ExitCode::SUCCESS)
            }
            Err(unserved) if decision.version.is_required_wasm() => {
                Err(unserved.required(self.package(), decision))
            }
            Err(unserved) => {
                self.note_decision(place, decision, Some(unserved.reason.clone()))?;
                let code = self.native(started, None)?;
                unserved.tell_native(self.package());
                Ok(code)
            }
        }
    }

    /// Fails if the policy forbids that the native version runs, which it does for this reason.
    fn may_be_native(&self, decision: &Decision, reason: &str) -> Result<(), Failure> {
        if decision.version.is_required_wasm() {
            let unserved = Unserved::because(reason.to_owned());
            return Err(unserved.required(self.package(), decision));
        }
        Ok(())
    }

    /// Makes the module, its artifact and the shim.
    fn sandboxed(
        &self,
        now: &Now,
        place: &Place,
        decision: &Decision,
        id: &UnitId,
        metadata: &Path,
    ) -> Result<Entry, Unserved> {
        let module = engine::compile_macro(now, &self.store, id)
            .map_err(|error| Unserved::because(error.to_string()))?
            .map_err(|text| Unserved::by_rustc(&text))?;
        let artifact: PathBuf = self.hooks.precompile(&module).map_err(Unserved::because)?;
        let shim = ShimFiles {
            artifact: &artifact,
            metadata,
            library: &place.native,
            sandbox: &decision.sandbox,
        };
        self.hooks.shim(&shim).map_err(Unserved::because)?;
        Ok(Entry {
            module,
            artifact,
            metadata: metadata.to_owned(),
        })
    }

    /// Keeps the macro crate for other projects, with what is known of the libraries in it; if all of
    /// them have names, and none has changed since it was looked at.
    fn keep(&self, cache: &MacroCache, id: &UnitId, entry: &Entry) -> io::Result<()> {
        let mut graph = Graph::default();
        if !graph.load(&self.store, id).is_empty() {
            return Ok(());
        }
        let mut all = Vec::new();
        for unit in graph.in_order([id]) {
            let Record {
                directory,
                started,
                known,
                ..
            } = &graph.unit(unit).record;
            let unchanged = |known: &&Known| {
                sources::are_older(&known.sources, directory, *started)
                    && sources::are_current(&known.sources, directory)
            };
            match known.as_ref().filter(unchanged) {
                Some(known) => all.push(known),
                None => return Ok(()),
            }
        }
        let Some(own) = all.last() else { return Ok(()) };
        cache.add_macro(&own.key(), entry)?;
        all.iter().try_for_each(|known| cache.add_unit(known))
    }
}

fn write_dep_info(place: &Place, dep_info: &DepInfo) -> io::Result<()> {
    let file = place.dep_info();
    fs::write(&file, dep_info.write(&[&file, &place.native]))
}
