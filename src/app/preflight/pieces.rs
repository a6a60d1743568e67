//! An image that was unpacked into memory. Blank parts take none.

use std::collections::BTreeMap;

use crate::formats::{ReadAt, ReadError};

const PIECE: u64 = 4096;

/// Bytes in order, the zeros left out.
#[derive(Debug, Default)]
pub struct Pieces {
    /// Bytes in all.
    pub len: u64,
    kept: BTreeMap<u64, Vec<u8>>,
}

impl Pieces {
    /// Adds bytes at the end. Every call but the last brings whole pieces.
    pub fn append(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(4096) {
            if piece.iter().any(|byte| *byte != 0) {
                self.kept.insert(self.len, piece.to_vec());
            }
            self.len += piece.len() as u64;
        }
    }
}

impl ReadAt for Pieces {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let len = into.len() as u64;
        let end = at.checked_add(len).filter(|end| *end <= self.len);
        let Some(end) = end else { return Err(ReadError::OutOfRange { at, len, source_len: self.len }) };
        into.fill(0);
        for (start, piece) in self.kept.range(at.saturating_sub(PIECE - 1)..end) {
            let from = at.max(*start);
            let to = end.min(start + piece.len() as u64);
            let place = |byte: u64, base: u64| usize::try_from(byte - base).unwrap_or(usize::MAX);
            if from < to
                && let Some(source) = piece.get(place(from, *start)..place(to, *start))
                && let Some(target) = into.get_mut(place(from, at)..place(to, at))
            {
                target.copy_from_slice(source);
            }
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_as_what_was_appended() {
        let bytes: Vec<u8> = (0..20_000u32)
            .map(|at| if (4096..12_288).contains(&at) { 0 } else { at.to_le_bytes()[0] })
            .collect();
        let mut pieces = Pieces::default();
        bytes.chunks(8192).for_each(|chunk| pieces.append(chunk));
        assert!(pieces.kept.len() < bytes.len() / 4096);
        for (at, len) in [(0, 20_000), (4095, 2), (12_287, 5), (19_999, 1), (5000, 8000), (20_000, 0)] {
            let mut into = vec![0xEE; len];
            assert!(pieces.read_at(at as u64, &mut into).is_ok());
            assert_eq!(into, &bytes[at..at + len], "{at}+{len}");
        }
        assert!(pieces.read_at(19_999, &mut [0; 2]).is_err());
        assert!(pieces.read_at(u64::MAX, &mut [0; 2]).is_err());
    }
}
