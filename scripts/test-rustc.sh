#!/usr/bin/env bash
# Runs the tests that depend on the compiler with rustcs other than the one that `pm-aot setup`
# finds: makes the file system of a Debian suite in which a rustc is, sets pm-aot up in there, and
# runs the tests inside, by what is built outside. docs/COMPILERS.md has the results.
#
# Usage: scripts/test-rustc.sh [OPTION…] VERSION…|all
#
# VERSION, or the name beside it:
#   1.85.1  trixie
#   1.96.0  setup         the private copy that `pm-aot setup` makes; no file system is needed
#   1.97.1  forky
#   1.98.1  experimental  sid, with rustc from experimental
# A suite moves on: what its rustc says is what counts. Another version than this is reported, and
# tested.
#
# Options:
#   --filter EXPRESSION  only those of the tests (a filterset of nextest), and not docs/example
#   --make-only          makes the file systems and runs nothing
#   --refresh            makes the file systems again
#   --run COMMAND        runs this in a shell inside, in place of the tests
#   --mirror URL         takes suites from this mirror, not from the one in apt's configuration
#   --write-table        writes the results into docs/COMPILERS.md
#
# File systems are kept in CACHE/suites (1.3 GB each), build directories in target/rustc-VERSION.
# They are made and entered as root, or without it by a user namespace (/etc/subuid, newuidmap).
# Nothing is mounted outside of a namespace of their own.
#
# Exit code: 0 all passed, 1 something failed, 2 wrong usage, 77 nothing failed, but versions were
# left out, each with a line that says why.
set -euo pipefail
project=$(cd "$(dirname "$0")/.." && pwd -P)
script=$project/scripts/test-rustc.sh
document=$project/docs/COMPILERS.md

# The modules of pm-tests whose tests take a real rustc. Those of the WASI rustc are for one
# version, which scripts/test.sh has; the others take no compiler.
modules=(samples habits analyzer stock process protocol policy server wasi build cache wrapper
    fallback expand)
# What is in a file system. The tests themselves need `kill`.
packages=(rustc cargo rust-src rust-analyzer gcc libc6-dev lld wasi-libc ca-certificates procps)

usage() { sed --quiet '2,/^set /{/^# \?/s///p}' "$script"; }
wrong() {
    printf 'error: %s\n\n' "$1" >&2
    usage >&2
    exit 2
}
status() { printf '%12s %s\n' "$1" "$2" >&2; }
note() { printf 'note: %s\n' "$1" >&2; }
fail() {
    printf 'error: %s\nhelp: %s\n' "$1" "$2" >&2
    exit 1
}

filter='' make_only=0 refresh=0 run='' mirror='' write_table=0 versions=()
while (($#)); do
    case $1 in
    --filter) filter=${2:?"--filter needs an expression"} && shift ;;
    --make-only) make_only=1 ;;
    --refresh) refresh=1 ;;
    --run) run=${2:?"--run needs a command"} && shift ;;
    --mirror) mirror=${2:?"--mirror needs a URL"} && shift ;;
    --write-table) write_table=1 ;;
    --help | -h) usage && exit ;;
    all) versions+=(1.85.1 1.96.0 1.97.1 1.98.1) ;;
    1.85.1 | trixie) versions+=(1.85.1) ;;
    1.96.0 | setup) versions+=(1.96.0) ;;
    1.97.1 | forky) versions+=(1.97.1) ;;
    1.98.1 | experimental | sid) versions+=(1.98.1) ;;
    *) wrong "\`$1\` is neither a version nor an option" ;;
    esac
    shift
done
((${#versions[@]})) || wrong "no version is named"
if ((write_table)) && [[ -n $filter$run ]] || ((write_table && make_only)); then
    wrong "only a run of all tests can be written into the table"
fi

# suite VERSION: where Debian has it.
suite() {
    case $1 in
    1.85.1) echo trixie ;;
    1.97.1) echo forky ;;
    1.98.1) echo experimental ;;
    esac
}

# field FILE KEY: a value of a JSON object; an array's with colons between them.
field() {
    python3 -c 'import json, sys
value = json.load(open(sys.argv[1]))[sys.argv[2]]
print(*(value if isinstance(value, list) else [value]), sep=":")' "$1" "$2"
}

# ---------------------------------------------------------------- file systems

# A command in a mount namespace of its own, as root or as a user who is root in there.
namespace=(unshare --mount --propagation private)
if ((EUID != 0)); then
    namespace=(unshare --user --map-root-user --map-auto --mount --propagation private)
