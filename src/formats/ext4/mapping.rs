//! From a file's blocks to the volume's blocks: extent trees, and the indirect blocks of ext3.
//! Promises to end on any tree and to name no block outside the volume.

use super::error::Ext4Error;
use super::fields::{le16, le32};
use super::inode::Inode;
use super::sectors::Sectors;
use crate::formats::ext4::superblock::Superblock;

const EXTENT_MAGIC: u16 = 0xF30A;
const DEPTH_MAX: u16 = 5;
/// Longer extents are unwritten ones, their length counted from here.
const WRITTEN_MAX: u16 = 0x8000;
/// Tree nodes visited for one file.
const NODE_MAX: usize = 1 << 12;

/// Consecutive blocks. Blocks of the file between two runs are holes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    /// First block of the file.
    pub logical: u64,
    /// First block of the volume.
    pub physical: u64,
    /// How many.
    pub blocks: u64,
    /// `false`: allocated but to be read as zeros.
    pub written: bool,
}

struct Walk<'s, 'a> {
    sectors: &'s mut Sectors<'a>,
    superblock: &'s Superblock,
    runs: Vec<Run>,
    nodes: usize,
    /// Blocks of the file that matter.
    wanted: u64,
}

/// Returns the runs of the first `wanted` blocks of a file, in order.
pub(super) fn runs(
    sectors: &mut Sectors,
    superblock: &Superblock,
    inode: &Inode,
    wanted: u64,
) -> Result<Vec<Run>, Ext4Error> {
    if let Some(what) = inode.obstacle() {
        return Err(Ext4Error::Unsupported { what: format!("{what} (inode at {:#x})", inode.at) });
    }
    let mut walk = Walk { sectors, superblock, runs: Vec::new(), nodes: 0, wanted };
    if inode.has_extents() {
        walk.extents(inode.at + 0x28, &inode.content, None)?;
    } else {
        walk.indirect(inode)?;
    }
    Ok(walk.runs)
}

impl Walk<'_, '_> {
    fn extents(&mut self, at: u64, node: &[u8], depth: Option<u16>) -> Result<(), Ext4Error> {
        let damaged = |what| Ext4Error::Damaged { at, what };
        let (count, own) = (usize::from(le16(node, 2)), le16(node, 6));
        if le16(node, 0) != EXTENT_MAGIC {
            return Err(damaged("extent node without its magic number"));
        }
        if own > DEPTH_MAX || depth.is_some_and(|depth| depth != own) {
            return Err(damaged("extent node of the wrong depth"));
        }
        if 12 + count * 12 > node.len() {
            return Err(damaged("extent node with more entries than fit"));
        }
        for entry in node[12..12 + count * 12].chunks_exact(12) {
            let logical = u64::from(le32(entry, 0));
            if logical >= self.wanted {
                break;
            }
            if own == 0 {
                let len = le16(entry, 4);
                let written = len <= WRITTEN_MAX;
                let blocks = u64::from(if written { len } else { len - WRITTEN_MAX });
                let physical = u64::from(le16(entry, 6)) << 32 | u64::from(le32(entry, 8));
                self.push(at, Run { logical, physical, blocks, written })?;
            } else {
                let block = u64::from(le16(entry, 8)) << 32 | u64::from(le32(entry, 4));
                let (place, child) = self.node(at, block)?;
                self.extents(place, &child, Some(own - 1))?;
            }
        }
        Ok(())
    }

    fn indirect(&mut self, inode: &Inode) -> Result<(), Ext4Error> {
        let at = inode.at + 0x28;
        let per = self.superblock.block_size / 4;
        let mut logical = 0;
        for slot in 0..15usize {
            let depth = u32::try_from(slot.saturating_sub(11)).unwrap_or(0);
            let block = u64::from(le32(&inode.content, slot * 4));
            self.pointer(at, block, logical, depth)?;
            logical += per.pow(depth);
        }
        Ok(())
    }

    fn pointer(&mut self, at: u64, block: u64, logical: u64, depth: u32) -> Result<(), Ext4Error> {
        if block == 0 || logical >= self.wanted {
            return Ok(());
        }
        if depth == 0 {
            return self.push(at, Run { logical, physical: block, blocks: 1, written: true });
        }
        let (place, node) = self.node(at, block)?;
        let step = (self.superblock.block_size / 4).pow(depth - 1);
        for (index, raw) in (0..).zip(node.chunks_exact(4)) {
            self.pointer(place, u64::from(le32(raw, 0)), logical + index * step, depth - 1)?;
        }
        Ok(())
    }

    /// Reads a tree node; `at` is who points there.
    fn node(&mut self, at: u64, block: u64) -> Result<(u64, Vec<u8>), Ext4Error> {
        self.nodes += 1;
        if self.nodes > NODE_MAX {
            return Err(Ext4Error::Damaged { at, what: "block tree with more nodes than any file has" });
        }
        if block == 0 || block >= self.superblock.blocks {
            return Err(Ext4Error::Damaged { at, what: "block tree points outside the volume" });
        }
        let place = block * self.superblock.block_size;
        let len = usize::try_from(self.superblock.block_size).unwrap_or(0);
        Ok((place, self.sectors.take(place, len)?))
    }

    fn push(&mut self, at: u64, mut run: Run) -> Result<(), Ext4Error> {
        let damaged = |what| Ext4Error::Damaged { at, what };
        let end = run.physical.saturating_add(run.blocks);
        if run.blocks == 0 || run.physical == 0 || end > self.superblock.blocks {
            return Err(damaged("content outside the volume"));
        }
        run.blocks = run.blocks.min(self.wanted - run.logical);
        if let Some(last) = self.runs.last_mut() {
            let next = last.logical + last.blocks;
            if run.logical < next {
                return Err(damaged("content out of order"));
            }
            if run.logical == next
                && run.physical == last.physical + last.blocks
                && run.written == last.written
            {
                last.blocks += run.blocks;
                return Ok(());
            }
        }
        self.runs.push(run);
        Ok(())
    }
}
