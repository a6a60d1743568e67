#!/bin/sh
# Makes the empty file systems beside this script again, with the features Android 4.4 used. Needs e2fsprogs and python3.
# Each template is a deflated list of the blocks that are not zero: u64 length of the volume, then per block
# u64 block number and 4096 bytes, all little-endian.
set -eu
here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -r "$work"' EXIT
make() { # name, blocks, journal in MiB, inodes, volume number
    E2FSPROGS_FAKE_TIME=1388534400 mke2fs -q -F -t ext4 -b 4096 -I 256 -N "$4" -m 0 -M "" -J size="$3" \
        -O none,has_journal,ext_attr,resize_inode,filetype,extent,sparse_super,large_file,uninit_bg \
        -E lazy_itable_init=1,nodiscard,hash_seed=4e564b45-4550-4000-8000-00000000000"$5" \
        -U 4e564b45-4550-4000-9000-00000000000"$5" "$work/$1" "$2"
    python3 - "$work/$1" "$here/$1.ext4.deflate" <<'PYTHON'
import os, struct, sys, zlib
source, target = sys.argv[1:]
out = [struct.pack("<Q", os.path.getsize(source))]
with open(source, "rb") as image:
    number = 0
    while block := image.read(4096):
        if any(block):
            out.append(struct.pack("<Q", number) + block)
        number += 1
packer = zlib.compressobj(9, zlib.DEFLATED, -15)
open(target, "wb").write(packer.compress(b"".join(out)) + packer.flush())
PYTHON
}
make protect 2560 4 256 1
make usrdata 634848 16 155648 2
make nvdata 16384 4 4096 3
