//! `pm-aot shim`: a native library for a stock rustc.

use crate::shell::Shell;
use crate::{Error, Exit};
use object::{Object, ObjectSection};
use pm_abi::layout::DECLS_PREFIX;
use pm_abi::{Declaration, Profile, metadata};
use pm_artifact::Artifact;
use pm_build::ShimFiles;
use pm_policy::{Policy, Sandbox};
use pm_shim_writer::Target;
use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// Make a library with which a stock rustc runs a macro crate from its artifact
///
/// A stock rustc loads macro crates as native libraries only. The library that is made here has the
/// metadata of the native one that cargo built, and entry points that run the macros of the artifact
/// beside that one, in libpm_loader.so. Give it to rustc, or to rust-analyzer, in the native one's place.
/// What the macros may read is in it, by the policy of the current directory (docs/POLICY.md).
#[derive(Debug, clap::Args)]
#[command(after_long_help = EXAMPLES)]
pub(crate) struct Options {
    /// The native library that cargo built (libNAME-HASH.so), with NAME-HASH.cwasm beside it
    library: PathBuf,

    /// The file to write
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  After `pm-aot build`, one macro crate:
      pm-aot shim target/debug/deps/libserde_derive-0123456789abcdef.so --output libserde_derive.so
      rustc --extern serde_derive=libserde_derive.so src/main.rs";

pub(crate) fn run(options: Options, shell: &Shell) -> Result<Exit, Error> {
    let Options { library, output } = options;
    if !library.exists() {
        return Err(Error::Missing { path: library });
    }
    let policy = Policy::read(
        Path::new("."),
        std::env::var_os(pm_policy::VARIABLE).as_deref(),
    )
    .map_err(Error::Policy)?;
    let sandbox = policy.decide(&crate_name(&library)).sandbox;
    write(
        &artifact_of(&library),
        &metadata_of(&library)?,
        &output,
        &sandbox,
    )?;
    shell.status("Made", output.display());
    Ok(Exit::Success)
}

/// Makes the shim of a macro crate that was compiled for wasm.
pub(crate) fn make(files: &ShimFiles<'_>) -> Result<(), Error> {
    let ShimFiles {
        artifact,
        metadata,
        library,
        sandbox,
    } = files;
    write(artifact, &fs_err::read(metadata)?, library, sandbox)
}

/// Refuses metadata that isn't that of the artifact's macros: a shim of both would make rustc call
/// one macro in the place of another, or one that isn't there.
fn check(
    rustc: &str,
    profile: &Profile,
    macros: &[Declaration],
    metadata: &[u8],
) -> Result<(), String> {
    metadata::check(metadata, rustc, profile, macros).map_err(|error| {
        format!("its metadata and its artifact aren't of one build of the crate: {error}")
    })
}

/// Writes a shim, which may replace the native library. `metadata` is the content of a `.rmeta`.
fn write(path: &Path, metadata: &[u8], output: &Path, sandbox: &Sandbox) -> Result<(), Error> {
    let artifact = Artifact::open(path).map_err(|refusal| Error::Artifact {
        path: path.to_owned(),
        refusal,
    })?;
    let manifest = artifact.manifest();
    let shim = |cause: String| Error::Shim {
        path: output.to_owned(),
        cause,
    };
    let profile = Profile::by_name(&manifest.profile)
        .ok_or_else(|| shim(format!("the bridge `{}` is not known", manifest.profile)))?;
    check(
        &manifest.rustc,
        profile,
        &manifest.module.declarations,
        metadata,
    )
    .map_err(shim)?;
    let sandbox = sandbox
        .to_bytes()
        .map_err(|error| shim(error.to_string()))?;
    let text = |path: &Path| {
        path.to_str()
            .map(str::to_owned)
            .ok_or_else(|| shim(format!("`{}` isn't UTF-8", path.display())))
    };
    let name = output.file_name().map(Path::new);
    let input = pm_shim_writer::Input {
        target: manifest
            .target
            .parse::<Target>()
            .map_err(|error| shim(error.to_string()))?,
        soname: &text(name.ok_or_else(|| shim("it has no file name".into()))?)?,
        loader: &text(&loader()?)?,
        symbol: &format!("{DECLS_PREFIX}{}__", manifest.source.crate_id),
        macros: &manifest.module.declarations,
        metadata,
        profile,
        artifact: &text(&fs_err::canonicalize(path)?)?,
        rustc: &manifest.rustc,
        sandbox: &sandbox,
    };
    let bytes = pm_shim_writer::write(&input).map_err(|error| shim(error.to_string()))?;
    // Whoever has the old one loaded keeps it.
    let folder = output
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(&bytes)?;
    let readable = std::fs::Permissions::from_mode(0o755);
    file.as_file().set_permissions(readable)?;
    file.persist(output).map_err(|error| error.error)?;
    Ok(())
}

/// The artifact of a native library: `NAME.cwasm` beside `libNAME.so`.
fn artifact_of(library: &Path) -> PathBuf {
    let stem = library.file_stem().unwrap_or_default();
    let name = match stem.to_str() {
        Some(text) => OsStr::new(text.strip_prefix("lib").unwrap_or(text)),
        None => stem,
    };
    library.with_file_name(name).with_extension("cwasm")
}

/// The crate of a native library, `libCRATE-HASH.so`.
fn crate_name(library: &Path) -> String {
    let name = artifact_of(library);
    let name = name.file_stem().unwrap_or_default().to_string_lossy();
    name.split('-').next().unwrap_or_default().to_owned()
}

/// The macro crate's metadata: the content of a native library's section `.rustc`, without the
/// section's header.
fn metadata_of(library: &Path) -> Result<Vec<u8>, Error> {
    let bytes = fs_err::read(library)?;
    read_metadata(&bytes).map_err(|cause| Error::NotAMacroLibrary {
        path: library.to_owned(),
        cause,
    })
}

fn read_metadata(library: &[u8]) -> Result<Vec<u8>, String> {
    let file = object::File::parse(library).map_err(|error| error.to_string())?;
    let mut sections = file.sections().filter(|it| it.name() == Ok(".rustc"));
    let section = sections.next().ok_or("it has no section `.rustc`")?;
    if sections.next().is_some() {
        return Err("it has two sections `.rustc`".into());
    }
    let data = section.data().map_err(|error| error.to_string())?;
    metadata::section(data)
        .and_then(metadata::metadata)
        .map(<[u8]>::to_vec)
        .map_err(|error| format!("its section `.rustc` isn't rustc's metadata: {error}"))
}

/// `libpm_loader.so`: `PM_AOT_LOADER`, else beside this program or in `lib` beside its folder.
pub(crate) fn loader() -> Result<PathBuf, Error> {
    const NAME: &str = "libpm_loader.so";
    if let Some(path) = std::env::var_os("PM_AOT_LOADER") {
        return Ok(fs_err::canonicalize(path)?);
    }
    let program = std::env::current_exe()?;
    let folder = program.parent().unwrap_or(Path::new(""));
    let places = [folder.join(NAME), folder.join("../lib").join(NAME)];
    let found = places.iter().find(|path| path.exists());
    match found {
        Some(path) => Ok(fs_err::canonicalize(path)?),
        None => Err(Error::NoLoader {
            folder: folder.to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pm_abi::MacroKind;

    const OLD: &[u8] = include_bytes!("../../../loader/abi/tests/metadata/1.97.1/one-bang.rmeta");
    const NEW: &[u8] = include_bytes!("../../../loader/abi/tests/metadata/1.98.1/one-bang.rmeta");

    fn declaration(kind: MacroKind, name: &str) -> Declaration {
        Declaration {
            kind,
            name: name.to_owned(),
            attributes: Vec::new(),
            run: 0,
        }
    }

    #[test]
    fn metadata_of_other_macros_is_refused() {
        let bang = declaration(MacroKind::Bang, "answer");
        let attr = declaration(MacroKind::Attr, "answer");
        let other = declaration(MacroKind::Bang, "other");
        let check = |bytes: &[u8], profile: &str, macros: &[&Declaration]| {
            let rustc = metadata::version(bytes).expect("a version");
            let profile = Profile::by_name(profile).expect("a profile");
            let macros: Vec<Declaration> = macros.iter().copied().cloned().collect();
            super::check(rustc, profile, &macros, bytes)
        };
        assert_eq!(check(OLD, "1.95", &[&bang]), Ok(()));
        assert_eq!(check(NEW, "1.98", &[&bang]), Ok(()));
        for macros in [&[][..], &[&attr], &[&bang, &bang]] {
            check(OLD, "1.95", macros).unwrap_err();
            check(NEW, "1.98", macros).unwrap_err();
        }
        assert_eq!(
            check(NEW, "1.98", &[&other]).unwrap_err(),
            "its metadata and its artifact aren't of one build of the crate: macro 0 is `bang \
             answer` in the metadata, but `bang other` was compiled"
        );
    }

    #[test]
    fn metadata_of_another_rustc_is_refused() {
        let profile = Profile::by_name("1.98").expect("a profile");
        let bang = [declaration(MacroKind::Bang, "answer")];
        let error = check("rustc 1.98.0 (x)", profile, &bang, NEW).unwrap_err();
        assert!(
            error.contains("were compiled by `rustc 1.98.0 (x)`"),
            "{error}"
        );
    }

    #[test]
    fn a_library_without_metadata_is_refused() {
        assert!(read_metadata(b"").is_err());
        assert!(read_metadata(b"\x7fELF").is_err());
    }
}
