//! Engines with a compiler: `pm-engine`'s configuration and Cranelift's settings.
//!
//! Only tools depend on this crate. The library that compilers load is built by itself, without it
//! (`loader/native`), since cargo gives all packages of a build one wasmtime with all features.

use pm_artifact::{Cpu, TARGET};
pub use pm_engine::Purpose;
use wasmtime::{Config, Engine, OptLevel, RegallocAlgorithm, Strategy};

/// Cranelift's names of [`Cpu::FEATURES`].
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

const _: () = assert!(FLAGS.len() == Cpu::FEATURES.len());

/// Makes the engine that compiles for a purpose. `abi` is `pm_abi::layout::ABI`.
///
/// # Errors
///
/// Those of [`pm_engine::config`].
pub fn engine(purpose: Purpose, abi: u32) -> wasmtime::Result<Engine> {
    let mut config = pm_engine::config(purpose, abi)?;
    set_compiler(&mut config, purpose)?;
    Engine::new(&config)
}

/// Switches the compiler off in the configuration of an engine that only loads: that is a quarter of the
/// time to make it.
pub fn without_compiler(config: &mut Config) {
    config.enable_compiler(false);
}

/// Sets target, CPU and optimisation level of the compiler.
fn set_compiler(config: &mut Config, purpose: Purpose) -> wasmtime::Result<()> {
    let (level, allocator) = match purpose {
        Purpose::Artifact | Purpose::Compiler => (OptLevel::Speed, RegallocAlgorithm::Backtracking),
        Purpose::Jit | Purpose::Once => (OptLevel::None, RegallocAlgorithm::SinglePass),
    };
    config
        .strategy(Strategy::Cranelift)
        .target(TARGET)?
        .cranelift_opt_level(level)
        .cranelift_regalloc_algorithm(allocator)
        .cranelift_debug_verifier(false)
        .cranelift_nan_canonicalization(true)
        .parallel_compilation(true);
    for flag in FLAGS {
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
    fn makes_an_engine_for_each_purpose() {
        for purpose in Purpose::ALL {
            engine(purpose, 1).unwrap();
        }
    }
}
