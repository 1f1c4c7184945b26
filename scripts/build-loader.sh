#!/usr/bin/env bash
# Builds libpm_loader.so, the library that macros run in under a stock rustc, and puts it beside pm-aot
# in target/debug or, with --release, in target/release. It is built by itself, since cargo would give
# it the tools' wasmtime, which contains a compiler.
# Usage: scripts/build-loader.sh [--release]
set -euo pipefail
cd "$(dirname "$0")/.."

profile=dev folder=debug
case ${1:-} in
'') ;;
--release) profile=release folder=release ;;
*) echo "usage: scripts/build-loader.sh [--release]" >&2 && exit 2 ;;
esac

target=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --locked --profile "$profile" --manifest-path loader/native/Cargo.toml \
    --target-dir "$target/loader" >&2
mkdir --parents "$target/$folder"
# Renamed, so that a compiler which has the old one mapped keeps it.
cp "$target/loader/$folder/libpm_loader.so" "$target/$folder/libpm_loader.so.new"
mv "$target/$folder/libpm_loader.so.new" "$target/$folder/libpm_loader.so"
