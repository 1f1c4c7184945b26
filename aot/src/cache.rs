//! The options of the machine's macro cache, which several commands share.

use crate::Error;
use bytesize::ByteSize;
use pm_build::MacroCache;
use std::path::PathBuf;

/// Where the macro cache is, and how large it may become.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Macro cache")]
pub(crate) struct CacheOptions {
    /// Where compiled macro crates are kept for all projects [default: `macros` in pm-aot's cache directory]
    #[arg(
        long,
        value_name = "DIRECTORY",
        env = "PM_AOT_MACRO_CACHE",
        hide_env_values = true
    )]
    macro_cache: Option<PathBuf>,

    /// How large it may become: what was used least recently is removed. With 0 there is none
    #[arg(
        long,
        value_name = "SIZE",
        default_value = "2 GiB",
        env = "PM_AOT_CACHE_SIZE"
    )]
    #[arg(hide_env_values = true)]
    cache_size: ByteSize,
}

impl CacheOptions {
    /// The cache that options and environment name together.
    pub(crate) fn resolve(self) -> Result<MacroCache, Error> {
        let CacheOptions {
            macro_cache,
            cache_size,
        } = self;
        let directory = match macro_cache {
            // The wrapper runs elsewhere.
            Some(directory) => std::path::absolute(directory)?,
            None => pm_toolchain::cache_dir()?.join("macros"),
        };
        Ok(MacroCache::new(directory, cache_size.as_u64()))
    }
}
