//! Makes artifacts: snapshot, compile, put together, write; and compiles where none fits.
//!
//! [`loader`] makes a loader that has this compiler for macro crates whose artifact can't be used.

mod jit;
mod rustc;
mod write;

pub use jit::{Jit, loader};
pub use rustc::{is_precompiled_rustc, precompile_rustc};

use pm_abi::layout::ABI;
use pm_artifact::{
    Artifact, Body, Cpu, Digest, Manifest, Module, Settings, Source, TARGET, WASMTIME_VERSION,
    path_for,
};
use pm_cranelift::Purpose;
use pm_snapshot::{Snapshot, SnapshotError};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A failure to make an artifact.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The `.wasm` can't be read, or the artifact can't be written. The text has the path.
    #[error(transparent)]
    Io(#[from] std::io::Error),
    /// The `.wasm` can't become a snapshot.
    #[error(transparent)]
    Snapshot(Box<SnapshotError>),
    /// Cranelift refused it.
    #[error("it doesn't compile: {0}")]
    Compile(String),
}

impl From<SnapshotError> for CompileError {
    fn from(error: SnapshotError) -> Self {
        CompileError::Snapshot(Box::new(error))
    }
}

/// Makes the artifact of a module: a pure function from the `.wasm`'s bytes to the `.cwasm`'s.
///
/// # Errors
///
/// See [`CompileError`].
pub fn precompile(wasm: &[u8]) -> Result<(Vec<u8>, Manifest), CompileError> {
    let snapshot = pm_snapshot::snapshot(wasm)?;
    let engine = pm_cranelift::engine(Purpose::Artifact, ABI).map_err(compile_error)?;
    let body = engine
        .precompile_module(&snapshot.wasm)
        .map_err(compile_error)?;
    let manifest = Manifest {
        abi: ABI,
        profile: snapshot.profile.name.to_owned(),
        rustc: snapshot.inspection.rustc.clone().unwrap_or_default(),
        wasmtime: WASMTIME_VERSION.to_owned(),
        target: TARGET.to_owned(),
        cpu: Cpu::FEATURES
            .iter()
            .map(|&feature| feature.to_owned())
            .collect(),
        settings: Settings::default(),
        source: Source {
            digest: Digest::of(wasm),
            len: wasm.len() as u64,
            crate_id: snapshot.inspection.crate_id.clone(),
        },
        module: describe(&snapshot),
        body: Body {
            len: body.len() as u64,
            digest: Digest::of(&body),
        },
    };
    Ok((pm_artifact::assemble(body, &manifest), manifest))
}

/// Makes `NAME.cwasm` beside `NAME.wasm`, whole or not at all. The `.wasm` isn't changed; the
/// artifact gets its modification time, by which a loader sees that the two belong together.
///
/// # Errors
///
/// See [`CompileError`].
pub fn precompile_file(wasm: &Path) -> Result<(PathBuf, Manifest), CompileError> {
    // Before the content is read: a change in between makes the artifact look stale, not fresh.
    let modified = fs_err::metadata(wasm)?.modified().ok();
    let (bytes, manifest) = precompile(&fs_err::read(wasm)?)?;
    Ok((write(wasm, &bytes, modified)?, manifest))
}

/// Writes the bytes of an artifact to `NAME.cwasm` beside `NAME.wasm`, whole or not at all.
/// `modified` is the `.wasm`'s modification time, taken before its content was read.
///
/// # Errors
///
/// The system's error, with the artifact's path.
pub fn write(
    wasm: &Path,
    artifact: &[u8],
    modified: Option<SystemTime>,
) -> std::io::Result<PathBuf> {
    let path = path_for(wasm);
    write::write_atomically(&path, artifact, modified).map_err(|error| {
        let text = format!("failed to write `{}`: {error}", path.display());
        std::io::Error::new(error.kind(), text)
    })?;
    Ok(path)
}

/// Gives the artifact of a module that was written again, with the same content, the module's new
/// modification time: until then, each load has to hash the module. Does nothing where the two
/// don't belong together.
///
/// # Errors
///
/// The system's error, with the path.
pub fn renew(wasm: &Path) -> std::io::Result<()> {
    // Before the content is read, as in `precompile_file`.
    let modified = fs_err::metadata(wasm)?.modified()?;
    let path = path_for(wasm);
    let Ok(artifact) = Artifact::open(&path) else {
        return Ok(());
    };
    if artifact.modified() == Some(modified)
        || artifact.verify_source(&fs_err::read(wasm)?).is_err()
    {
        return Ok(());
    }
    let file = fs_err::File::options().write(true).open(&path)?;
    file.file().set_modified(modified)
}

/// The part of a manifest that describes a snapshot.
pub(crate) fn describe(snapshot: &Snapshot) -> Module {
    Module {
        len: snapshot.wasm.len() as u64,
        unwinds: snapshot.unwinds,
        declarations: snapshot.declarations.clone(),
        quoted_spans: snapshot.quoted_spans,
        callbacks: snapshot.callbacks,
        exchange: snapshot.exchange,
    }
}

fn compile_error(error: wasmtime::Error) -> CompileError {
    CompileError::Compile(format!("{error:#}"))
}
