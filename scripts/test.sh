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
if ! cargo nextest --version >/dev/null 2>&1; then
    cargo install --locked cargo-nextest
fi
failed=0
tests() { cargo nextest run --workspace --locked --no-fail-fast --filterset "$1" || failed=1; }

# Its build and the other tests each leave a processor idle now and then.
log=target/wasi-rustc.log
if ((wasi_rustc)); then
    step "WASI rustc, in the background: $log"
    # Little optimised: what is tested is what it does, and the build takes half the time.
    setsid scripts/wasi-rustc.sh --opt-level 1 >"$log" 2>&1 &
    builder=$!
    trap 'kill -- "-$builder" 2>/dev/null || true' EXIT
fi

step "tests"
tests 'not (package(pm-tests) & test(/^wasi_rustc::/))'

if ((wasi_rustc)); then
    step "tests of the WASI rustc"
    if wait "$builder"; then
        tests 'package(pm-tests) & test(/^wasi_rustc::/)'
    else
        cat "$log" >&2
        failed=1
    fi
fi
exit "$failed"
