//! The engine settings that compiled code depends on, each with its value and its reason.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The stack that wasm code may use, in bytes: native rustc gives a macro 8 MiB, and Cranelift's
/// frames are somewhat larger than LLVM's. The thread that expands must really have it.
pub const MAX_WASM_STACK: usize = 16 << 20;

/// The same for the WASI rustc, in bytes. Native rustc grows its stack where it recurses; this is
/// address space on a thread of its own.
pub const MAX_COMPILER_STACK: usize = 1 << 30;

/// The stack that is left for the host's functions wherever the wasm code is, in bytes: what a macro's
/// requests may be answered on (`pm_abi::STACK_IN_PLACE`), and a mebibyte for the functions themselves.
pub const HOST_STACK: usize = 9 << 20;

/// The settings that compiled code depends on. Two engines run each other's code if these are equal
/// (and wasmtime's version, the target and the CPU features are).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Address space for a linear memory, in bytes: with the whole 4 GiB reserved, bounds checks
    /// are the MMU's.
    pub memory_reservation: u64,
    /// Unmapped bytes after it, which catch constant offsets.
    pub memory_guard_size: u64,
    /// True if a memory may move when it grows. The reservation covers all that it can grow to.
    pub memory_may_move: bool,
    /// An unmapped region before the memory too.
    pub guard_before_linear_memory: bool,
    /// Map the initial memory copy-on-write: an instance costs no copy.
    pub memory_init_cow: bool,
    /// Fill tables when they are used, not when the instance is made.
    pub table_lazy_init: bool,
    /// Traps by signals, which costs the compiled code nothing.
    pub signals_based_traps: bool,
    /// The address space for exception objects, in bytes. They lie in a memory like any other, taken
    /// from the same pool.
    pub gc_heap_reservation: u64,
    /// Unmapped bytes after it.
    pub gc_heap_guard_size: u64,
    /// True if it may move when it grows beyond the reservation.
    pub gc_heap_may_move: bool,
    /// Its size at first, in bytes.
    pub gc_heap_initial_size: u64,
    /// Unwind tables for native debuggers: not ours to need, and large.
    pub native_unwind_info: bool,
    /// The map from machine code to wasm offsets, which only backtraces need.
    pub generate_address_map: bool,
    /// DWARF for native debuggers.
    pub debug_info: bool,
    /// Stop points for time limits. None yet: a macro that loops for ever does so natively too.
    pub epoch_interruption: bool,
    /// Counted instructions.
    pub consume_fuel: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            memory_reservation: 4 << 30,
            memory_guard_size: 32 << 20,
            memory_may_move: false,
            guard_before_linear_memory: false,
            memory_init_cow: true,
            table_lazy_init: true,
            signals_based_traps: true,
            gc_heap_reservation: 4 << 30,
            gc_heap_guard_size: 32 << 20,
            gc_heap_may_move: false,
            gc_heap_initial_size: 0,
            native_unwind_info: false,
            generate_address_map: false,
            debug_info: false,
            epoch_interruption: false,
            consume_fuel: false,
        }
    }
}

impl Settings {
    /// Those of the WASI rustc, of which there is one instance in a process.
    pub fn compiler() -> Settings {
        Settings {
            gc_heap_reservation: 1 << 20,
            gc_heap_guard_size: 0,
            gc_heap_may_move: true,
            ..Settings::default()
        }
    }

    /// The first setting in which two differ: its name, and the value in each.
    pub fn difference(&self, other: &Settings) -> Option<(String, String, String)> {
        if self == other {
            return None;
        }
        let lines = |settings: &Settings| format!("{settings:#?}");
        let (ours, theirs) = (lines(self), lines(other));
        ours.lines()
            .zip(theirs.lines())
            .find(|(a, b)| a != b)
            .map(|(a, b)| {
                let split = |line: &str| {
                    let (name, value) = line.split_once(':').unwrap_or((line, ""));
                    (
                        name.trim().to_owned(),
                        value.trim().trim_end_matches(',').to_owned(),
                    )
                };
                let ((name, ours), (_, theirs)) = (split(a), split(b));
                (name, ours, theirs)
            })
    }
}

impl fmt::Display for Settings {
    /// One `name: value` a line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{self:#?}");
        let lines = text.lines().filter(|line| line.starts_with(' '));
        for (i, line) in lines.enumerate() {
            let separator = if i == 0 { "" } else { "\n" };
            write!(f, "{separator}{}", line.trim().trim_end_matches(','))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_the_difference() {
        let ours = Settings::default();
        assert_eq!(ours.difference(&ours), None);
        let theirs = Settings {
            memory_guard_size: 7,
            ..Settings::default()
        };
        let expect = ("memory_guard_size".into(), "33554432".into(), "7".into());
        assert_eq!(ours.difference(&theirs), Some(expect));
        assert!(
            ours.to_string()
                .starts_with("memory_reservation: 4294967296\nmemory_guard")
        );
    }
}
