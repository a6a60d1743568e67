//! BinRegion: the packed copy of NVRAM files in the raw `nvram` partition (ap-nvram.md 1). Reads only what it needs,
//! finds every place by the image's own words, and knows nothing of what the files mean.

mod checksum;
mod content;
mod geometry;
mod journal;
mod map;
mod tail;
mod write;

use binrw::BinRead;
use thiserror::Error;

use super::fixed::shape;
use super::{ReadAt, ReadError};
pub use checksum::data_checksum;
pub use content::{AP_BACKED_UP, AP_BACKED_UP_LATER, Content, ContentError, Entry};
use geometry::{Geometry, join};
pub use journal::{journal_pages, journal_ranges};
pub use map::{Category, HeaderVariant};
pub use tail::{Tail, TailState};
pub use write::{Area, BLOCK_SIZE_EMMC, ComposeError, Composed, compose, likely_areas};

/// Block sizes the sources know, in the order they are tried; the first is every eMMC (1.7).
const BLOCK_SIZES: [u64; 5] = [0x2_0000, 0x4_0000, 0x8_0000, 0x10_0000, 0x20_0000];
/// Write unit on eMMC, and the step in which this reader asks.
const SECTOR: u64 = 512;
/// Largest data a real phone holds is 442 133 bytes (MT6761); more than this is not believed.
const MAX_DATA: u64 = 8 << 20;
/// Length of the words before the map.
const WORDS: u64 = 12;

/// What the header block starts with (ap-nvram.md 1.2): three words, then the map, whose first word is the checksum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BinRead)]
#[br(little)]
struct Header {
    map_size: u32,
    dat_size: u32,
    clean_flag: u32,
    checksum: u32,
}

/// A parsed BinRegion. Every place is a byte offset in the `nvram` partition.
#[derive(Debug, Clone)]
pub struct BinRegion {
    /// Bytes of one block (`B`).
    pub block_size: u64,
    /// Blocks of the NVRAM area (`nv`): bitmap length, or the whole partition when no tail block was found.
    pub nv: u64,
    /// Indexes of bad blocks inside the area.
    pub bad_blocks: Vec<u64>,
    /// Which title header the writer used.
    pub variant: HeaderVariant,
    /// The map (`AllMap`), checksum word included.
    pub map: Vec<u8>,
    /// Blocks the header image takes: 1 or 2.
    pub map_blocks: u64,
    /// Count of files per category, in title order.
    pub counters: Vec<u16>,
    /// Common and custom AP LIDs the writer knew.
    pub lid_counts: (u32, u32),
    /// The files, in title order.
    pub files: Vec<BinFile>,
    /// The data (`AllFile`).
    pub data: Vec<u8>,
    /// Places of the data, in order.
    pub data_extents: Vec<(u64, u64)>,
    /// Checksum in the map.
    pub stored_checksum: u32,
    /// Checksum of the data as read.
    pub computed_checksum: u32,
    /// Place of the checksum word in the header.
    pub checksum_at: u64,
    /// The bitmap block with the second copy of the map.
    pub tail: Option<Tail>,
    /// Clean flag: `None` when clear (FF), otherwise the word. Informational.
    pub clean_flag: Option<u32>,
    header_extents: Vec<(u64, u64)>,
}

/// One file of the region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BinFile {
    /// Absolute path on the Android that wrote the region.
    pub name: String,
    /// Its category.
    pub category: Category,
    /// First byte in the data.
    pub start: usize,
    /// Length.
    pub size: usize,
    /// Content.
    pub bytes: Vec<u8>,
    /// Places of the content, in order: (first byte, length).
    pub extents: Vec<(u64, u64)>,
}

