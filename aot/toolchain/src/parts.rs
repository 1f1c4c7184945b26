//! What a set-up needs besides rustc: a wasi-libc, a linker, a C compiler.

use std::path::{Path, PathBuf};

use crate::SetupError;
use crate::rustc::{Rustc, which};

/// A wasi-libc: the one that was asked for, the toolchain's own, or the distribution's.
pub(crate) fn libc(rustc: &Rustc, wanted: Option<&Path>) -> Result<PathBuf, SetupError> {
    if let Some(wanted) = wanted {
        let path = std::path::absolute(wanted)?;
        return if is_libc(&path) {
            Ok(path)
        } else {
            Err(SetupError::BadLibc { path })
        };
    }
    let mut folders = libc_folders(&rustc.sysroot).into_iter();
    let found = folders.find(|folder| is_libc(folder));
    found.ok_or_else(|| SetupError::NoLibc {
        sysroot: rustc.sysroot.clone(),
    })
}

/// Where a wasi-libc may be, best first.
fn libc_folders(sysroot: &Path) -> Vec<PathBuf> {
    let mut folders = vec![sysroot.join("lib/rustlib/wasm32-wasip1/lib/self-contained")];
    // A private prefix is a sysroot that is laid out like /usr.
    for root in [
        sysroot,
        Path::new("/usr"),
        Path::new("/usr/share/wasi-sysroot"),
    ] {
        for name in ["wasm32-wasip1", "wasm32-wasi"] {
            folders.push(root.join("lib").join(name));
        }
    }
    folders
}

/// Whether macros can be linked with what is in a folder.
fn is_libc(folder: &Path) -> bool {
    ["libc.a", "crt1-reactor.o"]
        .iter()
        .all(|file| folder.join(file).is_file())
}

/// lld for wasm: the toolchain's own, its neighbour's, or one on `PATH`, of rustc's LLVM where
/// there is a choice, since an older one does not read a newer one's objects.
pub(crate) fn linker(rustc: &Rustc) -> Result<PathBuf, SetupError> {
    let own = rustc
        .sysroot
        .join("lib/rustlib")
        .join(&rustc.version.host)
        .join("bin/rust-lld");
    if own.is_file() {
        return Ok(own);
    }
    let names = linker_names(rustc.version.llvm);
    let bins = [
        Some(rustc.sysroot.join("bin")),
        rustc.bin().map(Path::to_owned),
    ];
    let beside = bins
        .into_iter()
        .flatten()
        .flat_map(|bin| names.iter().map(move |name| bin.join(name)));
    let found = beside.into_iter().find(|linker| linker.is_file());
    let found = found.or_else(|| names.iter().find_map(which));
    found.ok_or_else(|| SetupError::NoLinker {
        sysroot: rustc.sysroot.clone(),
    })
}

/// Names that lld goes by, best first.
fn linker_names(llvm: Option<u32>) -> Vec<String> {
    let of_llvm = llvm.map(|llvm| format!("wasm-ld-{llvm}"));
    of_llvm
        .into_iter()
        .chain(["rust-lld".into(), "wasm-ld".into()])
        .collect()
}

/// The program that rustc links build scripts with.
pub(crate) fn c_compiler() -> Result<PathBuf, SetupError> {
    which("cc").ok_or(SetupError::NoCompiler)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prefers_the_linker_of_rustcs_llvm() {
        assert_eq!(
            linker_names(Some(22)),
            ["wasm-ld-22", "rust-lld", "wasm-ld"]
        );
        assert_eq!(linker_names(None), ["rust-lld", "wasm-ld"]);
    }

    #[test]
    fn a_libc_needs_both_files() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!is_libc(folder.path()));
        fs_err::write(folder.path().join("libc.a"), "").unwrap();
        assert!(!is_libc(folder.path()));
        fs_err::write(folder.path().join("crt1-reactor.o"), "").unwrap();
        assert!(is_libc(folder.path()));
    }

    #[test]
    fn the_toolchains_own_libc_comes_first() {
        let sysroot = tempfile::tempdir().unwrap();
        let folders = libc_folders(sysroot.path());
        let own = sysroot
            .path()
            .join("lib/rustlib/wasm32-wasip1/lib/self-contained");
        assert_eq!(folders[0], own);
        assert_eq!(folders[2], sysroot.path().join("lib/wasm32-wasi"));
    }
}
