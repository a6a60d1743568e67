//! Whether a volume may be changed at all: its own record of errors, and features whose structures would be left behind.
//! Reads superblocks only (of the volume and of its journal). Offsets are those of the ext4 superblock at 1024.

use super::SUPERBLOCK_AT;
use super::error::VolumeError;
use crate::formats::ReadAt;
use crate::formats::ext4::{JournalState, Volume};

const STATE_VALID: u16 = 1;
const STATE_ERRORS: u16 = 2;

/// Compatible features that need no care of a writer, or are cared for: directory preallocation, journal, attributes, room
/// for growth, hashed directories, two-copy superblocks, an orphan file.
const COMPAT: u32 = 0x1 | 0x4 | 0x8 | 0x10 | 0x20 | 0x200 | 0x1000;
/// filetype, recover, extents, 64bit, flex_bg, checksum seed.
const INCOMPAT: u32 = 0x2 | 0x4 | 0x40 | 0x80 | 0x200 | 0x2000;
/// sparse superblocks, large and huge files, group checksums, many links, large inodes, metadata checksums.
const READ_ONLY: u32 = 0x1 | 0x2 | 0x8 | 0x10 | 0x20 | 0x40 | 0x400;
const EXTENTS: u32 = 0x40;

/// Names of the features that are refused, by word (0 compatible, 1 incompatible, 2 read-only) and bit.
const NAMES: [(usize, u32, &str); 16] = [
    (0, 0x400, "fast_commit"),
    (1, 0x1, "compression"),
    (1, 0x8, "journal_dev"),
    (1, 0x10, "meta_bg"),
    (1, 0x100, "mmp"),
    (1, 0x400, "ea_inode"),
    (1, 0x4000, "large_dir"),
    (1, 0x8000, "inline_data"),
    (1, 0x1_0000, "encrypt"),
    (1, 0x2_0000, "casefold"),
    (2, 0x100, "quota"),
    (2, 0x200, "bigalloc"),
    (2, 0x2000, "project"),
    (2, 0x1000, "read-only"),
    (2, 0x8000, "verity"),
    (2, 0x1_0000, "orphans in its orphan file"),
];

/// Looks at the volume before anything touches it, and returns whether its journal waits to be replayed.
pub(super) fn examine(mut disk: impl ReadAt) -> Result<bool, VolumeError> {
    let (state, head) = {
        let mut volume = Volume::open(&mut disk)?;
        (volume.journal_state(), volume.journal_head()?)
    };
    let mut raw = [0; 1024];
    disk.read_at(SUPERBLOCK_AT, &mut raw)?;
    superblock(&raw)?;
    if let Some(head) = head {
        let mut raw = [0; 0x24];
        disk.read_at(head, &mut raw)?;
        if be32(&raw, 0x20) != 0 {
            return Err(VolumeError::Errors { what: "error number in the journal" });
        }
        if state == JournalState::Clean && be32(&raw, 0x1C) != 0 {
            return Err(VolumeError::StrayJournal);
        }
    }
    Ok(matches!(state, JournalState::Dirty { .. }))
}

/// Checks a superblock's state and features; `raw` holds its 1024 bytes.
pub(super) fn superblock(raw: &[u8; 1024]) -> Result<(), VolumeError> {
    let state = u16::from_le_bytes([raw[0x3A], raw[0x3B]]);
    if state & STATE_ERRORS != 0 {
        return Err(VolumeError::Errors { what: "state in the superblock" });
    }
    if state & STATE_VALID == 0 {
        return Err(VolumeError::NotClean);
    }
    if le32(raw, 0x194) != 0 {
        return Err(VolumeError::Errors { what: "error count in the superblock" });
    }
    let words = [le32(raw, 0x5C), le32(raw, 0x60), le32(raw, 0x64)];
    for (word, known) in [COMPAT, INCOMPAT, READ_ONLY].into_iter().enumerate() {
        let foreign = words[word] & !known;
        if foreign == 0 {
            continue;
        }
        let name = NAMES.iter().find(|(of, bit, _)| *of == word && foreign & bit != 0);
        return Err(VolumeError::Feature {
            what: match name {
                Some((_, _, name)) => (*name).to_owned(),
                None => format!("feature bits {foreign:#x} (superblock {:#x})", 0x5C + 4 * word),
            },
        });
    }
    if words[1] & EXTENTS == 0 {
        return Err(VolumeError::Feature { what: "block maps of ext2 and ext3".to_owned() });
    }
    Ok(())
}

/// Returns the blocks and inodes that a superblock says are free.
pub(super) fn free(raw: &[u8; 1024]) -> (u64, u32) {
    let wide = le32(raw, 0x60) & 0x80 != 0;
    let high = if wide { u64::from(le32(raw, 0x158)) << 32 } else { 0 };
    (high | u64::from(le32(raw, 0x0C)), le32(raw, 0x10))
}

fn le32(raw: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]])
}

fn be32(raw: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]])
}
