//! What interrupted runs leave behind: temporary files that nobody will rename.

use crate::command::precompile::Plan;
use crate::shell::Shell;
use pm_artifact::TEMPORARY;
use std::path::Path;
use std::time::Duration;

/// Younger files are left alone: their writer may not have locked them yet.
const GRACE: Duration = Duration::from_secs(1);

/// Whether a file has the name of a temporary file of ours.
pub(crate) fn is_temporary(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(TEMPORARY.0) && name.ends_with(TEMPORARY.1))
}

/// Whether the writer of a temporary file is gone: it holds a lock for as long as it lives.
pub(crate) fn is_abandoned(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else {
        return false;
    };
    let Ok(metadata) = file.metadata() else {
        return false;
    };
    let old = age(&metadata).is_some_and(|age| age > GRACE);
    metadata.is_file() && old && file.try_lock().is_ok()
}

/// How long ago anything about a file changed. Not its modification time, which writers set.
#[cfg(unix)]
fn age(metadata: &std::fs::Metadata) -> Option<Duration> {
    use std::os::unix::fs::MetadataExt;
    let changed = Duration::new(
        metadata.ctime().try_into().ok()?,
        metadata.ctime_nsec() as u32,
    );
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().ok()?;
    now.checked_sub(changed)
}

#[cfg(not(unix))]
fn age(metadata: &std::fs::Metadata) -> Option<Duration> {
    metadata.created().ok()?.elapsed().ok()
}

/// Removes what interrupted runs have left in the directories of a plan.
pub(crate) fn sweep(plan: &Plan, shell: &Shell) {
    for directory in plan.directories() {
        let Ok(entries) = fs_err::read_dir(directory) else {
            continue;
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if is_temporary(&path) && is_abandoned(&path) && fs_err::remove_file(&path).is_ok() {
                shell.detail(
                    "Removed",
                    format_args!("{} (an interrupted run's)", path.display()),
                );
            }
        }
    }
}
