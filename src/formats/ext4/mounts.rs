//! Which blocks of a volume every mount for writing changes: the superblock counts mounts and keeps their time, and the journal's
//! first block keeps where its log begins. Looks at single blocks; promises nothing of the volume behind them.

use super::fields::{be32, le16};
use super::journal;
use crate::formats::ext4::superblock;

pub use crate::formats::ext4::superblock::SUPERBLOCK_AT;

/// Returns whether a block of 512 bytes is the first half of a superblock. Mount time (2C), write time (30), mount count (34)
/// and the flag that the journal waits (60) all lie in it.
#[must_use]
pub fn is_superblock(block: &[u8; 512]) -> bool {
    le16(block, 0x38) == superblock::MAGIC
}

/// Returns whether a block of 512 bytes is the first one of a journal, which is of kind 3 or 4.
#[must_use]
pub fn is_journal_head(block: &[u8; 512]) -> bool {
    be32(block, 0) == journal::MAGIC && matches!(be32(block, 4), 3 | 4)
}
