//! What a rustc has answered, kept: every build asks the same, and an answer takes rustc 15 ms or more.
//!
//! Cargo does so too (`src/cargo/util/rustc.rs`, `.rustc_info.json` in a target directory). As there, an answer
//! is that of one file: of its path, size and time. Only what lies in a sysroot is believed to answer the same
//! each time; a script in another place, or a rustup proxy, may choose by the working directory.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::UNIX_EPOCH;

use crate::SetupError;
use crate::cache::Cache;
use crate::toolchain::prepend;

/// The answers of one rustc.
#[derive(Clone, Debug)]
pub(crate) struct Answers {
    program: PathBuf,
    library_path: Vec<PathBuf>,
    /// The file that keeps them.
    kept: Option<PathBuf>,
}

impl Answers {
    /// Those of a program, to be started with a library path; without a cache it is always asked.
    pub(crate) fn of(program: &Path, library_path: &[PathBuf], cache: Option<&Cache>) -> Self {
        Self {
            program: program.to_owned(),
            library_path: library_path.to_owned(),
            kept: cache.and_then(|cache| {
                let name = name(program)?;
                Some(cache.answers().join(name))
            }),
        }
    }

    /// What it prints for these arguments.
    pub(crate) fn ask(&self, arguments: &[&str]) -> Result<String, SetupError> {
        let question = arguments.join(" ");
        let mut known = self.read();
        if let Some(answer) = known.remove(&question) {
            return Ok(answer);
        }
        let answer = run(&self.program, &self.library_path, arguments)?;
        known.insert(question, answer.clone());
        self.write(&known);
        Ok(answer)
    }

    fn read(&self) -> BTreeMap<String, String> {
        let kept = self.kept.as_ref().and_then(|kept| fs_err::read(kept).ok());
        kept.and_then(|json| serde_json::from_slice(&json).ok())
            .unwrap_or_default()
    }

    /// Keeps them if it can: whoever doesn't find them asks again.
    fn write(&self, known: &BTreeMap<String, String>) {
        let Some((kept, directory)) = self.kept.as_ref().and_then(|kept| {
            let directory = kept.parent()?;
            Some((kept, directory))
        }) else {
            return;
        };
        let write = || -> std::io::Result<()> {
            fs_err::create_dir_all(directory)?;
            let mut file = tempfile::NamedTempFile::new_in(directory)?;
            serde_json::to_writer(&mut file, known)?;
            file.persist(kept)?;
            Ok(())
        };
        _ = write();
    }
}

/// Names a compiler in a sysroot by its file.
fn name(program: &Path) -> Option<String> {
    let program = fs_err::canonicalize(program).ok()?;
    let root = program.parent()?.parent()?;
    if !root.join("lib/rustlib").is_dir() {
        return None;
    }
    let file = fs_err::metadata(&program).ok()?;
    let time = file.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
    let mut hasher = blake3::Hasher::new();
    hasher.update(&file.len().to_le_bytes());
    hasher.update(&time.as_nanos().to_le_bytes());
    hasher.update(program.as_os_str().as_encoded_bytes());
    Some(format!("{}.json", &hasher.finalize().to_hex()[..16]))
}

/// Runs rustc and returns what it prints.
fn run(program: &Path, library_path: &[PathBuf], arguments: &[&str]) -> Result<String, SetupError> {
    let mut command = Command::new(program);
    prepend(&mut command, "LD_LIBRARY_PATH", library_path);
    let output = command
        .args(arguments)
        .env("RUSTC_BOOTSTRAP", "1")
        .output()
        .map_err(|source| SetupError::NoRustc {
            program: program.to_owned(),
            source,
        })?;
    if !output.status.success() {
        let stderr = String::from_utf8_lossy(&output.stderr);
        let detail = stderr.lines().next().unwrap_or("no message").to_owned();
        return Err(SetupError::BadRustc {
            program: program.to_owned(),
            detail,
        });
    }
    String::from_utf8(output.stdout).map_err(|_| SetupError::BadRustc {
        program: program.to_owned(),
        detail: "its output is not UTF-8".into(),
    })
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    /// A compiler that answers with its arguments and a word, and counts.
    fn compiler(root: &Path, word: &str) -> PathBuf {
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
        let program = compiler(root, "one");
        for _ in 0..2 {
            let answers = Answers::of(&program, &[], Some(&cache));
            assert_eq!(answers.ask(&["-v", "x"]).unwrap(), "one -v x\n");
            assert_eq!(answers.ask(&["-v"]).unwrap(), "one -v\n");
        }
        assert_eq!(asked(root), 2);
        // What failed may work the next time.
        let answers = Answers::of(&program, &[], Some(&cache));
        answers.ask(&["bad"]).unwrap_err();
        answers.ask(&["bad"]).unwrap_err();
        assert_eq!(asked(root), 4);
        // A doctor believes nothing that is kept.
        let anew = Answers::of(&program, &[], None);
        assert_eq!(anew.ask(&["-v"]).unwrap(), "one -v\n");
        assert_eq!(asked(root), 5);

        let program = compiler(root, "another");
        let answers = Answers::of(&program, &[], Some(&cache));
        assert_eq!(answers.ask(&["-v"]).unwrap(), "another -v\n");
        assert_eq!(asked(root), 6);
        for kept in fs_err::read_dir(cache.answers()).unwrap() {
            fs_err::write(kept.unwrap().path(), "{\"-v\": ").unwrap();
        }
        assert_eq!(answers.ask(&["-v"]).unwrap(), "another -v\n");
        assert_eq!(asked(root), 7);
    }

    #[test]
    fn what_may_choose_is_asked_each_time() {
        let folder = tempfile::tempdir().unwrap();
        let program = compiler(folder.path(), "one");
        let cache = Cache::new(&folder.path().join("cache"));
        for _ in 0..2 {
            let answers = Answers::of(&program, &[], Some(&cache));
            answers.ask(&["-v"]).unwrap();
        }
        assert_eq!(asked(folder.path()), 2);
        assert!(!cache.answers().exists());
    }
}
