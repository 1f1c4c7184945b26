//! Writes the native library that stands where cargo expects a proc macro, and calls the loader.
//!
//! rustc and rust-analyzer open a proc macro's `.so` twice: as a file, for the crate's metadata in
//! the section `.rustc`, and as a library, for the declarations that its one exported symbol points
//! to. A *shim* is a library of a few kilobytes and that metadata which has both, and whose macros
//! only call the loader, a shared library that runs the macro's wasm. A rustc that nobody patched
//! takes it for the macro crate.
//!
//! # Contents of a shim
//!
//! | section | content |
//! | --- | --- |
//! | `.rustc` | not loaded: the first 8 bytes of the `.rmeta` (`rust\0\0\0` and the metadata's version), its length as u64 little-endian, the `.rmeta` |
//! | `.dynamic` | `SONAME`, bound at load time; nothing is `NEEDED` |
//! | `.dynsym` | exported: `__rustc_proc_macro_decls_…__`; imported: `dlopen` and its like |
//! | `.rodata` | names, and the other texts |
//! | `.text` | an entry point for each macro, and what finds the loader, made by Cranelift |
//! | `.data.rel.ro` | the declaration static, where the exported symbol points: `&'static [ProcMacro]`, then the array and the helper attributes; or `&'static [Client]` and the array ([`DeclarationLayout`]) |
//! | `.got` | the addresses of all that the code names |
//! | `.data` | the [`Shim`](pm_shim::Shim), then `HandleCounters`, if the profile has them: u32 that start at 1 |
//!
//! The loader is opened, and [`pm_shim::RUN`] looked up in it, when the first macro of a crate is
//! called. A loader that isn't there is then a panic's message of that macro, which says what to do,
//! and not a library that the program fails to load; and a crate of which no macro is used costs no
//! loader.

mod check;
mod elf;
mod error;
mod image;
mod slot;
mod stub;

pub use check::{MAX_MACROS, MAX_METADATA, MAX_SANDBOX, MAX_TEXT};
pub use error::ShimError;

#[cfg(doc)]
use pm_abi::DeclarationLayout;
use pm_abi::{Declaration, Profile};
use std::str::FromStr;

/// The platform of a shim: the one on which rustc runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// `x86_64-unknown-linux-gnu` and `-musl`.
    X86_64Linux,
    /// `aarch64-unknown-linux-gnu` and `-musl`.
    Aarch64Linux,
}

impl FromStr for Target {
    type Err = ShimError;

    /// Reads the name of a host, as `rustc -vV` prints it.
    fn from_str(host: &str) -> Result<Target, ShimError> {
        match host {
            "x86_64-unknown-linux-gnu" | "x86_64-unknown-linux-musl" => Ok(Target::X86_64Linux),
            "aarch64-unknown-linux-gnu" | "aarch64-unknown-linux-musl" => Ok(Target::Aarch64Linux),
            _ => Err(ShimError::UnsupportedTarget(host.to_owned())),
        }
    }
}

/// The content of a shim.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// The platform.
    pub target: Target,
    /// The shim's own name, by convention its file name.
    pub soname: &'a str,
    /// The loader, opened when the first macro is called. With a slash it is a path and taken as it
    /// stands, so it should be absolute; without, it is looked for as any library. (ld.so replaces
    /// `$ORIGIN`, `$LIB` and `$PLATFORM`.)
    pub loader: &'a str,
    /// The declaration symbol, with the crate's stable id.
    pub symbol: &'a str,
    /// The macros. Their order is their index; [`Declaration::run`] isn't looked at.
    pub macros: &'a [Declaration],
    /// The `.rmeta` that `rustc --crate-type proc-macro --emit=metadata` wrote.
    pub metadata: &'a [u8],
    /// The bridge of the rustc that loads it: the layout of the declarations, and a name for the
    /// loader.
    pub profile: &'static Profile,
    /// For the loader: where the artifact may be found. May be empty.
    pub artifact: &'a str,
    /// For the loader: the version string of the macro's rustc.
    pub rustc: &'a str,
    /// For the loader, opaque: what the macros are allowed.
    pub sandbox: &'a [u8],
}

/// The bytes of the shim: a shared library. The same input gives the same bytes.
///
/// # Errors
///
/// [`ShimError`], for an input from which rustc could not have made a macro crate.
pub fn write(input: &Input<'_>) -> Result<Vec<u8>, ShimError> {
    check::check(input)?;
    let message = image::missing_loader();
    let code = stub::compile(input.target, input.macros.len(), message.len())?;
    let image = image::build(input, &code, &message)?;
    match input.target {
        Target::X86_64Linux | Target::Aarch64Linux => elf::write(input, &image, &code),
    }
}
