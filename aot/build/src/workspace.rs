//! Where the user's workspace is, and cargo's directories for it.
//!
//! Cargo says so, and is asked again only when something has changed that its answer depends on: its start takes
//! longer than all that this program does before a build.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Component, Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};
use std::thread;

use pm_answers::{Answers, Circumstances};
use pm_policy::{Policy, PolicyError};
use serde::{Deserialize, Serialize};

use crate::BuildError;
use crate::cargo::{compiles, not_run};
use crate::cargo_args::CargoArgs;
use crate::store::Store;

/// What `cargo metadata` says about directories.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Workspace {
    target_directory: PathBuf,
    /// Only newer cargos have one that can be elsewhere.
    build_directory: Option<PathBuf>,
    workspace_root: PathBuf,
    /// The wrapper that cargo's configuration names, as it is written there.
    #[serde(default)]
    configured_wrapper: Option<String>,
}

impl Workspace {
    /// Where cargo keeps what is between source and final artifact.
    pub(crate) fn build_dir(&self) -> &Path {
        self.build_directory
            .as_ref()
            .unwrap_or(&self.target_directory)
    }

    pub(crate) fn target_directory(&self) -> &Path {
        &self.target_directory
    }

    pub(crate) fn root(&self) -> &Path {
        &self.workspace_root
    }

    /// The wrapper that cargo's configuration names, if that was asked for.
    pub(crate) fn configured_wrapper(&self) -> Option<&str> {
        self.configured_wrapper.as_deref()
    }

    /// What the user wants of macro crates.
    pub(crate) fn policy(&self) -> Result<Policy, PolicyError> {
        let variable = std::env::var_os(pm_policy::VARIABLE);
        Policy::read(&self.workspace_root, variable.as_deref())
    }

    /// Whether cargo has kept this line of what `rustc -vV` said.
    pub(crate) fn knows_version(&self, line: &str) -> bool {
        let kept = fs_err::read_to_string(self.target_directory.join(".rustc_info.json"));
        kept.is_ok_and(|kept| kept.contains(line))
    }

    /// Where the side directory of a build is.
    pub(crate) fn store(&self) -> Store {
        Store::in_build_dir(self.build_dir())
    }
}

/// A question to cargo about a workspace.
pub(crate) struct Question<'a> {
    /// Makes a command of cargo's in its environment, which is [`variables`](Self::variables) but for what no answer
    /// depends on.
    pub(crate) command: &'a (dyn Fn() -> Command + Sync),
    /// Where cargo runs.
    pub(crate) directory: &'a Path,
    pub(crate) variables: &'a BTreeMap<OsString, OsString>,
    pub(crate) arguments: &'a CargoArgs,
    /// Whether the configuration's wrapper matters.
    pub(crate) wrapper: bool,
    /// The machine's cache directory, which keeps the answer.
    pub(crate) cache: Option<PathBuf>,
}

