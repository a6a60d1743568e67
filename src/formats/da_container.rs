//! The container a flash package keeps its Download Agents in (preloader-and-legacy-da.md 5): one entry a chip revision, each
//! with the pieces to send. Promises that every place and count is checked before it is used; executes and changes nothing.

mod choose;
mod error;

use binrw::BinRead;

pub use self::choose::{Chosen, Device};
pub use self::error::DaError;
use super::fixed::shape;

/// First bytes of every container.
const NAME: &[u8; 18] = b"MTK_DOWNLOAD_AGENT";
/// Magic word of an open container.
const MAGIC: u32 = 0x2266_8899;
/// First half-word of an entry.
const ENTRY_MAGIC: u16 = 0xDADA;
/// Bytes before the first entry.
const HEADER_LEN: usize = 0x6C;
/// Bytes of an entry, and of one in very old files.
const ENTRY_LEN: usize = 0xDC;
const OLD_ENTRY_LEN: usize = 0xD8;
/// Bytes of an entry before its regions; four fewer in very old files.
const ENTRY_HEAD: usize = 0x14;
const OLD_ENTRY_HEAD: usize = 0x10;
const REGION_LEN: usize = 20;
/// Regions an entry has room for.
const MOST_REGIONS: u16 = 10;
/// More entries than any package has; the largest known has about fifty.
const MOST_ENTRIES: u32 = 512;
/// Text in the description of files whose agents speak XML.
const XML_MARK: &str = "MTK_DA_v6";
/// A container larger than this is not read.
pub const MOST_BYTES: u64 = 64 << 20;

#[derive(BinRead)]
#[br(little)]
struct RawHeader {
    name: [u8; 32],
    description: [u8; 64],
    version: u32,
    magic: u32,
    count: u32,
}

/// The fields all entries have, in this order.
#[derive(BinRead)]
#[br(little)]
struct RawEntry {
    magic: u16,
    hw_code: u16,
    hw_sub_code: u16,
    hw_version: u16,
}

/// The last two words before an entry's regions.
#[derive(BinRead)]
#[br(little)]
struct RawCounts {
    first: u16,
    regions: u16,
}

/// Where one piece of an agent lies in the file, and where it is loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, BinRead)]
#[br(little)]
pub struct DaRegion {
    /// First byte in the file.
    pub offset: u32,
    /// Bytes, the signature's included.
    pub len: u32,
    /// Load address.
    pub address: u32,
    /// Where the signature begins, from the first byte.
    pub signature_at: u32,
    /// Bytes of the signature.
    pub signature_len: u32,
}

/// One chip revision's agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaEntry {
    /// The chip, as agents number it; 6572 for an MT6572.
    pub hw_code: u16,
    /// Sub code; 0 fits every one.
    pub hw_sub_code: u16,
    /// Oldest hardware version it is for; 0 fits every one.
    pub hw_version: u16,
    /// Oldest software version it is for; 0 fits every one, and very old files have none.
    pub sw_version: u16,
    /// Its pieces: of a legacy agent, 1 is the first stage and 2 the second.
    pub regions: Vec<DaRegion>,
}

impl DaEntry {
    /// Returns chip and versions in words, for lists.
    #[must_use]
    pub fn title(&self) -> String {
        format!(
            "chip {:04x} sub {:04x} hardware {:04x} software {:04x}",
            self.hw_code, self.hw_sub_code, self.hw_version, self.sw_version
        )
    }
}

/// A container as read. Whether its agents speak the legacy dialects or XFlash, the container does not say: the chip does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DaContainer {
    /// Build description: `MTK_AllInOne_DA_v3.3001.2019-12-31…`.
    pub description: String,
    /// Container version; 4 in every file seen.
    pub version: u32,
    /// Whether it is of the very old form, without software versions.
    pub old: bool,
    /// Its entries, in the file's order.
    pub entries: Vec<DaEntry>,
}

