//! Running the binary under test, and looking at what it leaves behind.

use crate::module::Parts;
use fs_err as fs;
use pm_artifact::Artifact;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The binary under test, without the environment of whoever runs the tests.
pub(crate) fn pm_aot() -> Command {
    let mut command = Command::new(pm_tests::workspace::pm_aot());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PM_AOT_") {
            command.env_remove(name);
        }
    }
    command.stdin(Stdio::null());
    command
}

/// What a run left.
#[derive(Debug)]
pub(crate) struct Ran {
    /// The exit code; nothing if a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// Runs a command to its end.
pub(crate) fn run(command: &mut Command) -> Ran {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?}: {error}"));
    Ran {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("UTF-8"),
    }
}

/// Runs `pm-aot ARGUMENTS… PATH`.
pub(crate) fn on(arguments: &str, path: &Path) -> Ran {
    run(pm_aot().args(arguments.split(' ')).arg(path))
}

impl Ran {
    /// It ended with this code and said all of this on standard error.
    #[track_caller]
    pub(crate) fn expect(&self, code: i32, texts: &[&str]) -> &Ran {
        assert_eq!(self.code, Some(code), "{self:#?}");
        for text in texts {
            assert!(
                self.stderr.contains(text),
                "{text:?} is missing in {self:#?}"
            );
        }
        self
    }

    /// Standard output as JSON lines.
    pub(crate) fn messages(&self) -> Vec<serde_json::Value> {
        let parse = |line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{line}: {e}"));
        self.stdout.lines().map(parse).collect()
    }
}

/// A directory of a test, and what was put into it.
pub(crate) struct Tree {
    directory: tempfile::TempDir,
    modules: BTreeMap<PathBuf, Vec<u8>>,
}

impl Tree {
    pub(crate) fn new() -> Tree {
        Tree {
            directory: tempfile::tempdir().expect("a directory"),
            modules: BTreeMap::new(),
        }
    }

    /// A tree with one module in it, `good.wasm`.
    pub(crate) fn with_good() -> Tree {
        let mut tree = Tree::new();
        tree.add("good.wasm", &good());
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    /// Puts a file there, which nobody may change.
    pub(crate) fn add(&mut self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("it is in the tree")).unwrap();
        fs::write(&path, bytes).unwrap();
        self.modules.insert(path.clone(), bytes.to_vec());
        path
    }

    /// The names of the files there, without what was put there.
    pub(crate) fn made(&self) -> Vec<String> {
        let mut names = Vec::new();
        let mut directories = vec![self.path().to_owned()];
        while let Some(directory) = directories.pop() {
            for entry in fs::read_dir(directory).unwrap() {
                let entry = entry.unwrap();
                let path = entry.path();
                if entry.file_type().unwrap().is_dir() {
                    directories.push(path);
                } else if !self.modules.contains_key(&path) {
                    let name = path.strip_prefix(self.path()).unwrap();
                    names.push(name.to_str().unwrap().to_owned());
                }
            }
        }
        names.sort();
        names
    }

    /// What was put there is unchanged, these files were made and no others, and each artifact
    /// among them is whole.
    #[track_caller]
    pub(crate) fn expect(&self, made: &[&str]) {
        for (path, bytes) in &self.modules {
            assert!(
                fs::read(path).unwrap() == *bytes,
                "{} was changed",
                path.display()
            );
        }
        assert_eq!(self.made(), made);
        for name in made.iter().filter(|name| name.ends_with(".cwasm")) {
            whole(&self.at(name));
        }
    }
}

/// An artifact that can be read and whose machine code has its digest.
#[track_caller]
pub(crate) fn whole(artifact: &Path) {
    let result = Artifact::open(artifact).and_then(|mut artifact| artifact.verify_body());
    result.unwrap_or_else(|refusal| panic!("{}: {refusal}", artifact.display()));
}

/// A proc-macro module.
pub(crate) fn good() -> Vec<u8> {
    crate::module::wasm()
}

/// Proc-macro modules that differ, each some work to compile.
pub(crate) fn several(count: usize) -> Vec<Vec<u8>> {
    let functions = |module: usize| {
        let function = |index: usize| {
            let adds: String = (0..40)
                .map(|n| {
                    format!(
                        "(i32.const {}) i32.xor (i32.const {index}) i32.mul\n",
                        module + n
                    )
                })
                .collect();
            format!("(func (param i32) (result i32) (local.get 0)\n{adds})")
        };
        (0..60).map(function).collect::<String>()
    };
    let module = |index| {
        // A test's leak ends with it.
        let fields = Box::leak(functions(index).into_boxed_str());
        Parts {
            fields,
            ..Parts::default()
        }
        .wasm()
    };
    (0..count).map(module).collect()
}
