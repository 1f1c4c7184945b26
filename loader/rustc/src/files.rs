//! Which part of the file system rustc sees, under the names that the host has for it.

use std::path::{Component, Path, PathBuf};
use wasmtime_wasi::{FsPerms, WasiCtxBuilder};

/// What rustc may see of the file system.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Files {
    /// All that this process may: what a native rustc sees.
    #[default]
    All,
    /// Some directories, and nothing else. A path that leaves one of them by `..` leads nowhere,
    /// even into another.
    Some {
        /// To be read.
        read: Vec<PathBuf>,
        /// To be read and written.
        write: Vec<PathBuf>,
    },
}

impl Files {
    /// The choice that the environment makes: `PM_AOT_RUSTC_READ` and `PM_AOT_RUSTC_WRITE`, lists
    /// of directories as `PATH` is one. With neither, everything.
    #[must_use]
    pub fn from_env() -> Files {
        let list = |name| {
            std::env::var_os(name).map(|value| std::env::split_paths(&value).collect::<Vec<_>>())
        };
        match (list("PM_AOT_RUSTC_READ"), list("PM_AOT_RUSTC_WRITE")) {
            (None, None) => Files::All,
            (read, write) => Files::Some {
                read: read.unwrap_or_default(),
                write: write.unwrap_or_default(),
            },
        }
    }

    /// Opens the directories for rustc. `named` are paths that its command line has: where one
    /// leads through a symbolic link to an absolute path, which WASI's sandbox doesn't follow, the
    /// link's target is opened under the link's name.
    pub(crate) fn open(
        &self,
        wasi: &mut WasiCtxBuilder,
        sysroot: &Path,
        named: &[PathBuf],
    ) -> wasmtime::Result<()> {
        let mut open = |host: &Path, guest: &Path, permissions| -> wasmtime::Result<()> {
            let Some(name) = guest.to_str() else {
                return Ok(());
            };
            wasi.preopened_dir(host, name, permissions)
                .map_err(|error| {
                    let text = format!("`{}` can't be opened for rustc", host.display());
                    error.context(text)
                })?;
            Ok(())
        };
        match self {
            Files::All => {
                let root = Path::new("/");
                open(root, root, FsPerms::ReadWrite)?;
                let mut links: Vec<PathBuf> = named
                    .iter()
                    .chain([&sysroot.to_owned()])
                    .flat_map(|path| absolute_links(path))
                    .collect();
                links.sort();
                links.dedup();
                for link in links {
                    if link.is_dir() {
                        open(&link, &link, FsPerms::ReadWrite)?;
                    }
                }
            }
            Files::Some { read, write } => {
                open(sysroot, sysroot, FsPerms::ReadOnly)?;
                for path in read {
                    open(path, &std::path::absolute(path)?, FsPerms::ReadOnly)?;
                }
                for path in write {
                    open(path, &std::path::absolute(path)?, FsPerms::ReadWrite)?;
                }
            }
        }
        Ok(())
    }
}

/// The symbolic links on the way of a path that lead to an absolute path.
fn absolute_links(path: &Path) -> Vec<PathBuf> {
    let Ok(path) = std::path::absolute(path) else {
        return Vec::new();
    };
    let mut links = Vec::new();
    let mut so_far = PathBuf::new();
    for component in path.components() {
        so_far.push(component);
        let is_name = matches!(component, Component::Normal(_));
        if is_name && so_far.read_link().is_ok_and(|target| target.is_absolute()) {
            links.push(so_far.clone());
        }
    }
    links
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn links_to_absolute_paths_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path().canonicalize().unwrap();
        std::fs::create_dir(folder.join("real")).unwrap();
        symlink(folder.join("real"), folder.join("absolute")).unwrap();
        symlink("real", folder.join("relative")).unwrap();
        let found = |path: &str| absolute_links(&folder.join(path));
        assert_eq!(found("absolute/x/y.rs"), [folder.join("absolute")]);
        assert_eq!(found("relative/x"), Vec::<PathBuf>::new());
        assert_eq!(found("nothing/x"), Vec::<PathBuf>::new());
    }
}
