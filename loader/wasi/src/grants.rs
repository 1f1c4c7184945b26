//! What a macro may see of the machine.

use std::io;
use std::path::{Path, PathBuf};

/// What a macro may see of the machine. The default is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Grants {
    env: Vec<(String, String)>,
    read: Vec<PathBuf>,
    working_directory: Option<PathBuf>,
}

impl Grants {
    /// Shows the macro an environment variable. A name or value that no environment can hold
    /// (a null byte, an empty name, `=` in a name) is left out.
    pub fn env(&mut self, name: impl Into<String>, value: impl Into<String>) -> &mut Self {
        let (name, value) = (name.into(), value.into());
        let valid = !name.is_empty() && !name.contains(['=', '\0']) && !value.contains('\0');
        if valid {
            match self.env.binary_search_by(|(known, _)| known.cmp(&name)) {
                Ok(at) => self.env[at].1 = value,
                Err(at) => self.env.insert(at, (name, value)),
            }
        }
        self
    }

    /// Shows the macro those of `variables` that cargo sets about the crate that it compiles
    /// ([`Grants::is_crate_variable`]).
    pub fn crate_variables(
        &mut self,
        variables: impl IntoIterator<Item = (String, String)>,
    ) -> &mut Self {
        for (name, value) in variables {
            if Self::is_crate_variable(&name) {
                self.env(name, value);
            }
        }
        self
    }

    /// What a macro gets unless something else is said: of the environment that cargo gave the
    /// compiler, what is about the crate, and the package's own files.
    pub fn of_build(variables: impl IntoIterator<Item = (String, String)>) -> Self {
        let mut grants = Self::default();
        grants.crate_variables(variables);
        let manifest = grants
            .env
            .iter()
            .find(|(name, _)| name == "CARGO_MANIFEST_DIR");
        if let Some((_, directory)) = manifest.cloned() {
            // A directory that isn't there can't be read by a native macro either.
            let _ = grants.read(Path::new(&directory));
        }
        grants
    }

    /// Whether cargo sets this variable about the crate that it compiles, and it tells nothing
    /// else: `CARGO_REGISTRY_TOKEN` and its like start with `CARGO_` too.
    ///
    /// `CARGO`, the path of cargo itself, is left out on purpose. It serves to run cargo, which a
    /// macro cannot do here, and `proc-macro-crate` does without when the variable is missing,
    /// but fails when it is there and cargo cannot be run.
    pub fn is_crate_variable(name: &str) -> bool {
        const NAMES: [&str; 7] = [
            "CARGO_BIN_NAME",
            "CARGO_CRATE_NAME",
            "CARGO_MANIFEST_DIR",
            "CARGO_MANIFEST_PATH",
            "CARGO_PRIMARY_PACKAGE",
            "CARGO_TARGET_TMPDIR",
            "OUT_DIR",
        ];
        const PREFIXES: [&str; 2] = ["CARGO_BIN_EXE_", "CARGO_PKG_"];
        NAMES.contains(&name) || PREFIXES.iter().any(|prefix| name.starts_with(prefix))
    }

    /// Lets the macro read a file, or a directory with all that is in it. The grant is for what
    /// the path leads to now; symbolic links inside a granted directory that lead out of it are
    /// not followed.
    pub fn read(&mut self, path: &Path) -> io::Result<&mut Self> {
        let path = canonical(path)?;
        if !self.read.contains(&path) {
            self.read.push(path);
        }
        Ok(self)
    }

    /// Where paths that are not found from `/` are tried next, as far as they may be read: the
    /// directory in which a native rustc would run. Grants nothing.
    pub fn working_directory(&mut self, path: &Path) -> io::Result<&mut Self> {
        self.working_directory = Some(canonical(path)?);
        Ok(self)
    }

    /// The variables, sorted by name.
    pub(crate) fn variables(&self) -> &[(String, String)] {
        &self.env
    }

    /// Whether a canonical path may be read.
    pub(crate) fn covers(&self, path: &Path) -> bool {
        self.read.iter().any(|granted| path.starts_with(granted))
    }

    /// Whether a canonical path is a directory on the way to a grant.
    pub(crate) fn leads_to(&self, path: &Path) -> bool {
        self.read.iter().any(|granted| granted.starts_with(path))
    }

    /// The directories from which a path is tried, in order.
    pub(crate) fn roots(&self) -> impl Iterator<Item = &Path> {
        [Path::new("/")]
            .into_iter()
            .chain(self.working_directory.as_deref())
    }
}

/// With the path in the error, which `std` leaves out.
fn canonical(path: &Path) -> io::Result<PathBuf> {
    fs_err::canonicalize(path)
}
