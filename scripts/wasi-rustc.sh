#!/usr/bin/env bash
# Builds the WASI rustc (rustc-patch/) for the rustc that `pm-aot setup` finds, and compiles it ahead
# of time: CACHE/wasi-rustc/KEY/{rustc.wasm,rustc.cwasm,wasi-rustc.json}, and the link `current` there,
# which `pm-aot rustc` runs. What is there already is kept. Prints the folder.
# Usage: scripts/wasi-rustc.sh [--tree RUSTC_SOURCES] [--opt-level 0|1|2|3] [--force] [--no-link]
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd)
patch=$project/rustc-patch

tree='' opt_level=3 force=0 link_current=1
usage() {
    sed --quiet '2,6s/^# //p' "$0"
}
while (($#)); do
    case $1 in
    --tree) tree=${2:?"--tree needs a path"} && shift ;;
    --opt-level) opt_level=${2:?"--opt-level needs a number"} && shift ;;
    --force) force=1 ;;
    --no-link) link_current=0 ;;
    --help) usage && exit ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done

status() { printf '%12s %s\n' "$1" "$2" >&2; }
fail() {
    printf 'error: %s\nhelp: %s\n' "$1" "$2" >&2
    exit 1
}

# need COMMAND PACKAGE: installs what isn't there, where that can be done without asking.
need() {
    if command -v "$1" >/dev/null; then
        return
    elif [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then
        { apt-get update --quiet && apt-get install --quiet --yes "$2"; } >&2
    else
        fail "\`$1\` isn't installed" "install the package \`$2\`"
    fi
}
need python3 python3
need patch patch
need flock util-linux

# field FILE KEY: a value of a JSON object; of an array, a line an element.
field() {
    python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))[sys.argv[2]]
print(*(value if isinstance(value, list) else [value]), sep="\n")' "$1" "$2"
}
# manifest KEY: a string in the patch's manifest.
manifest() { sed --quiet "s/^$1 = \"\(.*\)\"$/\1/p" "$patch/manifest.toml"; }

pm_aot=${PM_AOT:-}
for built in "$project"/target/{debug,release}/pm-aot; do
    if [[ -z $pm_aot && -x $built ]]; then pm_aot=$built; fi
done
if [[ -z $pm_aot ]]; then
    (cd "$project" && cargo build --locked --package pm-aot >&2)
    pm_aot=${CARGO_TARGET_DIR:-$project/target}/debug/pm-aot
fi

# The toolchain: rustc, its sources, and std for wasm.
"$pm_aot" setup >&2
work=$(mktemp --directory)
trap 'rm --recursive --force "$work"' EXIT
"$pm_aot" doctor --message-format json >"$work/doctor.json"
cache=$(field "$work/doctor.json" cache)
toolchain=$(dirname "$(field "$work/doctor.json" wasm_sysroot)")
json=$toolchain/toolchain.json
if [[ $(field "$json" panic) != unwind ]]; then
    fail "the toolchain's std for wasm does not unwind" \
        "run \`pm-aot setup\` without a setting for panics"
fi
libraries=$(field "$json" library_path | paste --serial --delimiters : -)
rustc=$(field "$json" rustc) cargo=$(field "$json" cargo) libc=$(field "$json" libc)
native() { env LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$@"; }
about=$(native "$rustc" --version --verbose)
about() { sed --quiet "s/^$1: //p" <<<"$about"; }
version=$(head --lines 1 <<<"$about")

if [[ $(about release) != "$(manifest rustc)" ]]; then
    fail "the patch is for rustc $(manifest rustc), and this is $version" \
        "set PM_AOT_RUSTC to a rustc $(manifest rustc), or carry the patch over (docs/PORTING.md)"
fi
sources=$(field "$json" library_sources)
tree=$(realpath "${tree:-"$sources/.."}")
if [[ ! -f $tree/compiler/rustc/Cargo.toml || ! -f $tree/Cargo.lock ]]; then
    fail "\`$tree\` has no sources of the compiler" \
        "unpack rustc-$(manifest rustc)-src and pass it with --tree"
fi

# What the result depends on, by content.
key=$({
    sha256sum <"$0"
    (cd "$patch" && find . -type f | LC_ALL=C sort | xargs sha256sum)
    (cd "$tree" && find Cargo.lock compiler library/proc_macro -type f |
        LC_ALL=C sort | xargs --delimiter '\n' sha256sum)
    echo "$about" "$(field "$json" id)" "$opt_level"
} | sha256sum | cut --characters 1-16)
all=$cache/wasi-rustc
final=$all/$key
mkdir --parents "$all"
exec {lock}>"$all/lock"
flock --nonblock "$lock" || { status Blocking "waiting for another build" && flock "$lock"; }

# use: compiles the module anew if what is there is another wasmtime's or another CPU's, and makes the
# link to this build, in one step.
use() {
    "$pm_aot" precompile-rustc "$final/rustc.wasm" >&2
    if ((link_current)); then
        ln --symbolic --force --no-dereference "$key" "$all/current.new"
        mv --no-target-directory "$all/current.new" "$all/current"
    fi
    echo "$final"
}
if ((!force)) && [[ -f $final/wasi-rustc.json ]]; then
    status Fresh "$version for WASI ($final)"
    use
    exit
fi

# A fixed place, since paths of source files are in what is built; an interrupted build is resumed.
build=$all/build-$key
if ((force)); then rm --recursive --force "$build"; fi
if [[ ! -d $build/tree ]]; then
    status Copying "the compiler's sources"
    rm --recursive --force "$build/copy"
    mkdir --parents "$build/copy/library"
    cp --recursive --no-preserve=mode,ownership "$tree/compiler" "$tree/Cargo.lock" "$build/copy"
    cp --recursive --no-preserve=mode,ownership "$tree/library/proc_macro" "$build/copy/library"
    "$patch/apply.sh" "$build/copy"
    cp --recursive "$patch/driver" "$patch/workspace.toml" "$build/copy"
    mv "$build/copy/workspace.toml" "$build/copy/Cargo.toml"
    mv "$build/copy" "$build/tree"
fi

# What is known of the native compiler, so that this one says the same and reads its metadata.
unset "${!CFG_@}" RUSTFLAGS CARGO_ENCODED_RUSTFLAGS RUSTC_WRAPPER RUSTC_WORKSPACE_WRAPPER \
    CARGO_INCREMENTAL "${!CARGO_BUILD_@}" "${!CARGO_PROFILE_@}" "${!CARGO_TARGET_@}"
export CFG_VERSION="${version#rustc }" CFG_RELEASE RUSTC_INSTALL_BINDIR=bin
CFG_RELEASE=$(about release)
case $CFG_RELEASE in
*-nightly | *-dev) export CFG_RELEASE_CHANNEL=${CFG_RELEASE##*-} ;;
*-beta*) export CFG_RELEASE_CHANNEL=beta CFG_DISABLE_UNSTABLE_FEATURES=1 ;;
*) export CFG_RELEASE_CHANNEL=stable CFG_DISABLE_UNSTABLE_FEATURES=1 ;;
esac
hash=$(about commit-hash)
if [[ $hash != unknown ]]; then
    export CFG_VER_HASH=$hash CFG_VER_DATE
    CFG_VER_DATE=$(about commit-date)
