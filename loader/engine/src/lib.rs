//! The one engine configuration that snapshot, compiler and loader share.
//!
//! wasmtime's defaults depend on its cargo features, on the platform and, for backtraces, on an
//! environment variable. Code that one configuration compiled runs only under an equal one, so
//! every setting that could differ is pinned here, and what is pinned stands in every artifact.

mod cpu;
mod pool;
mod settings;

pub use cpu::{Cpu, TARGET, missing_cpu_features};
pub use pool::POOLED;
pub use settings::{HOST_STACK, MAX_COMPILER_STACK, MAX_WASM_STACK, Settings};

use wasmtime::{
    Collector, Config, Engine, ModuleVersionStrategy, WasmBacktraceDetails, WasmFeatures,
};

/// The full version of the wasmtime that is linked in. wasmtime's own check compares the major
/// version alone; ours compares this. `build.rs`-free: held against `Cargo.lock` by a test.
pub const WASMTIME_VERSION: &str = "48.0.8";

/// What a module is compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be kept and run often: optimised.
    Artifact,
    /// To be run now and not kept, where an artifact couldn't be used: whoever waits for the compiler
    /// gets more from code that is there soon than from code that is fast.
    Jit,
    /// To be run once and thrown away, as the instrumented module of a snapshot is: compiled as
    /// fast as possible.
    Once,
    /// To be kept, as an artifact: the compiler itself, which recurses far deeper than a macro.
    Compiler,
}

/// Makes the engine for a purpose. `abi` is the number of the proc-macro ABI (`pm_abi::layout::ABI`);
/// it goes into wasmtime's own version string, so that a file that lost its manifest is refused too.
///
/// # Errors
///
/// Where wasmtime can't run on this machine: the text says which feature or setting is missing.
pub fn engine(purpose: Purpose, abi: u32) -> wasmtime::Result<Engine> {
    let config = config(purpose, abi)?;
    #[cfg(feature = "compile")]
    let config = {
        let mut config = config;
        cpu::compiler(&mut config, purpose)?;
        config
    };
    Engine::new(&config)
}

/// An engine that runs what one for [`Purpose::Artifact`] has compiled, and has no compiler of its own
/// even where one is linked in: that is a quarter of the time to make it.
///
/// # Errors
///
/// As [`engine`].
pub fn loading_engine(abi: u32) -> wasmtime::Result<Engine> {
    Engine::new(&loading_config(abi)?)
}

/// A [`loading_engine`] with the memory of its instances, of which there are [`POOLED`] at a time,
/// reserved once and used again: an instance costs no system call that maps or unmaps.
///
/// # Errors
///
/// As [`engine`], and where there isn't so much address space (a limit on it, strict overcommit).
pub fn pooling_engine(abi: u32) -> wasmtime::Result<Engine> {
    let mut config = loading_config(abi)?;
    config.allocation_strategy(pool::strategy(&Settings::default()));
    Engine::new(&config)
}

fn loading_config(abi: u32) -> wasmtime::Result<Config> {
    let config = config(Purpose::Artifact, abi)?;
    #[cfg(feature = "compile")]
    let config = {
        let mut config = config;
        config.enable_compiler(false);
        config
    };
    Ok(config)
}

fn config(purpose: Purpose, abi: u32) -> wasmtime::Result<Config> {
    let mut config = Config::new();
    let settings = match purpose {
        Purpose::Artifact | Purpose::Jit => Settings::default(),
        Purpose::Compiler => Settings::compiler(),
        // An image of the memory in a file of its own is for many instances, not for one.
        Purpose::Once => Settings {
            memory_init_cow: false,
            ..Settings::default()
        },
    };
    let stack = match purpose {
        Purpose::Artifact | Purpose::Jit | Purpose::Once => MAX_WASM_STACK,
        Purpose::Compiler => MAX_COMPILER_STACK,
    };
    settings.apply(&mut config);
    wasm_features(&mut config);
    // Not `compiler_inlining`: expansions 4 to 7 % faster, artifacts 1.7 times as large.
    config
        .module_version(ModuleVersionStrategy::Custom(module_version(abi)))?
        .collector(Collector::Null)
        .max_wasm_stack(stack)
        // Checked against `max_wasm_stack` even where nothing is asynchronous.
        .async_stack_size(stack + HOST_STACK)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(16));
    Ok(config)
}

/// What wasmtime writes into, and asks of, every compiled module.
fn module_version(abi: u32) -> String {
    format!("wasmtime {WASMTIME_VERSION}, pm-aot abi {abi}")
}

/// What rustc and LLVM 22 emit for `wasm32-wasip1`, exceptions, and nothing else.
fn wasm_features(config: &mut Config) {
    let wanted = WasmFeatures::MUTABLE_GLOBAL
        | WasmFeatures::SATURATING_FLOAT_TO_INT
        | WasmFeatures::SIGN_EXTENSION
        | WasmFeatures::REFERENCE_TYPES
        | WasmFeatures::MULTI_VALUE
        | WasmFeatures::BULK_MEMORY
        | WasmFeatures::SIMD
        | WasmFeatures::TAIL_CALL
        | WasmFeatures::EXTENDED_CONST
        | WasmFeatures::FLOATS
        | WasmFeatures::GC_TYPES
        | WasmFeatures::EXCEPTIONS;
    config
        .wasm_features(WasmFeatures::all() - wanted, false)
        .wasm_features(wanted, true);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_one_that_is_linked() {
        let lock = include_str!("../../../Cargo.lock");
        let expect = format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"");
        assert!(
            lock.contains(&expect),
            "Cargo.lock has another wasmtime: set WASMTIME_VERSION"
        );
    }

    #[test]
    fn makes_an_engine_for_each_purpose() {
        let all = [
            Purpose::Artifact,
            Purpose::Jit,
            Purpose::Once,
            Purpose::Compiler,
        ];
        for purpose in all {
            engine(purpose, 1).unwrap();
        }
        loading_engine(1).unwrap();
        pooling_engine(1).unwrap();
    }
}
