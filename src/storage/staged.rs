//! A disk as it would be after a plan: writes stay in memory, reads see them. Nothing reaches the phone from here; the
//! changed blocks are handed out for the journal and the commit.

use std::collections::BTreeMap;

use super::shared::lock;
use super::{BLOCK, Guard, Shared};
use crate::formats::{ReadAt, ReadError, WriteAt};

/// One block that would change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockChange {
    /// Block number in the user area.
    pub lba: u64,
    /// What the phone holds now.
    pub old: Box<[u8; 512]>,
    /// What it would hold.
    pub new: Box<[u8; 512]>,
}

/// A disk with pending writes. Every write is checked by the guard first.
pub struct Staged {
    base: Shared,
    guard: Guard,
    changed: BTreeMap<u64, BlockChange>,
    order: Vec<u64>,
}

impl Staged {
    /// Stages writes over `base`; `guard` says where they may go.
    #[must_use]
    pub fn new(base: Shared, guard: Guard) -> Self {
        Self { base, guard, changed: BTreeMap::new(), order: Vec::new() }
    }

    /// Returns the blocks that differ from the phone, in the order they were first written.
    #[must_use]
    pub fn changes(&self) -> Vec<BlockChange> {
        self.order
            .iter()
            .filter_map(|lba| self.changed.get(lba))
            .filter(|change| change.old != change.new)
            .cloned()
            .collect()
    }
}

impl ReadAt for Staged {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let end = at + into.len() as u64;
        let overlaps = self.changed.range(at / BLOCK..end.div_ceil(BLOCK)).next().is_some();
        if !overlaps {
            return lock(&self.base).read_at(at, into);
        }
        let mut done = 0usize;
        while done < into.len() {
            let position = at + done as u64;
            let within = usize::try_from(position % BLOCK).unwrap_or(0);
            let take = (512 - within).min(into.len() - done);
            match self.changed.get(&(position / BLOCK)) {
                Some(change) => into[done..done + take].copy_from_slice(&change.new[within..within + take]),
                None => lock(&self.base).read_at(position, &mut into[done..done + take])?,
            }
            done += take;
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        lock(&self.base).len()
    }
}

impl WriteAt for Staged {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), ReadError> {
        self.guard.check(at, bytes.len() as u64)?;
        let mut done = 0usize;
        while done < bytes.len() {
            let position = at + done as u64;
            let lba = position / BLOCK;
            let within = usize::try_from(position % BLOCK).unwrap_or(0);
            let take = (512 - within).min(bytes.len() - done);
            if !self.changed.contains_key(&lba) {
                let mut old = Box::new([0u8; 512]);
                lock(&self.base).read_at(lba * BLOCK, old.as_mut_slice())?;
                self.changed.insert(lba, BlockChange { lba, new: old.clone(), old });
                self.order.push(lba);
            }
            if let Some(change) = self.changed.get_mut(&lba) {
                change.new[within..within + take].copy_from_slice(&bytes[done..done + take]);
            }
            done += take;
        }
        Ok(())
    }
}
