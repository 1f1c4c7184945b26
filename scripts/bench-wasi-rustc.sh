#!/usr/bin/env bash
# Measures, in one run, medians: a compile with one derive and with 600 by native rustc, by the WASI
# rustc with the macro's artifact, and by JIT; time, CPU and peak memory, the load, a request.
# Usage: scripts/bench-wasi-rustc.sh [REPETITIONS]
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --package pm-aot --package pm-bench >&2
export PM_AOT=$PWD/target/release/pm-aot
scripts/wasi-rustc.sh >&2
env --chdir=docs/example "$PM_AOT" build --quiet >&2
target/release/pm-bench rustc docs/example/target --pm-aot "$PM_AOT" --repetitions "${1:-21}"
