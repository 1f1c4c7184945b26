#!/usr/bin/env bash
# Formatting, lints, docs, layering and all tests. Installs or builds what it needs; the toolchain
# for WebAssembly is built once into the user's cache directory.
set -euo pipefail
cd "$(dirname "$0")/.."
# Where the paths below look for what is built.
export CARGO_TARGET_DIR=$PWD/target

step() { printf '\n== %s\n' "$*" >&2; }

step "formatting"
cargo fmt --all --check

step "lints"
cargo clippy --workspace --all-targets --locked -- --deny warnings

step "docs"
RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked --document-private-items

step "layering"
scripts/check-layers.sh

step "build"
cargo build --workspace --locked

step "toolchain for WebAssembly"
target/debug/pm-aot setup

step "tests"
export PM_AOT=$PWD/target/debug/pm-aot
if ! cargo nextest --version >/dev/null 2>&1; then
    cargo install --locked cargo-nextest
fi
cargo nextest run --workspace --locked --no-fail-fast
