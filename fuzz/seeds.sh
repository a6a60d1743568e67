#!/bin/sh
# Writes fuzz/seeds anew: what the Rust example makes from the simulated phone, and the head of a small ext4 volume.
# Needs e2fsprogs. Whatever the fuzzer finds goes to fuzz/corpus, never here.
set -eu
cd "$(dirname "$0")"
cargo run --quiet --release --example seeds -- seeds
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/tree/md/deep"
printf 'nvkeep' > "$work/tree/md/file"
head -c 5000 /dev/zero | tr '\0' x > "$work/tree/md/deep/longer"
# 10 MiB and 1 KiB blocks: the layout of PROTECT, everything used within the first kilobytes.
mke2fs -q -F -t ext4 -b 1024 -N 64 -I 128 -O ^has_journal,^resize_inode,^metadata_csum,^64bit,^flex_bg \
    -d "$work/tree" "$work/volume" 10240
{ printf '\003'; head -c 49152 "$work/volume"; } > seeds/ext4/head
