//! Runs cargo with native macros, where the rustc's bridge is refused.

use crate::shell::Shell;
use crate::{Error, Exit};
use pm_build::{BuildError, Root};
use pm_policy::{Policy, VARIABLE};
use pm_toolchain::{Request, SetupError, with_causes};
use std::ffi::{OsStr, OsString};

/// Runs the user's command by the cargo of the refused rustc, with a warning that says why.
///
/// # Errors
///
/// The refusal itself, if the policy wants a crate from wasm.
pub(super) fn run(
    refusal: SetupError,
    request: &Request,
    subcommand: &OsStr,
    arguments: &[OsString],
    shell: &Shell,
) -> Result<Exit, Error> {
    let cargo = pm_toolchain::cargo(request)?;
    let variable = std::env::var_os(VARIABLE);
    let policy = match pm_build::workspace_root(&cargo, subcommand, arguments)? {
        Root::Found(root) => Policy::read(&root, variable.as_deref()),
        Root::Unknown(folder) => {
            shell.note(format_args!(
                "no workspace is known for this command: the policy is that of {VARIABLE} and of \
                 `{}` or the folders above it",
                folder.display()
            ));
            Policy::nearest(&folder, variable.as_deref())
        }
        Root::Missing(_) => return Ok(Exit::Cargo),
    };
    let policy = policy.map_err(Error::Policy)?;
    if let Some(by) = policy.requires_wasm() {
        shell.note(format_args!(
            "macros can't run natively instead, since {by}; `automatic` lets them"
        ));
        return Err(Error::Setup(refusal));
    }
    shell.warn(format_args!(
        "macros run natively: {}",
        with_causes(&refusal)
    ));
    shell.help(refusal.help());
    let mut command = cargo();
    let status = command.arg(subcommand).args(arguments).status();
    let status = status.map_err(|source| BuildError::Run {
        program: command.get_program().to_owned(),
        source,
    })?;
    Ok(if status.success() {
        Exit::Success
    } else {
        Exit::Cargo
    })
}
