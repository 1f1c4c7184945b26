//! What machine the code is for.

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

    /// The same, by Cranelift's names.
    #[cfg(feature = "compile")]
    const FLAGS: &[&str] = if cfg!(target_arch = "x86_64") {
        &[
            "has_sse3",
            "has_ssse3",
            "has_sse41",
            "has_sse42",
            "has_popcnt",
        ]
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

/// Sets target, CPU and optimisation level of the compiler.
#[cfg(feature = "compile")]
pub(crate) fn compiler(
    config: &mut wasmtime::Config,
    purpose: crate::Purpose,
) -> wasmtime::Result<()> {
    use wasmtime::{OptLevel, RegallocAlgorithm, Strategy};
    let (level, allocator) = match purpose {
        crate::Purpose::Artifact | crate::Purpose::Compiler => {
            (OptLevel::Speed, RegallocAlgorithm::Backtracking)
        }
        crate::Purpose::Jit | crate::Purpose::Once => {
            (OptLevel::None, RegallocAlgorithm::SinglePass)
        }
    };
    config
        .strategy(Strategy::Cranelift)
        .target(TARGET)?
        .cranelift_opt_level(level)
        .cranelift_regalloc_algorithm(allocator)
        .cranelift_debug_verifier(false)
        .cranelift_nan_canonicalization(true)
        .parallel_compilation(true);
    for flag in Cpu::FLAGS {
        // SAFETY: the flags only name CPU features, and wasmtime refuses to run code that uses one
        // which the machine lacks.
        unsafe { config.cranelift_flag_enable(flag) };
    }
    Ok(())
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
