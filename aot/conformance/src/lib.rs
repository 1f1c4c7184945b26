//! The conformance check of a rustc whose `proc_macro` sources are not known.
//!
//! The probe (`probe/macros.rs`) is a macro crate that calls every method of the bridge with every
//! kind of argument, panics, and emits diagnostics, on input with every kind of token
//! (`probe/input.rs`, `probe/errors.rs`). It is compiled natively and for wasm by that rustc, and
//! expanded by it in both forms. A recorder (`probe/recorder.rs`) stands between the compiler and the
//! macros and notes each message. The rustc conforms if the expansions, the diagnostics and all
//! messages are the same.

mod error;
mod log;
mod probe;

pub use error::ConformanceError;

use log::Message;
use pm_abi::Profile;
use pm_toolchain::Toolchain;
use probe::{Form, Probe};
use std::path::Path;

/// The measure of a check that a rustc has passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// The number of messages that were the same.
    pub messages: usize,
    /// The methods that were called, in the order of their tags.
    pub methods: Vec<String>,
}

/// Runs the check. `loader` is pm-aot's library for macros (`libpm_loader.so`).
///
/// # Errors
///
/// [`ConformanceError::Differs`] with the first difference if the rustc doesn't conform; the others if
/// that can't be found out.
pub fn check(
    toolchain: &Toolchain,
    profile: &'static Profile,
    loader: &Path,
) -> Result<Report, ConformanceError> {
    let folder = tempfile::tempdir().map_err(ConformanceError::Io)?;
    let probe = Probe::compile(toolchain, profile, loader, folder.path())?;
    let mut all: Vec<Message> = Vec::new();
    for input in probe::INPUTS {
        let native = probe.expand(input, Form::Native)?;
        let wasm = probe.expand(input, Form::Wasm)?;
        let differs = |what: String| ConformanceError::Differs {
            what: format!("{what} of `{}`", input.name),
        };
        // The messages come first: they name the method.
        if let Some(difference) = log::difference(profile, &native.messages, &wasm.messages) {
            return Err(ConformanceError::Differs { what: difference });
        }
        if native.succeeded != wasm.succeeded || native.succeeded != input.succeeds {
            return Err(differs("the success".into()));
        }
        for (what, native, wasm) in [
            ("the expansion", &native.expansion, &wasm.expansion),
            ("the diagnostics", &native.diagnostics, &wasm.diagnostics),
        ] {
            if native != wasm {
                let line = first_line(native, wasm);
                return Err(differs(format!("line {line} of {what}")));
            }
        }
        all.extend(native.messages);
    }
    let called: Vec<bool> = probe::called(profile, &all);
    let methods = profile.schema.methods.iter().zip(&called);
    let missing = methods.clone().find(|(method, called)| {
        // Nothing public sends it.
        !**called && method.name != "free_functions_drop"
    });
    if let Some((method, _)) = missing {
        return Err(ConformanceError::NotCalled {
            method: method.name.clone(),
        });
    }
    Ok(Report {
        messages: all.len(),
        methods: methods
            .filter(|(_, called)| **called)
            .map(|(method, _)| method.name.clone())
            .collect(),
    })
}

/// The number of the first line in which two texts differ, from one on.
fn first_line(one: &str, other: &str) -> usize {
    let pairs = one.lines().zip(other.lines());
    1 + pairs.take_while(|(one, other)| one == other).count()
}
