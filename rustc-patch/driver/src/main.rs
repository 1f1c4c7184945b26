//! rustc's front end as a WASI command.
#![feature(rustc_private)]

use std::env;
use std::ffi::{c_char, c_int};
use std::process::ExitCode;

/// WASI has no current directory: the host names it.
const DIRECTORY: &str = "PM_AOT_CWD";

/// `AT_FDCWD` of wasi-libc: its `linkat` of 2022 hands it on to the host as a descriptor, but its
/// `link` knows the current directory.
const AT_FDCWD: c_int = -2;

unsafe extern "C" {
    fn link(old: *const c_char, new: *const c_char) -> c_int;
    fn __real_linkat(
        old_directory: c_int,
        old: *const c_char,
        new_directory: c_int,
        new: *const c_char,
        flags: c_int,
    ) -> c_int;
}

/// Stands in for libc's `linkat` (`--wrap=linkat`), with which std makes hard links.
///
/// # Safety
/// As in C.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_linkat(
    old_directory: c_int,
    old: *const c_char,
    new_directory: c_int,
    new: *const c_char,
    flags: c_int,
) -> c_int {
    // SAFETY: the caller keeps to what C asks for.
    unsafe {
        if (old_directory, new_directory, flags) == (AT_FDCWD, AT_FDCWD, 0) {
            link(old, new)
        } else {
            __real_linkat(old_directory, old, new_directory, new, flags)
        }
    }
}

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
