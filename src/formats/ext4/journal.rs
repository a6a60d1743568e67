//! The jbd2 journal: whether it waits to be replayed, and which blocks it will replace. Reads descriptor, revoke and
//! commit blocks only; never writes. Checksums of log blocks are not computed: the sequence numbers decide.

use std::collections::BTreeMap;

use super::error::Ext4Error;
use super::fields::{be16, be32};
use super::inode::Inode;
use super::mapping::{self, Run};
use super::sectors::{Replacement, Sectors};
use crate::formats::ext4::superblock::Superblock;

/// The word every journal block starts with, big-endian.
pub(super) const MAGIC: u32 = 0xC03B_3998;

const KIND_DESCRIPTOR: u32 = 1;
const KIND_COMMIT: u32 = 2;
const KIND_REVOKE: u32 = 5;
const INCOMPAT_64BIT: u32 = 0x2;
const INCOMPAT_CSUM_V2: u32 = 0x8;
const INCOMPAT_CSUM_V3: u32 = 0x10;
const INCOMPAT_FAST_COMMIT: u32 = 0x20;
const INCOMPAT_KNOWN: u32 =
    0x1 | INCOMPAT_64BIT | 0x4 | INCOMPAT_CSUM_V2 | INCOMPAT_CSUM_V3 | INCOMPAT_FAST_COMMIT;
const TAG_ESCAPED: u32 = 1;
const TAG_SAME_UUID: u32 = 2;
const TAG_LAST: u32 = 8;
/// 1 GiB of 4 KiB blocks, eight times the largest journal mke2fs makes by itself.
const LOG_BLOCKS_MAX: u64 = 1 << 18;
/// Blocks revoked by one transaction.
const REVOKED_MAX: usize = 1 << 20;

/// Whether blocks wait in the journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalState {
    /// The volume has none.
    Absent,
    /// Nothing waits.
    Clean,
    /// The next mount replays this many transactions.
    Dirty {
        /// Committed transactions in the log.
        transactions: u32,
    },
}

/// What the journal of a volume says.
pub(super) struct Journal {
    pub state: JournalState,
    /// Newest committed copies, by block of the volume.
    pub replaced: BTreeMap<u64, Replacement>,
}

struct Log<'s, 'a> {
    sectors: &'s mut Sectors<'a>,
    block_size: u64,
    runs: &'s [Run],
    first: u64,
    end: u64,
    features: u32,
}

struct Tag {
    block: u64,
    flags: u32,
    copy: u64,
    sequence: u32,
}

impl Journal {
    /// Reads the journal; `sectors` must show the card as it is.
    pub(super) fn read(sectors: &mut Sectors, superblock: &Superblock) -> Result<Self, Ext4Error> {
        let nothing = |state| Self { state, replaced: BTreeMap::new() };
        let Some(number) = superblock.journal_inode else {
            return match superblock.needs_recovery {
                true => Err(Ext4Error::Unsupported { what: "a dirty journal on another device".to_owned() }),
                false => Ok(nothing(JournalState::Absent)),
            };
        };
        // A journal left behind by a volume that says it needs no recovery is wiped at mount, not replayed.
        if !superblock.needs_recovery {
            return Ok(nothing(JournalState::Clean));
        }
        let runs = runs(sectors, superblock, number)?;
        let at = place(&runs, 0, superblock.block_size)
            .ok_or(Ext4Error::Damaged { at: 0, what: "journal without a first block" })?;
        let head = sectors.take(at, 0x30)?;
        let damaged = |what| Ext4Error::Damaged { at, what };
        if be32(&head, 0) != MAGIC || !matches!(be32(&head, 4), 3 | 4) {
            return Err(damaged("no journal superblock"));
        }
        let features = if be32(&head, 4) == 4 { be32(&head, 0x28) } else { 0 };
        if features & !INCOMPAT_KNOWN != 0 {
            return Err(Ext4Error::Unsupported {
                what: format!("journal features {features:#x} (at {at:#x})"),
            });
        }
        let (end, first) = (u64::from(be32(&head, 0x10)), u64::from(be32(&head, 0x14)));
        let (sequence, start) = (be32(&head, 0x18), u64::from(be32(&head, 0x1C)));
        if u64::from(be32(&head, 0x0C)) != superblock.block_size {
            return Err(damaged("journal of another block size"));
        }
        if start == 0 {
            return Ok(nothing(JournalState::Clean));
        }
        if features & INCOMPAT_FAST_COMMIT != 0 {
            return Err(Ext4Error::Unsupported { what: "a dirty journal with fast commits".to_owned() });
        }
        if first == 0 || first >= end || end > LOG_BLOCKS_MAX || !(first..end).contains(&start) {
            return Err(damaged("journal start outside the journal"));
        }
        let mut log = Log { sectors, block_size: superblock.block_size, runs: &runs, first, end, features };
        let (transactions, replaced) = log.walk(start, sequence)?;
        if replaced.keys().next_back().is_some_and(|last| *last >= superblock.blocks) {
            return Err(damaged("journal replaces a block outside the volume"));
        }
        Ok(Self { state: JournalState::Dirty { transactions }, replaced })
    }
}

/// Returns where the journal lies.
pub(super) fn runs(
    sectors: &mut Sectors,
    superblock: &Superblock,
    number: u32,
) -> Result<Vec<Run>, Ext4Error> {
    let inode = Inode::read(sectors, superblock, number)?;
    let wanted = inode.size.div_ceil(superblock.block_size).min(LOG_BLOCKS_MAX);
    mapping::runs(sectors, superblock, &inode, wanted)
}

