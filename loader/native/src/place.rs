//! Where a shim lies.

use pm_shim::Shim;
use std::ffi::{CStr, OsStr, c_void};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file as it is now: another one, if it was replaced by renaming or rewritten.
#[derive(PartialEq, Eq, Hash)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
    len: u64,
    modified: (i64, i64),
}

impl FileId {
    /// None if it can't be asked for, as when there is none.
    pub(crate) fn of(path: &Path) -> Option<FileId> {
        let found = std::fs::metadata(path).ok()?;
        Some(FileId {
            device: found.dev(),
            inode: found.ino(),
            len: found.len(),
            modified: (found.mtime(), found.mtime_nsec()),
        })
    }
}

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
