//! What an artifact says of itself.

use crate::Settings;
use pm_abi::Declaration;
use pm_abi::contract::{Callbacks, Exchange};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The manifest: postcard, fields in this order. Whatever decides whether the code fits comes
/// first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The number of pm-aot's own ABI: `pm_abi::layout::ABI` of the writer.
    pub abi: u32,
    /// The name of the bridge that the macros speak ([`pm_abi::Profile`]).
    pub profile: String,
    /// The version string in the crate's metadata: `rustc 1.96.0 (…)`.
    pub rustc: String,
    /// The full version of the wasmtime that compiled it.
    pub wasmtime: String,
    /// The target triple that it was compiled for.
    pub target: String,
    /// The CPU features that the code may use, by rustc's names.
    pub cpu: Vec<String>,
    /// The engine's settings.
    pub settings: Settings,
    /// The `.wasm` that it was made from.
    pub source: Source,
    /// How to run the macros of the compiled module.
    pub module: Module,
    /// The machine code.
    pub body: Body,
}

/// The `.wasm` that an artifact was made from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// blake3 of the whole file.
    pub digest: Digest,
    /// Its length in bytes.
    pub len: u64,
    /// The stable crate id, at most 16 hex digits.
    pub crate_id: String,
}

/// How to run the macros of the compiled module.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Module {
    /// The length in bytes of the initialised module that was compiled.
    pub len: u64,
    /// Whether a panic unwinds (WebAssembly exceptions) or aborts in a trap.
    pub unwinds: bool,
    /// The macros, in the order of the declaration static.
    pub declarations: Vec<Declaration>,
    /// The number of spans that `proc_macro::quote!` saved in the crate, by its metadata. A macro
    /// that asks for another is refused, since the compiler panics at it. `None` where the tables
    /// of the rustc that compiled it aren't known: then each number is passed on.
    pub quoted_spans: Option<u32>,
    /// The table slots of the host's functions.
    pub callbacks: Callbacks,
    /// The host's block of the module's heap.
    pub exchange: Exchange,
}

/// The machine code: the ELF file that wasmtime maps.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Body {
    /// Its length in bytes; it lies at the file's start.
    pub len: u64,
    /// blake3 of it. Not checked on loading, which would take several times as long as all the
    /// rest: `pm-aot verify` does.
    pub digest: Digest,
}

/// A blake3 digest, shown in hex.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// The digest of these bytes.
    pub fn of(bytes: &[u8]) -> Digest {
        Digest(*blake3::hash(bytes).as_bytes())
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&blake3::Hash::from_bytes(self.0).to_hex())
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
