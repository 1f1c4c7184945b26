//! The build: cargo, then what cargo did not let us see, then wasm.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::io;
use std::num::NonZero;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use pm_toolchain::Toolchain;

use crate::artifact::Artifact;
use crate::cargo::Cargo;
use crate::cargo_args::CargoArgs;
use crate::compile::Compiler;
use crate::graph::Graph;
use crate::refresh;
use crate::rewrite::Recipe;
use crate::schedule::{self, Outcome};
use crate::session::Now;
use crate::store::{Store, UnitId};
use crate::workspace::Workspace;
use crate::{BuildError, BuildOptions, Built, BuiltMacro, Event, FailedMacro, Mode};

/// How often cargo is made to compile again what we have not seen. Once is enough unless features
/// bring in packages that the first look did not see.
const REFRESHES: usize = 3;

/// Builds the user's workspace with cargo, and each of its proc macros for wasm as well.
///
/// `arguments` go to cargo as they are. Cargo's output is the user's; with a JSON message format
/// the messages are too. A macro that does not compile for wasm does not stop the rest.
///
/// # Errors
/// If cargo cannot be run, or the build directory cannot be written to. That cargo's build fails
/// is no error: [`Built::cargo`] has its status.
pub fn build(
    toolchain: &Toolchain,
    options: &BuildOptions<'_>,
    arguments: &[OsString],
) -> Result<Built, BuildError> {
    let cargo = Cargo {
        toolchain,
        options,
        arguments: CargoArgs::parse(arguments),
    };
    if cargo.arguments.information {
        return Ok(Built::nothing(cargo.run_plain(arguments)?));
    }
    let Some(workspace) = cargo.workspace()? else {
        let status = match cargo.compiles() {
            true => cargo.say_no_workspace()?,
            false => cargo.run_plain(arguments)?,
        };
        return Ok(Built::nothing(status));
    };
    if !cargo.compiles() {
        return Ok(Built::nothing(cargo.run_in(&workspace, arguments)?));
    }
    let store = workspace.store();
    let (status, artifacts) = cargo.build(&workspace, &store, true)?;
    let is_done =
        options.mode == Mode::Shims || !artifacts.iter().any(|artifact| artifact.is_macro);
    if !status.success() || is_done {
        return Ok(Built::nothing(status));
    }
    let _lock = store.lock(|lock| (options.report)(Event::Waiting { lock }))?;
    let engine = Engine {
        cargo: &cargo,
        workspace: &workspace,
        store: &store,
    };
    let (graph, macros, mut failed) = match engine.see_all(artifacts)? {
        Seen::All {
            graph,
            macros,
            failed,
        } => (graph, macros, failed),
        Seen::CargoFailed(status) => return Ok(Built::nothing(status)),
    };
    let recipe = Recipe {
        wasm_args: &toolchain.wasm_args,
        link_args: &toolchain.link_args,
        opt_level: options.opt_level.as_str(),
    };
    let compiler = Compiler {
        toolchain,
        recipe,
        store: &store,
        graph: &graph,
    };
    let (macros, more) = compile(&compiler, &macros, cargo.jobs(), options.report);
    failed.extend(more);
    Ok(Built {
        cargo: status,
        macros,
        failed,
    })
}

/// Compiles one macro whose unit, and whose dependencies' units, have records: the wrapper's way.
pub(crate) fn compile_macro(
    now: &Now,
    store: &Store,
    id: &UnitId,
) -> io::Result<Result<PathBuf, String>> {
    let _lock = store.lock(|_| {})?;
    let mut graph = Graph::default();
    let missing = graph.load(store, id);
    if !missing.is_empty() {
        let missing: Vec<_> = missing.into_iter().collect();
        return Ok(Err(format!(
            "it is not known how {} was compiled: run `cargo clean` for this target directory",
            missing.join(", ")
        )));
    }
    let compiler = Compiler {
        toolchain: &now.toolchain,
        recipe: Recipe {
            wasm_args: &now.toolchain.wasm_args,
            link_args: &now.toolchain.link_args,
            opt_level: &now.opt_level,
        },
        store,
        graph: &graph,
    };
    let (built, failed) = compile(&compiler, &[id.clone()].into(), now.jobs, &|_| {});
    let built = built.into_iter().next().map(|built| built.wasm);
    Ok(built.ok_or_else(|| {
        failed
            .into_iter()
            .map(|failed| failed.diagnostics)
            .collect()
    }))
}

struct Engine<'a> {
    cargo: &'a Cargo<'a>,
    workspace: &'a Workspace,
    store: &'a Store,
}

