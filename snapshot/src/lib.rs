//! Pre-initialises a proc-macro module: bytes in, bytes and declarations out.
//!
//! The pipeline can be read off the modules: `check` refuses what can't become a
//! snapshot, `run` instantiates the module that Wizer instrumented and brings it to the
//! point where its declaration static is built and its allocator has started, Wizer writes the
//! state back into a module, and `callbacks` adds what lets a host run its macros
//! without touching a table.
//!
//! [`snapshot`] is a pure function: the same input gives the same bytes, from any directory and on
//! any run. Nothing of the machine can be seen by the module while it starts up.

mod callbacks;
mod check;
mod error;
mod run;
mod stack;

pub use error::SnapshotError;

use pm_abi::contract::{Callbacks, Exchange};
use pm_abi::metadata::{proc_macros, quoted_spans};
use pm_abi::{Declaration, Inspection, Profile, metadata_section};

/// A module that needs no start-up, and what a host needs to run its macros. [`pm_abi::contract`]
/// describes its imports and exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The module.
    pub wasm: Vec<u8>,
    /// The original's description of itself.
    pub inspection: Inspection,
    /// The bridge that its macros speak.
    pub profile: &'static Profile,
    /// Its macros, in the order of the declaration static.
    pub declarations: Vec<Declaration>,
    /// The number of spans that `proc_macro::quote!` saved in the crate: 0 if its metadata is
    /// damaged, and `None` for a rustc whose tables aren't known.
    pub quoted_spans: Option<u32>,
    /// The table slots of the host's functions.
    pub callbacks: Callbacks,
    /// Whether a panic unwinds (the module has exceptions) or aborts in a trap.
    pub unwinds: bool,
    /// Memory that the module's own allocator has set aside for the host.
    pub exchange: Exchange,
}

/// Starts a proc-macro module up and writes the result into a new module.
///
/// # Errors
///
/// See [`SnapshotError`]; each text says what is wrong with the module and what to do.
pub fn snapshot(wasm: &[u8]) -> Result<Snapshot, SnapshotError> {
    let inspection = pm_abi::inspect(wasm)?;
    let module = check::check(wasm, &inspection)?;
    let wizer = wasmtime_wizer::Wizer::new();
    let (context, instrumented) = wizer.instrument(wasm).map_err(SnapshotError::wizer)?;
    let mut started = run::start(&instrumented, &module)?;
    let profile = module.profile;
    let address = inspection.address;
    let metadata = metadata_section(wasm).unwrap_or_default();
    let declarations = pm_abi::read_declarations(profile, started.memory(), address, |count| {
        proc_macros(metadata, count)
    })?;
    // A compiler that can't find the macros in the metadata can't find a saved span either.
    let quoted_spans = quoted_spans(metadata, profile, &declarations).unwrap_or(Some(0));
    stack::zero(wasm, &mut started);
    let exchange = started.exchange();
    let initialised = run::write(&wizer, &context, &mut started)?;
    let (wasm, callbacks) = callbacks::add(&initialised, &declarations)?;
    Ok(Snapshot {
        wasm,
        inspection,
        profile,
        declarations,
        quoted_spans,
        callbacks,
        unwinds: module.unwinds,
        exchange,
    })
}