impl Question<'_> {
    /// The answer, or nothing if cargo finds no workspace: the user's command will say why.
    pub(crate) fn ask(&self) -> Result<Option<Workspace>, BuildError> {
        let answers = self.answers().unwrap_or_else(Answers::unknown);
        let question = match self.wrapper {
            true => "workspace and wrapper",
            false => "workspace",
        };
        // What isn't to be kept is an error here: that there is none, or that it can't be told when it changes.
        let answer = answers.ask(question, || match self.ask_cargo() {
            Ok((Some(workspace), true)) if self.depends_on_known(&workspace) => Ok(workspace),
            Ok((found, _)) => Err(Ok(found)),
            Err(error) => Err(Err(error)),
        });
        answer.map_or_else(|other| other, |workspace| Ok(Some(workspace)))
    }

    /// The answer of now, and whether it is one to everything that was asked.
    fn ask_cargo(&self) -> Result<(Option<Workspace>, bool), BuildError> {
        // Two questions to two cargos.
        let (workspace, wrapper) = thread::scope(|scope| {
            let wrapper = scope.spawn(|| match self.wrapper {
                true => self.configured_wrapper(),
                false => Some(None),
            });
            let workspace = self.metadata();
            (workspace, wrapper.join().ok().flatten())
        });
        let is_whole = wrapper.is_some();
        let workspace = workspace?.map(|workspace| Workspace {
            configured_wrapper: wrapper.flatten(),
            ..workspace
        });
        Ok((workspace, is_whole))
    }

    fn metadata(&self) -> Result<Option<Workspace>, BuildError> {
        metadata((self.command)(), self.arguments, &["--no-deps".into()])
    }

    /// `build.rustc-wrapper` in cargo's configuration, if it has one; nothing if cargo gave no answer.
    fn configured_wrapper(&self) -> Option<Option<String>> {
        let mut command = (self.command)();
        command
            .args(["config", "-Zunstable-options", "get", "build.rustc-wrapper"])
            .args(["--format", "json-value"])
            .args(&self.arguments.configuration)
            .env("RUSTC_BOOTSTRAP", "1")
            .stderr(Stdio::null());
        let output = command.output().ok()?;
        match output.status.code()? {
            0 => serde_json::from_slice(&output.stdout).ok().map(Some),
            // Cargo fails where there is none.
            _ => Some(None),
        }
    }

    fn answers(&self) -> Option<Answers<'_>> {
        let cache = self.cache.as_ref()?;
        let cargo = PathBuf::from((self.command)().get_program());
        // With the arguments: who builds in two target directories in turn needs both answers.
        let mut subject = vec![cargo.as_os_str(), self.directory.as_os_str()];
        subject.extend(self.arguments.place.iter().map(OsString::as_os_str));
        subject.extend(self.arguments.target_dir.as_deref());
        let directory = pm_toolchain::answers_dir(cache);
        let program = cargo.clone();
        let describe = move || self.circumstances(&program);
        Some(Answers::kept(&directory, &subject, describe))
    }

    /// What cargo finds a workspace and its directories by: manifests and configuration in the folders above, and its
    /// own variables. Nothing where it may be more than that.
    fn circumstances(&self, cargo: &Path) -> Option<Circumstances> {
        let mut circumstances = Circumstances::default();
        circumstances.program(cargo)?;
        circumstances.variables(self.variables, |name| {
            name.starts_with("CARGO") || name == "RUSTC_WRAPPER" || name == "HOME"
        });

        for folder in self.directory.ancestors() {
            for name in [".cargo/config.toml", ".cargo/config"] {
                configuration(&mut circumstances, &folder.join(name))?;
            }
        }
        let home = self.home()?;
        for name in ["config.toml", "config"] {
            configuration(&mut circumstances, &home.join(name))?;
        }
        let folder = self.manifest_folder()?;
        // It's in the name of a build directory (`{workspace-path-hash}`).
        circumstances.word(fs_err::canonicalize(&folder).ok()?.as_os_str());
        for folder in folder.ancestors() {
            circumstances.content(&folder.join("Cargo.toml"));
        }
        Some(circumstances)
    }

    /// Whether all that the answer depends on is in the circumstances: a package may say that its workspace is in
    /// another place than above it.
    fn depends_on_known(&self, workspace: &Workspace) -> bool {
        let folder = self.manifest_folder();
        folder.is_some_and(|folder| folder.starts_with(&workspace.workspace_root))
    }

    /// Where cargo begins to look for manifests. Nothing where arguments say more than that.
    fn manifest_folder(&self) -> Option<PathBuf> {
        let mut folder = self.directory.to_owned();
        let mut arguments = self.arguments.place.iter();
        while let Some(argument) = arguments.next() {
            match argument.to_str()? {
                "--locked" | "--offline" | "--frozen" => {}
                "--manifest-path" => {
                    let manifest = self.directory.join(arguments.next()?);
                    if manifest.file_name() != Some(OsStr::new("Cargo.toml")) {
                        return None;
                    }
                    folder = manifest.parent()?.to_owned();
                }
                // `--config` may name a file.
                _ => return None,
            }
        }
        let goes_up = |part| part == Component::ParentDir;
        (!folder.components().any(goes_up)).then_some(folder)
    }

    /// Where the user's own configuration is.
    fn home(&self) -> Option<PathBuf> {
        let set = |name: &str| {
            let value = self.variables.get(OsStr::new(name))?;
            (!value.is_empty()).then(|| self.directory.join(value))
        };
        set("CARGO_HOME").or_else(|| Some(set("HOME")?.join(".cargo")))
    }
}

