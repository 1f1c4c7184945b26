//! Where things are kept.

use std::path::PathBuf;

use etcetera::BaseStrategy;

use crate::SetupError;
use crate::request::path;

/// The cache directory: `PM_AOT_CACHE`, else `pm-aot` in the platform's.
///
/// # Errors
/// When neither is known, as for a user without a home.
pub fn cache_dir() -> Result<PathBuf, SetupError> {
    if let Some(directory) = path("PM_AOT_CACHE") {
        // Child processes run elsewhere.
        return std::path::absolute(&directory).map_err(|source| SetupError::Cache {
            path: directory,
            source,
        });
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| SetupError::NoCacheDir)?;
    Ok(strategy.cache_dir().join("pm-aot"))
}
