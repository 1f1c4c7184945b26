#!/usr/bin/env bash
# Proves the absences that docs/ARCHITECTURE.md states, with cargo's dependency graph.
set -euo pipefail
cd "$(dirname "$0")/.."

# absent PACKAGE DEPENDENCY [CARGO TREE ARGUMENTS]: fails if PACKAGE depends on DEPENDENCY.
absent() {
    local package=$1 dependency=$2 tree
    shift 2
    # Its own step, so that a failure of cargo isn't taken for an absence.
    tree=$(cargo tree --locked --edges normal --package "$package" --prefix none "$@")
    if grep --quiet --extended-regexp "^$dependency v" <<<"$tree"; then
        echo "error: $package depends on $dependency" >&2
        cargo tree --locked --edges normal --package "$package" "$@" --invert "$dependency" >&2
        exit 1
    fi
    echo "$package has no $dependency"
}

absent pm-loader cranelift-codegen --no-default-features
absent pm-loader wasmtime-internal-cranelift --no-default-features
absent pm-loader pm-snapshot --no-default-features
absent pm-rustc cranelift-codegen --no-default-features
absent pm-native cranelift-codegen
absent pm-native pm-snapshot
absent pm-native toml
absent pm-abi wasmtime
absent pm-bridge wasmtime
absent pm-protocol wasmtime
absent pm-shim wasmtime
absent pm-server wasmtime
absent pm-snapshot pm-loader
absent pm-toolchain wasmtime
absent pm-build wasmtime

# And that this script can find a dependency at all.
if (absent pm-loader cranelift-codegen --features compile) >/dev/null 2>&1; then
    echo "error: the compiler isn't found where it is" >&2
    exit 1
fi
