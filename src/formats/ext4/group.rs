//! One group descriptor: where a group keeps its bitmaps and inodes. Checks that those places are inside the volume.

use super::error::Ext4Error;
use super::fields::{le16, le32};
use super::sectors::Sectors;
use crate::formats::ext4::superblock::Superblock;

const INODE_UNINIT: u16 = 1;
const BLOCK_UNINIT: u16 = 2;

/// Block numbers and flags of one group.
pub(super) struct Group {
    pub block_bitmap: u64,
    pub inode_bitmap: u64,
    pub inode_table: u64,
    /// Inodes at the end of the table that were never used; 0 where no checksum vouches for the field.
    pub inodes_unused: u32,
    /// The block bitmap was never written.
    pub blocks_uninit: bool,
    /// The inode bitmap and table were never written.
    pub inodes_uninit: bool,
}

impl Group {
    pub(super) fn read(
        sectors: &mut Sectors,
        superblock: &Superblock,
        number: u64,
    ) -> Result<Self, Ext4Error> {
        let table = (superblock.first_data_block + 1) * superblock.block_size;
        let at = table + number * superblock.descriptor_size as u64;
        let raw = sectors.take(at, superblock.descriptor_size.min(64))?;
        let wide = superblock.has_64bit;
        let place = |low: usize| {
            u64::from(le32(&raw, low)) | if wide { u64::from(le32(&raw, low + 0x20)) << 32 } else { 0 }
        };
        let trusted = superblock.has_group_checksums;
        let flags = if trusted { le16(&raw, 0x12) } else { 0 };
        let unused = u32::from(le16(&raw, 0x1C)) | if wide { u32::from(le16(&raw, 0x32)) << 16 } else { 0 };
        let group = Self {
            block_bitmap: place(0),
            inode_bitmap: place(4),
            inode_table: place(8),
            inodes_unused: if trusted { unused.min(superblock.inodes_per_group) } else { 0 },
            blocks_uninit: flags & BLOCK_UNINIT != 0,
            inodes_uninit: flags & INODE_UNINIT != 0,
        };
        let table_end =
            group.inode_table.saturating_add(table_blocks(superblock, superblock.inodes_per_group));
        let inside = |block: u64| block > 0 && block < superblock.blocks;
        let good = inside(group.block_bitmap) && inside(group.inode_bitmap) && inside(group.inode_table);
        if good && table_end <= superblock.blocks {
            Ok(group)
        } else {
            Err(Ext4Error::Damaged { at, what: "group descriptor points outside the volume" })
        }
    }
}

/// Returns how many blocks `inodes` inodes of a table take.
pub(super) fn table_blocks(superblock: &Superblock, inodes: u32) -> u64 {
    (u64::from(inodes) * superblock.inode_size).div_ceil(superblock.block_size)
}
