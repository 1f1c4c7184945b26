//! rustc's front end as a WASI command.
#![feature(rustc_private)]

use std::env;
use std::process::ExitCode;

/// WASI has no current directory: the host names it.
const DIRECTORY: &str = "PM_AOT_CWD";

fn main() -> ExitCode {
    if let Some(directory) = env::var_os(DIRECTORY) {
        // SAFETY: there is one thread. rustc gives its environment to macros and `env!`.
        unsafe { env::remove_var(DIRECTORY) };
        if let Err(error) = env::set_current_dir(&directory) {
            eprintln!("error: cannot enter `{}`: {error}", directory.display());
            return ExitCode::FAILURE;
        }
    }
    rustc_driver_impl::main()
}
