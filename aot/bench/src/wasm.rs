//! The wasm side.

use crate::case::Case;
use crate::measure::{Sample, timed};
use anyhow::{Context, Result};
use pm_abi::Width;
use pm_abi::schema::MethodId;
use pm_bridge::{Handles, Streams, Transcoder};
use pm_loader::{Dispatch, LogLevel, Options, Output, ProcMacro, WasiCtx};
use pm_server::{Server, Standalone};
use std::path::Path;
use std::sync::Arc;

/// How long loading takes.
pub(crate) struct Load {
    /// All of it: the first expansion can begin.
    pub(crate) total: Sample,
    /// Once a process.
    pub(crate) engine: Sample,
    /// The crate is found to fit and its macros are known: what a compiler waits for with each crate
    /// that a dependency names.
    pub(crate) macros: Sample,
    /// Its code is mapped, which is for those of which a macro is used.
    pub(crate) code: Sample,
}

/// Loads a crate as a fresh process would: engine, then the crate, then its code.
pub(crate) fn load(wasm: &Path, ignore_artifacts: bool, repetitions: usize) -> Result<Load> {
    let (mut engine, mut macros, mut code) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..repetitions {
        let options = Options {
            ignore_artifacts,
            log: LogLevel::from_env(),
            ..Options::default()
        };
        let (loader, time) = timed(|| pm_compile::loader(options));
        engine.push(time);
        let loader = loader?;
        let (loaded, time) = timed(|| loader.load(wasm));
        macros.push(time);
        let loaded = loaded?;
        let (prepared, time) = timed(|| loaded.prepare());
        code.push(time);
        prepared?;
        let jit = *loaded.origin() != pm_loader::Origin::Artifact;
        anyhow::ensure!(
            jit == ignore_artifacts,
            "{}: no artifact that fits",
            wasm.display()
        );
    }
    let both = engine.iter().zip(&macros).map(|(a, b)| *a + *b);
    let total = both.zip(&code).map(|(a, b)| a + *b);
    Ok(Load {
        total: Sample::new(total),
        engine: Sample::new(engine),
        macros: Sample::new(macros),
        code: Sample::new(code),
    })
}

/// Runs one macro.
pub(crate) struct Runner<'a> {
    case: &'a Case,
    loaded: ProcMacro,
    index: usize,
    requests: usize,
}