fi

# available COMMAND PACKAGE: whether it's there, or could be installed.
available() {
    command -v "$1" >/dev/null && return
    ((EUID == 0)) && command -v apt-get >/dev/null || return 1
    status Installing "$2"
    # Another program may be installing something.
    local wait=(-o DPkg::Lock::Timeout=600)
    { apt-get update --quiet && apt-get "${wait[@]}" install --quiet --yes "$2"; } \
        >"$target/apt.log" 2>&1
}

# obstacle: why file systems can't be made or entered here; nothing if they can.
obstacle() {
    local tool said
    for tool in apt-get dpkg; do
        command -v "$tool" >/dev/null ||
            { echo "Debian's \`$tool\` isn't on this machine" && return; }
    done
    command -v unshare >/dev/null ||
        { echo "\`unshare\` isn't on this machine (package util-linux)" && return; }
    if ! said=$("${namespace[@]}" true 2>&1); then
        if ((EUID == 0)); then
            echo "mount namespaces aren't allowed here ($said)"
        else
            echo "this is not root, and user namespaces can't be made ($said)"
        fi
        return
    fi
    available mmdebstrap mmdebstrap ||
        { echo "\`mmdebstrap\` isn't installed (package mmdebstrap)" && return; }
    [[ -n $(debian_mirror) ]] ||
        { echo "apt's configuration has no mirror of Debian; --mirror names one" && return; }
}

# debian_mirror: the one that this machine's apt uses.
debian_mirror() {
    if [[ -n $mirror ]]; then echo "$mirror" && return; fi
    # An image may be shipped without package lists, which say where a mirror's packages are from.
    if [[ -z $(apt_mirrors) ]] && ((EUID == 0)); then apt-get update --quiet >&2 || true; fi
    apt_mirrors | head --lines 1
}
apt_mirrors() {
    # shellcheck disable=SC2016 # apt's own variables
    apt-get indextargets --format '$(ORIGIN)|$(LABEL)|$(REPO_URI)' 'Created-By: Packages' \
        2>/dev/null |
        sed --quiet 's/^Debian|Debian|//p' | sort --unique
}

# bootstrap SUITE FOLDER MIRROR: makes a file system. All of this function is in the key.
bootstrap() {
    local base=$1 lines=() options=()
    local source="deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $3"
    if [[ $1 == experimental ]]; then
        base=sid
        lines+=("$source experimental main")
        # rustc and its like from there, and of the rest only what they need.
        # shellcheck disable=SC2016 # a variable of the hook's
        options+=('--setup-hook=mkdir --parents "$1/etc/apt/preferences.d" && printf "%s\n" \
            "Package: src:rustc" "Pin: release a=experimental" "Pin-Priority: 990" \
            >"$1/etc/apt/preferences.d/rustc"')
    fi
    # What is made is thrown away if it isn't finished, so dpkg need not wait for the disk.
    mmdebstrap --mode=root --variant=minbase --dpkgopt=force-unsafe-io \
        --aptopt='Acquire::Check-Valid-Until "false"' \
        --include="$(IFS=, && echo "${packages[*]}")" \
        --customize-hook='touch "$1/etc/resolv.conf"' \
        "${options[@]}" "$base" "$2" "$source $base main" "${lines[@]}"
}

# root_of VERSION: sets `root` to its file system, which is made if it isn't there, and holds a lock
# on it until this script ends.
root_of() {
    local suite key log lock
    suite=$(suite "$1")
    key=$suite-$({ declare -f bootstrap && echo "$suite ${packages[*]}"; } |
        sha256sum | cut --characters 1-16)
    root=$cache/suites/$key
    log=$target/mmdebstrap-$suite.log
    mkdir --parents "$cache/suites"
    exec {lock}>"$root.lock"
    flock --exclusive --nonblock "$lock" || {
        status Blocking "another run makes or uses $root" && flock --shared "$lock"
    }
    if ((refresh)) || [[ ! -d $root ]]; then
        flock --exclusive "$lock"
    fi
    # Another run may have made it meanwhile.
    if ((refresh)) || [[ ! -d $root ]]; then
        status Making "the file system of $suite ($root)"
        # Nobody else has one under way: the lock is ours.
        remove "$root.new"
        if ! "${namespace[@]}" bash -c "$(declare -f bootstrap)
            $(declare -p packages); set -euo pipefail; bootstrap \"\$@\"" bootstrap \
            "$suite" "$root.new" "$(debian_mirror)" >"$log" 2>&1; then
            tail --lines 20 "$log" >&2
            remove "$root.new"
            printf 'error: the file system of %s could not be made\nhelp: all of it is in %s\n' \
                "$suite" "$log" >&2
            return 1
        fi
        remove "$root"
        mv "$root.new" "$root"
    fi
    flock --shared "$lock"
}

