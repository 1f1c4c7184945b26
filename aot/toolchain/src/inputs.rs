//! Everything that a toolchain is made of, found and named.

use std::path::{Path, PathBuf};
use std::process::Command;

use pm_answers::{Answers, Circumstances};

use crate::cache::Cache;
use crate::exceptions::Exceptions;
use crate::parts::Parts;
use crate::rustc::Rustc;
use crate::toolchain::command;
use crate::{
    Bridge, PanicStrategy, Request, SetupError, Toolchain, debian, library, link, mirror, rustup,
    spec,
};

/// Counts changes of how the set-up builds what it builds, other than the flags in [`Inputs::id`].
const RECIPE: u32 = 4;

/// All that a set-up needs, found on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    pub(crate) rustc: Rustc,
    pub(crate) cargo: PathBuf,
    pub(crate) sources: PathBuf,
    pub(crate) libc: PathBuf,
    pub(crate) linker: PathBuf,
    pub(crate) panic: PanicStrategy,
    pub(crate) exceptions: Exceptions,
    /// The adapted target specification.
    pub(crate) spec: String,
    /// Names the toolchain: a hash of what it is built from.
    pub(crate) id: String,
}

impl Inputs {
    /// The rustc that was asked for, else the active one if it is complete, else one of the
    /// private prefixes that are there.
    pub(crate) fn find(request: &Request, cache: &Cache) -> Result<Self, SetupError> {
        let error = match Self::active(request, cache) {
            Ok(inputs) => return Ok(inputs),
            Err(error) => error,
        };
        match debian::newest_prefix(cache) {
            Some(rustc) if may_be_replaced(&error, request, cache) => {
                Self::complete(Rustc::probe(&rustc, Some(cache))?, request, cache)
            }
            _ => Err(error),
        }
    }

    /// The rustc that was asked for, else the active one, and nothing else.
    pub(crate) fn active(request: &Request, cache: &Cache) -> Result<Self, SetupError> {
        let program = request.rustc.as_deref().unwrap_or(Path::new(ACTIVE));
        Self::complete(Rustc::probe(program, Some(cache))?, request, cache)
    }

    /// Finds what belongs to a rustc.
    fn complete(rustc: Rustc, request: &Request, cache: &Cache) -> Result<Self, SetupError> {
        let Parts {
            sources,
            libc,
            linker,
        } = Parts::find(&rustc, request.wasi_libc.as_deref())?;
        let cargo = rustc.cargo()?;
        let panic = request.panic;
        let exceptions = Exceptions::of_llvm(rustc.version.llvm);
        let spec = spec::adapt(&rustc.target_spec()?, panic, exceptions)?;
        let libc_digest = digest_of_libc(&libc, cache)?;
        let linked = link::sources(panic, exceptions).join("\0");
        let id = id(&rustc, &spec, &linked, &libc_digest, &sources)?;
        Ok(Self {
            rustc,
            cargo,
            sources,
            libc,
            linker,
            panic,
            exceptions,
            spec,
            id,
        })
    }

    /// A command that runs the cargo, as [`Toolchain::command`] does.
    pub(crate) fn cargo(&self) -> Command {
        let Rustc {
            program,
            library_path,
            ..
        } = &self.rustc;
        command(&self.cargo, program, library_path, &self.bin_path())
    }

    fn bin_path(&self) -> Vec<PathBuf> {
        self.rustc.bin().map(Path::to_owned).into_iter().collect()
    }

    /// The toolchain as it is, or will be, in a folder.
    pub(crate) fn toolchain(&self, folder: &Path, bridge: Bridge) -> Result<Toolchain, SetupError> {
        let target_spec = folder.join(format!("{}.json", spec::TARGET));
        let wasm_sysroot = folder.join("sysroot");
        Ok(Toolchain {
            id: self.id.clone(),
            rustc: self.rustc.program.clone(),
            cargo: self.cargo.clone(),
            rustc_version: self.rustc.version.line.clone(),
            host: self.rustc.version.host.clone(),
            sysroot: self.rustc.sysroot.clone(),
            library_path: self.rustc.library_path.clone(),
            bin_path: self.bin_path(),
            library_sources: self.sources.clone(),
            wasm_args: link::wasm_args(&target_spec, &wasm_sysroot)?,
            link_args: link::link_args(self, folder)?,
            target_spec,
            wasm_sysroot,
            libc: self.libc.clone(),
            panic: self.panic,
            bridge,
        })
    }
}

