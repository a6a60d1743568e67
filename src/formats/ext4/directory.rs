//! The names in a directory, entry by entry, so that a search reads only the sectors up to the name it wants.
//! Hashed directories are read as the plain lists they are compatible with.

use std::ops::ControlFlow;

use super::error::Ext4Error;
use super::fields::{le16, le32};
use super::inode::Inode;
use super::mapping;
use super::sectors::Sectors;
use crate::formats::ext4::superblock::Superblock;

/// No directory of a phone is longer; bounds the work on a damaged one.
const LEN_MAX: u64 = 16 << 20;

/// Calls `see` with each name and inode number until it breaks.
pub(super) fn each<T>(
    sectors: &mut Sectors,
    superblock: &Superblock,
    inode: &Inode,
    mut see: impl FnMut(&[u8], u32) -> ControlFlow<T>,
) -> Result<Option<T>, Ext4Error> {
    if inode.size > LEN_MAX {
        return Err(Ext4Error::Damaged { at: inode.at, what: "directory longer than 16 MiB" });
    }
    let wanted = inode.size.div_ceil(superblock.block_size);
    for run in mapping::runs(sectors, superblock, inode, wanted)? {
        for block in run.physical..run.physical + run.blocks {
            let (mut at, end) = (block * superblock.block_size, (block + 1) * superblock.block_size);
            while at < end {
                let damaged = |what| Ext4Error::Damaged { at, what };
                if end - at < 8 {
                    return Err(damaged("directory entry cut by the end of its block"));
                }
                let head = sectors.take(at, 8)?;
                let len = entry_len(le16(&head, 4), superblock.block_size);
                if len < 8 || !len.is_multiple_of(4) || at + len > end {
                    return Err(damaged("directory entry of impossible length"));
                }
                // Without the type byte its place is the high half of the length, always 0.
                let name_len = if superblock.has_filetype { u16::from(head[6]) } else { le16(&head, 6) };
                let number = le32(&head, 0);
                if number != 0 {
                    if u64::from(name_len) + 8 > len || name_len == 0 || name_len > 255 {
                        return Err(damaged("directory entry with a name that does not fit"));
                    }
                    let name = sectors.take(at + 8, usize::from(name_len))?;
                    if let ControlFlow::Break(found) = see(&name, number) {
                        return Ok(Some(found));
                    }
                }
                at += len;
            }
        }
    }
    Ok(None)
}

/// On 64 KiB blocks a whole block does not fit the field, and is written as 0 or FFFF.
fn entry_len(field: u16, block_size: u64) -> u64 {
    match field {
        0 | 0xFFFF if block_size == 0x1_0000 => block_size,
        len => u64::from(len),
    }
}
