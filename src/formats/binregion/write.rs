//! Composes a BinRegion as the daemon would write it (ap-nvram.md 1.1 to 1.5): header with map, data, and the tail block
//! with the second copy. Only `identity` calls this; what it may say is decided there. Touches neither journal nor DM area.

use thiserror::Error;

use super::content::{Content, ContentError, Entry};
use super::map::HeaderVariant;
use super::{BLOCK_SIZES, MAX_DATA, SECTOR, WORDS, data_checksum};

/// `NameSize` of every title seen; no length (ap-nvram.md 1.3).
const NAME_SIZE: u32 = 7;
/// Bytes of a name in a title.
const NAME: usize = 128;
/// Bytes of a block on eMMC and UFS (ap-nvram.md 1.1).
pub const BLOCK_SIZE_EMMC: u64 = 0x2_0000;
/// Blocks that a header with its map may take (ap-nvram.md 1.2).
const MAP_BLOCKS_MAX: u64 = 2;

/// The part of the partition that carries the region. A writer must keep what the phone had (ap-nvram.md 1.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    /// Length of the partition in bytes.
    pub partition_len: u64,
    /// Bytes of a block: 0x20000 on eMMC (1.1).
    pub block_size: u64,
    /// Blocks of the NVRAM area, the tail block included: 35 of 40 in the 2/2/1 layout (1.6).
    pub nv: u64,
}

/// Returns the areas that the platforms with a journal would have on a partition of this length (ap-nvram.md 1.6): they differ in
/// the blocks behind the region, and so in the place of the tail.
#[must_use]
pub fn likely_areas(partition_len: u64, block_size: u64) -> Vec<Area> {
    let blocks = partition_len.checked_div(block_size).unwrap_or(0);
    let area = |behind: &u64| blocks.checked_sub(*behind).filter(|nv| *nv >= 3);
    let areas = super::tail::BEHIND_LAYOUT_0.iter().filter_map(area);
    areas.map(|nv| Area { partition_len, block_size, nv }).collect()
}

/// A region ready to be written: pieces of the partition in whole 512-byte sectors, without those nothing reads. The header
/// comes last, because it is what makes the rest believed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    /// `AllMap`.
    pub map: Vec<u8>,
    /// `AllFile`.
    pub data: Vec<u8>,
    /// Byte offset in the partition and bytes: data, tail block, header.
    pub pieces: Vec<(u64, Vec<u8>)>,
}

/// Why a region cannot be composed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ComposeError {
    /// The content is wrong by itself.
    #[error(transparent)]
    Content(#[from] ContentError),
    /// Block size, partition length and area do not go together.
    #[error("no such area: {field} is {value:#x}")]
    Area {
        /// The field.
        field: &'static str,
        /// Its value.
        value: u64,
    },
    /// The map takes more than two blocks.
    #[error("the map of {len:#x} bytes does not fit into two blocks of {block_size:#x}")]
    MapTooLong {
        /// Bytes of the header with its map.
        len: u64,
        /// Bytes of a block.
        block_size: u64,
    },
    /// The data reach into the tail block.
    #[error("the data end at {end:#x}, behind the start of the second copy at {tail:#x}")]
    NoRoom {
        /// End of the data in the partition.
        end: u64,
        /// Start of the tail block.
        tail: u64,
    },
}

/// Composes the region. The area is taken to have no bad block: for eMMC only.
///
/// The clean flag is written clear, the counters of the auto-backup feature unset.
///
/// # Errors
/// [`ComposeError`]; nothing is cut to fit.
pub fn compose(content: &Content, area: Area) -> Result<Composed, ComposeError> {
    let wrong = |field, value| Err(ComposeError::Area { field, value });
    if !BLOCK_SIZES.contains(&area.block_size) {
        return wrong("block size", area.block_size);
    }
    if area.nv < 3 || area.nv > area.partition_len / area.block_size || area.nv * 3 + 4 > area.block_size {
        return wrong("block count of the NVRAM area", area.nv);
    }
    let files = content.ordered()?;
    let data: Vec<u8> = files.iter().flat_map(|file| file.bytes.iter().copied()).collect();
    if data.len() as u64 > MAX_DATA {
        return Err(ContentError::TooMuch { what: "bytes of data" }.into());
    }
    let map = map(content.variant, content.lid_counts, &files, &data)?;
    let mut header = [word(map.len())?, word(data.len())?, [0xFF; 4]].concat();
    header.extend(&map);
    pad(&mut header);
    let len = header.len() as u64;
    let map_blocks = len.div_ceil(area.block_size);
    if map_blocks > MAP_BLOCKS_MAX || map.len() as u64 + WORDS > MAP_BLOCKS_MAX * area.block_size {
        return Err(ComposeError::MapTooLong { len, block_size: area.block_size });
    }
    let data_at = map_blocks * area.block_size;
    let tail_at = (area.nv - map_blocks) * area.block_size;
    let end = data_at + data.len() as u64;
    if end > tail_at {
        return Err(ComposeError::NoRoom { end, tail: tail_at });
    }
    let mut tail = vec![0; usize::try_from(3 * area.nv).unwrap_or(0)];
    tail.extend(0xAABB_CCDD_u32.to_le_bytes());
    tail.extend(&header);
    tail.truncate(usize::try_from(map_blocks * area.block_size).unwrap_or(usize::MAX));
    pad(&mut tail);
    let mut padded = data.clone();
    pad(&mut padded);
    Ok(Composed { map, data, pieces: vec![(data_at, padded), (tail_at, tail), (0, header)] })
}

/// Fills up to whole sectors as the daemon fills up to whole blocks.
fn pad(bytes: &mut Vec<u8>) {
    let sector = usize::try_from(SECTOR).unwrap_or(512);
    bytes.resize(bytes.len().next_multiple_of(sector), 0xFF);
}

fn map(
    variant: HeaderVariant,
    lid_counts: (u32, u32),
    files: &[&Entry],
    data: &[u8],
) -> Result<Vec<u8>, ContentError> {
    let mut map = Vec::new();
    for word in [data_checksum(data), lid_counts.0, lid_counts.1] {
        map.extend(word.to_le_bytes());
    }
    let (mut head, mut last_sizes) = (Vec::new(), 0u32);
    for category in variant.categories() {
        let mut of_it = files.iter().filter(|file| file.category == category);
        // Signed on the phone.
        let count = i16::try_from(of_it.clone().count());
        head.extend(count.map_err(|_| ContentError::TooMuch { what: "files of a category" })?.to_le_bytes());
        let last = of_it.next_back().map_or(0, |file| file.bytes.len());
        last_sizes = last_sizes.wrapping_add(u32::from_le_bytes(word(last)?));
    }
    head.resize(variant.len() - 8, 0);
    map.extend(head);
    // What the daemon calls the length of its buffer, and a flag that is never set (1.3).
    map.extend(last_sizes.to_le_bytes());
    map.extend([0; 4]);
    let mut start = 0;
    for file in files {
        map.extend(NAME_SIZE.to_le_bytes());
        map.extend(word(start)?);
        map.extend(word(file.bytes.len())?);
        let mut name = file.name.clone().into_bytes();
        name.resize(NAME, 0);
        map.extend(name);
        start += file.bytes.len();
    }
    Ok(map)
}

fn word(value: usize) -> Result<[u8; 4], ContentError> {
    let value = u32::try_from(value).map_err(|_| ContentError::TooMuch { what: "bytes" })?;
    Ok(value.to_le_bytes())
}
