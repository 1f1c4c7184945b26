//! A private prefix with the distribution's rustc, for Debian and its relatives.
//!
//! Nothing is installed: the packages are downloaded, unpacked into the cache and run with a
//! library path. So it needs no privileges and conflicts with nothing, rustup included.

mod apt;
mod choose;
mod closure;

use std::path::{Path, PathBuf};

use apt::{Apt, Package};

use crate::cache::{Cache, Locked};
use crate::rustc::which;
use crate::version::numbers;
use crate::{Progress, SetupError, command};

/// Space for the build of the library beside the packages.
pub(crate) const BUILD_SPACE: u64 = 500_000_000;

/// Whether this machine has the tools.
pub(crate) fn available() -> bool {
    ["apt-get", "apt-cache", "dpkg", "dpkg-query"]
        .iter()
        .all(|tool| which(tool).is_some())
}

/// The rustc of the newest prefix that is there.
pub(crate) fn newest_prefix(cache: &Cache) -> Option<PathBuf> {
    let entries = fs_err::read_dir(cache.prefixes()).ok()?;
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let newest = names.max_by_key(|name| {
        let version = name.split_once('_').map_or("", |(_, version)| version);
        (numbers(version), name.clone())
    })?;
    Some(cache.prefixes().join(newest).join("usr/bin/rustc"))
}

/// Downloads and unpacks the distribution's newest rustc.
pub(crate) fn install(
    cache: &Cache,
    locked: &Locked,
    progress: &mut dyn Progress,
) -> Result<(), SetupError> {
    match attempt(cache, locked, progress) {
        Err(error) if is_stale(&error) => {
            progress.step("Updating", "the package lists (apt-get update)");
            apt::update()?;
            attempt(cache, locked, progress)
        }
        result => result,
    }
}

/// Whether newer package lists may mend it.
fn is_stale(error: &SetupError) -> bool {
    match error {
        SetupError::NoPackages { .. } => true,
        SetupError::Download { detail } => [
            "404",
            "was not found",
            "Unable to locate",
            "Can't find a source",
        ]
        .iter()
        .any(|sign| detail.contains(sign)),
        _ => false,
    }
}

fn attempt(cache: &Cache, locked: &Locked, progress: &mut dyn Progress) -> Result<(), SetupError> {
    progress.step("Resolving", "the distribution's rustc and what it needs");
    let staging = locked.staging()?;
    let apt = Apt::new(staging.path());
    let family = choose::newest(&apt)?;
    let packages = apt.show(&closure::missing(&apt, &family)?)?;
    let download: u64 = packages.iter().map(|package| package.size).sum();
    let unpacked: u64 = packages.iter().map(|package| package.installed_size).sum();
    locked.require(download + unpacked + BUILD_SPACE)?;

    let debs = staging.path().join("debs");
    fs_err::create_dir(&debs)?;
    let (count, megabytes) = (packages.len(), download / 1_000_000);
    let rustc = format!("{} {}", family.rustc.name, family.rustc.version);
    progress.step(
        "Downloading",
        &format!("{rustc} ({count} packages, {megabytes} MB)"),
    );
    apt::download(&packages, &debs, &mut |done| progress.bytes(done, download))?;
    let prefix = staging.path().join("prefix");
    progress.step("Unpacking", &rustc);
    unpack(&debs, &prefix, progress)?;

    let list: Vec<String> = packages.iter().map(Package::selector).collect();
    fs_err::write(prefix.join("packages"), list.join("\n") + "\n")?;
    let name = rustc.replace(' ', "_").replace(['/', ':'], "-");
    locked.finish(&prefix, &cache.prefixes().join(name))
}

/// Unpacks every package of a folder into one prefix.
fn unpack(debs: &Path, prefix: &Path, progress: &mut dyn Progress) -> Result<(), SetupError> {
    let mut files = Vec::new();
    for entry in fs_err::read_dir(debs)? {
        files.push(entry?.path());
    }
    files.sort_unstable();
    fs_err::create_dir(prefix)?;
    let total = files.len() as u64;
    for (done, file) in files.into_iter().enumerate() {
        progress.ticks(done as u64, total);
        let mut dpkg = std::process::Command::new("dpkg");
        dpkg.arg("-x").arg(&file).arg(prefix);
        command::output(&mut dpkg, |detail| SetupError::Unpack {
            package: file.clone(),
            detail,
        })?;
        // They are not needed again, and take a sixth of the space.
        fs_err::remove_file(&file)?;
    }
    progress.ticks(total, total);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_prefix_is_used() {
        let root = tempfile::tempdir().unwrap();
        let cache = Cache::new(root.path());
        assert_eq!(newest_prefix(&cache), None);
        for name in [
            "rustc-web_1.96.0+dfsg1-1",
            "rustc_1.100.0",
            "rustc-web_1.97.1",
        ] {
            fs_err::create_dir_all(cache.prefixes().join(name)).unwrap();
        }
        let rustc = newest_prefix(&cache).unwrap();
        assert_eq!(rustc, cache.prefixes().join("rustc_1.100.0/usr/bin/rustc"));
    }

    #[test]
    fn tells_stale_lists_from_a_missing_network() {
        let download = |detail: &str| SetupError::Download {
            detail: detail.into(),
        };
        assert!(is_stale(&download("E: Failed to fetch x  404  Not Found")));
        assert!(is_stale(&SetupError::NoPackages { newest: None }));
        assert!(!is_stale(&download(
            "E: Failed to fetch x  Could not resolve 'deb.example'"
        )));
        assert!(!is_stale(&SetupError::NoCompiler));
    }
}
