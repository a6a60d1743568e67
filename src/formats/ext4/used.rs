//! Which bytes of a volume hold something, for a backup that leaves the rest out. A volume put together from these
//! ranges on zeros is the same file system: same files, and clean if this one was.

use super::Volume;
use super::error::Ext4Error;
use super::group::{Group, table_blocks};
use super::journal::{self, JournalState};

/// Blocks of the largest volume this is meant for (the PROTECT partitions have ten thousand).
const BLOCKS_MAX: u64 = 1 << 22;

const FREE: &str = "free by the block bitmap";
const JOURNAL: &str = "log of a clean journal";
const INODES: &str = "inodes and bitmaps never used";
const BEHIND: &str = "behind the end of the file system";

/// The answer. `ranges` and `not_read` together cover the volume, in order, without overlap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedRanges {
    /// Byte offset and length of what to keep.
    pub ranges: Vec<(u64, u64)>,
    /// Byte offset and length of what to leave out, and why.
    pub not_read: Vec<(u64, u64, &'static str)>,
}

impl UsedRanges {
    /// Returns the ranges in which deleted files may still stand: free blocks, and the log of a clean journal.
    #[must_use]
    pub fn unused(&self) -> Vec<(u64, u64)> {
        let may_hold = |(_, _, why): &&(u64, u64, &str)| *why == FREE || *why == JOURNAL;
        self.not_read.iter().filter(may_hold).map(|(at, len, _)| (*at, *len)).collect()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Block {
    Keep,
    LeaveOut(&'static str),
}

/// Finds the ranges in use. Reads superblock, descriptors, bitmaps and, for the journal, its inode and superblock.
///
/// # Errors
/// [`Ext4Error`]; [`Ext4Error::TooMuch`] on volumes of more than 4 million blocks.
pub fn used_ranges(volume: &mut Volume) -> Result<UsedRanges, Ext4Error> {
    if volume.superblock.blocks > BLOCKS_MAX {
        return Err(Ext4Error::TooMuch {
            what: "blocks of a volume kept by its used ranges".to_owned(),
            limit: BLOCKS_MAX,
        });
    }
    let mut blocks = map(volume)?;
    if matches!(volume.journal_state(), JournalState::Dirty { .. }) {
        // The rebuilt volume is replayed by whoever mounts it: what is in use before that must be there too.
        let before = volume.on_card(map)?;
        for (block, raw) in blocks.iter_mut().zip(before) {
            if raw == Block::Keep {
                *block = Block::Keep;
            }
        }
    }
    Ok(ranges(&blocks, volume.superblock.block_size, volume.len()))
}

fn map(volume: &mut Volume) -> Result<Vec<Block>, Ext4Error> {
    let superblock = volume.superblock.clone();
    let len = usize::try_from(superblock.blocks).unwrap_or(0);
    let mut blocks = vec![Block::LeaveOut(FREE); len];
    let mut set = |from: u64, count: u64, to: Block| {
        let index = |block: u64| usize::try_from(block).unwrap_or(usize::MAX).min(len);
        blocks[index(from)..index(from + count)].fill(to);
    };
    set(0, superblock.first_data_block + 1, Block::Keep);
    // First what the bitmaps say of all groups: with flex_bg the tables of one group lie in another.
    let mut groups = Vec::new();
    for number in 0..superblock.groups {
        let group = Group::read(&mut volume.sectors, &superblock, number)?;
        let first = superblock.first_data_block + number * superblock.blocks_per_group;
        let count = superblock.blocks_per_group.min(superblock.blocks - first);
        if group.blocks_uninit {
            // Such a group holds at most copies of superblock and descriptors at its start.
            set(first, copies(&superblock).min(count), Block::Keep);
        } else {
            let bytes = usize::try_from(count.div_ceil(8)).unwrap_or(0);
            let bitmap = volume.sectors.take(group.block_bitmap * superblock.block_size, bytes)?;
            for (block, bit) in (first..first + count).zip(0u64..) {
                if bitmap[usize::try_from(bit / 8).unwrap_or(0)] >> (bit % 8) & 1 != 0 {
                    set(block, 1, Block::Keep);
                }
            }
        }
        groups.push(group);
    }
    for group in groups {
        set(group.block_bitmap, 1, if group.blocks_uninit { Block::LeaveOut(INODES) } else { Block::Keep });
        set(group.inode_bitmap, 1, if group.inodes_uninit { Block::LeaveOut(INODES) } else { Block::Keep });
        let whole = table_blocks(&superblock, superblock.inodes_per_group);
        let used = match group.inodes_uninit {
            true => 0,
            false => table_blocks(&superblock, superblock.inodes_per_group - group.inodes_unused),
        };
        set(group.inode_table, used, Block::Keep);
        set(group.inode_table + used, whole - used, Block::LeaveOut(INODES));
    }
    if let (JournalState::Clean, Some(number)) = (volume.journal_state(), superblock.journal_inode) {
        for run in journal::runs(&mut volume.sectors, &superblock, number)? {
            // Block 0 is the journal's superblock.
            let skip = u64::from(run.logical == 0);
            set(run.physical + skip, run.blocks - skip, Block::LeaveOut(JOURNAL));
        }
    }
    Ok(blocks)
}

/// Blocks that copies of superblock and descriptors take at most at the start of a group.
fn copies(superblock: &crate::formats::ext4::superblock::Superblock) -> u64 {
    1 + (superblock.groups * superblock.descriptor_size as u64).div_ceil(superblock.block_size)
        + superblock.reserved_descriptor_blocks
}

fn ranges(blocks: &[Block], block_size: u64, volume_len: u64) -> UsedRanges {
    let mut found = UsedRanges { ranges: Vec::new(), not_read: Vec::new() };
    let mut at = 0;
    for same in blocks.chunk_by(|a, b| a == b) {
        let len = same.len() as u64 * block_size;
        match same[0] {
            Block::Keep => found.ranges.push((at, len)),
            Block::LeaveOut(reason) => found.not_read.push((at, len, reason)),
        }
        at += len;
    }
    if at < volume_len {
        found.not_read.push((at, volume_len - at, BEHIND));
    }
    found
}
