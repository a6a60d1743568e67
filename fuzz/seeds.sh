#!/bin/sh
# Writes fuzz/seeds anew: what the Rust example makes from the simulated phone, and the head of a small ext4 volume.
# Needs e2fsprogs. Whatever the fuzzer finds goes to fuzz/corpus, never here.
set -eu
cd "$(dirname "$0")"
cargo run --quiet --example seeds -- seeds
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/md/deep"
printf 'nvkeep' > "$work/tree/md/file"
head -c 5000 /dev/zero | tr '\0' x > "$work/tree/md/deep/longer"
# The same volume whenever it is made: no time of now, no random numbers.
export E2FSPROGS_FAKE_TIME=1700000000 SOURCE_DATE_EPOCH=1700000000
find "$work/tree" -exec touch -d @1700000000 {} +
# 10 MiB and 1 KiB blocks: the layout of PROTECT, everything used within the first kilobytes.
mke2fs -q -F -t ext4 -b 1024 -N 64 -I 128 -O ^has_journal,^resize_inode,^metadata_csum,^64bit,^flex_bg \
    -U 6e766b65-6570-4000-8000-000000000001 -E hash_seed=6e766b65-6570-4000-8000-000000000002,root_owner=0:0 \
    -d "$work/tree" "$work/volume" 10240
for path in /md /md/file /md/deep /md/deep/longer; do
    debugfs -w -R "set_inode_field $path ctime @1700000000" "$work/volume" 2>/dev/null
done
{ printf '\003'; head -c 49152 "$work/volume"; } > seeds/ext4/head
