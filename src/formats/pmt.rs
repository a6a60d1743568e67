//! The partition table that flash tools leave in the last megabyte of an eMMC (reference `ap-nvram` 5.5).
//! Promises to read one copy strictly and to say where two differ; never writes one.

use binrw::BinRead;
use thiserror::Error;

use super::fixed::shape;
use super::partition::{AddressSpace, PartitionEntry, PartitionTable, TailEntry, blocks_before_end};

/// Length of one copy in bytes.
pub const PMT_LEN: usize = 0x1000;
/// The main copy starts this many bytes before the end of the user area; the mirror follows [`PMT_LEN`] later.
pub const PMT_BEFORE_END: u64 = 0x10_0000;

const MAIN: u32 = 0x5054_7631;
const MIRROR: u32 = 0x4D50_5431;
const VERSION: &[u8; 4] = b"1.0\0";
const ENTRIES_AT: usize = 8;
const ENTRY_LEN: usize = 88;
const ENTRY_MAX: usize = 40;
const NAME_LEN: usize = 64;

/// How a copy starts. The signature is repeated in its last word.
#[derive(BinRead)]
#[br(little)]
struct Head {
    signature: u32,
    version: [u8; 4],
}

/// The last two words of a copy.
#[derive(BinRead)]
#[br(little)]
struct End {
    _state: u32,
    signature: u32,
}

/// One entry as it is stored: bytes of the linear space. The flags say nothing that is needed.
#[derive(BinRead)]
#[br(little)]
struct RawEntry {
    name: [u8; NAME_LEN],
    size: u64,
    start: u64,
    _flags: u64,
}

/// Which of the two copies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PmtKind {
    /// `1vTP`.
    Main,
    /// `1TPM`.
    Mirror,
}

/// One copy as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PmtCopy {
    /// Which copy its signatures say it is.
    pub kind: PmtKind,
    /// The table, linear addresses.
    pub table: PartitionTable,
}

/// Why a copy, or a pair of copies, was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PmtError {
    /// Fewer bytes than a copy has.
    #[error("PMT: {len} bytes, a copy has {PMT_LEN}")]
    Short {
        /// Bytes given.
        len: usize,
    },
    /// Only one byte value: no tool ever wrote a table here.
    #[error("PMT: blank (every byte {byte:#04x})")]
    Blank {
        /// The value.
        byte: u8,
    },
    /// The word at 0 is no signature.
    #[error("PMT: signature {found:#010x} at 0x0 is neither 1vTP nor 1TPM")]
    Signature {
        /// The word found.
        found: u32,
    },
    /// The version is not 1.0.
    #[error("PMT: version {found:02x?} at 0x4 is not \"1.0\"")]
    Version {
        /// The bytes found.
        found: [u8; 4],
    },
    /// Head and tail disagree: the copy was written in part.
    #[error("PMT: signature {found:#010x} at 0xffc does not repeat the one at 0x0")]
    Tail {
        /// The word found.
        found: u32,
    },
    /// An entry has no printable, terminated name.
    #[error("PMT: entry {index} at {at:#x} has no readable name")]
    Name {
        /// Entry, from 0.
        index: usize,
        /// Its offset in the copy.
        at: usize,
    },
    /// No entry at all.
    #[error("PMT: no entries")]
    Empty,
    /// The copies differ.
    #[error("PMT and mirror differ: {what}")]
    Differ {
        /// The first differing entry, in words.
        what: String,
    },
}

impl PmtCopy {
    /// Reads one copy (the first [`PMT_LEN`] bytes) of an eMMC PMT, version 1. Little-endian.
    ///
    /// # Errors
    /// [`PmtError`], with the place.
    pub fn parse(bytes: &[u8]) -> Result<Self, PmtError> {
        let copy = bytes.get(..PMT_LEN).ok_or(PmtError::Short { len: bytes.len() })?;
        if copy.iter().all(|byte| *byte == copy[0]) {
            return Err(PmtError::Blank { byte: copy[0] });
        }
        let short = || PmtError::Short { len: bytes.len() };
        let head: Head = shape(copy, 0).ok_or_else(short)?;
        let end: End = shape(copy, PMT_LEN - 8).ok_or_else(short)?;
        let kind = match head.signature {
            MAIN => PmtKind::Main,
            MIRROR => PmtKind::Mirror,
            found => return Err(PmtError::Signature { found }),
        };
        if head.version != *VERSION {
            return Err(PmtError::Version { found: head.version });
        }
        if end.signature != head.signature {
            return Err(PmtError::Tail { found: end.signature });
        }
        Ok(Self { kind, table: entries(copy)? })
    }
}

/// Returns the table both copies hold.
///
/// # Errors
/// [`PmtError::Differ`] naming the first differing entry.
pub fn agree(main: &PartitionTable, mirror: &PartitionTable) -> Result<PartitionTable, PmtError> {
    let differ = |what: String| Err(PmtError::Differ { what });
    for (index, (a, b)) in main.entries.iter().zip(&mirror.entries).enumerate() {
        if a != b {
            return differ(format!(
                "entry {index} is {} {:#x}+{:#x} in the main copy and {} {:#x}+{:#x} in the mirror",
                a.name, a.start, a.size, b.name, b.start, b.size
            ));
        }
    }
    if main.entries.len() != mirror.entries.len() {
        let index = main.entries.len().min(mirror.entries.len());
        return differ(format!("entry {index} is in one copy only"));
    }
    if main.tail != mirror.tail {
        return differ("the entries counted from the end of the device".to_owned());
    }
    Ok(main.clone())
}

fn entries(copy: &[u8]) -> Result<PartitionTable, PmtError> {
    let mut table = PartitionTable { space: AddressSpace::Linear, entries: Vec::new(), tail: Vec::new() };
    for index in 0..ENTRY_MAX {
        let at = ENTRIES_AT + index * ENTRY_LEN;
        let RawEntry { name: raw, size, start, .. } =
            shape(copy, at).ok_or(PmtError::Short { len: copy.len() })?;
        // An unused slot behind the last entry: a table need not end with "the rest of the device".
        if size == 0 && raw[0] == 0 {
            break;
        }
        let name = name(&raw).ok_or(PmtError::Name { index, at })?;
        match blocks_before_end(&name, start) {
            Some(blocks_before_end) => table.tail.push(TailEntry { name, blocks_before_end }),
            None => table.entries.push(PartitionEntry { name, start, size }),
        }
        if size == 0 {
            break;
        }
    }
    if table.entries.is_empty() { Err(PmtError::Empty) } else { Ok(table) }
}

fn name(raw: &[u8; NAME_LEN]) -> Option<String> {
    let end = raw.iter().position(|byte| *byte == 0)?;
    let text = std::str::from_utf8(&raw[..end]).ok()?;
    let printable = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
    printable.then(|| text.to_owned())
}
