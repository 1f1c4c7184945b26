//! The settings of an artifact, applied to a wasmtime configuration.

use pm_artifact::Settings;
use wasmtime::Config;

/// Sets all of them.
pub(crate) fn apply(settings: &Settings, config: &mut Config) {
    // Destructured, so that a new one can't be forgotten.
    let Settings {
        memory_reservation,
        memory_guard_size,
        memory_may_move,
        guard_before_linear_memory,
        memory_init_cow,
        table_lazy_init,
        signals_based_traps,
        gc_heap_reservation,
        gc_heap_guard_size,
        gc_heap_may_move,
        gc_heap_initial_size,
        native_unwind_info,
        generate_address_map,
        debug_info,
        epoch_interruption,
        consume_fuel,
    } = *settings;
    config
        .memory_reservation(memory_reservation)
        .memory_reservation_for_growth(0)
        .memory_guard_size(memory_guard_size)
        .memory_may_move(memory_may_move)
        .guard_before_linear_memory(guard_before_linear_memory)
        .memory_init_cow(memory_init_cow)
        .memory_guaranteed_dense_image_size(16 << 20)
        .table_lazy_init(table_lazy_init)
        .signals_based_traps(signals_based_traps)
        .gc_heap_reservation(gc_heap_reservation)
        .gc_heap_reservation_for_growth(if gc_heap_may_move { 1 << 20 } else { 0 })
        .gc_heap_guard_size(gc_heap_guard_size)
        .gc_heap_may_move(gc_heap_may_move)
        .gc_heap_initial_size(gc_heap_initial_size)
        .native_unwind_info(native_unwind_info)
        .generate_address_map(generate_address_map)
        .debug_info(debug_info)
        .epoch_interruption(epoch_interruption)
        .consume_fuel(consume_fuel);
}
