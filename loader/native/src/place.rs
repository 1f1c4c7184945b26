//! Where a shim lies.

use pm_shim::Shim;
use std::ffi::{CStr, OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The artifact of a shim: where the shim says, or `NAME.cwasm` beside `libNAME.so`.
pub(crate) fn artifact(shim: &Shim) -> Option<PathBuf> {
    let hint = Path::new(shim.artifact());
    if hint.is_absolute() && hint.exists() {
        return Some(hint.to_owned());
    }
    let library = library(shim)?;
    let name = library.file_stem()?.to_str()?;
    let name = name.strip_prefix("lib").unwrap_or(name);
    Some(library.with_file_name(format!("{name}.cwasm")))
}

/// The file that the shim was loaded from.
fn library(shim: &Shim) -> Option<PathBuf> {
    let mut found = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    let address: *const c_void = std::ptr::from_ref(shim).cast();
    // SAFETY: any address may be asked for, and `found` is writable.
    let status = unsafe { libc::dladdr(address, &raw mut found) };
    if status == 0 || found.dli_fname.is_null() {
        return None;
    }
    // SAFETY: it's a C string of the dynamic linker's, which lives as long as the library is loaded.
    let name = unsafe { CStr::from_ptr(found.dli_fname) };
    Some(PathBuf::from(OsStr::from_bytes(name.to_bytes())))
}
