//! Runs cargo with native macros, where the active rustc's bridge is refused.

use crate::shell::Shell;
use crate::{Error, Exit};
use pm_policy::{Policy, VARIABLE};
use pm_toolchain::SetupError;
use std::ffi::{OsStr, OsString};
use std::path::PathBuf;
use std::process::Command;

/// Runs the user's command by the cargo on `PATH`, with a warning that says why.
///
/// # Errors
///
/// The refusal itself, if the policy wants a crate from wasm.
pub(super) fn run(
    refusal: SetupError,
    subcommand: &OsStr,
    arguments: &[OsString],
    shell: &Shell,
) -> Result<Exit, Error> {
    let workspace = pm_build::workspace_root(arguments)?.unwrap_or_else(|| PathBuf::from("."));
    let policy =
        Policy::read(&workspace, std::env::var_os(VARIABLE).as_deref()).map_err(Error::Policy)?;
    if let Some(by) = policy.requires_wasm() {
        shell.note(format_args!("macros can't run natively instead: {by}"));
        return Err(Error::Setup(refusal));
    }
    let help = refusal.help();
    let mut causes = vec![refusal.to_string()];
    let mut source = std::error::Error::source(&refusal);
    while let Some(cause) = source {
        causes.push(cause.to_string());
        source = cause.source();
    }
    shell.warn(format_args!("macros run natively: {}", causes.join(": ")));
    shell.help(help);
    let status = Command::new("cargo")
        .arg(subcommand)
        .args(arguments)
        .status()?;
    Ok(if status.success() {
        Exit::Success
    } else {
        Exit::Cargo
    })
}
