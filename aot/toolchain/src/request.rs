//! What the user asked for.

use std::path::PathBuf;

use crate::{PanicStrategy, SetupError, cache_dir};

/// What to set up, and where.
#[derive(Clone, Debug)]
pub struct Request {
    /// The rustc to use. Without one: the active toolchain; if that is not complete and nobody asked
    /// for it, the distribution's, in a private prefix.
    pub rustc: Option<PathBuf>,
    /// A folder with `libc.a` and `crt1-reactor.o`, for where neither the toolchain nor the
    /// distribution has a wasi-libc.
    pub wasi_libc: Option<PathBuf>,
    /// What a panic in a macro does.
    pub panic: PanicStrategy,
    /// Where everything is kept.
    pub cache: PathBuf,
    /// True if nothing may be downloaded.
    pub offline: bool,
    /// True if rustup may be run to add what its toolchain lacks.
    pub install: bool,
}

impl Request {
    /// The request that the environment makes: `PM_AOT_RUSTC`, `PM_AOT_WASI_LIBC`, `PM_AOT_CACHE`.
    ///
    /// # Errors
    /// When there is no cache directory.
    pub fn from_env() -> Result<Self, SetupError> {
        Ok(Self {
            rustc: path("PM_AOT_RUSTC"),
            wasi_libc: path("PM_AOT_WASI_LIBC"),
            panic: PanicStrategy::default(),
            cache: cache_dir()?,
            offline: false,
            install: false,
        })
    }
}

/// A path out of the environment; an empty one is none.
pub(crate) fn path(variable: &str) -> Option<PathBuf> {
    std::env::var_os(variable)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
