//! The plain scatter form used before YAML (ap-nvram.md 5.7): `NAME 0xADDRESS {}`, starts only. Promises rising starts; a
//! size is the way to the next start.

use thiserror::Error;

use super::partition::{PartitionEntry, TailEntry, blocks_before_end};

const TEXT_MAX: usize = 256 * 1024;
const ENTRY_MAX: usize = 256;

/// Why a text was refused.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum PlainError {
    /// Too long to be one.
    #[error("plain scatter of {len} bytes: none is longer than {TEXT_MAX}")]
    TooLong {
        /// Its length.
        len: usize,
    },
    /// A line that is no entry.
    #[error("plain scatter line {line}: `{text}` is no NAME 0xADDRESS and no brace")]
    Line {
        /// Line, from 1.
        line: usize,
        /// Its beginning.
        text: String,
    },
    /// An entry starts before the one above it.
    #[error("plain scatter line {line}: {name} starts at {start:#x}, before the entry above it")]
    Order {
        /// Line, from 1.
        line: usize,
        /// The entry.
        name: String,
        /// Its start.
        start: u64,
    },
    /// More entries than any phone has, or none.
    #[error("plain scatter lists {found} partitions: 1 to {ENTRY_MAX} are")]
    Count {
        /// Entries found.
        found: usize,
    },
}

/// The entries, linear addresses; the last one before the tail has size 0, "to the end of the device".
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PlainScatter {
    /// In the order of the file.
    pub entries: Vec<PartitionEntry>,
    /// Counted from the end.
    pub tail: Vec<TailEntry>,
}

/// Reads the plain form.
///
/// # Errors
/// [`PlainError`], with the line.
pub fn parse(text: &str) -> Result<PlainScatter, PlainError> {
    if text.len() > TEXT_MAX {
        return Err(PlainError::TooLong { len: text.len() });
    }
    let mut read = PlainScatter { entries: Vec::new(), tail: Vec::new() };
    for (line, whole) in (1..).zip(text.trim_start_matches('\u{feff}').lines()) {
        let content = whole.split('#').next().unwrap_or_default().trim();
        let content = content.trim_end_matches(['{', '}', ' ', '\t']);
        if content.is_empty() {
            continue;
        }
        let wrong = || PlainError::Line { line, text: content.chars().take(40).collect() };
        let (name, start) = content.split_once(char::is_whitespace).ok_or_else(wrong)?;
        let digits = start.trim().strip_prefix("0x").or_else(|| start.trim().strip_prefix("0X"));
        let start = digits.and_then(|digits| u64::from_str_radix(digits, 16).ok()).ok_or_else(wrong)?;
        if !name.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(wrong());
        }
        if read.entries.len() + read.tail.len() >= ENTRY_MAX {
            return Err(PlainError::Count { found: ENTRY_MAX + 1 });
        }
        let name = name.to_owned();
        if let Some(blocks_before_end) = blocks_before_end(&name, start) {
            read.tail.push(TailEntry { name, blocks_before_end });
            continue;
        }
        if let Some(above) = read.entries.last_mut() {
            let way = start.checked_sub(above.start).filter(|way| *way > 0);
            above.size = way.ok_or_else(|| PlainError::Order { line, name: name.clone(), start })?;
        }
        read.entries.push(PartitionEntry { name, start, size: 0 });
    }
    if read.entries.is_empty() { Err(PlainError::Count { found: 0 }) } else { Ok(read) }
}
