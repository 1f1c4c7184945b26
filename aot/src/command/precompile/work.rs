//! The work: compiles groups in parallel and tells of each as it's done.

use super::plan::{Group, Target};
use crate::Error;
use crate::message::{Macro, Precompiled};
use crate::shell::{Shell, count, size, text};
use pm_artifact::Manifest;
use pm_compile::{self as compile, CompileError};
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{self, Sender};
use std::time::Instant;

/// The stack of a compiling thread: start-up runs wasm on it, Cranelift recurses, and a thread that
/// waits for parts of one module may take up the next.
const STACK: usize = 128 << 20;

/// What happens to a group.
enum Event<'a> {
    Started(&'a Group),
    Ended(&'a Group),
    /// One of its artifacts was written, or wasn't.
    Result(Result<Precompiled, Error>),
}

/// Compiles each group and writes its artifacts; `done` is told of every one.
///
/// wasmtime compiles the functions of a module in parallel, with the thread pool that it finds itself
/// in: so one pool of `jobs` threads is filled from all modules, and never more run at once.
pub(super) fn run(
    groups: &[Group],
    jobs: NonZero<usize>,
    shell: &Shell,
    mut done: impl FnMut(Result<Precompiled, Error>),
) {
    if groups.is_empty() {
        return;
    }
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.get())
        .stack_size(STACK)
        .thread_name(|index| format!("compile {index}"))
        .build();
    let pool = match pool {
        Ok(pool) => pool,
        Err(error) => return done(Err(std::io::Error::other(error).into())),
    };
    let progress = shell.progress("Precompiling", groups.len() as u64);
    let mut running: Vec<&Path> = Vec::new();
    let (sender, events) = mpsc::channel();
    pool.in_place_scope(|scope| {
        for group in groups {
            let sender = sender.clone();
            scope.spawn(move |_| group.make(&sender));
        }
        drop(sender);
        for event in events {
            match event {
                Event::Started(group) => {
                    running.push(group.name());
                    for target in &group.targets {
                        let wasm = target.wasm.display();
                        shell.detail("Compiling", format_args!("{wasm} ({})", target.reason()));
                    }
                }
                Event::Ended(group) => {
                    running.retain(|name| *name != group.name());
                    progress.bar().inc(1);
                }
                Event::Result(result) => {
                    told(&result, shell);
                    done(result);
                }
            }
            let names: Vec<_> = running.iter().map(|name| name.to_string_lossy()).collect();
            progress.bar().set_message(names.join(", "));
        }
    });
}

fn told(result: &Result<Precompiled, Error>, shell: &Shell) {
    match result {
        Ok(done) => {
            let (wasm, size) = (&done.wasm, size(done.artifact_len));
            let macros = count(done.macros.len(), "macro");
            shell.status("Precompiled", format_args!("{wasm} ({macros}, {size})"));
        }
        Err(error) => shell.failed(error),
    }
}

impl Group {
    /// A short name: the first file's.
    fn name(&self) -> &Path {
        let wasm = self
            .targets
            .first()
            .map_or(Path::new(""), |target| &target.wasm);
        wasm.file_name().map_or(wasm, Path::new)
    }

    fn make<'a>(&'a self, sender: &Sender<Event<'a>>) {
        // The receiver outlives the pool's scope.
        let tell = |event| drop(sender.send(event));
        tell(Event::Started(self));
        let start = Instant::now();
        match self.compile() {
            Ok((artifact, manifest)) => {
                for target in &self.targets {
                    let written = target.write(&artifact, &manifest, start);
                    tell(Event::Result(written));
                }
            }
            Err(error) => tell(Event::Result(Err(error))),
        }
        tell(Event::Ended(self));
    }

    fn compile(&self) -> Result<(Vec<u8>, Manifest), Error> {
        let path = self.targets[0].wasm.clone();
        let wasm = fs_err::read(&path)?;
        let compiled = catch_unwind(AssertUnwindSafe(|| compile::precompile(&wasm)));
        let (artifact, manifest) = match compiled {
            Ok(Ok(compiled)) => compiled,
            Ok(Err(error)) => return Err(explain(error, path)),
            Err(panic) => {
                return Err(Error::Panic {
                    path,
                    message: message(&*panic),
                });
            }
        };
        // The others of the group are taken for the same on the strength of this digest.
        if manifest.source.digest != self.digest {
            return Err(Error::Changed { path });
        }
        Ok((artifact, manifest))
    }
}

impl Target {
    fn write(
        &self,
        artifact: &[u8],
        manifest: &Manifest,
        start: Instant,
    ) -> Result<Precompiled, Error> {
        let path = compile::write(&self.wasm, artifact, self.modified)?;
        Ok(Precompiled {
            wasm: text(&self.wasm),
            wasm_len: manifest.source.len,
            artifact: text(&path),
            artifact_len: artifact.len() as u64,
            macros: Macro::all(&manifest.module.declarations),
            seconds: start.elapsed().as_secs_f64(),
        })
    }
}

fn explain(error: CompileError, path: PathBuf) -> Error {
    match error {
        CompileError::Io(error) => Error::Io(error),
        CompileError::Snapshot(cause) => Error::Snapshot { path, cause },
        CompileError::Compile(cause) => Error::Compile { path, cause },
    }
}

/// The message of a panic.
fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_default()
}
