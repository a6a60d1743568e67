//! What an archive kept, laid out where it lay on the phone. Bytes that were not kept are an error of their own, never
//! zeros: an archive must not seem to know what it never saw.

use std::collections::BTreeMap;

use crate::formats::{ReadAt, ReadError};

/// Kept runs of a phone's user area.
#[derive(Debug, Clone, Default)]
pub struct KeptDisk {
    runs: BTreeMap<u64, Vec<u8>>,
    len: u64,
}

impl KeptDisk {
    /// Makes an empty disk of `len` bytes.
    #[must_use]
    pub fn new(len: u64) -> Self {
        Self { runs: BTreeMap::new(), len }
    }

    /// Adds a run at byte `at`; runs must not overlap. Runs that touch are joined.
    pub fn keep(&mut self, at: u64, bytes: Vec<u8>) {
        self.len = self.len.max(at + bytes.len() as u64);
        if let Some((start, run)) = self.runs.range_mut(..at).next_back()
            && start + run.as_slice().len() as u64 == at
        {
            run.extend_from_slice(&bytes);
            return;
        }
        self.runs.insert(at, bytes);
    }

    /// Overwrites kept bytes; `false`, and nothing done, where they are not all kept.
    pub fn overwrite(&mut self, at: u64, bytes: &[u8]) -> bool {
        let run = self.runs.range_mut(..=at).next_back();
        let place = run.and_then(|(start, run)| {
            let from = usize::try_from(at - start).ok()?;
            run.get_mut(from..from.checked_add(bytes.len())?)
        });
        place.map(|place| place.copy_from_slice(bytes)).is_some()
    }

    /// Returns all kept runs, for changing them.
    pub fn runs_mut(&mut self) -> impl Iterator<Item = &mut [u8]> {
        self.runs.values_mut().map(Vec::as_mut_slice)
    }

    /// Returns the kept runs inside `[at, at+len)` as `(first byte, bytes)`.
    pub fn runs_in(&self, at: u64, len: u64) -> impl Iterator<Item = (u64, &[u8])> {
        let end = at.saturating_add(len);
        self.runs.iter().filter_map(move |(start, bytes)| {
            let from = at.max(*start);
            let to = end.min(start + bytes.len() as u64);
            let a = usize::try_from(from.checked_sub(*start)?).ok()?;
            let b = usize::try_from(to.checked_sub(*start)?).ok()?;
            (from < to).then(|| (from, &bytes[a..b]))
        })
    }
}

impl ReadAt for KeptDisk {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let len = into.len() as u64;
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(ReadError::OutOfRange { at, len, source_len: self.len });
        }
        let missing = ReadError::NotKept { at, len };
        let (start, run) = self.runs.range(..=at).next_back().ok_or(missing.clone())?;
        let from = usize::try_from(at - start).map_err(|_| missing.clone())?;
        let bytes = run.get(from..).and_then(|rest| rest.get(..into.len())).ok_or(missing)?;
        into.copy_from_slice(bytes);
        Ok(())
    }

    fn len(&self) -> u64 {
        self.len
    }
}