# remove FOLDER: a file system's files may belong to other users of the namespace.
remove() {
    if [[ -e $1 ]]; then "${namespace[@]}" rm --recursive --force --one-file-system "$1"; fi
}

# enter ROOT WORK_FOLDER PATH… -- COMMAND…: in a mount namespace. The paths are the same inside. The
# file system itself is read-only there: a test can't change what the next run finds.
enter() {
    set -euo pipefail
    local root=$1 work=$2 path
    shift 2
    mount --bind "$root" "$root"
    for path in /proc /dev; do mount --rbind "$path" "$root$path"; done
    mount --bind "$work/temporary" "$root/tmp"
    while [[ $1 != -- ]]; do
        mkdir --parents "$root$1"
        mount --rbind "$1" "$root$1"
        shift
    done
    shift
    mount --bind "$(realpath /etc/resolv.conf)" "$root/etc/resolv.conf"
    # The bundle alone: it is what cargo reads.
    local certificates=etc/ssl/certs/ca-certificates.crt
    if [[ -f ${SSL_CERT_FILE:-/$certificates} ]]; then
        mount --bind "$(realpath "${SSL_CERT_FILE:-/$certificates}")" "$root/$certificates"
    fi
    # In a user namespace a mount can't lose the other two, if it has them.
    mount --options remount,bind,ro,nosuid,nodev "$root"
    cd "$work"
    # The working directory is looked up again inside.
    exec chroot "$root" env --chdir "$work" "$@"
}

# ---------------------------------------------------------------- running

# environment: what all commands get, inside and outside; a line each.
environment() {
    local name
    echo "HOME=$work/home"
    echo "CARGO_HOME=$cargo_home"
    echo "CARGO_TARGET_DIR=$work"
    echo "CARGO_TERM_COLOR=never"
    echo "LANG=C.UTF-8"
    echo "PM_AOT=$pm_aot"
    echo "PM_AOT_CACHE=$cache"
    echo "PM_AOT_RUSTC=$rustc"
    for name in "${!CARGO_HTTP_@}" "${!CARGO_NET_@}" "${!CARGO_REGISTR@}" CARGO_BUILD_JOBS \
        NEXTEST_TEST_THREADS {http,https,no,all}_proxy {HTTP,HTTPS,NO,ALL}_PROXY; do
        if [[ -n ${!name:-} ]]; then echo "$name=${!name}"; fi
    done
}

# with_rustc COMMAND…: runs it where the version under test is: in `root`, or here if that's empty.
with_rustc() {
    local variables
    mapfile -t variables < <(environment)
    if [[ -n $root ]]; then
        variables+=(PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin)
        "${namespace[@]}" bash -c "$(declare -f enter); enter \"\$@\"" enter "$root" "$work" \
            "$project" "$work" "$cache" "$cargo_home" -- \
            env --ignore-environment "${variables[@]}" "$@"
    else
        # What rustup has in PATH is another rustc.
        variables+=("PATH=$(dirname "$rustc"):/usr/local/bin:/usr/bin:/bin")
        (cd "$work" && env --ignore-environment "${variables[@]}" "$@")
    fi
}

# with_cargo COMMAND…: the same with what the version's own cargo and rustc need.
with_cargo() { with_rustc env ${libraries:+"LD_LIBRARY_PATH=$libraries"} "$@"; }

# tests: those of pm-tests that depend on the compiler; the results are in `work`/junit.xml.
tests() {
    local filterset
    filterset="package(pm-tests) & test(/^($(IFS='|' && echo "${modules[*]}"))::/)"
    if [[ -n $filter ]]; then filterset="($filterset) & ($filter)"; fi
    printf '[profile.default]\nfail-fast = false\n[profile.default.junit]\npath = "%s"\n' \
        "$work/junit.xml" >"$work/nextest.toml"
    rm --force "$work/junit.xml"
    with_rustc "$target/cargo-nextest" nextest run --config-file "$work/nextest.toml" \
        --binaries-metadata "$target/binaries.json" --cargo-metadata "$target/cargo.json" \
        --color never --status-level fail --final-status-level fail --show-progress none \
        --filterset "$filterset"
}

