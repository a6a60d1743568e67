//! An end to every conversation: a phone, or what plays one, that answers each question just before its time is over is
//! given up once it has cost more time than any honest one. Honest slow ones are never touched.

use std::time::Duration;

use super::{Capabilities, Card, Engine, NamedRange, ProtocolError};

/// Time that a block may take on the average: the slowest real engine takes a fortieth of it, one over a network of half the
/// world still less.
pub const A_BLOCK: Duration = Duration::from_secs(1);

/// An engine whose reads are given up when all of them together took longer than the patience and [`A_BLOCK`] for each block.
///
/// Only the time inside of reads counts: what a person thinks about costs a phone nothing. Writes are left alone, since each
/// has its own bound and one that is broken off is worse than a slow one; the read-back of each counts.
pub struct Patient<E> {
    engine: E,
    patience: Duration,
    step: usize,
    spent: Duration,
    blocks: u32,
}

impl<E: Engine> Patient<E> {
    /// Puts a bound on an engine, looked at after every `step` blocks.
    pub fn new(engine: E, patience: Duration, step: usize) -> Self {
        Self { engine, patience, step: step.max(1), spent: Duration::ZERO, blocks: 0 }
    }

    /// Counts a read that began at `before`, and gives the phone up when all of them were too slow.
    fn count(&mut self, before: Duration, blocks: u64) -> Result<(), ProtocolError> {
        self.spent += self.engine.elapsed().saturating_sub(before);
        self.blocks = self.blocks.saturating_add(u32::try_from(blocks).unwrap_or(u32::MAX));
        if self.spent > self.patience + A_BLOCK.saturating_mul(self.blocks) {
            return Err(ProtocolError::TooSlow { blocks: self.blocks, seconds: self.spent.as_secs() });
        }
        Ok(())
    }
}

impl<E: Engine> Engine for Patient<E> {
    fn name(&self) -> &'static str {
        self.engine.name()
    }

    fn capabilities(&self) -> Capabilities {
        self.engine.capabilities()
    }

    fn card(&self) -> &Card {
        self.engine.card()
    }

    fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError> {
        let mut next = lba;
        for piece in into.chunks_mut(self.step * 512) {
            let count = piece.len().div_ceil(512) as u64;
            let before = self.engine.elapsed();
            let read = self.engine.read(next, piece);
            let counted = self.count(before, count);
            read?;
            counted?;
            next += count;
        }
        Ok(())
    }

    fn write(&mut self, lba: u64, block: &[u8; 512]) -> Result<(), ProtocolError> {
        self.engine.write(lba, block)
    }

    fn neighbours(&self, block: &[u8; 512]) -> u64 {
        self.engine.neighbours(block)
    }

    fn outlives_a_cable(&self) -> bool {
        self.engine.outlives_a_cable()
    }

    fn random_id(&self) -> Option<[u8; 16]> {
        self.engine.random_id()
    }

    fn read_spare(&mut self, first: u64, count: u32) -> Result<Option<Vec<u8>>, ProtocolError> {
        let before = self.engine.elapsed();
        let read = self.engine.read_spare(first, count);
        // Pages of many spare bytes are as long as a block of the card.
        let counted = self.count(before, u64::from(count));
        let spare = read?;
        counted.map(|()| spare)
    }

    fn bad_blocks(&self) -> Vec<u32> {
        self.engine.bad_blocks()
    }

    fn partitions(&mut self) -> Result<Option<Vec<NamedRange>>, ProtocolError> {
        self.engine.partitions()
    }

    fn is_there(&mut self) -> Result<(), ProtocolError> {
        self.engine.is_there()
    }

    fn leave(&mut self) -> Result<(), ProtocolError> {
        self.engine.leave()
    }

    fn elapsed(&self) -> Duration {
        self.engine.elapsed()
    }
}
