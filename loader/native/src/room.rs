//! What the macros of a crate see of the machine, and what the user is told of what they don't.

use pm_loader::{Access, Declaration, Grants, WasiCtx};
use pm_sandbox::{Read, Sandbox};
use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// The environment. A compiler's stays as it is, but rust-analyzer's macro server sets its own anew for
/// each expansion, to that of the crate which it's for.
type Variables = Vec<(OsString, OsString)>;

/// The sandbox of one macro crate in this process.
pub(crate) struct Room {
    sandbox: Sandbox,
    last: Mutex<Option<(Variables, Arc<Grants>)>>,
    /// What was told: macros ask again in each expansion.
    told: Mutex<BTreeSet<String>>,
}

impl Room {
    pub(crate) fn new(sandbox: Sandbox) -> Room {
        Room {
            sandbox,
            last: Mutex::default(),
            told: Mutex::default(),
        }
    }

    /// What a macro that expands now is granted.
    pub(crate) fn grants(&self) -> Arc<Grants> {
        let variables: Variables = std::env::vars_os().collect();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((known, grants)) if *known == variables => Arc::clone(grants),
            _ => {
                let grants = Arc::new(self.find_out(&variables));
                *last = Some((variables, Arc::clone(&grants)));
                grants
            }
        }
    }

    fn find_out(&self, variables: &Variables) -> Grants {
        let mut grants = Grants::default();
        let texts = variables.iter().filter_map(|(name, value)| {
            Some((name.to_str()?.to_owned(), value.to_str()?.to_owned()))
        });
        grants.crate_variables(texts);
        // A folder that isn't there can't be read by a native macro either.
        if self.sandbox.read >= Read::ManifestDir
            && let Some(folder) = manifest_dir()
        {
            _ = grants.read(&folder);
        }
        if self.sandbox.read >= Read::Workspace {
            _ = grants.read(&self.sandbox.workspace);
        }
        _ = grants.working_directory(Path::new("."));
        grants
    }

    /// Tells what a macro was refused, once each, as far as it would have got more without the
    /// sandbox: macros look for files that aren't there, and do without. Whether one failed for
    /// what it was refused can't be known, since a `compile_error!` is an expansion like others.
    pub(crate) fn tell(&self, declaration: &Declaration, wasi: &WasiCtx) {
        for refusal in wasi.refusals() {
            let path = Path::new(&refusal.what);
            let remedy = match refusal.access {
                Access::Read if path.symlink_metadata().is_err() => continue,
                Access::Read => self.sandbox.remedy(path, manifest_dir().as_deref()),
                Access::Write | Access::Network => self.sandbox.remedy_native(),
            };
            let text = format!(
                "note: {declaration} of the crate `{}`: {refusal}\nhelp: {remedy}",
                self.sandbox.package
            );
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            if !told.contains(&text) {
                eprintln!("{text}");
                told.insert(text);
            }
        }
    }
}

/// The folder of the package that is being compiled, canonical.
fn manifest_dir() -> Option<PathBuf> {
    let folder = std::env::var_os("CARGO_MANIFEST_DIR")?;
    PathBuf::from(folder).canonicalize().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The variables are looked at for each expansion, and read anew when one has changed.
    #[test]
    fn each_compiled_crate_has_its_own_grants() {
        let folder = std::env::temp_dir().canonicalize().expect("a folder");
        // SAFETY: nextest gives each test a process, and this is its only thread that looks.
        let set = |name: &str, value: &str| unsafe { std::env::set_var(name, value) };
        let grants = |read| {
            let room = Room::new(Sandbox {
                read,
                ..Sandbox::default()
            });
            move |of: &str| {
                set("CARGO_CRATE_NAME", of);
                room.grants()
            }
        };
        set("CARGO_MANIFEST_DIR", folder.to_str().expect("UTF-8"));
        set("CARGO_PKG_NAME", "one");
        set("PM_AOT_SECRET", "secret");
        let find = grants(Read::ManifestDir);
        let one = find("one");
        assert!(Arc::ptr_eq(&one, &find("one")));
        let two = find("two");
        assert_ne!(one, two);
        assert_eq!(one, find("one"));

        let text = format!("{one:?}");
        let granted = format!("read: [{folder:?}]");
        assert!(
            text.contains("CARGO_PKG_NAME") && text.contains(&granted),
            "{text}"
        );
        assert!(!text.contains("secret"), "{text}");
        let text = format!("{:?}", grants(Read::Nothing)("one"));
        assert!(text.contains("read: []"), "{text}");
    }
}