/// Why a partition holds no BinRegion that can be parsed.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BinRegionError {
    /// Header, data start and every likely tail place say nothing.
    #[error(
        "the NVRAM partition is blank: only {filler:#04x} bytes where header, data and second copy should be"
    )]
    Blank {
        /// The byte it is filled with.
        filler: u8,
    },
    /// There is something, but no BinRegion header.
    #[error("not a BinRegion: {field} at {at:#x} is {value:#x}")]
    NotBinRegion {
        /// The field that cannot be right.
        field: &'static str,
        /// Where it stands.
        at: u64,
        /// What stands there.
        value: u64,
    },
    /// The header is right and what it announces is not.
    #[error("the BinRegion's structure is broken: {field} at {at:#x}: {what}")]
    Structure {
        /// The field.
        field: &'static str,
        /// Where it stands.
        at: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The bytes could not be read.
    #[error("reading the {what} of the BinRegion: {cause}")]
    Read {
        /// What was being read.
        what: &'static str,
        /// Why it failed.
        cause: ReadError,
    },
}

/// Parses the partition. A wrong data checksum is not an error: the files are returned, and
/// [`BinRegion::checksum_valid`] says so.
///
/// # Errors
/// [`BinRegionError`]; `Read` when the source failed, so that a failing cable is never taken for a finding.
pub fn parse(source: &mut dyn ReadAt) -> Result<BinRegion, BinRegionError> {
    let len = source.len();
    if len < 2 * BLOCK_SIZES[0] {
        return Err(BinRegionError::NotBinRegion { field: "partition length", at: 0, value: len });
    }
    let first = read(source, 0, SECTOR, "header")?;
    let mut found = tail::at_likely_places(source, len)?;
    if found.is_none() {
        let second = read(source, BLOCK_SIZES[0], SECTOR, "start of the data")?;
        if let (Some(filler), Some(other)) = (filler(&first), filler(&second)) {
            return Err(if filler == other {
                BinRegionError::Blank { filler }
            } else {
                BinRegionError::NotBinRegion {
                    field: "map size",
                    at: 0,
                    value: header(&first, 0)?.map_size.into(),
                }
            });
        }
        found = tail::anywhere(source, len)?;
    }
    let geometry = match &found {
        Some((geometry, _)) => geometry.clone(),
        None => Geometry::without_bitmap(BLOCK_SIZES[0], len),
    };
    parse_with(source, geometry, found.map(|(_, tail)| tail))
}

fn parse_with(
    source: &mut dyn ReadAt,
    geometry: Geometry,
    found: Option<tail::RawTail>,
) -> Result<BinRegion, BinRegionError> {
    let block = geometry.block_size;
    let header_at = geometry.good.first().map_or(0, |index| index * block);
    let head = header(&read(source, header_at, SECTOR, "header")?, header_at)?;
    let (map_size, dat_size) = (u64::from(head.map_size), u64::from(head.dat_size));
    let not = |field, at, value| BinRegionError::NotBinRegion { field, at, value };
    if map_size < 40 || map_size + WORDS > 2 * block {
        return Err(not("map size", header_at, map_size));
    }
    if dat_size == 0 || dat_size == 0xFFFF_FFFF || dat_size > source.len().min(MAX_DATA) {
        return Err(not("data size", header_at + 4, dat_size));
    }
    if map::variant_candidates(map_size).is_empty() {
        return Err(not("map size, which fits no title header,", header_at, map_size));
    }
    let image = (map_size + WORDS).next_multiple_of(SECTOR);
    let map_blocks = image.div_ceil(block);
    let out = |field, at| BinRegionError::Structure {
        field,
        at,
        what: "it does not fit before the second copy".into(),
    };
    let header_extents = geometry.extents(0, image).ok_or_else(|| out("map size", header_at))?;
    let data_extents =
        geometry.extents(map_blocks * block, dat_size).ok_or_else(|| out("data size", header_at + 4))?;
    if let Some(tail) = &found
        && data_extents.iter().any(|(at, len)| *at < tail.at + block && tail.at < at + len)
    {
        return Err(out("data size", header_at + 4));
    }
    let mut map = gather(source, &header_extents, "map")?;
    map.drain(..usize::try_from(WORDS).unwrap_or(0));
    map.truncate(usize::try_from(map_size).unwrap_or(usize::MAX));
    let titles = map::parse(&map, dat_size, header_at + WORDS)?;
    let data = gather(source, &data_extents, "data")?;
    let mut files = Vec::with_capacity(titles.files.len());
    for title in titles.files {
        let bytes = data.get(title.start..title.start + title.size).unwrap_or_default().to_vec();
        let extents = geometry
            .extents(map_blocks * block + title.start as u64, title.size as u64)
            .ok_or_else(|| out("file", header_at))?;
        let (start, size) = (title.start, title.size);
        files.push(BinFile { name: title.name, category: title.category, start, size, bytes, extents });
    }
    Ok(BinRegion {
        block_size: block,
        nv: geometry.nv,
        bad_blocks: geometry.bad,
        variant: titles.variant,
        map_blocks,
        counters: titles.counters,
        lid_counts: titles.lid_counts,
        files,
        computed_checksum: data_checksum(&data),
        data,
        data_extents,
        stored_checksum: head.checksum,
        checksum_at: header_at + WORDS,
        tail: found.map(|tail| tail.judge(geometry.nv, head)),
        clean_flag: Some(head.clean_flag).filter(|flag| *flag != 0xFFFF_FFFF),
        map,
        header_extents,
    })
}

