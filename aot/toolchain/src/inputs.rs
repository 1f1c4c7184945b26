//! Everything that a toolchain is made of, found and named.

use std::path::{Path, PathBuf};

use pm_answers::{Answers, Circumstances};

use crate::cache::Cache;
use crate::rustc::Rustc;
use crate::{
    PanicStrategy, Request, SetupError, Toolchain, debian, library, link, mirror, parts, spec,
};

/// Counts changes of how the set-up builds what it builds, other than the flags in [`Inputs::id`].
const RECIPE: u32 = 3;

/// All that a set-up needs, found on this machine.
#[derive(Clone, Debug)]
pub(crate) struct Inputs {
    pub(crate) rustc: Rustc,
    pub(crate) cargo: PathBuf,
    pub(crate) sources: PathBuf,
    pub(crate) libc: PathBuf,
    pub(crate) linker: PathBuf,
    pub(crate) panic: PanicStrategy,
    /// The adapted target specification.
    pub(crate) spec: String,
    /// Names the toolchain: a hash of what it is built from.
    pub(crate) id: String,
}

impl Inputs {
    /// The rustc that was asked for, else the active one if it is complete, else one of the
    /// private prefixes that are there.
    pub(crate) fn find(request: &Request, cache: &Cache) -> Result<Self, SetupError> {
        if let Some(program) = &request.rustc {
            return Self::complete(Rustc::probe(program, Some(cache))?, request, cache);
        }
        let active = Rustc::probe(Path::new("rustc"), Some(cache));
        let active = active.and_then(|rustc| Self::complete(rustc, request, cache));
        match (active, debian::newest_prefix(cache)) {
            (Ok(inputs), _) => Ok(inputs),
            (Err(_), Some(rustc)) => {
                Self::complete(Rustc::probe(&rustc, Some(cache))?, request, cache)
            }
            (Err(error), None) => Err(error),
        }
    }

    /// Finds what belongs to a rustc.
    fn complete(rustc: Rustc, request: &Request, cache: &Cache) -> Result<Self, SetupError> {
        let sources = rustc.sources()?;
        let libc = parts::libc(&rustc, request.wasi_libc.as_deref())?;
        let linker = parts::linker(&rustc)?;
        let cargo = rustc.cargo()?;
        let panic = request.panic;
        let spec = spec::adapt(&rustc.target_spec()?, panic)?;
        let libc_digest = digest_of_libc(&libc, cache)?;
        let id = id(&rustc, &spec, &libc_digest, &sources)?;
        Ok(Self {
            rustc,
            cargo,
            sources,
            libc,
            linker,
            panic,
            spec,
            id,
        })
    }

    /// The toolchain as it is, or will be, in a folder.
    pub(crate) fn toolchain(&self, folder: &Path) -> Result<Toolchain, SetupError> {
        let target_spec = folder.join(format!("{}.json", spec::TARGET));
        let wasm_sysroot = folder.join("sysroot");
        let bin_path = self.rustc.bin().map(Path::to_owned).into_iter().collect();
        Ok(Toolchain {
            id: self.id.clone(),
            rustc: self.rustc.program.clone(),
            cargo: self.cargo.clone(),
            rustc_version: self.rustc.version.line.clone(),
            host: self.rustc.version.host.clone(),
            sysroot: self.rustc.sysroot.clone(),
            library_path: self.rustc.library_path.clone(),
            bin_path,
            library_sources: self.sources.clone(),
            wasm_args: link::wasm_args(&target_spec, &wasm_sysroot)?,
            link_args: link::link_args(self, folder)?,
            target_spec,
            wasm_sysroot,
            libc: self.libc.clone(),
            panic: self.panic,
        })
    }
}

/// Hashes what the standard library and the macros are built from. No paths: they change nothing.
fn id(rustc: &Rustc, spec: &str, libc: &str, sources: &Path) -> Result<String, SetupError> {
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
    add(link::SOURCES.join("\0").as_bytes());
    add(link::initial_heap().as_bytes());
    for (name, text) in mirror::REPLACED {
        add(name.as_bytes());
        add(text.as_bytes());
    }
    add(&fs_err::read(sources.join("Cargo.lock"))?);
    add(libc.as_bytes());
    Ok(hasher.finalize().to_hex()[..16].to_owned())
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
