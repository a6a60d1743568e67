//! GUID partition tables of later phones (ap-nvram.md 5.6): primary behind the protective MBR, backup at the end. Promises
//! that sums hold and sizes are bounded before anything is read; never writes one.

use std::io::Cursor;

use binrw::{BinRead, binrw};
use thiserror::Error;

use super::partition::{AddressSpace, PartitionEntry, PartitionTable};
use super::read_at::{ReadAt, ReadError};

/// Sector sizes of eMMC and UFS, tried in this order.
pub const SECTORS: [u64; 2] = [512, 4096];
const HEADER_LEN: u32 = 92;
const ENTRY_LEN: u32 = 128;
const ENTRY_LEN_MAX: u32 = 4096;
const ENTRY_MAX: u32 = 1024;
const NAME_AT: usize = 56;
const NAME_LEN: usize = 72;

/// Which of the two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GptKind {
    /// Sector 1.
    Primary,
    /// The last sector.
    Backup,
}

/// One copy as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Gpt {
    /// Which copy.
    pub kind: GptKind,
    /// Bytes of a sector.
    pub sector: u64,
    /// The disk's own number.
    pub disk: [u8; 16],
    /// First sector a partition may have.
    pub first_usable: u64,
    /// Last sector a partition may have.
    pub last_usable: u64,
    /// First byte of this copy's entries.
    pub entries_at: u64,
    /// Bytes of its entries.
    pub entries_len: u64,
    /// The partitions, counted from the start of the user area. Unused entries are not listed.
    pub table: PartitionTable,
}

/// Why a copy, or a pair of copies, was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GptError {
    /// It could not be read.
    #[error("GPT at {at:#x} not read: {cause}")]
    Read {
        /// Offset in bytes.
        at: u64,
        /// The source's words.
        cause: ReadError,
    },
    /// No table begins here.
    #[error("no GPT at {at:#x}")]
    Signature {
        /// Offset in bytes.
        at: u64,
    },
    /// The header's sum is wrong.
    #[error("GPT at {at:#x}: header sum {found:#010x}, its bytes give {wanted:#010x}")]
    HeaderSum {
        /// Offset in bytes.
        at: u64,
        /// As stored.
        found: u32,
        /// As computed.
        wanted: u32,
    },
    /// The sum of the entries is wrong.
    #[error("GPT at {at:#x}: sum of the entries {found:#010x}, their bytes give {wanted:#010x}")]
    EntriesSum {
        /// Offset of the header in bytes.
        at: u64,
        /// As stored.
        found: u32,
        /// As computed.
        wanted: u32,
    },
    /// A field of the header is not one a table can have.
    #[error("GPT at {at:#x}: {field} {found:#x} is out of bounds")]
    Bounds {
        /// Offset of the header in bytes.
        at: u64,
        /// The field.
        field: &'static str,
        /// Its value.
        found: u64,
    },
    /// An entry has no readable name, or its sectors are none.
    #[error("GPT entry {index}: {what}")]
    Entry {
        /// Entry, from 0.
        index: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// Two whole copies that say different things.
    #[error("GPT primary and backup differ at entry {index}")]
    Differ {
        /// First differing entry, from 0.
        index: usize,
    },
}

#[binrw]
#[brw(little, magic = b"EFI PART")]
struct Header {
    revision: u32,
    len: u32,
    sum: u32,
    reserved: u32,
    own_sector: u64,
    other_sector: u64,
    first_usable: u64,
    last_usable: u64,
    disk: [u8; 16],
    entries_sector: u64,
    entries: u32,
    entry_len: u32,
    entries_sum: u32,
}

