//! `pm-aot setup`: once per rustc.

use crate::message::Message;
use crate::shell::Shell;
use crate::toolchain::{ToolchainOptions, set_up};
use crate::{Error, Exit};
use std::time::Instant;

/// Make this machine able to compile macros to wasm, once per rustc
///
/// Finds a rustc with its library sources, a wasi-libc and a linker, and builds the standard library
/// and proc_macro for wasm32-wasip1 into the cache directory (PM_AOT_CACHE, else the platform's).
/// What is there already is used. Other commands do this when they need it. Several toolchains can
/// be set up side by side.
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    toolchain: ToolchainOptions,

    /// Download nothing
    #[arg(long)]
    offline: bool,

    /// Have rustup install what is missing: its toolchain, rust-src, the target wasm32-wasip1
    #[arg(long, conflicts_with = "offline")]
    install: bool,
}

const EXAMPLES: &str = "\
Examples:
  With whatever this machine has:
      pm-aot setup
  With a certain compiler:
      pm-aot setup --rustc /opt/rust-1.96/bin/rustc
  With rustup's nightly, and what it needs:
      cargo +nightly pm-aot setup --install";

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options {
        toolchain,
        offline,
        install,
    } = options;
    let start = Instant::now();
    let mut request = toolchain.request(offline)?;
    request.install = install;
    let toolchain = set_up(&request, shell)?;
    shell.status(
        "Finished",
        format_args!(
            "setting up {} in {:.1}s",
            toolchain.rustc_version,
            start.elapsed().as_secs_f64()
        ),
    );
    shell.detail("Toolchain", toolchain.wasm_sysroot.display());
    shell.message(&Message::Toolchain(Box::new(toolchain)))?;
    Ok(Exit::Success)
}
