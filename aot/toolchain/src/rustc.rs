//! A rustc on this machine, and what comes with it.

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::path::{Path, PathBuf};
use std::process::Command;

use pm_answers::{Answers, Circumstances};

use crate::cache::Cache;
use crate::origin::MANIFEST;
use crate::toolchain::prepend;
use crate::version::Version;
use crate::{Origin, Part, SetupError, cache_dir, rustup};

/// The characters of an unusable answer that an error quotes.
const QUOTED: usize = 200;

/// A rustc that was asked what it is.
#[derive(Clone, Debug)]
pub(crate) struct Rustc {
    pub(crate) program: PathBuf,
    pub(crate) version: Version,
    pub(crate) sysroot: PathBuf,
    pub(crate) library_path: Vec<PathBuf>,
    compiler: Compiler,
}

impl Rustc {
    /// Asks `program`, which may be a rustup proxy; the answer names the real one. A cache may know
    /// the answers.
    pub(crate) fn probe(program: &Path, cache: Option<&Cache>) -> Result<Self, SetupError> {
        let chosen = rustup::which(program, cache);
        let program = chosen.as_deref().unwrap_or(program);
        let library_path = private_libraries(program);
        let compiler = Compiler::new(program, &library_path, cache);
        let verbose = compiler.ask(&["-vV"]).map_err(|error| match &error {
            SetupError::BadRustc { .. } => rustup::not_installed(program)
                .map_or(error, |toolchain| SetupError::NotInstalled { toolchain }),
            _ => error,
        })?;
        let version = Version::parse(&verbose).map_err(|detail| SetupError::BadRustc {
            program: program.to_owned(),
            detail,
        })?;
        if version.too_old() {
            return Err(SetupError::TooOld {
                program: program.to_owned(),
                release: version.release,
            });
        }
        let sysroot = compiler.sysroot()?;
        let own = sysroot.join("bin").join(format!("rustc{EXE_SUFFIX}"));
        let program = if own.is_file() { own } else { on_path(program) };
        Ok(Self {
            program,
            version,
            sysroot,
            library_path,
            compiler,
        })
    }

    /// Where this toolchain's programs are.
    pub(crate) fn bin(&self) -> Option<&Path> {
        self.program.parent()
    }

    /// The standard library's sources.
    pub(crate) fn sources(&self) -> Option<PathBuf> {
        let folders = sources_folders(&self.sysroot, &self.version.release);
        let mut folders = folders.into_iter();
        let library = folders.find(|library| library.join("std/Cargo.toml").is_file())?;
        fs_err::canonicalize(library).ok()
    }

