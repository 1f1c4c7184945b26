//! The contract between a snapshot and its host: the names, table slots and memory that the snapshot
//! adds to a module.
//!
//! The module exports `memory`, `malloc`, `free` and, for each declaration, its entry point
//! ([`run_export`]). It imports, beside WASI, the functions [`FUNCTIONS`] of the module
//! [`IMPORT_MODULE`], and has three functions of the host's in the table slots [`Callbacks`].

use serde::{Deserialize, Serialize};

/// The name of the import module of the host's functions.
pub const IMPORT_MODULE: &str = "pm-aot";

/// A function of the host: its name, and the numbers of its i32 parameters and results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostFunction {
    /// The import's name.
    pub name: &'static str,
    /// The number of i32 that it takes.
    pub parameters: usize,
    /// The number of i32 that it returns.
    pub results: usize,
}

/// `(sret, env, buffer) -> i32`: answers a request on the macro's stack and returns 1, or returns 0.
pub const DISPATCH_IN_PLACE: HostFunction = HostFunction {
    name: "dispatch_in_place",
    parameters: 3,
    results: 1,
};

/// `(sret, env, buffer)`: answers a request; the macro may be suspended meanwhile.
pub const DISPATCH: HostFunction = HostFunction {
    name: "dispatch",
    parameters: 3,
    results: 0,
};

/// `(sret, buffer, additional)`: `Buffer::reserve` of the host's buffers.
pub const RESERVE: HostFunction = HostFunction {
    name: "reserve",
    parameters: 3,
    results: 0,
};

/// `(buffer)`: `Buffer::drop` of the host's buffers.
pub const DROP: HostFunction = HostFunction {
    name: "drop",
    parameters: 1,
    results: 0,
};

/// The host's functions, in the order of their imports.
pub const FUNCTIONS: [HostFunction; 4] = [DISPATCH_IN_PLACE, DISPATCH, RESERVE, DROP];

/// The exports of the original module that are kept.
pub const EXPORTS: [&str; 3] = ["memory", "malloc", "free"];

/// The export name of a declaration's entry point.
pub fn run_export(declaration: usize) -> String {
    format!("run {declaration}")
}

/// Table slots of the functions that a macro calls by way of the bridge.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callbacks {
    /// `(sret, env, buffer)`: the `call` of `BridgeConfig::dispatch`, a function of the module that
    /// calls the host's.
    pub dispatch: u32,
    /// `(sret, buffer, additional)`: the `reserve` of a buffer that the host owns.
    pub reserve: u32,
    /// `(buffer)`: its `drop`.
    pub drop: u32,
}

/// A block of the module's heap that belongs to the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exchange {
    /// Its address, aligned to 8 bytes.
    pub address: u32,
    /// Its size in bytes.
    pub size: u32,
}

/// The size of the exchange block in bytes: the host's side of a call and a message buffer that most
/// expansions never outgrow.
pub const EXCHANGE_SIZE: u32 = 64 << 10;

/// The custom section of a `.wasm` that names its profile. The tools add it after the link, since the
/// version of a nightly rustc does not say which bridge it has.
pub const PROFILE_SECTION: &str = "pm-aot.bridge";