impl DaContainer {
    /// Reads header and entries. Regions are checked when an entry is chosen: files carry broken ones for chips nobody has.
    ///
    /// # Errors
    /// [`DaError`], one kind for every wrong kind of file, with the place.
    pub fn parse(bytes: &[u8]) -> Result<Self, DaError> {
        if !bytes.starts_with(&NAME[..NAME.len().min(bytes.len())]) || bytes.is_empty() {
            return Err(DaError::NotAContainer { head: bytes.iter().copied().take(8).collect() });
        }
        let header: RawHeader = shape(bytes, 0).ok_or(DaError::ShortHeader { len: bytes.len() })?;
        let description = printable(&header.description);
        if header.name[NAME.len()..].iter().any(|byte| *byte != 0) {
            return Err(DaError::NotAContainer { head: header.name[NAME.len()..][..8].to_vec() });
        }
        if description.contains(XML_MARK) {
            return Err(DaError::Xml { description });
        }
        if header.magic != MAGIC {
            return Err(DaError::Encrypted { magic: header.magic });
        }
        if header.count == 0 || header.count > MOST_ENTRIES {
            return Err(DaError::Count { count: header.count });
        }
        let second = bytes.get(HEADER_LEN + OLD_ENTRY_LEN..).and_then(|rest| rest.first_chunk::<2>());
        let old = header.count > 1 && second.is_some_and(|word| u16::from_le_bytes(*word) == ENTRY_MAGIC);
        let count = usize::try_from(header.count).unwrap_or(0);
        let entries = (0..count).map(|index| entry(bytes, index, count, old)).collect::<Result<_, _>>()?;
        Ok(Self { description, version: header.version, old, entries })
    }

    /// Returns what the file has, one line an entry, for messages.
    #[must_use]
    pub fn contents(&self) -> Vec<String> {
        self.entries.iter().map(DaEntry::title).collect()
    }
}

fn entry(bytes: &[u8], index: usize, count: usize, old: bool) -> Result<DaEntry, DaError> {
    let (len, head) = if old { (OLD_ENTRY_LEN, OLD_ENTRY_HEAD) } else { (ENTRY_LEN, ENTRY_HEAD) };
    let at = HEADER_LEN + index * len;
    let cut = || DaError::EntryCut { index, count, len: bytes.len() };
    if bytes.len() < at + len {
        return Err(cut());
    }
    let raw: RawEntry = shape(bytes, at).ok_or_else(cut)?;
    if raw.magic != ENTRY_MAGIC {
        return Err(DaError::EntryMagic { index, at, found: raw.magic });
    }
    let sw_version = if old { 0 } else { shape::<Word>(bytes, at + 8).ok_or_else(cut)?.0 };
    let counts: RawCounts = shape(bytes, at + head - 4).ok_or_else(cut)?;
    if counts.regions > MOST_REGIONS || counts.first > MOST_REGIONS {
        return Err(DaError::RegionCount { index, count: counts.regions, first: counts.first });
    }
    let region = |number: usize| shape(bytes, at + head + number * REGION_LEN).ok_or_else(cut);
    let regions = (0..usize::from(counts.regions)).map(region).collect::<Result<_, _>>()?;
    Ok(DaEntry {
        hw_code: raw.hw_code,
        hw_sub_code: raw.hw_sub_code,
        hw_version: raw.hw_version,
        sw_version,
        regions,
    })
}

#[derive(BinRead)]
#[br(little)]
struct Word(u16);

/// Free text up to its first NUL; what a terminal cannot show becomes a dot.
fn printable(raw: &[u8]) -> String {
    let end = raw.iter().position(|byte| *byte == 0).unwrap_or(raw.len());
    let shown = |byte: &u8| {
        if byte.is_ascii_graphic() || *byte == b' ' { char::from(*byte) } else { '.' }
    };
    raw[..end].iter().map(shown).collect()
}
