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

/// Block sizes of eMMC and of NAND with 2 KiB and 4 KiB pages (ap-nvram.md 1.1).
const BLOCK_SIZES: [u64; 2] = [0x2_0000, 0x4_0000];
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

/// Returns the used log pages of a partition's journal, whatever became of the BinRegion before it: offset and content of
/// each. Costs one read of 512 bytes for every page, after two or three to find them.
///
/// # Errors
/// When the source fails.
pub fn journal_pages(source: &mut dyn ReadAt) -> Result<Vec<(u64, [u8; 512])>, ReadError> {
    for block in BLOCK_SIZES {
        let Some(super_at) = source.len().checked_sub(block) else { continue };
        let Some(Record { kind: 0, sequence }) = record(source, super_at)? else { continue };
        for log_blocks in LOG_BLOCKS {
            let Some(start) = source.len().checked_sub(log_blocks * block) else { continue };
            let slots = block / SECTOR * (log_blocks - 1);
            let mut pages = Vec::new();
            for slot in 0..u64::from(sequence).clamp(1, slots) {
                let mut page = [0u8; 512];
                source.read_at(start + slot * SECTOR, &mut page)?;
                match shape(&page, 0) {
                    Some(Record { kind: 1, .. }) => pages.push((start + slot * SECTOR, page)),
                    // Nothing at the first slot: the journal is not so long.
                    _ if slot == 0 => break,
                    _ => {}
                }
            }
            if !pages.is_empty() {
                return Ok(pages);
            }
        }
    }
    Ok(Vec::new())
}

/// Returns the record at `at`, when one stands there.
fn record(source: &mut dyn ReadAt, at: u64) -> Result<Option<Record>, ReadError> {
    let mut bytes = [0u8; 512];
    source.read_at(at, &mut bytes)?;
    Ok(shape(&bytes, 0))
}
