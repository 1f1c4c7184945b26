//! A rustc on this machine, and what comes with it.

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::SetupError;
use crate::answers::Answers;
use crate::cache::Cache;
use crate::version::Version;

/// A rustc that was asked what it is.
#[derive(Clone, Debug)]
pub(crate) struct Rustc {
    pub(crate) program: PathBuf,
    pub(crate) version: Version,
    pub(crate) sysroot: PathBuf,
    pub(crate) library_path: Vec<PathBuf>,
    answers: Answers,
}

impl Rustc {
    /// Asks `program`, which may be a rustup proxy; the answer names the real one. A cache may know
    /// the answers.
    pub(crate) fn probe(program: &Path, cache: Option<&Cache>) -> Result<Self, SetupError> {
        let chosen = which_of_rustup(program);
        let program = chosen.as_deref().unwrap_or(program);
        let library_path = private_libraries(program);
        let answers = Answers::of(program, &library_path, cache);
        let verbose = answers.ask(&["-vV"])?;
        let version = Version::parse(&verbose).ok_or_else(|| SetupError::BadRustc {
            program: program.to_owned(),
            detail: format!(
                "`-vV` printed {:?}",
                verbose.lines().next().unwrap_or_default()
            ),
        })?;
        if version.too_old() {
            return Err(SetupError::TooOld {
                program: program.to_owned(),
                release: version.release,
            });
        }
        let sysroot = PathBuf::from(answers.ask(&["--print", "sysroot"])?.trim_end());
        let own = sysroot.join("bin").join(format!("rustc{EXE_SUFFIX}"));
        let program = if own.is_file() { own } else { on_path(program) };
        Ok(Self {
            program,
            version,
            sysroot,
            library_path,
            answers,
        })
    }

    /// Where this toolchain's programs are.
    pub(crate) fn bin(&self) -> Option<&Path> {
        self.program.parent()
    }

    /// The standard library's sources.
    pub(crate) fn sources(&self) -> Result<PathBuf, SetupError> {
        let library = self.sysroot.join("lib/rustlib/src/rust/library");
        if library.join("std/Cargo.toml").is_file() {
            return Ok(fs_err::canonicalize(library)?);
        }
        let release = self.version.release.clone();
        Err(SetupError::NoSources {
            sysroot: self.sysroot.clone(),
            release,
        })
    }

    /// The cargo of this toolchain.
    pub(crate) fn cargo(&self) -> Result<PathBuf, SetupError> {
        let name = format!("cargo{EXE_SUFFIX}");
        let bins = [
            Some(self.sysroot.join("bin")),
            self.bin().map(Path::to_owned),
        ];
        let mut beside = bins.into_iter().flatten().map(|bin| bin.join(&name));
        let cargo = beside
            .find(|cargo| cargo.is_file())
            .or_else(|| which("cargo"));
        cargo.ok_or_else(|| SetupError::NoCargo {
            sysroot: self.sysroot.clone(),
        })
    }

    /// The built-in specification of the target, as JSON.
    pub(crate) fn target_spec(&self) -> Result<String, SetupError> {
        let target = crate::spec::TARGET;
        let arguments = [
            "-Zunstable-options",
            "--print",
            "target-spec-json",
            "--target",
            target,
        ];
        self.answers.ask(&arguments)
    }

    /// Where native panic messages say that the library's sources are.
    ///
    /// A macro built for wasm shall say the same. Official builds name the commit, distributions
    /// a path of theirs, so the native library itself is asked.
    pub(crate) fn virtual_sources(&self) -> String {
        let host = &self.version.host;
        let lib = self.sysroot.join("lib/rustlib").join(host).join("lib");
        let named = fs_err::read_dir(lib).ok().and_then(|entries| {
            let mut files = entries.filter_map(Result::ok).map(|entry| entry.path());
            let core = files.find(|path| {
                let name = path
                    .file_name()
                    .and_then(|name| name.to_str())
                    .unwrap_or_default();
                name.starts_with("libcore-") && name.ends_with(".rlib")
            })?;
            sources_named_in(&fs_err::read(core).ok()?)
        });
        named.unwrap_or_else(|| {
            let commit = self
                .version
                .commit
                .as_deref()
                .unwrap_or(&self.version.release);
            format!("/rustc/{commit}/library")
        })
    }
}

