//! The few questions and orders that apt is given.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use fs_err::File;

use crate::{SetupError, command};

/// A package of the lists.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Package {
    pub(super) name: String,
    pub(super) version: String,
    /// Bytes to download.
    pub(super) size: u64,
    /// Bytes on disk.
    pub(super) installed_size: u64,
}

impl Package {
    /// What names this package in this version.
    pub(super) fn selector(&self) -> String {
        format!("{}={}", self.name, self.version)
    }
}

/// apt, with an index of its own: where the system keeps none, as in containers, each question
/// would read all package lists again.
#[derive(Clone, Debug)]
pub(super) struct Apt {
    index: PathBuf,
}

impl Apt {
    /// Keeps the index in a folder.
    pub(super) fn new(index: &Path) -> Self {
        Self {
            index: index.to_owned(),
        }
    }

    /// All package names that begin so.
    pub(super) fn names(&self, beginning: &str) -> Result<Vec<String>, SetupError> {
        let names = ask(self.cache().args(["pkgnames", beginning]))?;
        let mut names: Vec<String> = names.lines().map(str::to_owned).collect();
        names.sort_unstable();
        Ok(names)
    }

    /// Those of the packages that the lists have, in the version that would be installed.
    pub(super) fn show(&self, names: &[String]) -> Result<Vec<Package>, SetupError> {
        if names.is_empty() {
            return Ok(Vec::new());
        }
        let text = ask(self.cache().args(["show", "--no-all-versions"]).args(names))?;
        Ok(text.split("\n\n").filter_map(paragraph).collect())
    }

    /// Everything that packages depend on, directly or not, as `apt-cache depends` prints it.
    pub(super) fn depends(&self, names: &[String]) -> Result<String, SetupError> {
        let relations = [
            "recommends",
            "suggests",
            "conflicts",
            "breaks",
            "replaces",
            "enhances",
        ];
        let mut apt = self.cache();
        apt.args(["depends", "--recurse"]);
        apt.args(relations.map(|relation| format!("--no-{relation}")))
            .args(names);
        ask(&mut apt)
    }

    fn cache(&self) -> Command {
        let mut apt = tool("apt-cache");
        for (option, file) in [("pkgcache", "packages.bin"), ("srcpkgcache", "sources.bin")] {
            let file = self.index.join(file);
            apt.arg(format!("--option=Dir::Cache::{option}={}", file.display()));
        }
        apt
    }
}

/// apt and dpkg with messages that can be read by a program.
fn tool(name: &str) -> Command {
    let mut command = Command::new(name);
    command.env("LC_ALL", "C").stdin(Stdio::null());
    command
}

/// stdout of a question whose failure means "nothing".
fn ask(command: &mut Command) -> Result<String, SetupError> {
    let output = command
        .output()
        .map_err(|source| command::not_run(command, source))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Reads one paragraph of a package list.
fn paragraph(text: &str) -> Option<Package> {
    let field = |name: &str| {
        text.lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
            .map(str::trim)
    };
    let number = |name: &str| field(name).and_then(|value| value.parse::<u64>().ok());
    Some(Package {
        name: field("Package")?.to_owned(),
        version: field("Version")?.to_owned(),
        size: number("Size").unwrap_or(0),
        installed_size: number("Installed-Size").unwrap_or(0) * 1024,
    })
}

/// The packages that are installed.
pub(super) fn installed() -> Result<HashSet<String>, SetupError> {
    let format = "--showformat=${db:Status-Abbrev} ${Package}\\n";
    let text = ask(tool("dpkg-query").args(["--show", format]))?;
    Ok(text
        .lines()
        .filter_map(|line| Some(line.strip_prefix("ii ")?.trim().to_owned()))
        .collect())
}

/// Fetches new package lists; needs root.
pub(super) fn update() -> Result<(), SetupError> {
    let mut apt = tool("apt-get");
    apt.args(["update", "--quiet"]);
    command::output(&mut apt, |detail| SetupError::Update { detail }).map(drop)
}

/// Downloads packages into a folder; tells the bytes that are there.
pub(super) fn download(
    packages: &[Package],
    to: &Path,
    bytes: &mut dyn FnMut(u64),
) -> Result<(), SetupError> {
    let mut apt = tool("apt-get");
    // As root, apt would download as a user who cannot see the cache, and warn that it does not.
    // The hashes of what it downloads are checked whoever does it.
    apt.args(["--quiet", "--option", "APT::Sandbox::User=root", "download"]);
    apt.args(packages.iter().map(Package::selector))
        .current_dir(to);
    // Into a file, since a pipe that nobody reads would block apt.
    let messages = to.with_extension("log");
    let log = File::create(&messages)?.into_parts().0;
    let mut child = apt
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|source| command::not_run(&apt, source))?;
    let status = loop {
        if let Some(status) = child.try_wait()? {
            break status;
        }
        bytes(size(to));
        std::thread::sleep(Duration::from_millis(100));
    };
    bytes(size(to));
    if status.success() {
        return Ok(());
    }
    let said = command::tail(&String::from_utf8_lossy(&fs_err::read(messages)?));
    Err(SetupError::Download {
        detail: command::failure(status, said),
    })
}

/// The bytes of the files of a folder.
fn size(folder: &Path) -> u64 {
    let entries = fs_err::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(Result::ok);
    entries
        .filter_map(|entry| entry.metadata().ok())
        .map(|metadata| metadata.len())
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_package_lists() {
        let text = "Package: rustc-web\nSource: rustc-web\nVersion: 1.96.0+dfsg1-1~deb12u2\n\
            Installed-Size: 13205\nDescription: Rust\n Size: none\nSize: 4450500\n";
        let package = paragraph(text).unwrap();
        assert_eq!(package.selector(), "rustc-web=1.96.0+dfsg1-1~deb12u2");
        assert_eq!(package.size, 4_450_500);
        assert_eq!(package.installed_size, 13_205 * 1024);
        assert_eq!(paragraph("Package: virtual\n"), None);
    }
}