    /// The error that says which parts are missing.
    pub(crate) fn incomplete(&self, missing: Vec<Part>) -> SetupError {
        SetupError::Incomplete {
            release: self.version.release.clone(),
            sysroot: self.sysroot.clone(),
            missing,
            origin: Origin::of(self),
        }
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
        self.compiler.ask(&arguments)
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

/// A rustc's program, which is asked only what its cache doesn't know.
#[derive(Clone, Debug)]
struct Compiler {
    program: PathBuf,
    library_path: Vec<PathBuf>,
    answers: Answers<'static>,
}

impl Compiler {
    /// A program, to be started with a library path; without a cache it is always asked.
    fn new(program: &Path, library_path: &[PathBuf], cache: Option<&Cache>) -> Self {
        Self {
            program: program.to_owned(),
            library_path: library_path.to_owned(),
            answers: cache.map_or_else(Answers::unknown, |cache| answers(program, cache)),
        }
    }

    /// What it prints for these arguments.
    fn ask(&self, arguments: &[&str]) -> Result<String, SetupError> {
        self.answers
            .ask(&arguments.join(" "), || self.run(arguments))
    }

    fn sysroot(&self) -> Result<PathBuf, SetupError> {
        let printed = self.ask(&["--print", "sysroot"])?;
        let path = printed.trim_end();
        // A second line, a wrapper's remark for example, would become a part of the path.
        if path.lines().count() == 1 && Path::new(path).is_absolute() {
            return Ok(path.into());
        }
        let quoted: String = path.chars().take(QUOTED).collect();
        let detail = format!("`--print sysroot` printed {quoted:?}, not one absolute path");
        Err(self.bad(detail))
    }

    fn bad(&self, detail: String) -> SetupError {
        SetupError::BadRustc {
            program: self.program.clone(),
            detail,
        }
    }

    fn run(&self, arguments: &[&str]) -> Result<String, SetupError> {
        let mut command = Command::new(&self.program);
        prepend(&mut command, "LD_LIBRARY_PATH", &self.library_path);
        let output = command
            .args(arguments)
            .env("RUSTC_BOOTSTRAP", "1")
            .output()
            .map_err(|source| SetupError::NoRustc {
                program: self.program.clone(),
                source,
            })?;
        let asked = arguments.join(" ");
        if !output.status.success() {
            let stderr = String::from_utf8_lossy(&output.stderr);
            let status = output.status;
            return Err(self.bad(match stderr.lines().next() {
                Some(line) => format!("`{asked}` failed ({status}): {line}"),
                None => format!("`{asked}` failed ({status})"),
            }));
        }
        String::from_utf8(output.stdout)
            .map_err(|_| self.bad(format!("`{asked}` printed something that is not UTF-8")))
    }
}

/// Where a compiler's own libraries are: what `--print=sysroot` says, or has said.
///
/// # Errors
/// When there is no cache directory, or no such compiler.
pub fn sysroot(rustc: &Path) -> Result<PathBuf, SetupError> {
    let cache = Cache::new(&cache_dir()?);
    let chosen = rustup::which(rustc, Some(&cache));
    let program = chosen.as_deref().unwrap_or(rustc);
    let compiler = Compiler::new(program, &private_libraries(program), Some(&cache));
    compiler.sysroot()
}

/// What a compiler has answered.
fn answers(program: &Path, cache: &Cache) -> Answers<'static> {
    let program = on_path(program);
    Answers::kept(
        &cache.answers(),
        &[program.clone().as_os_str()],
        move || {
            let mut circumstances = Circumstances::default();
            circumstances.program(&program)?;
            // The program may be the same after an update: the compiler is its library.
            for file in parts_of_compiler(&program) {
                circumstances.stamp(&file).ok()?;
            }
            Some(circumstances)
        },
    )
}

/// The folders in which a library's sources may be: rustup's component, which distributions have as
/// a link, and the target of that link.
fn sources_folders(sysroot: &Path, release: &str) -> [PathBuf; 2] {
    [
        sysroot.join("lib/rustlib/src/rust/library"),
        sysroot.join(format!("src/rustc-{release}/library")),
    ]
}

/// Files of a compiler that change when it is updated, beside its program: rustup's manifest, and
/// where a toolchain has a folder of its own, its libraries.
fn parts_of_compiler(program: &Path) -> Vec<PathBuf> {
    let Ok(program) = fs_err::canonicalize(program) else {
        return Vec::new();
    };
    let root = program.parent().and_then(Path::parent);
    let Some(root) = root.filter(|root| *root != Path::new("/usr")) else {
        return Vec::new();
    };
    let manifest = root.join(MANIFEST);
    let mut files: Vec<PathBuf> = manifest.is_file().then_some(manifest).into_iter().collect();
    files.extend(drivers(&root.join("lib")));
    files
}

/// The compiler's libraries in a folder, in the order of their names.
fn drivers(folder: &Path) -> Vec<PathBuf> {
    let entries = fs_err::read_dir(folder).into_iter().flatten().flatten();
    let is_driver = |path: &PathBuf| {
        path.file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with("librustc_driver-"))
    };
    let mut found: Vec<PathBuf> = entries
        .map(|entry| entry.path())
        .filter(is_driver)
        .collect();
    found.sort_unstable();
    found
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
    folders
        .map(|entry| entry.path())
        .filter(|folder| !drivers(folder).is_empty())
        .collect()
}

