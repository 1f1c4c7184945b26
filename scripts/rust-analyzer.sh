#!/usr/bin/env bash
# Shows that a real rust-analyzer expands docs/example's derives from their artifacts: starts it as an editor
# does, asks it for the expansions, and looks at what its macro server has mapped.
#
# RUST_ANALYZER names the rust-analyzer of pm-aot's rustc. Without it, Debian's is downloaded and unpacked into
# the target directory. PM_AOT names pm-aot. Needs python3.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-$PWD/target}
if [ -z "${PM_AOT:-}" ]; then
    # The loader apart: with the others it would have their compiler in it.
    scripts/build-loader.sh --release
    cargo build --release --locked --package pm-aot --package pm-bench
    PM_AOT=$target/release/pm-aot
fi
"$PM_AOT" setup
# The `ok NAME VALUE` lines.
doctor() { "$PM_AOT" doctor | awk -v name="$1" '$2 == name { print $3 }'; }
sysroot=$(doctor sysroot)

if [ -z "${RUST_ANALYZER:-}" ]; then
    prefix=$target/rust-analyzer
    if [ ! -x "$prefix/usr/bin/rust-analyzer" ]; then
        mkdir --parents "$prefix"
        (cd "$prefix" && apt-get --quiet --option APT::Sandbox::User=root download rust-web-analyzer)
        dpkg -x "$prefix"/rust-web-analyzer_*.deb "$prefix"
    fi
    RUST_ANALYZER=$prefix/usr/bin/rust-analyzer
fi

# It runs rustc and cargo by their names, and its programs use that sysroot's libraries.
PATH=$(dirname "$(doctor rustc)"):$PATH
libraries=$(find "$sysroot/lib" -maxdepth 2 -name 'librustc_driver-*.so' -printf '%h:')
export PATH LD_LIBRARY_PATH=$libraries$sysroot/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}
unset RUSTC
export RA_LOG=error
exec python3 scripts/rust-analyzer.py "$RUST_ANALYZER" "$PM_AOT" docs/example
