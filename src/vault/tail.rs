//! The last 22 bytes of a zip, looked at before anything is allocated for what they promise.
//!
//! An archive has no comment and needs no zip64, so its end record stands at a known place, right after the directory.

use std::io::{self, Read, Seek, SeekFrom};

use super::error::VaultError;
use super::limits::{MAX_ENTRIES, MAX_TOTAL};

/// Refuses a file whose end is not that of a whole, small zip. Leaves the position at the start.
pub(super) fn check<R: Read + Seek>(reader: &mut R) -> Result<(), VaultError> {
    let failed = |source| VaultError::Io { path: "archive".into(), source };
    let len = reader.seek(SeekFrom::End(0)).map_err(failed)?;
    let mut head = [0; 4];
    read_at(reader, 0, &mut head, len).map_err(failed)?;
    if head != *b"PK\x03\x04" {
        return Err(VaultError::NotAnArchive { reason: "it does not start as a zip does".into() });
    }
    if len > MAX_TOTAL {
        return Err(VaultError::TooLarge { entry: "the file".into(), limit: MAX_TOTAL });
    }
    let mut end = [0; 42]; // 20 for where a zip64 locator would stand, 22 for the end record
    let Some(start) = len.checked_sub(42) else { return Err(VaultError::Truncated) };
    read_at(reader, start, &mut end, len).map_err(failed)?;
    let word = |at: usize| u32::from_le_bytes([end[at], end[at + 1], end[at + 2], end[at + 3]]);
    let entries = usize::from(u16::from_le_bytes([end[30], end[31]]));
    let directory_end = u64::from(word(32)) + u64::from(word(36));
    if end[20..24] != *b"PK\x05\x06"
        || directory_end + 22 != len
        || end[40..] != [0, 0]
        || end[..4] == *b"PK\x06\x07"
    {
        return Err(VaultError::Truncated);
    }
    if entries > MAX_ENTRIES {
        return Err(VaultError::TooLarge { entry: "number of entries".into(), limit: MAX_ENTRIES as u64 });
    }
    reader.seek(SeekFrom::Start(0)).map_err(failed)?;
    Ok(())
}

/// Fills `into` from `at`; what lies beyond `len` stays zero.
fn read_at<R: Read + Seek>(reader: &mut R, at: u64, into: &mut [u8], len: u64) -> io::Result<()> {
    reader.seek(SeekFrom::Start(at))?;
    let there = usize::try_from(len.saturating_sub(at)).unwrap_or(usize::MAX).min(into.len());
    reader.read_exact(&mut into[..there])
}
