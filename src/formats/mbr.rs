//! The MBR and its chain of extended records, as MT6572-era phones use them for file-system partitions only
//! (reference `ap-nvram` 5.4). Promises to end on any chain; does not know partition names, because there are none.

use binrw::BinRead;
use thiserror::Error;

use super::fixed::shape;
use super::read_at::{ReadAt, ReadError};

const SECTOR: u64 = 512;
const SLOTS_AT: usize = 0x1BE;
const SLOT_LEN: usize = 16;
const SIGNATURE: [u8; 2] = [0x55, 0xAA];
const EXTENDED: [u8; 3] = [0x05, 0x0F, 0x85];
/// Start of EBR1 in sectors in every MT6572 layout seen.
const MT6572_EBR1: u32 = 0x400;
/// The MBR lies within this many bytes of the start of the user area.
pub const MBR_SEARCH_LEN: u64 = 32 << 20;
/// More records than any phone has (EBR9 is the highest seen).
const RECORD_MAX: usize = 32;

/// A partition of the chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MbrPartition {
    /// The number Linux gives it: `mmcblk0pN`.
    pub number: u32,
    /// Type byte (0x83 is Linux).
    pub kind: u8,
    /// First byte, counted from the MBR (logical).
    pub start: u64,
    /// Length in bytes; 0 means "to the end of the device".
    pub size: u64,
}

/// The chain as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MbrChain {
    /// Where the records lie, counted from the MBR: the first is 0.
    pub records: Vec<u64>,
    /// The partitions in the order of their numbers; extended ones are not listed.
    pub partitions: Vec<MbrPartition>,
}

/// Why a chain was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum MbrError {
    /// A record could not be read.
    #[error("boot record at {at:#x} not read: {cause}")]
    Read {
        /// Offset in the source.
        at: u64,
        /// The device's own words.
        cause: ReadError,
    },
    /// A record lacks 55 AA.
    #[error("no boot record at {at:#x}: {found:02x?} where 55 AA belongs")]
    Signature {
        /// Offset in the source.
        at: u64,
        /// The two bytes found.
        found: [u8; 2],
    },
    /// An extended record was met twice, or there are too many.
    #[error("the chain of extended boot records does not end (again at {at:#x})")]
    Endless {
        /// Offset in the source.
        at: u64,
    },
    /// An address leaves 64 bits or the source.
    #[error("slot {slot} of the boot record at {at:#x} points outside the device")]
    Outside {
        /// Offset of the record in the source.
        at: u64,
        /// Slot, from 0.
        slot: usize,
    },
}

/// One slot as it is stored. Sectors; the CHS fields are filler on these phones.
#[derive(Clone, Copy, Default, BinRead)]
#[br(little)]
struct Slot {
    _status: u8,
    _first_chs: [u8; 3],
    kind: u8,
    _last_chs: [u8; 3],
    start: u32,
    sectors: u32,
}

/// Reads the chain whose MBR lies at byte `base` of `source`.
///
/// # Errors
/// [`MbrError`], with the record's offset.
pub fn read_chain(source: &mut dyn ReadAt, base: u64) -> Result<MbrChain, MbrError> {
    let mut chain = MbrChain { records: vec![0], partitions: Vec::new() };
    let mut extended = None;
    for (slot, number) in slots(source, base)?.into_iter().zip(1..) {
        if EXTENDED.contains(&slot.kind) {
            extended = extended.or(Some(u64::from(slot.start) * SECTOR));
        } else if slot.kind != 0 {
            chain.partitions.push(slot.partition(number, 0));
        }
    }
    // Links count from the first extended record; partitions from the record that holds them.
    let first = extended;
    let mut next = extended;
    let mut number = 5;
    while let Some(record) = next.take() {
        let at = base.checked_add(record).ok_or(MbrError::Outside { at: base, slot: 0 })?;
        if chain.records.contains(&record) || chain.records.len() >= RECORD_MAX {
            return Err(MbrError::Endless { at });
        }
        chain.records.push(record);
        for (index, slot) in slots(source, at)?.into_iter().enumerate() {
            if EXTENDED.contains(&slot.kind) {
                let link = first.and_then(|first| first.checked_add(u64::from(slot.start) * SECTOR));
                next = next.or(Some(link.ok_or(MbrError::Outside { at, slot: index })?));
            } else if slot.kind != 0 {
                chain.partitions.push(slot.partition(number, record));
                number += 1;
            }
        }
    }
    Ok(chain)
}

/// Looks through the first `limit` bytes (at most [`MBR_SEARCH_LEN`]) of a user-area image for the MBR of an
/// MT6572-era phone: 55 AA, and a first slot of type 05, start 0x400, length FFFFFFFF. Returns its offset in bytes.
///
/// # Errors
/// [`MbrError::Read`] where the source cannot be read.
pub fn find_mbr(source: &mut dyn ReadAt, limit: u64) -> Result<Option<u64>, MbrError> {
    let end = limit.min(MBR_SEARCH_LEN).min(source.len()) / SECTOR * SECTOR;
    let mut piece = vec![0; 0x1_0000];
    let mut at = 0;
    while at < end {
        let len = usize::try_from((end - at).min(0x1_0000)).unwrap_or(0);
        source.read_at(at, &mut piece[..len]).map_err(|cause| MbrError::Read { at, cause })?;
        for (sector, bytes) in (0u64..).zip(piece[..len].chunks_exact(512)) {
            let slot = slot(bytes, 0);
            if bytes[510..] == SIGNATURE
                && (slot.kind, slot.start, slot.sectors) == (0x05, MT6572_EBR1, u32::MAX)
            {
                return Ok(Some(at + sector * SECTOR));
            }
        }
        at += len as u64;
    }
    Ok(None)
}

fn slots(source: &mut dyn ReadAt, at: u64) -> Result<[Slot; 4], MbrError> {
    let mut bytes = [0; 512];
    source.read_at(at, &mut bytes).map_err(|cause| MbrError::Read { at, cause })?;
    if bytes[510..] != SIGNATURE {
        return Err(MbrError::Signature { at, found: [bytes[510], bytes[511]] });
    }
    Ok([0, 1, 2, 3].map(|index| slot(&bytes, index)))
}

/// Returns a slot of a whole sector; an empty one where the sector is not whole.
fn slot(sector: &[u8], index: usize) -> Slot {
    shape(sector, SLOTS_AT + index * SLOT_LEN).unwrap_or_default()
}

impl Slot {
    /// Reads the slot of the record that lies `record` bytes behind the MBR.
    fn partition(self, number: u32, record: u64) -> MbrPartition {
        // The generator writes "to the end" as whatever fills the 32-bit sector space.
        let open = self.sectors == u32::MAX
            || self.start.checked_add(self.sectors).is_none_or(|end| end == u32::MAX);
        let size = if open { 0 } else { u64::from(self.sectors) * SECTOR };
        // Both terms are below 2^42, so the sum is exact.
        MbrPartition { number, kind: self.kind, start: record + u64::from(self.start) * SECTOR, size }
    }
}