# example: `cargo test` in docs/example, natively and by `pm-aot cargo`, there each macro from its
# artifact.
example() {
    local folder=$work/example way log artifacts
    rm --recursive --force "$folder"
    mkdir --parents "$folder/src"
    cp "$project/docs/example/Cargo.toml" "$project/docs/example/Cargo.lock" "$folder"
    cp "$project"/docs/example/src/* "$folder/src"
    log=$work/example-locked.log
    # shellcheck disable=SC2016 # variables of the shell inside
    if ! with_cargo sh -c 'cd "$1" && cargo check --locked' sh "$folder" >"$log" 2>&1; then
        note "rustc $version doesn't build docs/example's Cargo.lock; versions are chosen for it"
        # shellcheck disable=SC2016
        with_cargo env CARGO_RESOLVER_INCOMPATIBLE_RUST_VERSIONS=fallback \
            sh -c 'cd "$1" && cargo update' sh "$folder" >>"$log" 2>&1 || true
    fi
    for way in native wasm; do
        log=$work/example-$way.log
        # shellcheck disable=SC2016
        local command='cd "$1" && cargo test --locked'
        if [[ $way == wasm ]]; then
            # shellcheck disable=SC2016
            command='cd "$1" && PM_AOT_LOG=info "$PM_AOT" cargo test --locked'
        fi
        if ! with_cargo sh -c "$command" sh "$folder" >"$log" 2>&1; then
            tail --lines 30 "$log" >&2
            printf 'error: `cargo test` of docs/example, %s, failed: %s\n' "$way" "$log" >&2
            return 1
        fi
    done
    artifacts=$(sed --quiet 's|^pm-aot: .*/\([^/]*\)-[0-9a-f]*\.wasm: artifact.*|\1|p' "$log" |
        sort --unique | wc --lines)
    if grep --extended-regexp 'stays native|^pm-aot: .*: JIT, ' "$log" >&2 || ((!artifacts)); then
        printf 'error: not every macro of docs/example ran from its artifact: %s\n' "$log" >&2
        return 1
    fi
    status Passed "docs/example: $artifacts macro crates from their artifacts"
}

# test_version: what is run for the version in `version`; its results as JSON in `work`/result.json.
test_version() {
    local failed=0 example=passed
    status Setup "rustc $version"
    if ! with_rustc "$pm_aot" setup; then
        printf 'error: `pm-aot setup` failed with rustc %s\n' "$version" >&2
        return 1
    fi
    tests || failed=1
    if [[ -z $filter ]] && ! example; then example=failed failed=1; fi
    if [[ ! -f $work/junit.xml ]]; then
        printf 'error: no test ran with rustc %s\n' "$version" >&2
        return 1
    fi
    python3 - "$work" "$version" "$distribution" "$example" <<'END' || failed=1
import datetime, json, sys, xml.etree.ElementTree as ElementTree

work, version, distribution, example = sys.argv[1:]
counts = {}
for case in ElementTree.parse(f"{work}/junit.xml").iter("testcase"):
    subject = case.get("name").split("::")[0]
    passed = case.find("failure") is None and case.find("error") is None
    count = counts.setdefault(subject, [0, 0])
    count[0] += passed
    count[1] += 1
for subject, (passed, all) in sorted(counts.items()):
    print(f"{subject:>12} {passed} of {all} passed", file=sys.stderr)
json.dump(
    {
        "version": version,
        "distribution": distribution,
        "date": datetime.date.today().isoformat(),
        "example": example,
        "tests": counts,
    },
    open(f"{work}/result.json", "w"),
    indent=2,
)
sys.exit(not counts)
END
    return "$failed"
}

# table: puts the results of this run between the markers in docs/COMPILERS.md; the rows of versions
# that were not run stay.
table() {
    python3 - "$document" "$@" <<'END'
import json, sys

document, *results = sys.argv[1:]
begin, end = "<!-- results: begin -->\n", "<!-- results: end -->\n"
text = open(document).read()
before, rest = text.split(begin)
old, after = rest.split(end)
head = (
    "| rustc | from | samples | fixtures | macro server | other tests | docs/example | on |\n"
    "|---|---|---|---|---|---|---|---|\n"
)
rows = {}
for line in old.splitlines():
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    if cells[0].startswith("1."):
        rows[cells[0]] = line
for path in results:
    result = json.load(open(path))
    tests = dict(result["tests"])

    def count(*subjects):
        found = [tests.pop(subject) for subject in subjects if subject in tests]
        passed, all = (sum(column) for column in zip(*found)) if found else (0, 0)
        return f"{passed} of {all}"

    cells = [result["version"], result["distribution"]]
    cells += [count("samples"), count("habits"), count("analyzer"), count(*tests.copy())]
    cells += [result["example"], result["date"]]
    rows[cells[0]] = "| " + " | ".join(cells) + " |"
number = lambda version: [int(part) for part in version.split(".")]
body = "".join(rows[version] + "\n" for version in sorted(rows, key=number))
open(document, "w").write(before + begin + head + body + end + after)
END
}

