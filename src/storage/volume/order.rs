//! In which order changed sectors may reach a card, so that a cut at any moment leaves a volume that e2fsck mends without
//! losing a file that was there before. Knows roles of blocks, not files.

use super::error::VolumeError;
use super::scratch::Scratch;
use crate::formats::ReadAt;
use crate::formats::ext4::{BlockRole, Volume};

const SECTOR: u64 = 512;

/// Sectors with their place in the order; lower goes first.
pub(super) struct Order {
    by_sector: std::collections::BTreeMap<u64, BlockRole>,
}

impl Order {
    /// Learns what the written sectors are for, from the volume as it was (`before`).
    pub(super) fn learn(before: impl ReadAt, scratch: &Scratch) -> Result<Self, VolumeError> {
        let mut volume = Volume::open(before)?;
        let per = volume.block_size() / SECTOR;
        let sectors = scratch.written();
        let blocks: Vec<u64> = sectors.iter().map(|sector| sector / per).collect();
        let roles = volume.block_roles(&blocks)?;
        Ok(Self { by_sector: sectors.into_iter().zip(roles).collect() })
    }

    /// Returns what a written sector is for.
    pub(super) fn role(&self, sector: u64) -> BlockRole {
        self.by_sector.get(&sector).copied().unwrap_or(BlockRole::InUse)
    }

    /// The key to sort by. New content first: nobody points there yet. Then what marks it used: a cut leaves blocks that
    /// nobody owns. Then inodes, then names, each name's own bytes before the record that makes room for them (which lies
    /// before it). The counts in the superblock last.
    pub(super) fn key(&self, sector: u64) -> (u8, u64) {
        match self.role(sector) {
            BlockRole::Free => (0, sector),
            BlockRole::Bitmap => (1, sector),
            BlockRole::Descriptors => (2, sector),
            BlockRole::InodeTable => (3, sector),
            BlockRole::InUse => (4, u64::MAX - sector),
            BlockRole::JournalLog => (5, sector),
            BlockRole::JournalHead => (6, sector),
            BlockRole::Superblock => (7, sector),
        }
    }
}
