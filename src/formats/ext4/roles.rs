//! What single blocks of a volume are for, so that a writer can order its writes. Reads descriptors, and of the bitmaps only
//! what the asked blocks need.

use std::ops::Range;

use super::Volume;
use super::error::Ext4Error;
use super::group::{Group, table_blocks};
use super::journal;
use crate::formats::ext4::superblock::SUPERBLOCK_AT;

/// What a block is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BlockRole {
    /// It holds the superblock (on large blocks also the boot sector before it).
    Superblock,
    /// Group descriptors, the first copy.
    Descriptors,
    /// A bitmap of blocks or of inodes.
    Bitmap,
    /// Inodes.
    InodeTable,
    /// The journal's superblock.
    JournalHead,
    /// The journal's log.
    JournalLog,
    /// In use for something else: content of a file or directory, a block tree, attributes, spare copies.
    InUse,
    /// Free by the block bitmap.
    Free,
}

impl Volume<'_> {
    /// Returns what each of `blocks` is for, as the volume stands after any replay.
    ///
    /// # Errors
    /// [`Ext4Error`]; a block outside the file system is [`Ext4Error::Damaged`].
    pub fn block_roles(&mut self, blocks: &[u64]) -> Result<Vec<BlockRole>, Ext4Error> {
        let superblock = self.superblock.clone();
        let (mut places, mut bitmaps) = (Vec::new(), Vec::new());
        let table = superblock.first_data_block + 1;
        let descriptors =
            (superblock.groups * superblock.descriptor_size as u64).div_ceil(superblock.block_size);
        places.push((0..table, BlockRole::Superblock));
        places.push((table..table + descriptors, BlockRole::Descriptors));
        for number in 0..superblock.groups {
            let group = Group::read(&mut self.sectors, &superblock, number)?;
            places.push((group.block_bitmap..group.block_bitmap + 1, BlockRole::Bitmap));
            places.push((group.inode_bitmap..group.inode_bitmap + 1, BlockRole::Bitmap));
            let end = group.inode_table + table_blocks(&superblock, superblock.inodes_per_group);
            places.push((group.inode_table..end, BlockRole::InodeTable));
            bitmaps.push((!group.blocks_uninit).then_some(group.block_bitmap));
        }
        if let Some(number) = superblock.journal_inode {
            for run in journal::runs(&mut self.sectors, &superblock, number)? {
                let head = u64::from(run.logical == 0);
                places.push((run.physical..run.physical + head, BlockRole::JournalHead));
                places.push((run.physical + head..run.physical + run.blocks, BlockRole::JournalLog));
            }
        }
        blocks.iter().map(|block| self.role(*block, &places, &bitmaps)).collect()
    }

    /// Returns the byte offset of the journal's superblock; `None` without a journal.
    ///
    /// # Errors
    /// [`Ext4Error`].
    pub fn journal_head(&mut self) -> Result<Option<u64>, Ext4Error> {
        let Some(number) = self.superblock.journal_inode else { return Ok(None) };
        let runs = journal::runs(&mut self.sectors, &self.superblock, number)?;
        match runs.first().filter(|run| run.logical == 0) {
            Some(run) => Ok(Some(run.physical * self.superblock.block_size)),
            None => Err(Ext4Error::Damaged { at: SUPERBLOCK_AT, what: "journal without a first block" }),
        }
    }

    fn role(
        &mut self,
        block: u64,
        places: &[(Range<u64>, BlockRole)],
        bitmaps: &[Option<u64>],
    ) -> Result<BlockRole, Ext4Error> {
        if let Some((_, role)) = places.iter().find(|(range, _)| range.contains(&block)) {
            return Ok(*role);
        }
        let superblock = &self.superblock;
        let at = block.saturating_mul(superblock.block_size);
        let outside = Ext4Error::Damaged { at, what: "a block outside the file system" };
        let index = block.checked_sub(superblock.first_data_block).ok_or(outside.clone())?;
        let (group, bit) = (index / superblock.blocks_per_group, index % superblock.blocks_per_group);
        if block >= superblock.blocks {
            return Err(outside);
        }
        let bitmap = usize::try_from(group).ok().and_then(|group| bitmaps.get(group)).ok_or(outside)?;
        // A bitmap that was never written stands for a group in which only tables are in use.
        let Some(bitmap) = bitmap else { return Ok(BlockRole::Free) };
        let byte = self.sectors.take(bitmap * superblock.block_size + bit / 8, 1)?;
        Ok(if byte[0] >> (bit % 8) & 1 != 0 { BlockRole::InUse } else { BlockRole::Free })
    }
}
