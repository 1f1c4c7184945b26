//! What rustup would start.

use std::collections::BTreeMap;
use std::env::consts::EXE_SUFFIX;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;

use pm_answers::{Answers, Circumstances};

use crate::cache::Cache;
use crate::rustc::on_path;

/// Files that choose a toolchain for the directory that they are in and all below it
/// (<https://rust-lang.github.io/rustup/overrides.html>).
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// Where an administrator sets what a user's settings don't.
const FALLBACK_SETTINGS: &str = "/etc/rustup/settings.toml";

/// The compiler that a rustup proxy would start here. Rustup itself knows that at once, while a proxy
/// starts the compiler as well.
pub(crate) fn which(program: &Path, cache: Option<&Cache>) -> Option<PathBuf> {
    let proxy = on_path(program);
    let rustup = proxy.with_file_name(format!("rustup{EXE_SUFFIX}"));
    // A proxy is rustup by another name: a link of some kind, or a copy.
    let size = |file: &Path| Some(fs_err::metadata(file).ok()?.len());
    if size(&rustup)? != size(&proxy)? {
        return None;
    }
    let directory = std::env::current_dir().ok()?;
    let variables = std::env::vars_os().collect();
    let subject = [rustup.as_os_str(), directory.as_os_str()];
    let answers = cache.map_or_else(Answers::unknown, |cache| {
        let describe = || circumstances(&rustup, &directory, &variables);
        Answers::kept(&cache.answers(), &subject, describe)
    });
    let known = answers.ask("which rustc", || ask(&rustup).ok_or(()));
    // It may have been removed since.
    let chosen = known.ok()?;
    if chosen.is_file() {
        Some(chosen)
    } else {
        ask(&rustup)
    }
}

fn ask(rustup: &Path) -> Option<PathBuf> {
    let output = Command::new(rustup)
        .args(["which", "rustc"])
        .output()
        .ok()?;
    let chosen = PathBuf::from(str::from_utf8(&output.stdout).ok()?.trim_end());
    (output.status.success() && chosen.is_file()).then_some(chosen)
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
    circumstances.content(Path::new(FALLBACK_SETTINGS));
    for folder in directory.ancestors() {
        for name in TOOLCHAIN_FILES {
            circumstances.content(&folder.join(name));
        }
    }
    Some(circumstances)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

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
        // What isn't rustup's doesn't matter.
        let before = digest(&[]);
        fs_err::write(root.join("a/b/rustfmt.toml"), "").unwrap();
        assert_eq!(digest(&[("EDITOR", "ed".as_ref())]), before);
        assert_eq!(digest(&[("HOME", "".as_ref())]), None);
    }
}
