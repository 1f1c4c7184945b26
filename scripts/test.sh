#!/usr/bin/env bash
# Formatting, lints, docs, layering and all tests. Installs or builds what it needs; the toolchain
# for WebAssembly, and the WASI rustc where its tests are wanted, are built once into the user's cache
# directory.
# Usage: scripts/test.sh [--with-wasi-rustc]
set -euo pipefail
cd "$(dirname "$0")/.."
# Where the paths below look for what is built.
export CARGO_TARGET_DIR=$PWD/target

wasi_rustc=0
case ${1:-} in
'') ;;
--with-wasi-rustc) wasi_rustc=1 ;;
*) echo "usage: scripts/test.sh [--with-wasi-rustc]" >&2 && exit 2 ;;
esac

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

export PM_AOT=$PWD/target/debug/pm-aot
chosen='all()'
if ((wasi_rustc)); then
    step "WASI rustc"
    # Little optimised: what is tested is what it does, and the build takes half the time.
    scripts/wasi-rustc.sh --opt-level 1
else
    chosen='not (package(pm-tests) & test(/^wasi_rustc::/))'
fi

step "tests"
if ! cargo nextest --version >/dev/null 2>&1; then
    cargo install --locked cargo-nextest
fi
cargo nextest run --workspace --locked --no-fail-fast --filterset "$chosen"
