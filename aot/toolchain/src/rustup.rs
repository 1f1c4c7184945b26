//! Queries of rustup: the toolchain that it would use here, and why.

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use pm_answers::{Answers, Circumstances};
use serde::{Deserialize, Serialize};

use crate::cache::Cache;
use crate::rustc::on_path;

/// Files that choose a toolchain for the directory that they are in and all below it
/// (<https://rust-lang.github.io/rustup/overrides.html>).
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// Where an administrator sets what a user's settings don't.
const FALLBACK_SETTINGS: &str = "/etc/rustup/settings.toml";

/// The toolchain that rustup would use here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Active {
    pub(crate) name: String,
    /// The reason for this one, in rustup's words; empty where it gives none.
    pub(crate) reason: String,
}

impl Active {
    /// Returns true if it was asked for, and isn't only rustup's default.
    pub(crate) fn was_chosen(&self) -> bool {
        self.reason != DEFAULT
    }
}

/// rustup's word for a toolchain that nobody asked for.
const DEFAULT: &str = "default";

/// The variable that chooses a toolchain. Each proxy sets it for what it starts, so that it may be
/// a choice or not.
const TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";

/// The compiler that a rustup proxy would start here. Rustup itself knows that at once, while a proxy
/// starts the compiler as well.
pub(crate) fn which(program: &Path, cache: Option<&Cache>) -> Option<PathBuf> {
    let rustup = of_proxy(program)?;
    let known = answers(&rustup, cache).ask("which rustc", || ask(&rustup).ok_or(()));
    // It may have been removed since.
    let chosen = known.ok()?;
    if chosen.is_file() {
        Some(chosen)
    } else {
        ask(&rustup)
    }
}

/// The toolchain that a rustup proxy would use here, and why.
pub(crate) fn active(program: &Path, cache: Option<&Cache>) -> Option<Active> {
    let rustup = of_proxy(program)?;
    let known = answers(&rustup, cache).ask("active toolchain", || {
        let active = show_active(&rustup, true).ok_or(())?;
        if std::env::var_os(TOOLCHAIN).is_some()
            && let Some(without) = show_active(&rustup, false)
            && without.name == active.name
        {
            return Ok(without);
        }
        Ok::<_, ()>(active)
    });
    known.ok()
}

/// The toolchain that a rustup proxy would use here if it were installed.
pub(crate) fn not_installed(program: &Path) -> Option<String> {
    let rustup = of_proxy(program)?;
    let mut command = Command::new(rustup);
    command.args(["which", "rustc"]);
    without_traces(&mut command);
    let output = command.output().ok()?;
    named_as_missing(&String::from_utf8_lossy(&output.stderr))
}

/// The toolchain that rustup's error says is not installed.
fn named_as_missing(error: &str) -> Option<String> {
    let line = error
        .lines()
        .find(|line| line.contains("is not installed"))?;
    let (_, name) = line.split_once("toolchain '")?;
    Some(name.split_once('\'')?.0.to_owned())
}

/// The rustup that a program is a proxy of, if it is one.
pub(crate) fn of_proxy(program: &Path) -> Option<PathBuf> {
    let proxy = on_path(program);
    let rustup = proxy.with_file_name(format!("rustup{EXE_SUFFIX}"));
    // A proxy is rustup by another name: a link of some kind, or a copy.
    let size = |file: &Path| Some(fs_err::metadata(file).ok()?.len());
    (size(&rustup)? == size(&proxy)?).then_some(rustup)
}

/// Returns true if the `rustc` on PATH is rustup's.
#[must_use]
pub fn has_rustup() -> bool {
    of_proxy(Path::new("rustc")).is_some()
}

/// The cached answers of a rustup for this directory.
fn answers(rustup: &Path, cache: Option<&Cache>) -> Answers<'static> {
    let (Some(cache), Ok(directory)) = (cache, std::env::current_dir()) else {
        return Answers::unknown();
    };
    let variables: BTreeMap<_, _> = std::env::vars_os().collect();
    // Answers for two toolchains in one directory are kept beside each other.
    let chosen = variables.get(OsStr::new(TOOLCHAIN));
    let chosen = chosen.cloned().unwrap_or_default();
    let rustup = rustup.to_owned();
    let subject = [rustup.clone().into(), directory.clone().into(), chosen];
    let subject: [&OsStr; 3] = [&subject[0], &subject[1], &subject[2]];
    Answers::kept(&cache.answers(), &subject, move || {
        circumstances(&rustup, &directory, &variables)
    })
}

fn ask(rustup: &Path) -> Option<PathBuf> {
    let output = Command::new(rustup)
        .args(["which", "rustc"])
        .output()
        .ok()?;
    let chosen = PathBuf::from(str::from_utf8(&output.stdout).ok()?.trim_end());
    (output.status.success() && chosen.is_file()).then_some(chosen)
}

fn show_active(rustup: &Path, with_variable: bool) -> Option<Active> {
    let mut command = Command::new(rustup);
    command.args(["show", "active-toolchain"]);
    if !with_variable {
        command.env_remove(TOOLCHAIN);
    }
    let output = command.output().ok()?;
    let text = output.status.success().then_some(output.stdout)?;
    parse_active(str::from_utf8(&text).ok()?)
}

/// Reads `NAME (REASON)`.
fn parse_active(text: &str) -> Option<Active> {
    let line = text.lines().next()?.trim_end();
    let (name, reason) = match line.split_once(" (") {
        Some((name, reason)) => (name, reason.strip_suffix(')').unwrap_or(reason)),
        None => (line, ""),
    };
    (!name.is_empty()).then(|| Active {
        name: name.into(),
        reason: reason.into(),
    })
}

