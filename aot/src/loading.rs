//! A loader for asking, not for expanding.

use crate::Error;
use pm_loader::{Loader, Options};

/// A loader that decides as one in a compiler of this version would.
pub(crate) fn loader(rustc: Option<String>) -> Result<Loader, Error> {
    Ok(pm_compile::loader(Options {
        rustc,
        ..Options::default()
    })?)
}