/// Returns the byte offset of a block of the journal.
fn place(runs: &[Run], logical: u64, block_size: u64) -> Option<u64> {
    let before = runs.partition_point(|run| run.logical <= logical);
    let run = runs.get(before.checked_sub(1)?).filter(|run| logical < run.logical + run.blocks)?;
    Some((run.physical + logical - run.logical) * block_size)
}

impl Log<'_, '_> {
    fn walk(&mut self, start: u64, first: u32) -> Result<(u32, BTreeMap<u64, Replacement>), Ext4Error> {
        let (mut block, mut sequence, mut transactions) = (start, first, 0);
        let (mut tags, mut revoked) = (Vec::new(), BTreeMap::new());
        let (mut open_tags, mut open_revoked) = (Vec::new(), Vec::new());
        let mut seen = 0;
        // The log is a ring: more blocks than it has would be a second round.
        while seen < self.end - self.first {
            let at = self.at(block)?;
            let head = self.sectors.take(at, 12)?;
            if be32(&head, 0) != MAGIC || be32(&head, 8) != sequence {
                break;
            }
            let mut used = 1;
            match be32(&head, 4) {
                KIND_DESCRIPTOR => {
                    for (tag, index) in self.tags(at)?.into_iter().zip(1..) {
                        let copy = self.at(self.forward(block, index))?;
                        open_tags.push(Tag { block: tag.0, flags: tag.1, copy, sequence });
                        used += 1;
                    }
                }
                KIND_REVOKE => {
                    open_revoked.extend(self.revoked(at)?);
                    if open_revoked.len() > REVOKED_MAX {
                        return Err(Ext4Error::Damaged {
                            at,
                            what: "journal revokes more blocks than any transaction",
                        });
                    }
                }
                KIND_COMMIT => {
                    tags.append(&mut open_tags);
                    // Sequence numbers only grow, so a later revoke of the same block wins.
                    revoked.extend(open_revoked.drain(..).map(|block| (block, sequence)));
                    transactions += 1;
                    sequence = sequence.wrapping_add(1);
                }
                _ => break,
            }
            seen += used;
            block = self.forward(block, used);
        }
        let newest = |tag: &Tag| {
            // Numbers wrap: the difference decides which is later, as in the kernel.
            revoked.get(&tag.block).is_none_or(|at: &u32| tag.sequence.wrapping_sub(*at).cast_signed() > 0)
        };
        let replaced = tags
            .iter()
            .filter(|tag| newest(tag))
            .map(|tag| (tag.block, Replacement { at: tag.copy, escaped: tag.flags & TAG_ESCAPED != 0 }));
        Ok((transactions, replaced.collect()))
    }

    fn forward(&self, block: u64, by: u64) -> u64 {
        self.first + (block - self.first + by) % (self.end - self.first)
    }

    fn at(&self, block: u64) -> Result<u64, Ext4Error> {
        place(self.runs, block, self.block_size)
            .ok_or(Ext4Error::Damaged { at: 0, what: "journal shorter than its superblock says" })
    }

    fn whole(&mut self, at: u64) -> Result<Vec<u8>, Ext4Error> {
        Ok(self.sectors.take(at, usize::try_from(self.block_size).unwrap_or(0))?)
    }

    fn wide(&self) -> bool {
        self.features & INCOMPAT_64BIT != 0
    }

    /// Returns block number and flags of each tag of a descriptor block.
    fn tags(&mut self, at: u64) -> Result<Vec<(u64, u32)>, Ext4Error> {
        let raw = self.whole(at)?;
        let (v2, v3) = (self.features & INCOMPAT_CSUM_V2 != 0, self.features & INCOMPAT_CSUM_V3 != 0);
        let len = match (v3, v2, self.wide()) {
            (true, _, _) => 16,
            (_, v2, wide) => 8 + if v2 { 2 } else { 0 } + if wide { 4 } else { 0 },
        };
        let end = raw.len() - if v2 || v3 { 4 } else { 0 };
        let (mut tags, mut place) = (Vec::new(), 12);
        while place + len <= end {
            let tag = &raw[place..place + len];
            let flags = if v3 { be32(tag, 4) } else { u32::from(be16(tag, 6)) };
            let high = if self.wide() { u64::from(be32(tag, 8)) << 32 } else { 0 };
            tags.push((high | u64::from(be32(tag, 0)), flags));
            place += len + if flags & TAG_SAME_UUID == 0 { 16 } else { 0 };
            if flags & TAG_LAST != 0 {
                break;
            }
        }
        Ok(tags)
    }

    fn revoked(&mut self, at: u64) -> Result<Vec<u64>, Ext4Error> {
        let raw = self.whole(at)?;
        let end = usize::try_from(be32(&raw, 12)).unwrap_or(usize::MAX);
        let list = raw
            .get(16..end)
            .ok_or(Ext4Error::Damaged { at, what: "journal revoke list of impossible length" })?;
        let wide = self.wide();
        let number = |raw: &[u8]| {
            if wide {
                u64::from(be32(raw, 0)) << 32 | u64::from(be32(raw, 4))
            } else {
                u64::from(be32(raw, 0))
            }
        };
        Ok(list.chunks_exact(if wide { 8 } else { 4 }).map(number).collect())
    }
}
