//! What a set-up needs besides rustc: a wasi-libc, a linker, a C compiler.

use std::path::{Path, PathBuf};

use crate::rustc::{Rustc, which};
use crate::{Part, SetupError};

/// Parts of a rustc that may be installed apart from it.
#[derive(Clone, Debug)]
pub(crate) struct Parts {
    pub(crate) sources: PathBuf,
    pub(crate) libc: PathBuf,
    pub(crate) linker: PathBuf,
}

impl Parts {
    /// All of them, or one error that names all that are missing.
    pub(crate) fn find(rustc: &Rustc, wanted: Option<&Path>) -> Result<Self, SetupError> {
        let found = (rustc.sources(), libc(rustc, wanted)?, linker(rustc));
        let missing = [
            (Part::Sources, found.0.is_none()),
            (Part::Libc, found.1.is_none()),
            (Part::Linker, found.2.is_none()),
        ];
        match found {
            (Some(sources), Some(libc), Some(linker)) => Ok(Self {
                sources,
                libc,
                linker,
            }),
            _ => {
                let missing = missing.into_iter().filter(|(_, is_missing)| *is_missing);
                Err(rustc.incomplete(missing.map(|(part, _)| part).collect()))
            }
        }
    }
}

/// A wasi-libc: the one that was asked for, the toolchain's own, or the distribution's.
///
/// # Errors
/// When what was asked for isn't one.
pub(crate) fn libc(rustc: &Rustc, wanted: Option<&Path>) -> Result<Option<PathBuf>, SetupError> {
    if let Some(wanted) = wanted {
        let path = std::path::absolute(wanted)?;
        return if is_libc(&path) {
            Ok(Some(path))
        } else {
            Err(SetupError::BadLibc { path })
        };
    }
    let mut folders = libc_folders(&rustc.sysroot).into_iter();
    Ok(folders.find(|folder| is_libc(folder)))
}

/// Where a wasi-libc may be, best first.
fn libc_folders(sysroot: &Path) -> Vec<PathBuf> {
    // rustup's target has it in the first, as all targets with a libc of their own since 2020.
    let own = sysroot.join("lib/rustlib/wasm32-wasip1/lib");
    let mut folders = vec![own.join("self-contained"), own];
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
pub(crate) fn linker(rustc: &Rustc) -> Option<PathBuf> {
    let host = &rustc.version.host;
    let own = rustc
        .sysroot
        .join(format!("lib/rustlib/{host}/bin/rust-lld"));
    if own.is_file() {
        return Some(own);
    }
    let llvm = rustc.version.llvm;
    let bins = [
        Some(rustc.sysroot.join("bin")),
        rustc.bin().map(Path::to_owned),
    ];
    let bins: Vec<PathBuf> = bins.into_iter().flatten().collect();
    let mut found = linkers(&bins, llvm).into_iter();
    let found = found.find(|linker| linker.is_file());
    found.or_else(|| linker_names(llvm).iter().find_map(which))
}

/// The paths at which lld may be beside a rustc, best first.
fn linkers(bins: &[PathBuf], llvm: Option<u32>) -> Vec<PathBuf> {
    let named = |name: &String| bins.iter().map(|bin| bin.join(name)).collect::<Vec<_>>();
    let names = linker_names(llvm);
    let (of_llvm, any) = names.split_at(usize::from(llvm.is_some()));
    let mut linkers: Vec<PathBuf> = of_llvm.iter().flat_map(named).collect();
    // Debian's and Ubuntu's `lld-N`; a plain `lld` may be of another version.
    linkers.extend(llvm.map(|llvm| format!("/usr/lib/llvm-{llvm}/bin/wasm-ld").into()));
    linkers.extend(any.iter().flat_map(named));
    linkers
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
        let bins = [PathBuf::from("/usr/bin")];
        let paths = |llvm| -> Vec<String> {
            let linkers = linkers(&bins, llvm).into_iter();
            linkers.map(|path| path.display().to_string()).collect()
        };
        let any = ["/usr/bin/rust-lld", "/usr/bin/wasm-ld"];
        let of_22 = ["/usr/bin/wasm-ld-22", "/usr/lib/llvm-22/bin/wasm-ld"];
        assert_eq!(paths(Some(22)), [of_22, any].concat());
        assert_eq!(paths(None), any);
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
        assert_eq!(folders[1], own.parent().unwrap());
        assert_eq!(folders[3], sysroot.path().join("lib/wasm32-wasi"));
    }
}
