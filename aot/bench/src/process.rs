//! One process, measured from outside.

use crate::measure::timed;
use anyhow::{Result, bail};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;
use wait4::Wait4;

/// What a process took, with all that it started and waited for.
pub(crate) struct Run {
    pub(crate) wall: Duration,
    pub(crate) cpu: Duration,
    /// What the largest of its processes had resident at most, in bytes.
    pub(crate) peak: u64,
    pub(crate) stderr: String,
}

impl Run {
    /// Runs a process that must succeed. What it writes to standard error goes to a file in `folder`
    /// first: nobody reads a pipe before the end.
    pub(crate) fn of(command: &mut Command, folder: &Path) -> Result<Run> {
        let path = folder.join("stderr");
        let file = fs_err::File::create(&path)?.into_parts().0;
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(file);
        let (result, wall) = timed(|| command.spawn()?.wait4());
        let result = result?;
        let stderr = fs_err::read_to_string(&path)?;
        if !result.status.success() {
            bail!("{command:?}: {}\n{stderr}", result.status);
        }
        Ok(Run {
            wall,
            cpu: result.rusage.utime + result.rusage.stime,
            peak: result.rusage.maxrss,
            stderr,
        })
    }
}