/// A file of cargo's configuration. Nothing where it may take in others.
fn configuration(circumstances: &mut Circumstances, file: &Path) -> Option<()> {
    let content = circumstances.content(file).unwrap_or_default();
    let includes = content
        .windows("include".len())
        .any(|window| window == b"include");
    (!includes).then_some(())
}

/// What `cargo metadata` says, or nothing if it finds no workspace. `command` is cargo's, without arguments.
pub(crate) fn metadata<T: for<'de> Deserialize<'de>>(
    mut command: Command,
    arguments: &CargoArgs,
    more: &[OsString],
) -> Result<Option<T>, BuildError> {
    command
        .args(["metadata", "--format-version=1"])
        .args(&arguments.place)
        .args(more);
    if let Some(directory) = &arguments.target_dir {
        command.env("CARGO_TARGET_DIR", directory);
    }
    let output = command
        .output()
        .map_err(|source| not_run(&command, source))?;
    if !output.status.success() {
        return Ok(None);
    }
    serde_json::from_slice(&output.stdout)
        .map(Some)
        .map_err(BuildError::Metadata)
}

/// Has cargo say on standard error why it finds no workspace in a directory; answers how it failed.
pub(crate) fn say_none(
    mut command: Command,
    arguments: &CargoArgs,
    directory: &Path,
) -> Result<ExitStatus, BuildError> {
    command
        .args(["metadata", "--format-version=1", "--no-deps"])
        .args(&arguments.place)
        .stdout(Stdio::null());
    let status = command
        .status()
        .map_err(|source| not_run(&command, source))?;
    if status.success() {
        return Err(BuildError::Workspace {
            directory: directory.to_owned(),
        });
    }
    Ok(status)
}

/// The workspace of a cargo command, as far as cargo tells.
#[derive(Debug)]
pub enum Root {
    /// Its folder.
    Found(PathBuf),
    /// The command may be about none, as `cargo install NAME` is. This is the folder that it begins
    /// in.
    Unknown(PathBuf),
    /// The command needs one and there is none: cargo has said why, and ended so.
    Missing(ExitStatus),
}

