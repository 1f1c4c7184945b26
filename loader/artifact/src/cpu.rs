//! The machine that code is compiled for.

/// The target that artifacts are compiled for: the machine that this program runs on.
pub const TARGET: &str = if cfg!(all(target_arch = "x86_64", target_os = "linux")) {
    "x86_64-unknown-linux-gnu"
} else if cfg!(all(target_arch = "aarch64", target_os = "linux")) {
    "aarch64-unknown-linux-gnu"
} else if cfg!(all(target_arch = "x86_64", target_os = "macos")) {
    "x86_64-apple-darwin"
} else if cfg!(all(target_arch = "aarch64", target_os = "macos")) {
    "aarch64-apple-darwin"
} else {
    "unsupported"
};

/// The CPU features that compiled code may use.
///
/// A fixed level, not what the compiling machine happens to have: an artifact can move to another
/// machine with its target directory, and the same input gives the same bytes everywhere.
pub struct Cpu;

impl Cpu {
    /// The level's features by rustc's names: `x86-64-v2`, which every x86-64 since 2009 has, and
    /// nothing above the base of aarch64.
    pub const FEATURES: &[&str] = if cfg!(target_arch = "x86_64") {
        &["sse3", "ssse3", "sse4.1", "sse4.2", "popcnt"]
    } else {
        &[]
    };
}

/// Those of an artifact's CPU features that this machine lacks. One that isn't known here counts as
/// missing.
pub fn missing_cpu_features<'a>(features: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    features
        .into_iter()
        .filter(|feature| !has(feature))
        .collect()
}

#[cfg(target_arch = "x86_64")]
fn has(feature: &str) -> bool {
    match feature {
        "sse3" => is_x86_feature_detected!("sse3"),
        "ssse3" => is_x86_feature_detected!("ssse3"),
        "sse4.1" => is_x86_feature_detected!("sse4.1"),
        "sse4.2" => is_x86_feature_detected!("sse4.2"),
        "popcnt" => is_x86_feature_detected!("popcnt"),
        _ => false,
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn has(_feature: &str) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_machine_has_the_level() {
        assert_eq!(
            missing_cpu_features(Cpu::FEATURES.iter().copied()),
            Vec::<&str>::new()
        );
        assert_eq!(
            missing_cpu_features(["sse3", "quantum"]).last(),
            Some(&"quantum")
        );
        assert_ne!(TARGET, "unsupported");
    }
}
