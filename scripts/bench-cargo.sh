#!/usr/bin/env bash
# Measures whole builds, in one run, interleaved, medians: a clean `cargo check` and `cargo build`, native,
# with pm-aot and an empty macro cache, and with a warm one; and each after one line has changed. Then what
# the expansions take in rustc, by its own profile.
# Usage: scripts/bench-cargo.sh [REPETITIONS [PACKAGE-FOLDER]]
set -euo pipefail
cd "$(dirname "$0")/.."

# The loader apart: with the others it would have their compiler in it.
scripts/build-loader.sh --release
cargo build --release --locked --package pm-aot --package pm-bench >&2
export PM_AOT=$PWD/target/release/pm-aot
"$PM_AOT" setup >&2
target/release/pm-bench cargo "${2:-docs/example}" --pm-aot "$PM_AOT" --repetitions "${1:-5}"
