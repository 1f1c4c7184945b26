#!/usr/bin/env bash
# Formatting, lints, docs, layering and all tests with rustc 1.96; the samples with rustc 1.98.1.
# Installs or builds what it needs; the toolchain for WebAssembly, the WASI rustc and the file system
# with rustc 1.98.1 are made once, in the user's cache directory.
# Usage: scripts/test.sh [--without-wasi-rustc]
set -euo pipefail
cd "$(dirname "$0")/.."
# Where the paths below look for what is built.
export CARGO_TARGET_DIR=$PWD/target

wasi_rustc=1
case ${1:-} in
'') ;;
--without-wasi-rustc) wasi_rustc=0 ;;
*) echo "usage: scripts/test.sh [--without-wasi-rustc]" >&2 && exit 2 ;;
esac

step() { printf '\n== %s (after %d min)\n' "$*" "$((SECONDS / 60))" >&2; }

step "formatting"
cargo fmt --all --check
cargo fmt --manifest-path loader/native/Cargo.toml --check

# With the tests, so that nothing is compiled twice with other features.
step "build"
cargo build --workspace --all-targets --locked
scripts/build-loader.sh
export PM_AOT=$PWD/target/debug/pm-aot

step "toolchain for WebAssembly"
"$PM_AOT" setup

# Its build and the other steps each leave a processor idle now and then.
log=target/wasi-rustc.log folder=target/wasi-rustc.folder
if ((wasi_rustc)); then
    step "WASI rustc, in the background: $log"
    # Little optimised: what is tested is what it does, and the build takes half the time.
    # A better one that the user has stays the one that `pm-aot rustc` runs.
    setsid scripts/wasi-rustc.sh --opt-level 1 --no-link >"$folder" 2>"$log" &
    builder=$!
fi

# Where none can be made, the step that needs it says why.
root_log=target/rustc-1.98.1.log
setsid scripts/test-rustc.sh --make-only 1.98.1 >"$root_log" 2>&1 &
root_maker=$!
trap 'kill -- "-${builder:-$root_maker}" "-$root_maker" 2>/dev/null || true' EXIT

step "lints"
cargo clippy --workspace --all-targets --locked -- --deny warnings
cargo clippy --manifest-path loader/native/Cargo.toml --target-dir target/loader --all-targets \
    --locked -- --deny warnings

step "docs"
RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps --locked --document-private-items

step "layering"
scripts/check-layers.sh

if ! cargo nextest --version >/dev/null 2>&1; then
    step "cargo-nextest"
    cargo install --locked cargo-nextest
fi
failed=0
tests() { cargo nextest run --workspace --locked --no-fail-fast --filterset "$1" || failed=1; }

step "tests of the loader's library"
cargo nextest run --manifest-path loader/native/Cargo.toml --target-dir target/loader --locked || failed=1

step "tests"
tests 'not (package(pm-tests) & test(/^wasi_rustc::/))'

if ((wasi_rustc)); then
    step "tests of the WASI rustc"
    if wait "$builder"; then
        PM_AOT_WASI_RUSTC=$(<"$folder")
        export PM_AOT_WASI_RUSTC
        tests 'package(pm-tests) & test(/^wasi_rustc::/)'
    else
        cat "$log" >&2
        failed=1
    fi
fi
step "samples with rustc 1.98.1"
if wait "$root_maker"; then
    scripts/test-rustc.sh --filter 'test(/^samples::/)' 1.98.1 || failed=1
else
    cat "$root_log" >&2
    echo "The samples were not run with rustc 1.98.1; the lines above say why." >&2
fi

step "done"
exit "$failed"
