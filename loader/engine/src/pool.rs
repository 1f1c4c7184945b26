//! Memory that is reserved once and used by one instance after the other.

use pm_artifact::Settings;
use wasmtime::{Enabled, InstanceAllocationStrategy, PoolingAllocationConfig};

/// How many instances a pool has room for. Few, since making it costs some microseconds for each: a
/// compiler expands one macro at a time, and others inside it now and then.
pub const POOLED: u32 = 4;

/// The first bytes of a memory that are put back by copying when an instance ends; the kernel is told
/// to drop the rest. What a small expansion touches: its stack, the statics, the first of its heap.
const KEEP_RESIDENT: usize = 256 << 10;

/// The most elements of a table; a macro crate has some hundreds.
const TABLE_ELEMENTS: usize = 1 << 20;

/// The most bytes of an instance's own data, mostly its table's functions.
const INSTANCE_SIZE: usize = 64 << 20;

pub(crate) fn strategy(settings: &Settings) -> InstanceAllocationStrategy {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_core_instances(POOLED)
        // Exception objects live in a memory of their own.
        .total_memories(2 * POOLED)
        .total_gc_heaps(POOLED)
        .total_tables(POOLED)
        // A host function that calls the macro's allocator takes a second one.
        .total_stacks(2 * POOLED)
        .max_memories_per_module(1)
        .max_tables_per_module(1)
        .max_memory_size(usize::try_from(settings.memory_reservation).unwrap_or(usize::MAX))
        .max_core_instance_size(INSTANCE_SIZE)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    InstanceAllocationStrategy::Pooling(pool)
}
