//! Recognising proc-macro modules by their content, whatever they are called.

use crate::find::{Found, Walk, head};
use crate::{Error, Shell};
use pm_abi::{InspectError, Inspection};
use pm_artifact::Digest;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// A proc-macro module.
#[derive(Clone, Debug)]
pub(crate) struct Module {
    pub(crate) path: PathBuf,
    pub(crate) len: u64,
    pub(crate) digest: Digest,
    /// The file's time before its content was read.
    pub(crate) modified: Option<SystemTime>,
    pub(crate) inspection: Inspection,
}

/// The proc-macro modules under some paths.
#[derive(Debug, Default)]
pub(crate) struct Modules {
    pub(crate) modules: Vec<Module>,
    /// Wasm files that aren't proc macros.
    pub(crate) other_wasm: usize,
    /// What can't be read or is damaged.
    pub(crate) errors: Vec<Error>,
}

impl Modules {
    /// Looks at each file under the paths.
    pub(crate) fn find(walk: &Walk, shell: &Shell) -> Modules {
        let mut found = Modules::default();
        for file in walk.files(shell) {
            match file.and_then(|file| found.look(&file, shell)) {
                Ok(()) => {}
                Err(error) => found.errors.push(error),
            }
        }
        found
    }

    fn look(&mut self, file: &Found, shell: &Shell) -> Result<(), Error> {
        let path = &file.path;
        let other = match open(path)? {
            Ok(module) => {
                self.modules.push(module);
                return Ok(());
            }
            Err(other) => other,
        };
        if file.named || !other.is_other_file() {
            return Err(Error::NotAModule {
                path: path.clone(),
                cause: other,
            });
        }
        if other != InspectError::NotWasm {
            shell.detail("Skipped", format_args!("{} ({other})", path.display()));
            self.other_wasm += 1;
        }
        Ok(())
    }
}

/// Reads a file as a proc-macro module. A file that doesn't start as wasm does is read no further.
pub(crate) fn open(path: &Path) -> Result<Result<Module, InspectError>, Error> {
    if head::<4>(path)? != b"\0asm" {
        return Ok(Err(InspectError::NotWasm));
    }
    let modified = fs_err::metadata(path)?.modified().ok();
    let wasm = fs_err::read(path)?;
    Ok(pm_abi::inspect(&wasm).map(|inspection| Module {
        path: path.to_owned(),
        len: wasm.len() as u64,
        digest: Digest::of(&wasm),
        modified,
        inspection,
    }))
}