fi
# Where official builds say that std's sources are; they are then shown where they really are.
sysroot=$(field "$json" sysroot)
if grep --quiet --text --fixed-strings "/rustc/$hash" "$sysroot"/lib/librustc_driver-* 2>/dev/null; then
    export CFG_VIRTUAL_RUST_SOURCE_BASE_DIR=/rustc/$hash
fi
# No --target means the native one: cargo asks what `host` is, and compiles for it.
export CFG_COMPILER_HOST_TRIPLE CFG_DEFAULT_CODEGEN_BACKEND=dummy
CFG_COMPILER_HOST_TRIPLE=$(about host)

flags=(
    --sysroot "$(field "$json" wasm_sysroot)"
    -Zunstable-options
    -Cpanic=unwind
    --cap-lints=allow
    "--remap-path-prefix=$build/tree=/rustc-$CFG_RELEASE"
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}/registry/src=/rust/deps"
)
# As a macro is linked, but a command; nothing may be missing; and the host adds functions to the table.
link=()
while IFS= read -r argument; do
    case $argument in
    */crt1-reactor.o) link+=("-Clink-arg=$libc/crt1-command.o") ;;
    *--export=_initialize | *--unresolved-symbols=*) ;;
    *) link+=("$argument") ;;
    esac
done < <(field "$json" link_args)
for argument in --wrap=linkat --export-table --growable-table --max-memory=4294967296 --stack-first \
    -z stack-size=134217728; do
    link+=("-Clink-arg=$argument")
done

# Optimising across a crate's own codegen units is for a compiler that is to be fast.
lto=false
if [[ $opt_level == [01] ]]; then lto='"off"'; fi
status Building "$version for WASI, at opt-level $opt_level (10 to 30 minutes on two cores)"
start=$SECONDS
(
    cd "$build/tree"
    export RUSTC=$rustc RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR=$build/target
    CARGO_ENCODED_RUSTFLAGS=$(printf '%s\x1f' "${flags[@]}")
    export CARGO_ENCODED_RUSTFLAGS=${CARGO_ENCODED_RUSTFLAGS%$'\x1f'}
    native "$cargo" rustc --release --package pm-wasi-rustc --bin pm-wasi-rustc \
        -Zjson-target-spec -Zunstable-options --target "$(field "$json" target_spec)" \
        --config "profile.release.opt-level=$opt_level" --config "profile.release.lto=$lto" \
        -- "${link[@]}" >&2
)
seconds=$((SECONDS - start))

rm --recursive --force "$build/out"
mkdir "$build/out"
cp "$build/target/wasm32-wasip1/release/pm-wasi-rustc.wasm" "$build/out/rustc.wasm"
status Precompiling "the WASI rustc (some minutes)"
"$pm_aot" precompile-rustc "$build/out/rustc.wasm" >&2
python3 - "$build/out/wasi-rustc.json" <<END
import json, sys
json.dump({
    "version": """$version""",
    "key": "$key",
    "opt_level": "$opt_level",
    "host": "$CFG_COMPILER_HOST_TRIPLE",
    "sysroot": """$sysroot""",
    "interface": "$(manifest module)",
    "wasm_sha256": "$(sha256sum <"$build/out/rustc.wasm" | cut --delimiter ' ' --fields 1)",
    "wasm_bytes": $(stat --format %s "$build/out/rustc.wasm"),
    "build_seconds": $seconds,
}, open(sys.argv[1], "w"), indent=2)
END
rm --recursive --force "$final"
mv "$build/out" "$final"
rm --recursive --force "$build"
status Finished "$final ($seconds s to build)"
use
