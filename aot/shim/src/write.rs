//! Writing a shim: checked, its parts made, and these laid out in the target's format.

mod check;
mod elf;
mod error;
mod image;
mod slot;
mod stub;

pub use check::{MAX_MACROS, MAX_METADATA, MAX_SANDBOX, MAX_SCHEMA, MAX_TEXT};
pub use error::ShimError;

use pm_abi::Declaration;
use std::str::FromStr;

/// What a shim is written for: where rustc runs.
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

/// What goes into a shim.
#[derive(Clone, Copy, Debug)]
pub struct Input<'a> {
    /// What it is written for.
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
    /// For the loader, opaque: the description of the protocol.
    pub schema: &'a [u8],
    /// For the loader: where the artifact may be found. May be empty.
    pub artifact: &'a str,
    /// For the loader: the version string of the macro's rustc.
    pub rustc: &'a str,
    /// For the loader, opaque: what the macros are allowed.
    pub sandbox: &'a [u8],
}

/// The bytes of the shim: a shared library. The same input gives the same bytes.
///
/// The declarations have the layout of [rustc 1.96](pm_abi::layout::RUSTC_RELEASE): to give the
/// shim to a rustc of another is the caller's mistake, which the metadata's version string prevents.
pub fn write(input: &Input<'_>) -> Result<Vec<u8>, ShimError> {
    check::check(input)?;
    let message = image::missing_loader();
    let code = stub::compile(input.target, input.macros.len(), message.len())?;
    let image = image::build(input, &code, &message)?;
    match input.target {
        Target::X86_64Linux | Target::Aarch64Linux => elf::write(input, &image, &code),
    }
}
