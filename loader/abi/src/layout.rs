//! Sizes and offsets of the `#[repr(C)]` types that cross the boundary, on wasm32.
//!
//! They are the same in every [`Profile`](crate::Profile). Source: rustc's
//! `library/proc_macro/src/bridge/{client,buffer,closure,mod}.rs`. All integers are little-endian;
//! every pointer, length and function index is a u32.

/// The number of what pm-aot adds to this: the snapshot's contract ([`crate::contract`]) and the
/// manifest. It stands in every artifact.
pub const ABI: u32 = 3;

/// The prefix of the declaration symbol; the stable crate id follows, in hex without leading zeros,
/// then `__`.
/// (rustc's `rustc_session::Session::generate_proc_macro_decls_symbol`.)
pub const DECLS_PREFIX: &str = "__rustc_proc_macro_decls_";

/// `ProcMacro`: an element of the declaration slice
/// ([`DeclarationLayout::ProcMacros`](crate::DeclarationLayout)).
pub mod proc_macro {
    /// Size of an element.
    pub const SIZE: u32 = 28;
    /// u32: 0 `CustomDerive`, 1 `Attr`, 2 `Bang`.
    pub const TAG: u32 = 0;
    /// (pointer, length) of the trait name or the name, in all three.
    pub const NAME: u32 = 4;
    /// (pointer, length) of the helper attributes, each a (pointer, length); only `CustomDerive`.
    pub const ATTRIBUTES: u32 = 12;
    /// `Client { handle_counters, run }` of a `CustomDerive`.
    pub const DERIVE_CLIENT: u32 = 20;
    /// `Client { handle_counters, run }` of `Attr` and `Bang`.
    pub const CLIENT: u32 = 12;
    /// Offset of `run`, a function index, in `Client`.
    pub const CLIENT_RUN: u32 = 4;
}

/// `Buffer`: bytes, and the functions of the side that owns them.
pub mod buffer {
    /// Size of the struct.
    pub const SIZE: u32 = 20;
    /// Pointer to the bytes.
    pub const DATA: u32 = 0;
    /// Bytes in use.
    pub const LEN: u32 = 4;
    /// Bytes allocated.
    pub const CAPACITY: u32 = 8;
    /// `extern "C" fn(Buffer, usize) -> Buffer`: (sret, buffer, additional).
    pub const RESERVE: u32 = 12;
    /// `extern "C" fn(Buffer)`: (buffer).
    pub const DROP: u32 = 16;
}

/// `BridgeConfig`: what an entry point is given.
pub mod bridge_config {
    /// Size of the struct.
    pub const SIZE: u32 = 32;
    /// The input `Buffer`.
    pub const INPUT: u32 = 0;
    /// `dispatch.call`, `extern "C" fn(*mut Env, Buffer) -> Buffer`: (sret, env, buffer).
    pub const DISPATCH_CALL: u32 = 20;
    /// `dispatch.env`.
    pub const DISPATCH_ENV: u32 = 24;
    /// u8: whether a panic's message is printed even inside an expansion.
    pub const FORCE_SHOW_PANICS: u32 = 28;
}

/// `Client { run }`: an element of the declaration slice
/// ([`DeclarationLayout::Clients`](crate::DeclarationLayout)).
pub mod client {
    /// Size of an element: a function index.
    pub const SIZE: u32 = 4;
}
