#!/usr/bin/env bash
# From nothing to an expansion: builds pm-aot, sets up the toolchain for WebAssembly, builds and
# precompiles the macros of docs/example, and shows an expansion and the load times.
set -euo pipefail
cd "$(dirname "$0")/.."

run() {
    printf '\n$ %s\n' "$*" >&2
    "$@"
}

run cargo build --release --locked --package pm-aot --package pm-bench
pm_aot=$PWD/target/release/pm-aot
run "$pm_aot" setup
run env --chdir=docs/example "$pm_aot" build
run "$pm_aot" list docs/example/target
wasm=$(find docs/example/target -name 'serde_derive-*.wasm' -print -quit)
run "$pm_aot" expand docs/example/src/main.rs --macro "$wasm" --derive Serialize
run target/release/pm-bench load docs/example/target