/// Rustup's errors without their backtraces.
pub(crate) fn without_traces(command: &mut Command) {
    command.env_remove("RUST_BACKTRACE");
}

/// What rustup decides by. Nothing if it isn't known where its settings are.
fn circumstances(
    rustup: &Path,
    directory: &Path,
    variables: &BTreeMap<OsString, OsString>,
) -> Option<Circumstances> {
    let mut circumstances = Circumstances::default();
    circumstances.stamp(rustup).ok()?;
    circumstances.variables(variables, |name| name.starts_with("RUSTUP_"));
    let set = |name: &str| {
        let value = variables.get(OsStr::new(name))?;
        (!value.is_empty()).then(|| PathBuf::from(value))
    };
    let home = set("RUSTUP_HOME").map(|home| directory.join(home));
    let home = home.or_else(|| Some(set("HOME")?.join(".rustup")))?;
    circumstances.content(&home.join("settings.toml"));
    toolchains(&home.join("toolchains"), &mut circumstances);
    circumstances.content(Path::new(FALLBACK_SETTINGS));
    for folder in directory.ancestors() {
        for name in TOOLCHAIN_FILES {
            circumstances.content(&folder.join(name));
        }
    }
    Some(circumstances)
}

/// The names in rustup's folder of toolchains, and where those lead that are links.
fn toolchains(folder: &Path, circumstances: &mut Circumstances) {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut entries: Vec<_> = entries
        .map(|entry| (entry.file_name(), std::fs::read_link(entry.path()).ok()))
        .collect();
    entries.sort_unstable();
    for (name, target) in entries {
        circumstances.word(&name);
        circumstances.word(target.unwrap_or_default().as_os_str());
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn rustups_reasons_are_read() {
        for (text, name, reason, was_chosen) in [
            ("stable-x (default)\n", "stable-x", "default", false),
            (
                "nightly-x (overridden by '/p/rust-toolchain.toml')\n",
                "nightly-x",
                "overridden by '/p/rust-toolchain.toml'",
                true,
            ),
            (
                "mine (directory override for '/p (1)')\n",
                "mine",
                "directory override for '/p (1)'",
                true,
            ),
            ("/opt/rust\n", "/opt/rust", "", true),
        ] {
            let active = parse_active(text).unwrap();
            assert_eq!((&*active.name, &*active.reason), (name, reason));
            assert_eq!(active.was_chosen(), was_chosen, "{text}");
        }
        assert_eq!(parse_active(""), None);
    }

    #[test]
    fn a_toolchain_that_is_missing_is_named() {
        for (error, name) in [
            (
                "error: toolchain '1.90.0-x' is not installed\nhelp: run",
                Some("1.90.0-x"),
            ),
            (
                "error: override toolchain '1.90.0-x' is not installed\n",
                Some("1.90.0-x"),
            ),
            ("error: no default toolchain\n", None),
        ] {
            assert_eq!(named_as_missing(error).as_deref(), name);
        }
    }

    #[test]
    fn what_chooses_a_toolchain_is_in_the_circumstances() {
        let folder = tempfile::tempdir().unwrap();
        let root = fs_err::canonicalize(folder.path()).unwrap();
        let (rustup, directory) = (root.join("rustup"), root.join("a/b"));
        fs_err::create_dir_all(&directory).unwrap();
        fs_err::create_dir_all(root.join(".rustup")).unwrap();
        let home = [("HOME", root.as_os_str())];
        let digest = |more: &[(&str, &OsStr)]| {
            let variables = home.iter().chain(more);
            let variables = variables.map(|(name, value)| (name.into(), value.into()));
            let found = circumstances(&rustup, &directory, &variables.collect())?;
            Some(found.digest())
        };
        assert_eq!(digest(&[]), None);
        fs_err::write(&rustup, "").unwrap();
        let mut seen = vec![digest(&[]).unwrap()];
        let mut changed = |digest: Option<String>| {
            let digest = digest.unwrap();
            assert!(!seen.contains(&digest));
            seen.push(digest);
        };
        for file in [
            "rust-toolchain.toml",
            "a/rust-toolchain",
            "a/b/rust-toolchain.toml",
        ] {
            fs_err::write(root.join(file), "[toolchain]\n").unwrap();
            changed(digest(&[]));
        }
        fs_err::write(root.join(".rustup/settings.toml"), "[overrides]\n").unwrap();
        changed(digest(&[]));
        changed(digest(&[("RUSTUP_TOOLCHAIN", "nightly".as_ref())]));
        let elsewhere: &[(&str, &OsStr)] = &[("RUSTUP_HOME", "elsewhere".as_ref())];
        changed(digest(elsewhere));
        fs_err::create_dir(directory.join("elsewhere")).unwrap();
        fs_err::write(directory.join("elsewhere/settings.toml"), "").unwrap();
        changed(digest(elsewhere));
        fs_err::write(&rustup, "another").unwrap();
        changed(digest(&[]));
        fs_err::create_dir(root.join(".rustup/toolchains")).unwrap();
        for target in ["/opt/one", "/opt/other"] {
            let linked = root.join(".rustup/toolchains/mine");
            _ = fs_err::remove_file(&linked);
            fs_err::os::unix::fs::symlink(target, linked).unwrap();
            changed(digest(&[]));
        }
        // What isn't rustup's doesn't matter.
        let before = digest(&[]);
        fs_err::write(root.join("a/b/rustfmt.toml"), "").unwrap();
        assert_eq!(digest(&[("EDITOR", "ed".as_ref())]), before);
        assert_eq!(digest(&[("HOME", "".as_ref())]), None);
    }
}