impl Runner<'_> {
    pub(crate) fn new<'a>(wasm: &Path, case: &'a Case) -> Result<Runner<'a>> {
        let loaded = pm_compile::loader(Options::default())?.load(wasm)?;
        let index = loaded
            .declarations()
            .iter()
            .position(|declaration| {
                declaration.name == case.macro_name && declaration.kind == case.kind
            })
            .with_context(|| format!("{} has no {}", case.name, case.macro_name))?;
        Ok(Runner {
            case,
            loaded,
            index,
            requests: 0,
        })
    }

    fn serve(&self) -> Result<(Server<Standalone>, Vec<u8>)> {
        let profile = self.loaded.profile();
        self.case.serve(profile, profile.width_in_wasm32())
    }

    /// The bridge, and the macro's place in its crate.
    pub(crate) fn entry(&self) -> (&'static pm_abi::Profile, usize) {
        (self.loaded.profile(), self.index)
    }

    /// Expansions as under a stock rustc: each message is checked, and re-encoded for a 64-bit server
    /// where the profile's `usize` has the width of its side.
    pub(crate) fn stock(&self, repetitions: usize) -> Result<Sample> {
        let profile = self.loaded.profile();
        let transcoder = Transcoder::new(profile, pm_bridge::Server::Host64);
        let mut times = Vec::new();
        for _ in 0..repetitions {
            let (server, input) = self.case.serve(profile, Width::Eight)?;
            let mut stock = Stock {
                transcoder: &transcoder,
                handles: Handles::with_quoted_spans(self.loaded.quoted_spans()),
                server,
                scratch: Vec::new(),
                answer: Vec::new(),
                failed: None,
            };
            let (outcome, time) = timed(|| -> Result<()> {
                let mut scratch = Vec::new();
                let handles = &mut stock.handles;
                let input = transcoder.input(Streams::One, &input, handles, &mut scratch)?;
                let input = input.to_vec();
                let outcome = self.loaded.expand(self.index, &input, &mut stock, wasi());
                let output = outcome.result?.output;
                transcoder.output(&output, &mut stock.handles, &mut scratch)?;
                Ok(())
            });
            outcome?;
            times.push(time);
        }
        Ok(Sample::new(times))
    }

    /// A fresh instance: made and dropped. The first of a crate come without a pool.
    pub(crate) fn instance(&self, repetitions: usize) -> Result<Sample> {
        let mut times = Vec::new();
        for _ in 0..repetitions {
            let (result, time) = timed(|| self.loaded.instantiate_only(wasi()));
            result?;
            times.push(time);
        }
        Ok(Sample::new(times))
    }

    pub(crate) fn expand(&mut self, repetitions: usize) -> Result<Sample> {
        let (server, input) = self.serve()?;
        let mut counting = Counting {
            server,
            requests: 0,
        };
        let outcome = self
            .loaded
            .expand(self.index, &input, &mut counting, wasi());
        outcome.result?;
        self.requests = counting.requests;

        let mut times = Vec::new();
        for _ in 0..repetitions {
            let (mut server, input) = self.serve()?;
            let (outcome, time) =
                timed(|| self.loaded.expand(self.index, &input, &mut server, wasi()));
            outcome.result?;
            times.push(time);
        }
        Ok(Sample::new(times))
    }

    /// What the macro makes of the item, as text.
    pub(crate) fn output(&self) -> Result<String> {
        let (mut server, input) = self.serve()?;
        let outcome = self.loaded.expand(self.index, &input, &mut server, wasi());
        let stream = server.decode_output(&outcome.result?.output)?;
        Ok(server.backend().print(&stream))
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests
    }
}

fn wasi() -> WasiCtx {
    WasiCtx::new(Arc::default())
        .with_stdout(Output::capture())
        .with_stderr(Output::capture())
}

/// Counts the requests.
struct Counting {
    server: Server<Standalone>,
    requests: usize,
}

impl Dispatch for Counting {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        self.requests += 1;
        self.server.dispatch(request, reply);
    }

    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        let is_answered = self.server.dispatch_in_place(request, reply);
        self.requests += usize::from(is_answered);
        is_answered
    }
}

/// A server behind a transcoder, as a stock rustc's is.
struct Stock<'a> {
    transcoder: &'a Transcoder,
    handles: Handles,
    server: Server<Standalone>,
    scratch: Vec<u8>,
    answer: Vec<u8>,
    failed: Option<pm_bridge::MessageError>,
}

impl Stock<'_> {
    fn send(&mut self, request: &[u8], reply: &mut Vec<u8>) -> Result<(), pm_bridge::MessageError> {
        let Stock {
            transcoder,
            handles,
            server,
            scratch,
            answer,
            ..
        } = self;
        let (method, request) = transcoder.request(request, handles, scratch)?;
        answer.clear();
        server.dispatch(request, answer);
        reply.extend_from_slice(transcoder.reply(method, answer, handles, scratch)?);
        Ok(())
    }
}

impl Dispatch for Stock<'_> {
    fn dispatch(&mut self, request: &[u8], reply: &mut Vec<u8>) {
        if let Err(error) = self.send(request, reply) {
            self.failed = Some(error);
        }
    }

    fn dispatch_in_place(&mut self, request: &[u8], reply: &mut Vec<u8>) -> bool {
        let profile = self.transcoder.profile();
        let method = profile
            .method_of(request)
            .map(|id: MethodId| profile.method(id));
        let in_place = method.is_some_and(|method| method.may_run_on_macro_stack());
        if in_place {
            self.dispatch(request, reply);
        }
        in_place
    }

    fn is_gone(&self) -> bool {
        self.failed.is_some()
    }
}
