//! The engine configuration that loader, compiler and snapshot share. Contains no compiler.
//!
//! wasmtime's defaults depend on its cargo features, on the platform and, for backtraces, on an
//! environment variable. Code that one configuration compiled runs only under an equal one, so
//! every setting that could differ is pinned here, and what is pinned stands in every artifact.

mod pool;
mod settings;

pub use pm_artifact::{HOST_STACK, MAX_COMPILER_STACK, MAX_WASM_STACK, Settings, WASMTIME_VERSION};
pub use pool::POOLED;

use wasmtime::{Collector, Config, ModuleVersionStrategy, WasmBacktraceDetails, WasmFeatures};

/// The use of a compiled module.
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

impl Purpose {
    /// All of them.
    pub const ALL: [Purpose; 4] = [
        Purpose::Artifact,
        Purpose::Jit,
        Purpose::Once,
        Purpose::Compiler,
    ];
}

/// The configuration of an engine that runs code which one for this purpose has compiled
/// (`pm-cranelift`). `abi` is `pm_abi::layout::ABI`; it goes into wasmtime's own version string, so that
/// a file that lost its manifest is refused too.
///
/// # Errors
///
/// Where wasmtime can't run on this machine: the text says which feature or setting is missing.
pub fn config(purpose: Purpose, abi: u32) -> wasmtime::Result<Config> {
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
    settings::apply(&settings, &mut config);
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

/// The configuration for [`Purpose::Artifact`] with the memory of its instances, of which there are
/// [`POOLED`] at a time, reserved once and used again: an instance costs no system call that maps or
/// unmaps. To make the engine fails where there isn't so much address space (a limit on it, strict
/// overcommit).
///
/// # Errors
///
/// As [`config`].
pub fn pooling_config(abi: u32) -> wasmtime::Result<Config> {
    let mut config = config(Purpose::Artifact, abi)?;
    config.allocation_strategy(pool::strategy(&Settings::default()));
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
    use wasmtime::Engine;

    #[test]
    fn the_version_is_the_one_that_is_linked() {
        let locks = [
            ("Cargo.lock", include_str!("../../../Cargo.lock")),
            (
                "loader/native/Cargo.lock",
                include_str!("../../native/Cargo.lock"),
            ),
        ];
        let expect = format!("name = \"wasmtime\"\nversion = \"{WASMTIME_VERSION}\"");
        for (path, lock) in locks {
            assert!(
                lock.contains(&expect),
                "{path} has another wasmtime: set WASMTIME_VERSION"
            );
        }
    }

    #[test]
    fn makes_an_engine_for_each_purpose() {
        for purpose in Purpose::ALL {
            Engine::new(&config(purpose, 1).unwrap()).unwrap();
        }
        Engine::new(&pooling_config(1).unwrap()).unwrap();
    }
}