/// The workspace of a cargo command. `cargo` makes cargo's command, without arguments.
///
/// # Errors
/// If cargo doesn't run, or its answer can't be read.
pub fn workspace_root(
    cargo: impl Fn() -> Command,
    subcommand: &OsStr,
    arguments: &[OsString],
) -> Result<Root, BuildError> {
    let mut directory = std::env::current_dir()?;
    // The folder that options before the subcommand name (`-C`) isn't known here.
    if subcommand.as_encoded_bytes().starts_with(b"-") {
        return Ok(Root::Unknown(directory));
    }
    let parsed = CargoArgs::parse_command(subcommand, arguments);
    if let Some(manifest) = parsed.manifest() {
        directory.push(manifest);
        directory.pop();
    }
    let found: Option<Workspace> = metadata(cargo(), &parsed, &["--no-deps".into()])?;
    if let Some(workspace) = found {
        return Ok(Root::Found(workspace.workspace_root));
    }
    if compiles(subcommand) && !parsed.information {
        return say_none(cargo(), &parsed, &directory).map(Root::Missing);
    }
    Ok(Root::Unknown(directory))
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use fs_err as fs;
    use tempfile::TempDir;

    use super::*;

    /// A package in a workspace, and a cargo that writes down how often it was asked.
    struct Place {
        folder: TempDir,
        variables: BTreeMap<OsString, OsString>,
    }

    impl Place {
        fn new() -> Self {
            let folder = TempDir::new().unwrap();
            let place = Self {
                variables: [("CARGO_HOME".into(), folder.path().join("home").into())].into(),
                folder,
            };
            for file in ["all/Cargo.toml", "all/one/Cargo.toml"] {
                place.write(file, "# A manifest.\n");
            }
            place.write("root", "all\n");
            let script = "#!/bin/sh
                cd \"$(dirname \"$0\")/..\"
                echo \"$1\" >>asked
                [ \"$1\" = metadata ] || { echo '\"sccache\"'; exit; }
                read -r root <root || exit 1
                echo '{\"target_directory\":\"/target\",\"workspace_root\":\"'\"$PWD/$root\"'\"}'
                ";
            place.write("bin/cargo", script);
            fs::set_permissions(place.at("bin/cargo"), PermissionsExt::from_mode(0o755)).unwrap();
            fs::create_dir_all(place.at("lib/rustlib")).unwrap();
            place
        }

        fn at(&self, path: &str) -> PathBuf {
            self.folder.path().join(path)
        }

        fn write(&self, path: &str, text: &str) {
            let path = self.at(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }

        /// Asks, and says how often cargo was asked for it.
        fn ask(&self, arguments: &[&str], wrapper: bool) -> (Option<Workspace>, usize) {
            let asked = || fs::read_to_string(self.at("asked")).unwrap_or_default();
            let before = asked().lines().count();
            let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
            let question = Question {
                command: &|| Command::new(self.at("bin/cargo")),
                directory: &self.at("all/one"),
                variables: &self.variables,
                arguments: &CargoArgs::parse(&arguments),
                wrapper,
                cache: Some(self.at("cache")),
            };
            let found = question.ask().unwrap();
            (found, asked().lines().count() - before)
        }

        /// Asks without arguments.
        #[track_caller]
        fn is_asked(&self, expect: bool) {
            let (found, asked) = self.ask(&[], false);
            assert_eq!(found.unwrap().root(), self.at("all"));
            assert_eq!(asked, usize::from(expect));
        }

        #[track_caller]
        fn is_asked_once(&self) {
            self.is_asked(true);
            self.is_asked(false);
        }
    }

    #[test]
    fn cargo_is_asked_again_when_something_has_changed() {
        let mut place = Place::new();
        place.is_asked_once();
        for file in [
            "all/one/Cargo.toml",
            "all/Cargo.toml",
            "Cargo.toml",
            "all/one/.cargo/config.toml",
            "all/.cargo/config",
            ".cargo/config.toml",
            "home/config.toml",
            "home/config",
        ] {
            place.write(file, "# Another.\n");
            place.is_asked_once();
        }
        fs::remove_file(place.at(".cargo/config.toml")).unwrap();
        place.is_asked_once();
        for name in ["CARGO_TARGET_DIR", "CARGO_BUILD_BUILD_DIR", "HOME"] {
            place.variables.insert(name.into(), "/else".into());
            place.is_asked_once();
        }
        let old = fs::read_to_string(place.at("bin/cargo")).unwrap();
        place.write("bin/new", &(old + "# Newer.\n"));
        fs::set_permissions(place.at("bin/new"), PermissionsExt::from_mode(0o755)).unwrap();
        fs::rename(place.at("bin/new"), place.at("bin/cargo")).unwrap();
        place.is_asked_once();
        let home = place.at("user");
        place.variables.remove(OsStr::new("CARGO_HOME"));
        place.variables.insert("HOME".into(), home.into());
        place.is_asked_once();
        place.write("user/.cargo/config.toml", "# The user's own.\n");
        place.is_asked_once();
        // What cargo doesn't read.
        place.variables.insert("EDITOR".into(), "ed".into());
        place.write("all/one/src/lib.rs", "");
        place.is_asked(false);
    }

    #[test]
    fn arguments_are_part_of_the_question() {
        let place = Place::new();
        let manifest = place.at("all/Cargo.toml");
        let manifest = manifest.to_str().unwrap();
        for arguments in [
            &["--locked"][..],
            &["--offline", "-p", "x"],
            &["--target-dir", "a"],
            &["--target-dir", "b"],
            &["--manifest-path", manifest],
            &["--manifest-path", "../one/../Cargo.toml"],
        ] {
            let (_, first) = place.ask(arguments, false);
            let (_, second) = place.ask(arguments, false);
            let expect = usize::from(arguments.contains(&"../one/../Cargo.toml"));
            assert_eq!((first, second), (1, expect), "{arguments:?}");
        }
        // In turn.
        for directory in ["a", "b"] {
            assert_eq!(place.ask(&["--target-dir", directory], false).1, 0);
        }
        // With the wrapper it's another question, of two to cargo.
        assert_eq!(place.ask(&[], false).1, 1);
        let (found, asked) = place.ask(&[], true);
        assert_eq!(asked, 2);
        assert_eq!(found.unwrap().configured_wrapper(), Some("sccache"));
        let (found, asked) = place.ask(&[], true);
        assert_eq!(asked, 0);
        assert_eq!(found.unwrap().configured_wrapper(), Some("sccache"));
        assert_eq!(place.ask(&[], false).1, 0);
    }

    #[test]
    fn a_command_may_be_about_no_workspace() {
        let place = Place::new();
        let root = |subcommand: &str, arguments: &[&str]| {
            let arguments: Vec<_> = arguments.iter().map(OsString::from).collect();
            let cargo = || Command::new(place.at("bin/cargo"));
            workspace_root(cargo, subcommand.as_ref(), &arguments).unwrap()
        };
        let here = std::env::current_dir().unwrap();
        for (subcommand, arguments) in [
            ("build", &[][..]),
            ("install", &["serde"]),
            ("install", &["--path", "x"]),
        ] {
            let found = root(subcommand, arguments);
            assert!(matches!(&found, Root::Found(root) if *root == place.at("all")));
        }
        // Cargo was asked about that folder.
        let asked = fs::read_to_string(place.at("asked")).unwrap();
        assert_eq!(asked.lines().count(), 3);
        // It's another folder's policy that counts then.
        let found = root("-C", &["x", "build"]);
        assert!(matches!(&found, Root::Unknown(folder) if *folder == here));

        fs::remove_file(place.at("root")).unwrap();
        for (subcommand, arguments, expect) in [
            ("install", &["serde"][..], here.clone()),
            ("install", &["--path", "x"], here.join("x")),
            ("install", &["--path=x"], here.join("x")),
            ("build", &["--help"], here.clone()),
        ] {
            let found = root(subcommand, arguments);
            assert!(
                matches!(&found, Root::Unknown(folder) if *folder == expect),
                "{found:?}"
            );
        }
        let found = root("build", &[]);
        assert!(matches!(found, Root::Missing(status) if !status.success()));
    }

    #[test]
    fn what_depends_on_more_is_asked_each_time() {
        let place = Place::new();
        let twice = |arguments: &[&str]| {
            let asked = [0; 2].map(|_| place.ask(arguments, false).1);
            assert_eq!(asked, [1, 1], "{arguments:?}");
        };
        twice(&["--config", "other.toml"]);
        twice(&["-Z", "unstable-options"]);
        twice(&["--manifest-path", "script.rs"]);
        // A package's workspace may be anywhere.
        place.write("root", "elsewhere\n");
        twice(&[]);
        // There is none.
        fs::remove_file(place.at("root")).unwrap();
        assert!(place.ask(&[], false).0.is_none());
        twice(&[]);
        place.write("root", "all\n");
        place.is_asked_once();
        // A cargo that may be another in another place, as rustup's proxy is.
        fs::remove_dir(place.at("lib/rustlib")).unwrap();
        twice(&[]);
        fs::create_dir(place.at("lib/rustlib")).unwrap();
        place.is_asked(false);
        place.write(".cargo/config.toml", "include = [\"other.toml\"]\n");
        twice(&[]);
    }
}