/// The compiler that a shell would start.
pub(crate) const ACTIVE: &str = "rustc";

/// Whether another rustc may be used for the active one, which has this error: not if anybody has
/// asked for that.
pub(crate) fn may_be_replaced(error: &SetupError, request: &Request, cache: &Cache) -> bool {
    if request.rustc.is_some() || matches!(error, SetupError::NotInstalled { .. }) {
        return false;
    }
    let active = rustup::active(Path::new(ACTIVE), Some(cache));
    !active.is_some_and(|active| active.was_chosen())
}

/// Hashes what the standard library and the macros are built from. No paths: they change nothing.
fn id(
    rustc: &Rustc,
    spec: &str,
    linked: &str,
    libc: &str,
    sources: &Path,
) -> Result<String, SetupError> {
    let mut hasher = blake3::Hasher::new();
    let mut add = |part: &[u8]| {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part);
    };
    add(&RECIPE.to_le_bytes());
    add(rustc.version.verbose.as_bytes());
    add(spec.as_bytes());
    add(library::FLAGS.join("\0").as_bytes());
    add(library::PROFILE.join("\0").as_bytes());
    add(link::EXPORTS.join("\0").as_bytes());
    add(linked.as_bytes());
    add(link::initial_heap().as_bytes());
    for (name, text) in mirror::REPLACED {
        add(name.as_bytes());
        add(text.as_bytes());
    }
    for (name, text) in mirror::file_system(sources)? {
        add(name.as_bytes());
        add(text.as_bytes());
    }
    add(&fs_err::read(sources.join("Cargo.lock"))?);
    // Two nightlies of one day, or sources that somebody edits: the version says nothing of these.
    let folder = sources.join("proc_macro/src");
    for file in files(&folder)? {
        let name = file.strip_prefix(&folder).unwrap_or(&file);
        add(name.as_os_str().as_encoded_bytes());
        add(&fs_err::read(&file)?);
    }
    add(libc.as_bytes());
    Ok(hasher.finalize().to_hex()[..16].to_owned())
}

/// The files in a folder and the folders in it, in order.
fn files(folder: &Path) -> Result<Vec<PathBuf>, SetupError> {
    let mut entries = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        entries.push(entry?.path());
    }
    entries.sort_unstable();
    let mut found = Vec::new();
    for path in entries {
        if path.is_dir() {
            found.extend(files(&path)?);
        } else {
            found.push(path);
        }
    }
    Ok(found)
}

/// Of what is linked of a libc. It's some megabytes, so the answer is kept.
fn digest_of_libc(libc: &Path, cache: &Cache) -> Result<String, SetupError> {
    let files = ["libc.a", "crt1-reactor.o"].map(|file| libc.join(file));
    let answers = Answers::kept(&cache.answers(), &[libc.as_os_str()], || {
        let mut circumstances = Circumstances::default();
        for file in &files {
            circumstances.stamp(file).ok()?;
        }
        Some(circumstances)
    });
    answers.ask("digest", || {
        let mut hasher = blake3::Hasher::new();
        for file in &files {
            let content = fs_err::read(file)?;
            hasher.update(&(content.len() as u64).to_le_bytes());
            hasher.update(&content);
        }
        Ok(hasher.finalize().to_hex().to_string())
    })
}

