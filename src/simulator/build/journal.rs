//! Makes a volume look as if the phone lost power after a commit: what changed stands in the journal, not in its place.

use super::BuildError;
use super::volume::{BLOCK, Volume};

/// First word of every journal block.
const MAGIC: [u8; 4] = [0xC0, 0x3B, 0x39, 0x98];
/// Flags of a descriptor's tag: escaped, same UUID as before, last.
const ESCAPED: u16 = 1;
const SAME_UUID: u16 = 2;
const LAST: u16 = 8;
/// Byte of the superblock's incompatible features, and the bit that asks for recovery.
const INCOMPATIBLE: usize = 1024 + 96;
const RECOVER: u8 = 4;

/// Returns `before` with a journal whose replay gives `after`.
///
/// # Errors
/// [`BuildError::Journal`] when the journal is not where it must be, or is too small.
pub fn leave_dirty(before: &Volume, after: &Volume) -> Result<Volume, BuildError> {
    let broken = |what: &'static str| BuildError::Journal { what };
    let start = journal_start(before)?;
    let mut dirty = before.clone();
    let mut head = [0; BLOCK];
    before.read(start * BLOCK as u64, &mut head)?;
    if head[..4] != MAGIC {
        return Err(broken("superblock"));
    }
    let length = be32(&head, 0x10);
    let sequence = be32(&head, 0x18).max(be32(&after_head(after, start)?, 0x18));
    let changed = changed_blocks(before, after, start..start + u64::from(length))?;
    // One descriptor holds (4096 - 12 - 16) / 8 tags.
    if changed.is_empty() || changed.len() > 500 || changed.len() as u64 + 3 > u64::from(length) {
        return Err(broken("size of the transaction"));
    }
    let mut descriptor = header(1, sequence);
    for (at, (number, block)) in changed.iter().enumerate() {
        let escaped = if block[..4] == MAGIC { ESCAPED } else { 0 };
        let same = if at > 0 { SAME_UUID } else { 0 };
        let last = if at + 1 == changed.len() { LAST } else { 0 };
        descriptor.extend(u32::try_from(*number).unwrap_or(u32::MAX).to_be_bytes());
        descriptor.extend([0; 2]);
        descriptor.extend((escaped | same | last).to_be_bytes());
        if at == 0 {
            descriptor.extend([0; 16]);
        }
    }
    descriptor.resize(BLOCK, 0);
    let mut place = (start + 1) * BLOCK as u64;
    dirty.write(place, &descriptor)?;
    for (_, block) in &changed {
        place += BLOCK as u64;
        let mut logged = block.clone();
        if logged[..4] == MAGIC {
            logged[..4].fill(0);
        }
        dirty.write(place, &logged)?;
    }
    place += BLOCK as u64;
    let mut commit = header(2, sequence);
    commit.resize(BLOCK, 0);
    dirty.write(place, &commit)?;
    dirty.write(place + BLOCK as u64, &[0; BLOCK])?;
    head[0x18..0x1C].copy_from_slice(&sequence.to_be_bytes());
    head[0x1C..0x20].copy_from_slice(&1_u32.to_be_bytes());
    dirty.write(start * BLOCK as u64, &head)?;
    let mut superblock = [0; BLOCK];
    dirty.read(0, &mut superblock)?;
    superblock[INCOMPATIBLE] |= RECOVER;
    dirty.write(0, &superblock)?;
    Ok(dirty)
}

fn after_head(after: &Volume, start: u64) -> Result<[u8; BLOCK], BuildError> {
    let mut head = [0; BLOCK];
    after.read(start * BLOCK as u64, &mut head)?;
    Ok(head)
}

fn header(kind: u32, sequence: u32) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.extend(kind.to_be_bytes());
    bytes.extend(sequence.to_be_bytes());
    bytes
}

/// Finds the journal's first block through inode 8, which must hold one extent.
fn journal_start(volume: &Volume) -> Result<u64, BuildError> {
    let broken = |what: &'static str| BuildError::Journal { what };
    let mut table = [0; 4];
    volume.read(BLOCK as u64 + 8, &mut table)?; // inode table of group 0
    let mut inode = [0; 256];
    volume.read(u64::from(u32::from_le_bytes(table)) * BLOCK as u64 + 7 * 256, &mut inode)?;
    let extents = &inode[40..100];
    let le16 = |at: usize| u16::from_le_bytes([extents[at], extents[at + 1]]);
    if (le16(0), le16(2), le16(6)) != (0xF30A, 1, 0) {
        return Err(broken("one extent"));
    }
    Ok(u64::from(u32::from_le_bytes([extents[20], extents[21], extents[22], extents[23]])))
}

fn changed_blocks(
    before: &Volume,
    after: &Volume,
    journal: core::ops::Range<u64>,
) -> Result<Vec<(u64, Vec<u8>)>, BuildError> {
    let mut changed = Vec::new();
    let (mut old, mut new) = (vec![0; BLOCK], vec![0; BLOCK]);
    for number in after.written_blocks().filter(|number| *number != 0 && !journal.contains(number)) {
        before.read(number * BLOCK as u64, &mut old)?;
        after.read(number * BLOCK as u64, &mut new)?;
        if old != new {
            changed.push((number, new.clone()));
        }
    }
    Ok(changed)
}

fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
