#!/usr/bin/env bash
# Proves the absences that docs/ARCHITECTURE.md states, with cargo's dependency graph.
set -euo pipefail
cd "$(dirname "$0")/.."

# tree MANIFEST PACKAGE: what PACKAGE depends on, with all features, a line each: NAME vVERSION (PATH)
tree() {
    cargo tree --locked --edges normal --all-features --manifest-path "$1" --package "$2" \
        --prefix none
}

# absent MANIFEST PACKAGE PATTERN WHAT: fails if PACKAGE depends on anything that matches PATTERN.
absent() {
    local manifest=$1 package=$2 pattern=$3 what=$4 found
    # Its own step, so that a failure of cargo isn't taken for an absence.
    found=$(tree "$manifest" "$package")
    if grep --extended-regexp "$pattern" <<<"$found"; then
        echo "error: $package depends on $what" >&2
        exit 1
    fi
    echo "$package depends on no $what"
}
workspace=Cargo.toml native=loader/native/Cargo.toml
compiler='^(cranelift-codegen|wasmtime-internal-cranelift|wasmtime-internal-winch|pm-cranelift) v'
aot="\\($PWD/aot(/|\\))"

# The layers: nothing under loader/ depends on anything under aot/ or on the snapshot, nor does any
# feature bring a compiler in.
for package in pm-abi pm-artifact pm-bridge pm-engine pm-loader pm-rustc pm-sandbox pm-server pm-shim \
    pm-wasi; do
    absent $workspace $package "$aot|\\($PWD/snapshot\\)" "package of aot/ or snapshot/"
done
absent $native pm-native "$aot|\\($PWD/snapshot\\)" "package of aot/ or snapshot/"
absent $native pm-native "$compiler" "compiler"
absent $native pm-native "^toml v" "parser of configuration"
for package in pm-loader pm-rustc pm-engine; do
    absent $workspace "$package" "$compiler" "compiler"
    features=$(cargo metadata --locked --no-deps --format-version 1 |
        python3 -c 'import json, sys
for package in json.load(sys.stdin)["packages"]:
    if package["name"] == sys.argv[1]:
        print(*package["features"])' "$package")
    if [[ -n $features ]]; then
        echo "error: $package has features: $features" >&2
        exit 1
    fi
    echo "$package has no features"
done

# Plain data, or tools that build: no WebAssembly runtime.
for package in pm-abi pm-artifact pm-bridge pm-protocol pm-sandbox pm-shim pm-shim-writer pm-server \
    pm-toolchain pm-build pm-policy; do
    absent $workspace $package "^wasmtime v" "WebAssembly runtime"
done
absent $workspace pm-snapshot "^pm-loader v" "loader"

# And that this script can find a dependency at all.
if (absent $workspace pm-compile "$compiler" "compiler") >/dev/null 2>&1; then
    echo "error: the compiler isn't found where it is" >&2
    exit 1
fi
if (absent $workspace pm-aot "$aot" "package of aot/") >/dev/null 2>&1; then
    echo "error: the folder aot/ isn't found where it is" >&2
    exit 1
fi