#[cfg(all(test, unix))]
pub(crate) mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A toolchain of scripts, complete as far as it is looked at.
    pub(crate) fn toolchain(root: &Path) -> Request {
        let sysroot = root.join("sysroot");
        let script = format!(
            "#!/bin/sh\ncase \"$*\" in -vV) cat '{0}/version';; *sysroot) echo '{0}';; \
             *) echo '{{}}';; esac\n",
            sysroot.display()
        );
        for (file, text) in [
            (
                "version",
                "rustc 1.97.0-nightly (x)\nhost: h\nrelease: 1.97.0-nightly\n",
            ),
            ("bin/rustc", &script),
            ("bin/cargo", ""),
            ("lib/rustlib/h/bin/rust-lld", ""),
            ("lib/rustlib/src/rust/library/Cargo.lock", ""),
            ("lib/rustlib/src/rust/library/std/Cargo.toml", ""),
            ("lib/rustlib/src/rust/library/proc_macro/src/lib.rs", ""),
            (
                "lib/rustlib/src/rust/library/proc_macro/src/bridge/mod.rs",
                "",
            ),
            ("lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a", ""),
            (
                "lib/rustlib/wasm32-wasip1/lib/self-contained/crt1-reactor.o",
                "",
            ),
        ] {
            let path = sysroot.join(file);
            fs_err::create_dir_all(path.parent().unwrap()).unwrap();
            fs_err::write(path, text).unwrap();
        }
        let rustc = sysroot.join("bin/rustc");
        fs_err::set_permissions(&rustc, PermissionsExt::from_mode(0o755)).unwrap();
        Request {
            rustc: Some(rustc),
            wasi_libc: None,
            panic: PanicStrategy::Unwind,
            cache: root.join("cache"),
            offline: true,
            install: false,
        }
    }

    fn id(request: &Request) -> String {
        let cache = Cache::new(&request.cache);
        Inputs::active(request, &cache).unwrap().id
    }

    #[test]
    fn whatever_a_toolchain_is_made_of_names_it() {
        let folder = tempfile::tempdir().unwrap();
        let request = toolchain(folder.path());
        let sysroot = folder.path().join("sysroot");
        let first = id(&request);
        assert_eq!(id(&request), first);
        for file in [
            "lib/rustlib/src/rust/library/Cargo.lock",
            "lib/rustlib/src/rust/library/proc_macro/src/lib.rs",
            "lib/rustlib/src/rust/library/proc_macro/src/bridge/mod.rs",
            "lib/rustlib/wasm32-wasip1/lib/self-contained/libc.a",
            "lib/rustlib/wasm32-wasip1/lib/self-contained/crt1-reactor.o",
        ] {
            fs_err::write(sysroot.join(file), "changed").unwrap();
            assert_ne!(id(&request), first, "{file}");
            fs_err::write(sysroot.join(file), "").unwrap();
            assert_eq!(id(&request), first, "{file}");
        }
        let more = sysroot.join("lib/rustlib/src/rust/library/proc_macro/src/more.rs");
        fs_err::write(more, "").unwrap();
        assert_ne!(id(&request), first);
        // Not what it isn't made of.
        fs_err::write(sysroot.join("lib/rustlib/src/rust/library/README.md"), "").unwrap();
        let other = Request {
            panic: PanicStrategy::Abort,
            ..request.clone()
        };
        assert_ne!(id(&other), id(&request));
    }

    #[test]
    fn a_compiler_that_is_updated_in_place_is_another() {
        let folder = tempfile::tempdir().unwrap();
        let request = toolchain(folder.path());
        let sysroot = folder.path().join("sysroot");
        let manifest = sysroot.join(crate::origin::MANIFEST);
        fs_err::write(&manifest, "old").unwrap();
        let first = id(&request);
        let version = "rustc 1.98.0-nightly (y)\nhost: h\nrelease: 1.98.0-nightly\n";
        fs_err::write(sysroot.join("version"), version).unwrap();
        fs_err::write(&manifest, "newer").unwrap();
        assert_ne!(id(&request), first);
    }

    #[test]
    fn two_toolchains_are_found_side_by_side() {
        let (one, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = toolchain(one.path());
        let mut second = toolchain(other.path());
        second.cache.clone_from(&first.cache);
        // The same content in another place is the same toolchain.
        assert_eq!(id(&first), id(&second));
        let sources = "sysroot/lib/rustlib/src/rust/library/proc_macro/src/lib.rs";
        fs_err::write(other.path().join(sources), "other").unwrap();
        let ids = [id(&first), id(&second)];
        assert_ne!(ids[0], ids[1]);
        assert_eq!([id(&first), id(&second)], ids);
    }
}
