//! A loader for asking, not for expanding.

use crate::Error;
use pm_loader::{Dispatch, Loader, Options};

/// Answers nobody: nothing is expanded.
pub(crate) enum Nobody {}

impl Dispatch for Nobody {
    fn dispatch(&mut self, _request: &[u8], _reply: &mut Vec<u8>) {
        match *self {}
    }
}

/// A loader that decides as one in a compiler of this version would.
pub(crate) fn loader(rustc: Option<String>) -> Result<Loader<Nobody>, Error> {
    Ok(Loader::new(Options {
        rustc,
        ..Options::default()
    })?)
}
