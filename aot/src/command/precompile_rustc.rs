//! `pm-aot precompile-rustc`: what `scripts/wasi-rustc.sh` ends with.

use crate::shell::Shell;
use crate::{Error, Exit};
use std::path::PathBuf;

/// Compile a WASI rustc ahead of time: `NAME.cwasm` beside `NAME.wasm`, unless it is there and fits
#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The module
    wasm: PathBuf,
}

pub(crate) fn run(options: &Options, shell: &Shell) -> Result<Exit, Error> {
    let Options { wasm } = options;
    let output = wasm.with_extension("cwasm");
    if pm_compile::is_precompiled_rustc(wasm, &output) {
        shell.status("Fresh", output.display());
        return Ok(Exit::Success);
    }
    let size = pm_compile::precompile_rustc(wasm, &output)?;
    shell.status(
        "Precompiled",
        format_args!("{} ({} MB)", output.display(), size / 1_000_000),
    );
    Ok(Exit::Success)
}