/// The `…/library` that most paths `…/library/core/src/…` in a compiled library begin with.
///
/// Most, since a string table has nothing between a path and the text before it.
fn sources_named_in(library: &[u8]) -> Option<String> {
    const NEEDLE: &[u8] = b"/library/core/src/";
    let mut found = BTreeMap::<&[u8], usize>::new();
    for (at, _) in library
        .windows(NEEDLE.len())
        .enumerate()
        .filter(|(_, window)| *window == NEEDLE)
    {
        let before = library[..at]
            .iter()
            .rev()
            .take_while(|byte| byte.is_ascii_graphic())
            .count();
        let path = &library[at - before..at + "/library".len()];
        if path.starts_with(b"/") {
            *found.entry(path).or_default() += 1;
        }
    }
    let (path, _) = found.into_iter().max_by_key(|(_, count)| *count)?;
    String::from_utf8(path.to_vec()).ok()
}

/// The folder of `librustc_driver` where the dynamic loader would not look for it: in a
/// distribution's package that was unpacked into a private prefix.
fn private_libraries(program: &Path) -> Vec<PathBuf> {
    let root = program.parent().and_then(Path::parent);
    let Some(root) = root.filter(|root| root.is_absolute() && *root != Path::new("/usr")) else {
        return Vec::new();
    };
    let folders = fs_err::read_dir(root.join("lib"))
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    let has_driver = |folder: &PathBuf| {
        let files = fs_err::read_dir(folder)
            .into_iter()
            .flatten()
            .filter_map(Result::ok);
        let mut names = files.map(|entry| entry.file_name());
        names.any(|name| name.to_string_lossy().starts_with("librustc_driver-"))
    };
    folders
        .map(|entry| entry.path())
        .filter(has_driver)
        .collect()
}

/// The compiler that a rustup proxy would start here. Rustup itself knows that at once, while a proxy
/// starts the compiler as well.
fn which_of_rustup(program: &Path) -> Option<PathBuf> {
    let proxy = on_path(program);
    let rustup = proxy.with_file_name(format!("rustup{EXE_SUFFIX}"));
    // A proxy is rustup by another name: a link of some kind, or a copy.
    let size = |file: &Path| Some(fs_err::metadata(file).ok()?.len());
    if size(&rustup)? != size(&proxy)? {
        return None;
    }
    let mut command = Command::new(rustup);
    let output = command.args(["which", "rustc"]).output().ok()?;
    let chosen = PathBuf::from(str::from_utf8(&output.stdout).ok()?.trim_end());
    (output.status.success() && chosen.is_file()).then_some(chosen)
}

/// A bare name is looked up; a path is made absolute.
fn on_path(program: &Path) -> PathBuf {
    let found = if program.components().count() == 1 {
        which(program)
    } else {
        None
    };
    found
        .or_else(|| std::path::absolute(program).ok())
        .unwrap_or_else(|| program.to_owned())
}

/// The first file of that name on `PATH`.
pub(crate) fn which(name: impl AsRef<Path>) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let name = name.as_ref();
    std::env::split_paths(&path)
        .filter(|directory| directory.is_absolute())
        .find_map(|directory| {
            let with_suffix = directory.join(format!("{}{EXE_SUFFIX}", name.display()));
            with_suffix.is_file().then_some(with_suffix)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_of_the_sources() {
        let library = b"\0/usr/src/rustc-1.96.0/library/core/src/option.rs\0text/usr/src/\
            rustc-1.96.0/library/core/src/a.rs\0/usr/src/rustc-1.96.0/library/core/src/b.rs\
            /a/usr/src/rustc-1.96.0/library/core/src/c.rs";
        assert_eq!(
            sources_named_in(library).unwrap(),
            "/usr/src/rustc-1.96.0/library"
        );
        assert_eq!(sources_named_in(b"x/library/core/src/"), None);
        assert_eq!(sources_named_in(b"nothing"), None);
    }

    #[test]
    fn a_missing_rustc_is_named() {
        let error = Rustc::probe(Path::new("/nonexistent/bin/rustc"), None).unwrap_err();
        assert!(matches!(error, SetupError::NoRustc { .. }));
        assert_eq!(
            error.to_string(),
            "`/nonexistent/bin/rustc` cannot be started"
        );
    }
}
