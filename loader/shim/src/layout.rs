//! The types that cross from rustc through a shim to the loader.
//!
//! [`Buffer`], [`Closure`] and [`BridgeConfig`] are rustc's, `library/proc_macro/src/bridge/
//! {buffer,closure,mod}.rs`, the same in every [profile](pm_abi::Profile); [`Shim`] is ours. This file depends on nothing, so that a test may
//! compile it into a loader of its own.

use std::ffi::c_void;
use std::sync::atomic::AtomicPtr;

/// The function that a shim calls in the loader; its type is [`Run`]. The number is that of the
/// signature. A [`Shim`] of another layout has another [`MAGIC`], which the loader answers.
pub const RUN: &str = "pm_loader_run_1";

/// What [`Shim`] begins with.
pub const MAGIC: u64 = u64::from_le_bytes(*b"pm-shim\x03");

/// The type of [`RUN`]: rustc's argument, the shim that was entered, and which of its macros.
///
/// It must not unwind: a shim has no unwinding tables.
pub type Run = unsafe extern "C" fn(BridgeConfig, *const Shim, usize) -> Buffer;

/// Bytes, and the functions of the side that owns them. (rustc's `bridge::buffer::Buffer`.)
///
/// Dropping it frees nothing: who holds a buffer gives it back or calls `drop`.
#[repr(C)]
#[derive(Debug)]
pub struct Buffer {
    /// The bytes.
    pub data: *mut u8,
    /// Bytes in use.
    pub len: usize,
    /// Bytes allocated.
    pub capacity: usize,
    /// Takes the buffer and gives one with room for so many bytes more.
    pub reserve: unsafe extern "C" fn(Buffer, usize) -> Buffer,
    /// Frees the buffer.
    pub drop: unsafe extern "C" fn(Buffer),
}

/// How a macro asks the compiler. (rustc's `bridge::closure::Closure`.)
#[repr(C)]
#[derive(Debug)]
pub struct Closure {
    /// Takes `env` and a request, and gives the reply.
    pub call: unsafe extern "C" fn(*mut c_void, Buffer) -> Buffer,
    /// The compiler's own.
    pub env: *mut c_void,
}

/// What rustc gives an entry point. (rustc's `bridge::BridgeConfig`.)
#[repr(C)]
#[derive(Debug)]
pub struct BridgeConfig {
    /// The encoded input of the macro.
    pub input: Buffer,
    /// How the macro asks the compiler.
    pub dispatch: Closure,
    /// Whether a panic's message is printed even inside an expansion.
    pub force_show_panics: bool,
}

/// Address and length of bytes in a shim; the address isn't null even if there are none.
#[repr(C)]
#[derive(Debug)]
pub struct Bytes {
    /// Where they lie.
    pub data: *const u8,
    /// How many they are.
    pub len: usize,
}

/// What a shim tells the loader of itself.
#[repr(C)]
#[derive(Debug)]
pub struct Shim {
    magic: u64,
    state: AtomicPtr<c_void>,
    profile: Bytes,
    artifact: Bytes,
    rustc: Bytes,
    sandbox: Bytes,
    count: usize,
    identity: Bytes,
    /// The address of [`RUN`] once it's known: the shim's own code uses it.
    run: AtomicPtr<c_void>,
}

// The writer puts the bytes there by these numbers.
#[cfg(target_pointer_width = "64")]
const _: () = {
    assert!(size_of::<Buffer>() == 40);
    assert!(size_of::<BridgeConfig>() == 64);
    assert!(size_of::<Shim>() == 112);
    assert!(std::mem::offset_of!(Shim, count) == 80);
    assert!(std::mem::offset_of!(Shim, run) == 104);
};

// SAFETY: the loader of libraries made it and nobody writes to it, except to the atomic.
unsafe impl Send for Shim {}
// SAFETY: as above.
unsafe impl Sync for Shim {}

impl Shim {
    /// The shim at an address that an entry point passed; none if it isn't of this layout.
    ///
    /// # Safety
    /// `shim` is what the entry point of a shim passed as [`Run`]'s second argument, or null, and
    /// the library that it lies in stays loaded for `'a`.
    pub unsafe fn from_ptr<'a>(shim: *const Shim) -> Option<&'a Shim> {
        // SAFETY: of the caller. A magic number of another layout stands in the same place.
        let shim = unsafe { shim.as_ref() }?;
        (shim.magic == MAGIC).then_some(shim)
    }

    /// The loader's own pointer, null at first: what it knows of this shim.
    pub fn state(&self) -> &AtomicPtr<c_void> {
        &self.state
    }

    /// The name of the bridge that the macro's rustc has.
    pub fn profile(&self) -> &str {
        std::str::from_utf8(slice(&self.profile)).unwrap_or_default()
    }

    /// Where the artifact may be found. Empty if that isn't known.
    pub fn artifact(&self) -> &str {
        std::str::from_utf8(slice(&self.artifact)).unwrap_or_default()
    }

    /// The version string of the rustc that the macro was compiled by, as in its metadata.
    pub fn rustc(&self) -> &str {
        std::str::from_utf8(slice(&self.rustc)).unwrap_or_default()
    }

    /// What the loader is to allow the macros; opaque here.
    pub fn sandbox(&self) -> &[u8] {
        slice(&self.sandbox)
    }

    /// Which crate this is, and which macros it has in which order: those that the artifact must have.
    pub fn identity(&self) -> &str {
        std::str::from_utf8(slice(&self.identity)).unwrap_or_default()
    }

    /// How many macros there are: each index is below.
    pub fn count(&self) -> usize {
        self.count
    }
}

fn slice(bytes: &Bytes) -> &[u8] {
    // SAFETY: a `Shim` is only had from `Shim::from_ptr`, whose caller warrants that it lies in a
    // loaded shim; the writer put both there, and the bytes are constant.
    unsafe { std::slice::from_raw_parts(bytes.data, bytes.len) }
}
