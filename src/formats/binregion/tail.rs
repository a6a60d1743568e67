//! The tail block: bad-block bitmap in three copies, then a second copy of the map (ap-nvram.md 1.2, 1.6). It is what
//! tells the length of the NVRAM area, so it is looked for where known platforms put it before anything is scanned.

use super::geometry::Geometry;
use super::{BLOCK_SIZES, BinRegionError, Header, SECTOR, read};
use crate::formats::ReadAt;
use crate::formats::fixed::shape;

/// `DD CC BB AA` behind the bitmaps.
const MARK: [u8; 4] = 0xAABB_CCDD_u32.to_le_bytes();
/// Blocks that platforms with a journal keep behind the NVRAM area, likeliest first: log + reserved + DM (1.1, 1.6).
pub(super) const BEHIND_LAYOUT_0: [u64; 3] = [5, 18, 2];
/// Those of layout 1: with a DM block, and without.
const BEHIND_LAYOUT_1: [u64; 2] = [1, 0];
/// A partition of more blocks is not scanned: 64 MiB has 512.
const MAX_BLOCKS: u64 = 2048;

/// The tail block as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// First byte of the block in the partition.
    pub at: u64,
    /// Place of the checksum word of the second map copy, when the copy is there.
    pub checksum_at: Option<u64>,
    /// What the second copy says.
    pub state: TailState,
}

/// How the second copy of the header compares to the first. Only sizes and checksum are compared: reading the
/// whole copy costs a second on the cable, and no restorer uses it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TailState {
    /// Sizes and checksum are the header's.
    Agrees,
    /// Sizes or checksum differ: a write was torn, or a tool changed one copy only.
    Differs {
        /// The checksum in the second copy.
        checksum: u32,
    },
    /// No map stands behind the bitmap.
    NoMap,
}

/// A tail block before it is compared.
pub(super) struct RawTail {
    pub at: u64,
    header: Option<Header>,
}

impl RawTail {
    pub fn judge(&self, nv: u64, first: Header) -> Tail {
        let place = Some(self.at + 3 * nv + 4 + super::WORDS);
        let (checksum_at, state) = match self.header.filter(|copy| !matches!(copy.map_size, 0 | u32::MAX)) {
            None => (None, TailState::NoMap),
            // The flag may be set after the copy was written.
            Some(copy) if (Header { clean_flag: first.clean_flag, ..copy }) == first => {
                (place, TailState::Agrees)
            }
            Some(copy) => (place, TailState::Differs { checksum: copy.checksum }),
        };
        Tail { at: self.at, checksum_at, state }
    }
}

type Found = Option<(Geometry, RawTail)>;

/// Looks where the platforms known put the tail.
pub(super) fn at_likely_places(source: &mut dyn ReadAt, len: u64) -> Result<Found, BinRegionError> {
    for block_size in BLOCK_SIZES {
        let blocks = len / block_size;
        if blocks > MAX_BLOCKS {
            continue;
        }
        // The MT6572's own constants are unknown (ap-nvram.md 7): for 40 blocks the places are 34, 21 and 37.
        for behind in BEHIND_LAYOUT_0.into_iter().chain(BEHIND_LAYOUT_1) {
            if let Some(index) = blocks.checked_sub(behind + 1)
                && let found @ Some(_) = at_block(source, block_size, blocks, index)?
            {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

/// Looks at every block, from the last one down.
pub(super) fn anywhere(source: &mut dyn ReadAt, len: u64) -> Result<Found, BinRegionError> {
    for block_size in BLOCK_SIZES {
        let blocks = len / block_size;
        if blocks > MAX_BLOCKS {
            continue;
        }
        for index in (0..blocks).rev() {
            if let found @ Some(_) = at_block(source, block_size, blocks, index)? {
                return Ok(found);
            }
        }
    }
    Ok(None)
}

fn at_block(
    source: &mut dyn ReadAt,
    block_size: u64,
    blocks: u64,
    index: u64,
) -> Result<Found, BinRegionError> {
    let at = index * block_size;
    let bytes = read(source, at, (3 * blocks + 4 + 16).next_multiple_of(SECTOR), "tail block")?;
    // The bitmap covers at least this block, so anything shorter cannot be it.
    for nv in index + 1..=blocks {
        let k = usize::try_from(nv).unwrap_or(0);
        if bytes.get(3 * k..).and_then(|rest| rest.first_chunk()) != Some(&MARK) {
            continue;
        }
        let (first, second, third) = (bytes.get(..k), bytes.get(k..2 * k), bytes.get(2 * k..3 * k));
        let Some(bitmap) = first.filter(|_| first == second && second == third) else { continue };
        let geometry = Geometry::from_bitmap(block_size, bitmap);
        // The last good block, or the one before it when the map takes two.
        let good_behind = geometry.good.iter().filter(|block| **block > index).count();
        if bitmap.iter().any(|state| *state > 1) || !geometry.good.contains(&index) || good_behind > 1 {
            continue;
        }
        return Ok(Some((geometry, RawTail { at, header: shape(&bytes, 3 * k + 4) })));
    }
    Ok(None)
}