# build: pm-aot and its tests, once.
build() {
    if ((built)); then return; fi
    status Building "pm-aot and its tests"
    if ! command -v cargo-nextest >/dev/null; then
        cargo install --locked cargo-nextest
    fi
    # As scripts/test.sh does, so that nothing is compiled twice with other features.
    (cd "$project" && cargo build --workspace --all-targets --locked)
    CARGO_TARGET_DIR=$target "$project/scripts/build-loader.sh"
    (cd "$project" && cargo nextest list --workspace --locked --list-type binaries-only \
        --message-format json) >"$target/binaries.json"
    (cd "$project" && cargo metadata --locked --format-version 1) >"$target/cargo.json"
    # The folder that it is in isn't inside.
    cp "$(command -v cargo-nextest)" "$target/cargo-nextest"
    built=1
}

# prepare VERSION: sets what `with_rustc` needs: `root`, `rustc`, `libraries`, `work`; and `version`,
# that of the rustc, and `distribution`.
prepare() {
    root='' libraries='' rustc=/usr/bin/rustc work=$target/rustc-$1
    if [[ $(suite "$1") ]]; then
        distribution="Debian $(suite "$1")"
        root_of "$1" || return 1
    else
        distribution='`pm-aot setup`'
        build
        "$pm_aot" setup || return 1
        "$pm_aot" doctor --message-format json >"$target/doctor.json" || return 1
        local json
        json=$(dirname "$(field "$target/doctor.json" wasm_sysroot)")/toolchain.json
        rustc=$(field "$json" rustc)
        libraries=$(field "$json" library_path)
    fi
    mkdir --parents "$work/home" "$work/temporary"
    version=$(with_cargo "$rustc" --version) || return 1
    version=${version#rustc }
    version=${version%% *}
    if [[ $version != "$1" ]]; then
        note "$distribution has rustc $version now, not $1: testing that"
    fi
}

# Read to its end before it runs: it may be edited meanwhile.
main() {
    built=0
    target=${CARGO_TARGET_DIR:-$project/target}
    mkdir --parents "$target"
    target=$(realpath "$target")
    cargo_home=$(realpath "${CARGO_HOME:-$HOME/.cargo}")
    command -v python3 >/dev/null ||
        fail "\`python3\` isn't installed" "install the package \`python3\`"
    pm_aot=${PM_AOT:-$target/debug/pm-aot}
    cache=${PM_AOT_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/pm-aot}
    mkdir --parents "$cache"
    cache=$(realpath "$cache")
    export PM_AOT_CACHE=$cache

    local failed=() left_out=() passed=() results=() why wanted line
    why=$(obstacle)
    for wanted in "${versions[@]}"; do
        if [[ $(suite "$wanted") && -n $why ]]; then
            left_out+=("$wanted: $why")
            continue
        fi
        printf '\n== rustc %s\n' "$wanted" >&2
        if ((make_only)); then
            if [[ -z $(suite "$wanted") ]]; then
                note "rustc $wanted needs no file system"
            elif root_of "$wanted"; then
                echo "$root"
                passed+=("$wanted")
            else
                failed+=("$wanted")
            fi
        elif ! prepare "$wanted"; then
            failed+=("$wanted")
        elif [[ -n $run ]]; then
            if with_cargo sh -c "$run"; then passed+=("$version"); else failed+=("$version"); fi
        else
            build
            rm --force "$work/result.json"
            if test_version; then passed+=("$version"); else failed+=("$version"); fi
            if [[ -f $work/result.json ]]; then results+=("$work/result.json"); fi
        fi
    done

    if ((write_table && ${#results[@]})); then
        table "${results[@]}"
        status Wrote "$document"
    fi
    echo >&2
    ((!${#passed[@]})) || status Passed "${passed[*]}"
    ((!${#failed[@]})) || status Failed "${failed[*]}"
    for line in "${left_out[@]}"; do status "Left out" "$line"; done
    if ((${#failed[@]})); then exit 1; fi
    if ((${#left_out[@]})); then exit 77; fi
    exit 0
}
main