/// A bare name is looked up; a path is made absolute.
pub(crate) fn on_path(program: &Path) -> PathBuf {
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
    fn sources_are_rustups_or_a_distributions() {
        let [rustup, distribution] = sources_folders(Path::new("/usr"), "1.97.1");
        let expect = Path::new("/usr/lib/rustlib/src/rust/library");
        assert_eq!(rustup, expect);
        assert_eq!(distribution, Path::new("/usr/src/rustc-1.97.1/library"));
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

#[cfg(all(test, unix))]
mod answers_tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A compiler that answers with its arguments and a word, and counts.
    fn script(root: &Path, word: &str) -> PathBuf {
        let bin = root.join("bin");
        fs_err::create_dir_all(&bin).unwrap();
        let program = bin.join("rustc");
        let script = format!(
            "#!/bin/sh\necho >>'{}'\n[ \"$1\" != bad ] || exit 1\necho {word} \"$@\"\n",
            root.join("asked").display()
        );
        // Not written in place: what still runs can't be.
        let new = bin.join("new");
        fs_err::write(&new, script).unwrap();
        fs_err::set_permissions(&new, PermissionsExt::from_mode(0o755)).unwrap();
        fs_err::rename(new, &program).unwrap();
        program
    }

    fn asked(root: &Path) -> usize {
        let lines = fs_err::read_to_string(root.join("asked")).unwrap_or_default();
        lines.lines().count()
    }

    #[test]
    fn a_file_is_asked_once() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs_err::create_dir_all(root.join("lib/rustlib")).unwrap();
        let cache = Cache::new(&root.join("cache"));
        let program = script(root, "one");
        for _ in 0..2 {
            let compiler = Compiler::new(&program, &[], Some(&cache));
            assert_eq!(compiler.ask(&["-v", "x"]).unwrap(), "one -v x\n");
            assert_eq!(compiler.ask(&["-v"]).unwrap(), "one -v\n");
        }
        assert_eq!(asked(root), 2);
        // What failed may work the next time.
        let compiler = Compiler::new(&program, &[], Some(&cache));
        compiler.ask(&["bad"]).unwrap_err();
        compiler.ask(&["bad"]).unwrap_err();
        assert_eq!(asked(root), 4);
        // A doctor believes nothing that is kept.
        let anew = Compiler::new(&program, &[], None);
        assert_eq!(anew.ask(&["-v"]).unwrap(), "one -v\n");
        assert_eq!(asked(root), 5);

        let program = script(root, "another");
        let compiler = Compiler::new(&program, &[], Some(&cache));
        assert_eq!(compiler.ask(&["-v"]).unwrap(), "another -v\n");
        assert_eq!(asked(root), 6);
    }

    #[test]
    fn an_update_in_place_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        fs_err::create_dir_all(root.join("lib/rustlib")).unwrap();
        let cache = Cache::new(&root.join("cache"));
        let program = script(root, "one");
        let ask = || {
            let compiler = Compiler::new(&program, &[], Some(&cache));
            compiler.ask(&["-v"]).unwrap();
            asked(root)
        };
        assert_eq!((ask(), ask()), (1, 1));
        // The program stays as it is.
        for (count, file) in [MANIFEST, "lib/librustc_driver-1f0c.so"].iter().enumerate() {
            for (more, text) in ["old", "newer"].iter().enumerate() {
                fs_err::write(root.join(file), text).unwrap();
                let expect = 2 + 2 * count + more;
                assert_eq!((ask(), ask()), (expect, expect), "{file} {text}");
            }
        }
    }

    /// The text of the error for a compiler that is this script.
    fn text_of(script: &str) -> String {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("rustc");
        fs_err::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs_err::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        let error = Rustc::probe(&program, None).unwrap_err();
        assert!(matches!(error, SetupError::BadRustc { .. }), "{error:?}");
        let text = error.to_string();
        let (_, detail) = text.split_once(" does not answer as rustc does: ").unwrap();
        detail.to_owned()
    }

    #[test]
    fn a_failure_has_its_status() {
        for (script, expect) in [
            ("kill -9 $$", "`-vV` failed (signal: 9 (SIGKILL))"),
            (
                "echo 'half a line' >&2; kill -9 $$",
                "`-vV` failed (signal: 9 (SIGKILL)): half a line",
            ),
            ("exit 3", "`-vV` failed (exit status: 3)"),
            (
                "echo 'error: why' >&2; exit 3",
                "`-vV` failed (exit status: 3): error: why",
            ),
            (
                "printf '\\377'",
                "`-vV` printed something that is not UTF-8",
            ),
        ] {
            assert_eq!(text_of(script), expect);
        }
    }

    #[test]
    fn a_sysroot_is_one_path() {
        let version = "printf 'rustc 1.96.0 (x)\\nhost: h\\nrelease: 1.96.0\\n'";
        for (print, expect) in [
            (
                "printf 'note: x\\n/usr\\n'",
                "`--print sysroot` printed \"note: x\\n/usr\", not one absolute path",
            ),
            (
                "printf '/usr\\n/opt\\n'",
                "`--print sysroot` printed \"/usr\\n/opt\", not one absolute path",
            ),
            (
                "echo usr",
                "`--print sysroot` printed \"usr\", not one absolute path",
            ),
            (
                "true",
                "`--print sysroot` printed \"\", not one absolute path",
            ),
        ] {
            let script = format!("case $1 in -vV) {version};; *) {print};; esac");
            assert_eq!(text_of(&script), expect);
        }
    }

    #[test]
    fn what_may_choose_is_asked_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let program = script(folder.path(), "one");
        let cache = Cache::new(&folder.path().join("cache"));
        for _ in 0..2 {
            let compiler = Compiler::new(&program, &[], Some(&cache));
            compiler.ask(&["-v"]).unwrap();
        }
        assert_eq!(asked(folder.path()), 2);
        assert!(!cache.answers().exists());
    }
}
