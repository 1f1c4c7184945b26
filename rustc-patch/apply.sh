#!/usr/bin/env bash
# Applies the patch series to a tree of rustc's sources. Does nothing to one that has it already, and
# refuses any that it was not made for.
# Usage: rustc-patch/apply.sh TREE
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
if [[ $# != 1 || ${1:-} == --help ]]; then
    sed --quiet '2,4s/^# //p' "$0" >&2
    exit 2
fi
tree=$1

# values KEY: the strings that the manifest has for a key, in order.
values() { sed --quiet "s/^$1 = \"\(.*\)\"$/\1/p" "$here/manifest.toml"; }
mapfile -t paths < <(values path)
mapfile -t originals < <(values original)
mapfile -t patched < <(values patched)
mapfile -t patches < <(sed --quiet 's/^    "\(.*\.patch\)",$/\1/p' "$here/manifest.toml")

# How many of the files are as packaged, and as patched.
packaged_count=0 patched_count=0
for i in "${!paths[@]}"; do
    file=$tree/${paths[i]}
    if [[ ! -f $file ]]; then
        echo "error: \`$file\` is missing" >&2
        echo "help: the series needs the sources of rustc $(values rustc), with \`compiler/\`" >&2
        exit 1
    fi
    case $(sha256sum <"$file" | cut --delimiter ' ' --fields 1) in
    "${originals[i]}") packaged_count=$((packaged_count + 1)) ;;
    "${patched[i]}") patched_count=$((patched_count + 1)) ;;
    *)
        echo "error: \`$file\` is neither the file of rustc $(values rustc) nor the patched one" >&2
        echo "help: unpack the sources anew; for another version of rustc, see docs/PORTING.md" >&2
        exit 1
        ;;
    esac
done
if ((patched_count == ${#paths[@]})); then
    echo "The series is applied already." >&2
    exit
elif ((packaged_count != ${#paths[@]})); then
    echo "error: \`$tree\` has a part of the series ($patched_count of ${#paths[@]} files)" >&2
    echo "help: unpack the sources anew" >&2
    exit 1
fi

for patch in "${patches[@]}"; do
    patch --directory "$tree" --strip 1 --no-backup-if-mismatch --fuzz 0 --silent \
        <"$here/patches/$patch"
done
for i in "${!paths[@]}"; do
    echo "${patched[i]}  $tree/${paths[i]}"
done | sha256sum --check --quiet
