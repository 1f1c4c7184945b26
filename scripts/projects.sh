#!/usr/bin/env bash
# Builds published packages with `pm-aot cargo`, runs their own tests, does the same with native macros
# (PM_AOT_POLICY), and compares the results; says which macro crates ran from artifacts, and which stayed
# native.
# Usage: scripts/projects.sh [NAME@VERSION…]
set -euo pipefail
cd "$(dirname "$0")/.."

packages=("$@")
if ((!${#packages[@]})); then
    packages=(just@1.59.0 lsp-types@0.97.0 serde_with@3.25.0 bevy_reflect@0.20.1 mdbook@0.5.4)
fi
# The loader apart: with the others it would have their compiler in it.
scripts/build-loader.sh --release
cargo build --release --locked --package pm-aot --package pm-bench >&2
pm_aot=$PWD/target/release/pm-aot
"$pm_aot" setup >&2
# Not in this repository: tests that look for their workspace's root would find this one's.
work=${TMPDIR:-/tmp}/pm-aot-projects-$UID
mkdir --parents "$work"

# fetch NAME VERSION: the package's own folder, as published, with write access.
fetch() {
    local asked=$work/$1-asked
    mkdir --parents "$asked/src"
    printf '[package]\nname = "asked"\nedition = "2024"\n[workspace]\n[dependencies]\n%s = "=%s"\n' \
        "$1" "$2" >"$asked/Cargo.toml"
    : >"$asked/src/lib.rs"
    # Not by `cargo metadata`, which leaves out what has no library.
    (cd "$asked" && cargo fetch --quiet)
    local sources=("${CARGO_HOME:-$HOME/.cargo}"/registry/src/*/"$1-$2")
    rm --recursive --force "$asked/package"
    cp --recursive "${sources[0]}" "$asked/package"
    mv "$asked/package" "$work/$1-$2"
}

# results LOG: what cargo says of tests, without times.
results() { grep '^test result: ' "$1" | sed 's/; finished in .*//' || true; }

failed=0
for package in "${packages[@]}"; do
    name=${package%@*} version=${package#*@}
    folder=$work/$name-$version
    [[ -d $folder ]] || fetch "$name" "$version"
    # A package in a package isn't one of its workspace.
    grep --quiet '^\[workspace\]' "$folder/Cargo.toml" || printf '\n[workspace]\n' >>"$folder/Cargo.toml"
    printf '\n== %s\n' "$package"
    for way in native wasm; do
        log=$work/$name-$way.log policy=
        if [[ $way == native ]]; then policy='*=native'; fi
        status=0
        (
            cd "$folder"
            # In the package, as without the variable: tests that run cargo work there.
            export PM_AOT_POLICY=$policy CARGO_TARGET_DIR=$folder/target/$way
            unset RUST_BACKTRACE
            # What ran from where is told of a check: cargo would repeat it where tests run what was built.
            PM_AOT_LOG=info "$pm_aot" cargo check --all-targets &&
                "$pm_aot" cargo build && "$pm_aot" cargo test --no-fail-fast
        ) >"$log" 2>&1 || status=$?
        printf '%8s: exit status %d; %s\n' "$way" "$status" \
            "$(results "$log" | awk '{ passed += $4; failed += $6 } END { print passed + 0 " passed, " failed + 0 " failed" }')"
    done
    printf '  macros: %s from artifacts\n' \
        "$(sed --quiet 's|^pm-aot: .*/\([^/]*\)-[0-9a-f]*\.wasm: artifact.*|\1|p' "$work/$name-wasm.log" | sort --unique | xargs)"
    grep --extended-regexp 'stays native|: JIT, ' "$work/$name-wasm.log" | sort --unique | sed 's/^/          /' || true
    if ! diff <(results "$work/$name-native.log") <(results "$work/$name-wasm.log"); then
        failed=1
    fi
done
exit "$failed"
