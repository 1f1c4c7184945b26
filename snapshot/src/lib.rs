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

use pm_abi::{Declaration, Inspection};

/// A module that needs no start-up, and what a host needs to run its macros.
///
/// The module exports `memory`, `malloc`, `free` and, for each declaration, `run N`, its entry
/// point. It imports, beside WASI, `pm-aot` `dispatch_in_place`, `dispatch`, `reserve` and `drop`, and
/// has what calls them in the table slots that [`Callbacks`] names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// The module.
    pub wasm: Vec<u8>,
    /// What the original says of itself.
    pub inspection: Inspection,
    /// Its macros, in the order of the declaration static.
    pub declarations: Vec<Declaration>,
    /// Where what a macro calls of the host lies in the module's table.
    pub callbacks: Callbacks,
    /// Whether a panic unwinds (the module has exceptions) or aborts in a trap.
    pub unwinds: bool,
    /// Memory that the module's own allocator has set aside for the host.
    pub exchange: Exchange,
}

/// Table slots of what a macro calls of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Callbacks {
    /// `(sret, env, buffer)`: the `call` of `BridgeConfig::dispatch`, a function of the module that calls the host's.
    pub dispatch: u32,
    /// `(sret, buffer, additional)`: the `reserve` of a buffer that the host owns.
    pub reserve: u32,
    /// `(buffer)`: its `drop`.
    pub drop: u32,
}

/// A block of the module's heap that belongs to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// Its address, aligned to 16 bytes.
    pub address: u32,
    /// Its size in bytes.
    pub size: u32,
}

/// The size of the exchange block: the host's side of a call and a message buffer that most
/// expansions never outgrow.
pub const EXCHANGE_SIZE: u32 = 64 << 10;

/// The name of the import module of the host's functions.
pub const IMPORT_MODULE: &str = "pm-aot";

/// The export name of a declaration's entry point.
pub fn run_export(declaration: usize) -> String {
    format!("run {declaration}")
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
    let declarations = pm_abi::read_declarations(started.memory(), inspection.address)?;
    stack::zero(wasm, &mut started);
    let exchange = started.exchange();
    let initialised = run::write(&wizer, &context, &mut started)?;
    let (wasm, callbacks) = callbacks::add(&initialised, &declarations)?;
    Ok(Snapshot {
        wasm,
        inspection,
        declarations,
        callbacks,
        unwinds: module.unwinds,
        exchange,
    })
}
