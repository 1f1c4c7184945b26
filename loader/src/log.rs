//! `PM_AOT_LOG`: what the loader did, one line a macro, on standard error.

use crate::Origin;
use std::path::Path;
use std::time::Duration;

/// How much is logged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogLevel {
    /// Nothing (`PM_AOT_LOG` unset or `off`).
    #[default]
    Off,
    /// Only macros whose artifact wasn't used (`warn`).
    Warn,
    /// One line a macro (`info`, or anything else).
    Info,
}

impl LogLevel {
    /// Reads `PM_AOT_LOG`.
    pub fn from_env() -> LogLevel {
        match std::env::var("PM_AOT_LOG").as_deref() {
            Err(_) | Ok("" | "off" | "0") => LogLevel::Off,
            Ok("warn") => LogLevel::Warn,
            Ok(_) => LogLevel::Info,
        }
    }
}

/// Logs how a macro crate was loaded.
pub(crate) fn loaded(level: LogLevel, path: &Path, origin: &Origin, time: Duration) {
    let milliseconds = time.as_secs_f64() * 1e3;
    let path = path.display();
    match origin {
        Origin::Artifact if level >= LogLevel::Info => {
            eprintln!("pm-aot: {path}: artifact, {milliseconds:.2} ms");
        }
        Origin::Jit { refusal } if level >= LogLevel::Warn => {
            eprintln!("pm-aot: {path}: JIT, {milliseconds:.0} ms ({refusal})");
        }
        Origin::Artifact | Origin::Jit { .. } => {}
    }
}
