//! Files that are one image cut into parts, read as the whole they were. Copies nothing.

use super::ImageDisk;
use crate::formats::{ReadAt, ReadError};

/// Images one behind the other.
pub struct ChainDisk {
    parts: Vec<ImageDisk>,
    len: u64,
}

impl ChainDisk {
    /// Joins parts in their order. Parts whose lengths leave 64 bits are cut off there.
    #[must_use]
    pub fn new(parts: Vec<ImageDisk>) -> Self {
        let len = parts.iter().fold(0u64, |sum, part| sum.saturating_add(part.len()));
        Self { parts, len }
    }
}

impl ReadAt for ChainDisk {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let len = into.len() as u64;
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(ReadError::OutOfRange { at, len, source_len: self.len });
        }
        let (mut skip, mut done) = (at, 0);
        for part in &mut self.parts {
            if done == into.len() {
                break;
            }
            let left = part.len().saturating_sub(skip);
            let wanted = (into.len() - done) as u64;
            let take = usize::try_from(left.min(wanted)).unwrap_or(0);
            if take > 0 {
                part.read_at(skip, &mut into[done..done + take])?;
                done += take;
                skip = 0;
            } else {
                skip -= part.len();
            }
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len
    }
}
