#!/usr/bin/env bash
# Measures, in one run, medians of at least 20: JIT load, .cwasm load, dlopen and dlsym of the native
# build of the same macro, a fresh instance, an expansion as wasm and natively, the artifact's size.
# Usage: scripts/bench.sh [REPETITIONS]
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --release --locked --package pm-aot --package pm-bench >&2
scripts/build-loader.sh --release
target/release/pm-aot setup >&2
# The same crates natively at the level that cargo gives macros (0) and at the level that theirs
# have as wasm (3); `pm-aot build` makes the wasm of both at level 3.
env --chdir=docs/example "$PWD/target/release/pm-aot" build --quiet >&2
env --chdir=docs/example CARGO_PROFILE_DEV_BUILD_OVERRIDE_OPT_LEVEL=3 \
    "$PWD/target/release/pm-aot" build --quiet --target-dir target/opt3 >&2
target/release/pm-bench all docs/example/target --optimised docs/example/target/opt3 \
    --repetitions "${1:-21}"