impl BinRegion {
    /// Returns whether the data are those the map was written for.
    #[must_use]
    pub fn checksum_valid(&self) -> bool {
        self.stored_checksum == self.computed_checksum
    }

    /// Returns the file whose path ends with `/` and `below` (`md/NVRAM/NVD_IMEI/MP0B_001`).
    #[must_use]
    pub fn file(&self, below: &str) -> Option<&BinFile> {
        self.files.iter().find(|file| file.name.strip_suffix(below).is_some_and(|root| root.ends_with('/')))
    }

    /// Returns the place of the checksum word in the second copy, when there is one.
    #[must_use]
    pub fn tail_checksum_at(&self) -> Option<u64> {
        self.tail.as_ref().and_then(|tail| tail.checksum_at)
    }

    /// Returns the byte ranges (first byte, length) that matter: header with map, data, and the used part of the tail
    /// block; in whole sectors, sorted, not overlapping.
    #[must_use]
    pub fn used_ranges(&self) -> Vec<(u64, u64)> {
        let image = (self.map.len() as u64 + WORDS).next_multiple_of(SECTOR);
        let mut ranges: Vec<(u64, u64)> = self.header_extents.clone();
        ranges.extend(&self.data_extents);
        if let Some(tail) = &self.tail {
            ranges.push((tail.at, (3 * self.nv + 4 + image).min(self.block_size)));
        }
        join(ranges)
    }
}

fn read(source: &mut dyn ReadAt, at: u64, len: u64, what: &'static str) -> Result<Vec<u8>, BinRegionError> {
    let mut bytes = vec![0; usize::try_from(len.min(MAX_DATA)).unwrap_or(0)];
    source.read_at(at, &mut bytes).map_err(|cause| BinRegionError::Read { what, cause })?;
    Ok(bytes)
}

fn gather(
    source: &mut dyn ReadAt,
    extents: &[(u64, u64)],
    what: &'static str,
) -> Result<Vec<u8>, BinRegionError> {
    let mut bytes = Vec::new();
    for (at, len) in extents {
        bytes.extend(read(source, *at, *len, what)?);
    }
    Ok(bytes)
}

/// Returns the byte a slice is filled with, if that byte is 0 or FF.
fn filler(bytes: &[u8]) -> Option<u8> {
    let first = *bytes.first()?;
    ((first == 0 || first == 0xFF) && bytes.iter().all(|byte| *byte == first)).then_some(first)
}

/// Returns the header at the start of a block that was read from `at`.
fn header(block: &[u8], at: u64) -> Result<Header, BinRegionError> {
    let value = block.len() as u64;
    shape(block, 0).ok_or(BinRegionError::NotBinRegion { field: "header length", at, value })
}
