//! The partition table of NAND phones (ap-nvram.md 5.5): one page, marked in its bytes and in its spare area, with entries
//! of 76 bytes. Reads one page strictly; finding good blocks is the storage's business.

use thiserror::Error;

use super::partition::{AddressSpace, PartitionEntry, PartitionTable, TailEntry, blocks_before_end};
use super::pmt::PmtKind;

/// First bytes of the main copy's page.
pub const MAIN: &[u8; 4] = b"1vTP";
/// The same of the mirror's.
pub const MIRROR: &[u8; 4] = b"1TPM";
const ENTRIES_AT: usize = 4;
const ENTRY_LEN: usize = 76;
const ENTRY_MAX: usize = 40;
const NAME_LEN: usize = 64;

/// Whose view of the spare area is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SpareView {
    /// The preloader's: byte 0 is the bad-block mark.
    Raw,
    /// The kernel's automatic one: user bytes only.
    User,
}

/// A page as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NandPmt {
    /// Main copy or mirror.
    pub kind: PmtKind,
    /// Counts the writes of the table.
    pub sequence: u8,
    /// The table. NAND has one area only, so all address spaces are one.
    pub table: PartitionTable,
}

/// Why a page is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum NandPmtError {
    /// The page has no signature.
    #[error("NAND PMT: page bytes {found:02x?} at 0x0 are neither 1vTP nor 1TPM")]
    Signature {
        /// Its first bytes.
        found: Vec<u8>,
    },
    /// The spare area does not repeat it.
    #[error("NAND PMT: the spare area does not repeat the page's signature")]
    Spare,
    /// An entry has no printable, terminated name.
    #[error("NAND PMT: entry {index} at {at:#x} has no readable name")]
    Name {
        /// Entry, from 0.
        index: usize,
        /// Its offset in the page.
        at: usize,
    },
    /// No entry at all.
    #[error("NAND PMT: no entries")]
    Empty,
}

impl NandPmt {
    /// Reads a page and its spare area. Little endian.
    ///
    /// # Errors
    /// [`NandPmtError`], with the place.
    pub fn parse(page: &[u8], spare: &[u8], view: SpareView) -> Result<Self, NandPmtError> {
        let kind = match page.first_chunk::<4>() {
            Some(MAIN) => PmtKind::Main,
            Some(MIRROR) => PmtKind::Mirror,
            _ => return Err(NandPmtError::Signature { found: page.iter().take(4).copied().collect() }),
        };
        let skipped = usize::from(view == SpareView::Raw);
        let (mark, rest) =
            spare.get(skipped..).and_then(|user| user.split_at_checked(4)).ok_or(NandPmtError::Spare)?;
        let sequence = *rest.first().filter(|_| mark == &page[..4]).ok_or(NandPmtError::Spare)?;
        Ok(Self { kind, sequence, table: entries(page)? })
    }
}

/// Stops at size 0, for forty entries do not fit into a page of 2 KiB; a named one of that size is the rest of the chip.
fn entries(page: &[u8]) -> Result<PartitionTable, NandPmtError> {
    let mut table = PartitionTable { space: AddressSpace::Linear, entries: Vec::new(), tail: Vec::new() };
    for (index, raw) in page[ENTRIES_AT..].chunks_exact(ENTRY_LEN).take(ENTRY_MAX).enumerate() {
        let word =
            |at: usize| u64::from(u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]]));
        let (size, start) = (word(NAME_LEN), word(NAME_LEN + 4));
        let at = ENTRIES_AT + index * ENTRY_LEN;
        let name = match name(raw) {
            Some(name) => name,
            None if size == 0 => break,
            None => return Err(NandPmtError::Name { index, at }),
        };
        match blocks_before_end(&name, start) {
            Some(blocks_before_end) => table.tail.push(TailEntry { name, blocks_before_end }),
            None => table.entries.push(PartitionEntry { name, start, size }),
        }
        if size == 0 {
            break;
        }
    }
    if table.entries.is_empty() { Err(NandPmtError::Empty) } else { Ok(table) }
}

fn name(raw: &[u8]) -> Option<String> {
    let end = raw.get(..NAME_LEN)?.iter().position(|byte| *byte == 0)?;
    let text = std::str::from_utf8(&raw[..end]).ok()?;
    (!text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())).then(|| text.to_owned())
}
