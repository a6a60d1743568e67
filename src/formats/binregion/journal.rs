//! The region's journal: text records in the last blocks (ap-nvram.md 1.2, layout 0). Only where it is used matters
//! here; newer builds keep a copy of the IMEI file in it, so a backup wants it.

use binrw::BinRead;

use super::geometry::join;
use super::{BinRegion, SECTOR};
use crate::formats::fixed::shape;
use crate::formats::{ReadAt, ReadError};

/// What every journal record starts with: kind 0 is the super page, whose sequence is the next one; 1 is a log page.
#[derive(BinRead)]
#[br(little, magic = 0x5A5A_7B7B_u32)]
struct Record {
    kind: u32,
    sequence: u32,
}

/// Journal blocks of the platforms known.
const LOG_BLOCKS: [u64; 2] = [2, 8];

/// Returns the used ranges of the journal (first byte, length): the super page and the slots written so far. Empty when
/// there is no journal. Costs two or three reads of 512 bytes.
///
/// # Errors
/// When the source fails; a partition without the place for a journal is no failure.
pub fn journal_ranges(source: &mut dyn ReadAt, region: &BinRegion) -> Result<Vec<(u64, u64)>, ReadError> {
    let block = region.block_size;
    let Some(super_at) = source.len().checked_sub(block) else { return Ok(Vec::new()) };
    let Some(Record { kind: 0, sequence }) = record(source, super_at)? else { return Ok(Vec::new()) };
    let mut ranges = vec![(super_at, SECTOR)];
    for log_blocks in LOG_BLOCKS {
        let Some(start) = source.len().checked_sub(log_blocks * block) else { continue };
        if let Some(Record { kind: 1, .. }) = record(source, start)? {
            let slots = block / SECTOR * (log_blocks - 1);
            ranges.push((start, u64::from(sequence).clamp(1, slots) * SECTOR));
            break;
        }
    }
    Ok(join(ranges))
}

/// Returns the record at `at`, when one stands there.
fn record(source: &mut dyn ReadAt, at: u64) -> Result<Option<Record>, ReadError> {
    let mut bytes = [0u8; 512];
    source.read_at(at, &mut bytes)?;
    Ok(shape(&bytes, 0))
}
