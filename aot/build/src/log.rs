//! `PM_AOT_LOG`, as the loader reads it: what was done about a unit, one line on standard error.

use std::fmt::Display;

/// Something that was to be done otherwise (`warn` and `info`).
pub(crate) fn warn(text: impl Display) {
    if !matches!(level().as_deref(), None | Some("" | "off" | "0")) {
        eprintln!("pm-aot: {text}");
    }
}

/// Something that was done (`info`).
pub(crate) fn info(text: impl Display) {
    if !matches!(level().as_deref(), None | Some("" | "off" | "0" | "warn")) {
        eprintln!("pm-aot: {text}");
    }
}

fn level() -> Option<String> {
    std::env::var("PM_AOT_LOG").ok()
}