impl Gpt {
    /// Reads one copy with sectors of `sector` bytes.
    ///
    /// # Errors
    /// [`GptError`], with the place.
    pub fn read(source: &mut dyn ReadAt, sector: u64, kind: GptKind) -> Result<Self, GptError> {
        let own = match kind {
            GptKind::Primary => 1,
            GptKind::Backup => (source.len() / sector.max(1)).saturating_sub(1),
        };
        let at = own.saturating_mul(sector);
        let bounds = |field, found| GptError::Bounds { at, field, found };
        let mut bytes = [0; 512];
        source.read_at(at, &mut bytes).map_err(|cause| GptError::Read { at, cause })?;
        let header = Header::read(&mut Cursor::new(&bytes[..])).map_err(|_| GptError::Signature { at })?;
        let len = usize::try_from(header.len)
            .ok()
            .filter(|len| header.len >= HEADER_LEN && *len <= bytes.len())
            .ok_or_else(|| bounds("header length", header.len.into()))?;
        let mut covered = bytes[..len].to_vec();
        covered[16..20].fill(0);
        let wanted = crc32fast::hash(&covered);
        if header.sum != wanted {
            return Err(GptError::HeaderSum { at, found: header.sum, wanted });
        }
        if header.own_sector != own {
            return Err(bounds("own sector", header.own_sector));
        }
        if header.entries == 0 || header.entries > ENTRY_MAX {
            return Err(bounds("number of entries", header.entries.into()));
        }
        if !(ENTRY_LEN..=ENTRY_LEN_MAX).contains(&header.entry_len) || header.entry_len % ENTRY_LEN != 0 {
            return Err(bounds("entry length", header.entry_len.into()));
        }
        let entries_at = header
            .entries_sector
            .checked_mul(sector)
            .filter(|entries| *entries < source.len())
            .ok_or_else(|| bounds("sector of the entries", header.entries_sector))?;
        // Both factors were bounded above: four megabytes at most.
        let entry_len = usize::try_from(header.entry_len).unwrap_or_default();
        let mut raw = vec![0; usize::try_from(header.entries).unwrap_or_default() * entry_len];
        source.read_at(entries_at, &mut raw).map_err(|cause| GptError::Read { at: entries_at, cause })?;
        let wanted = crc32fast::hash(&raw);
        if header.entries_sum != wanted {
            return Err(GptError::EntriesSum { at, found: header.entries_sum, wanted });
        }
        let mut table = PartitionTable { space: AddressSpace::User, entries: Vec::new(), tail: Vec::new() };
        for (index, entry) in raw.chunks_exact(entry_len).enumerate() {
            table.entries.extend(partition(index, entry, sector)?);
        }
        let (first_usable, last_usable) = (header.first_usable, header.last_usable);
        let entries_len = raw.len() as u64;
        Ok(Self {
            kind,
            sector,
            disk: header.disk,
            first_usable,
            last_usable,
            entries_at,
            entries_len,
            table,
        })
    }
}

/// Reads the table of a user area: both copies must agree, or one must be whole. The sector size is found out.
///
/// # Errors
/// [`GptError::Differ`] when two whole copies disagree; otherwise what is wrong with the primary copy.
pub fn read(source: &mut dyn ReadAt) -> Result<Gpt, GptError> {
    let mut trouble: Option<GptError> = None;
    for sector in SECTORS {
        let primary = Gpt::read(source, sector, GptKind::Primary);
        let backup = Gpt::read(source, sector, GptKind::Backup);
        match (primary, backup) {
            (Ok(primary), Ok(backup)) => return agree(primary, &backup),
            (Ok(one), Err(_)) | (Err(_), Ok(one)) => return Ok(one),
            // A broken table of one sector size says more than "nothing here" of the other.
            (Err(error), Err(_)) if trouble.is_none() || error.is_of_a_table() => {
                trouble = trouble.filter(GptError::is_of_a_table).or(Some(error));
            }
            (Err(_), Err(_)) => {}
        }
    }
    Err(trouble.unwrap_or(GptError::Signature { at: 512 }))
}

impl GptError {
    /// Returns whether there is a table, though a broken one.
    fn is_of_a_table(&self) -> bool {
        !matches!(self, Self::Signature { .. } | Self::Read { .. })
    }
}

fn agree(primary: Gpt, backup: &Gpt) -> Result<Gpt, GptError> {
    let (ours, theirs) = (&primary.table.entries, &backup.table.entries);
    let differs = ours.iter().zip(theirs).position(|(a, b)| a != b);
    let index = differs.or((ours.len() != theirs.len()).then(|| ours.len().min(theirs.len())));
    index.map_or(Ok(primary), |index| Err(GptError::Differ { index }))
}

fn partition(index: usize, entry: &[u8], sector: u64) -> Result<Option<PartitionEntry>, GptError> {
    let wrong = |what| GptError::Entry { index, what };
    if entry.iter().take(16).all(|byte| *byte == 0) {
        return Ok(None);
    }
    let word =
        |at: usize| entry.get(at..).and_then(|rest| rest.first_chunk()).map(|raw| u64::from_le_bytes(*raw));
    let (first, last) = word(32).zip(word(40)).ok_or_else(|| wrong("it is too short"))?;
    let sectors = last.checked_sub(first).and_then(|len| len.checked_add(1));
    let size = sectors.and_then(|sectors| sectors.checked_mul(sector));
    let start = first.checked_mul(sector);
    let (start, size) = start.zip(size).ok_or_else(|| wrong("its sectors are none"))?;
    start.checked_add(size).ok_or_else(|| wrong("it ends behind every disk"))?;
    let name = name(entry).ok_or_else(|| wrong("it has no readable name"))?;
    Ok(Some(PartitionEntry { name, start, size }))
}

fn name(entry: &[u8]) -> Option<String> {
    let units = entry.get(NAME_AT..NAME_AT + NAME_LEN)?.chunks_exact(2);
    let units = units.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).take_while(|unit| *unit != 0);
    let text = char::decode_utf16(units).collect::<Result<String, _>>().ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then_some(text)
}
