//! The sandbox that a shim carries, and the settings that would widen it.

use crate::{Read, Run};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::path::{Path, PathBuf};

/// The sandbox of a macro crate: a shim carries it, so that it holds in whatever process the shim
/// is loaded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sandbox {
    /// The macro crate's package, as a policy names it.
    pub package: String,
    /// What its macros may read.
    pub read: Read,
    /// The folder of the workspace that it was built in, canonical.
    pub workspace: PathBuf,
}

/// A change of the policy, for the user to make.
#[derive(Debug)]
struct Remedy<'a, S> {
    sandbox: &'a Sandbox,
    setting: S,
}

impl Sandbox {
    /// As bytes, for a shim.
    ///
    /// # Errors
    /// If the workspace's path isn't UTF-8.
    pub fn to_bytes(&self) -> Result<Vec<u8>, postcard::Error> {
        postcard::to_allocvec(self)
    }

    /// What [`to_bytes`](Self::to_bytes) made.
    ///
    /// # Errors
    /// If it didn't make them.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, postcard::Error> {
        postcard::from_bytes(bytes)
    }

    /// What to do so that this path can be read, while the package in `manifest_dir` is compiled: the
    /// smallest setting. All paths are canonical.
    pub fn remedy(&self, path: &Path, manifest_dir: Option<&Path>) -> Box<dyn fmt::Display + '_> {
        let within = |folder: &Path| !folder.as_os_str().is_empty() && path.starts_with(folder);
        let setting = if self.read < Read::ManifestDir && manifest_dir.is_some_and(within) {
            Read::ManifestDir
        } else if self.read < Read::Workspace && within(&self.workspace) {
            Read::Workspace
        } else {
            return self.remedy_native();
        };
        Box::new(Remedy {
            sandbox: self,
            setting,
        })
    }

    /// What to do so that the macro isn't in the sandbox.
    pub fn remedy_native(&self) -> Box<dyn fmt::Display + '_> {
        Box::new(Remedy {
            sandbox: self,
            setting: Run::Native,
        })
    }
}

/// The table's name in a policy file; a package's name needs no quotes.
impl<S: fmt::Display> fmt::Display for Remedy<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { sandbox, setting } = self;
        let file = sandbox.workspace.join(".config/pm-aot.toml");
        write!(
            f,
            "to allow it, put this into `{}`:\n      [crates.{}]\n      {setting}",
            file.display(),
            sandbox.package
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sandbox(read: Read) -> Sandbox {
        Sandbox {
            package: "pest_derive".into(),
            read,
            workspace: "/w".into(),
        }
    }

    #[test]
    fn the_remedy_is_the_smallest_setting_that_allows_it() {
        let check = |read: Read, path: &str, expect: &str| {
            let sandbox = sandbox(read);
            let text = sandbox.remedy(Path::new(path), Some(Path::new("/w/a")));
            let expect = format!(
                "to allow it, put this into `/w/.config/pm-aot.toml`:\n      [crates.pest_derive]\n      {expect}"
            );
            assert_eq!(text.to_string(), expect, "{read:?} {path}");
        };
        check(Read::Nothing, "/w/a/x.pest", "read = \"manifest-dir\"");
        check(Read::Nothing, "/w/b/x.pest", "read = \"workspace\"");
        check(Read::ManifestDir, "/w/b/x.pest", "read = \"workspace\"");
        check(Read::ManifestDir, "/w/ab", "read = \"workspace\"");
        check(Read::Workspace, "/etc/passwd", "run = \"native\"");
    }

    #[test]
    fn it_travels() {
        for read in [Read::Nothing, Read::ManifestDir, Read::Workspace] {
            let bytes = sandbox(read).to_bytes().unwrap();
            assert_eq!(Sandbox::from_bytes(&bytes).unwrap(), sandbox(read));
            assert!(Sandbox::from_bytes(&bytes[1..]).is_err());
        }
    }
}