/// Whether all that macros are made of is known.
enum Seen {
    All {
        graph: Graph,
        macros: BTreeSet<UnitId>,
        failed: Vec<FailedMacro>,
    },
    CargoFailed(std::process::ExitStatus),
}

impl Engine<'_> {
    /// Finds how each macro was compiled. Where cargo found something fresh and so did not call
    /// the wrapper, and no earlier build of ours has a record, cargo is made to compile it again.
    fn see_all(&self, mut artifacts: Vec<Artifact>) -> Result<Seen, BuildError> {
        let mut round = 0;
        loop {
            let mut graph = Graph::default();
            let mut macros = BTreeSet::new();
            let mut unseen = Vec::new();
            for artifact in artifacts.iter().filter(|artifact| artifact.is_macro) {
                match artifact.unit(self.store) {
                    Some(id) if graph.load(self.store, &id).is_empty() => {
                        macros.insert(id);
                    }
                    _ => unseen.push(artifact),
                }
            }
            if unseen.is_empty() || round == REFRESHES {
                let failed = unseen.into_iter().map(not_seen).collect();
                return Ok(Seen::All {
                    graph,
                    macros,
                    failed,
                });
            }
            refresh::make_stale(self.cargo, self.workspace, self.store, &unseen, &artifacts)?;
            let (status, again) = self.cargo.build(self.workspace, self.store, false)?;
            if !status.success() {
                return Ok(Seen::CargoFailed(status));
            }
            artifacts = again;
            round += 1;
        }
    }
}

fn not_seen(artifact: &Artifact) -> FailedMacro {
    let (package, version) = artifact.name_and_version();
    FailedMacro {
        package: package.into(),
        version: version.into(),
        crate_name: artifact.crate_name.clone(),
        native: artifact.native().map(PathBuf::from).unwrap_or_default(),
        failed_crate: artifact.crate_name.clone(),
        diagnostics: "cargo did not run the compiler for it or for a crate that it needs, so it \
                      is not known how to compile it"
            .into(),
    }
}

fn compile(
    compiler: &Compiler<'_>,
    macros: &BTreeSet<UnitId>,
    jobs: NonZero<usize>,
    report: &(dyn Fn(Event<'_>) + Sync),
) -> (Vec<BuiltMacro>, Vec<FailedMacro>) {
    let graph = compiler.graph;
    let keys = graph.keys(&compiler.recipe, &compiler.toolchain.id, compiler.store);
    let stale_macros = macros
        .iter()
        .filter(|id| !compiler.is_fresh(id, &keys[id.as_str()]));
    let stale: BTreeSet<&str> = graph
        .in_order(stale_macros)
        .into_iter()
        .filter(|id| !compiler.is_fresh(id, &keys[id.as_str()]))
        .map(String::as_str)
        .collect();
    let dependencies: BTreeMap<&str, BTreeSet<&str>> = stale
        .iter()
        .map(|id| {
            let all = graph.unit(id).libraries.iter().map(String::as_str);
            (*id, all.filter(|id| stale.contains(id)).collect())
        })
        .collect();
    let (done, total) = (AtomicUsize::new(0), dependencies.len());
    let outcomes = schedule::run(dependencies, jobs, |id| {
        let (package, version) = graph.unit(id).package();
        let so_far = done.load(Ordering::Relaxed);
        report(Event::Compiling {
            package,
            version,
            done: so_far,
            total,
        });
        let result = compiler.compile(id, &keys[id]);
        done.fetch_add(1, Ordering::Relaxed);
        result
    });

    let (mut built, mut failed) = (Vec::new(), Vec::new());
    for id in macros {
        let unit = graph.unit(id);
        let (package, version) = unit.package();
        let (package, version) = (package.to_owned(), version.to_owned());
        let (crate_name, native) = (unit.crate_name().to_owned(), unit.record.native.clone());
        let culprit = match outcomes.get(id.as_str()) {
            None | Some(Outcome::Done) => {
                let fresh = !stale.contains(id.as_str());
                let wasm = compiler.output(id, unit);
                built.push(BuiltMacro {
                    package,
                    version,
                    crate_name,
                    wasm,
                    native,
                    fresh,
                });
                continue;
            }
            Some(Outcome::Failed(_)) => id.as_str(),
            Some(Outcome::Blocked(by)) => by,
        };
        compiler.remove_outdated(id);
        let diagnostics = match outcomes.get(culprit) {
            Some(Outcome::Failed(text)) => text.clone(),
            _ => String::new(),
        };
        let failed_crate = graph.unit(culprit).crate_name().to_owned();
        failed.push(FailedMacro {
            package,
            version,
            crate_name,
            native,
            failed_crate,
            diagnostics,
        });
    }
    built.sort_by(|a, b| a.wasm.cmp(&b.wasm));
    (built, failed)
}
