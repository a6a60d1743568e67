//! A phone that left while it was read, and was plugged in again: its cache goes on behind a new engine. Knows how two readings
//! of one card are held against each other; whether the cache may be believed is decided above.

use std::time::Duration;

use super::PhoneDisk;
use crate::protocol::{Capabilities, Card, Engine, ProtocolError};
use crate::storage::cache::Cache;

/// What stands where an engine was whose phone left. Knows of the card what that one knew, and reads nothing.
struct Absent {
    name: &'static str,
    card: Card,
    capabilities: Capabilities,
    outlives: bool,
    elapsed: Duration,
}

impl Absent {
    fn of(engine: &dyn Engine) -> Self {
        Self {
            name: engine.name(),
            card: engine.card().clone(),
            capabilities: engine.capabilities(),
            outlives: engine.outlives_a_cable(),
            elapsed: engine.elapsed(),
        }
    }

    fn left<T>(doing: &str) -> Result<T, ProtocolError> {
        Err(ProtocolError::Left { doing: doing.into() })
    }
}

impl Engine for Absent {
    fn name(&self) -> &'static str {
        self.name
    }

    fn capabilities(&self) -> Capabilities {
        self.capabilities
    }

    fn card(&self) -> &Card {
        &self.card
    }

    fn read(&mut self, lba: u64, _into: &mut [u8]) -> Result<(), ProtocolError> {
        Self::left(&format!("reading LBA {lba}"))
    }

    fn write(&mut self, lba: u64, _block: &[u8; 512]) -> Result<(), ProtocolError> {
        Self::left(&format!("writing LBA {lba}"))
    }

    fn outlives_a_cable(&self) -> bool {
        self.outlives
    }

    fn is_there(&mut self) -> Result<(), ProtocolError> {
        Self::left("asking whether the phone is there")
    }

    fn leave(&mut self) -> Result<(), ProtocolError> {
        Self::left("leaving")
    }

    fn elapsed(&self) -> Duration {
        self.elapsed
    }
}

impl PhoneDisk {
    /// Lets go of the cable, so that its port can be opened again. What was read stays; nothing more can be.
    pub fn let_go(&mut self) {
        drop(self.take_engine());
    }

    fn take_engine(&mut self) -> Box<dyn Engine> {
        let absent = Absent::of(self.engine.as_ref());
        std::mem::replace(&mut self.engine, Box::new(absent))
    }

    /// Goes on with the engine of another disk, which must be one of the same card, and with what was read through it. The
    /// cache and the observer stay; times and counts are sums. The other disk keeps nothing.
    pub fn replace_engine(&mut self, from: &mut Self) {
        self.carried += self.engine.elapsed() + std::mem::take(&mut from.carried);
        self.engine = from.take_engine();
        self.fetched += std::mem::take(&mut from.fetched);
        self.last_error = None;
        for (lba, block) in std::mem::take(&mut from.cache).blocks() {
            self.cache.put(lba, block);
        }
    }

    /// Drops everything that was read.
    pub fn forget_everything(&mut self) {
        self.cache = Cache::default();
    }

    /// Returns how many blocks the cache holds.
    #[must_use]
    pub fn known(&self) -> u64 {
        self.cache.known(0, u64::MAX).into_iter().map(|(_, count)| count).sum()
    }

    /// Returns a block that was read, none where it was not.
    #[must_use]
    pub fn seen(&self, lba: u64) -> Option<&[u8; 512]> {
        self.cache.from(lba)?.first_chunk()
    }

    /// Returns the numbers of the blocks read so far that are `like` something, ascending, at most `most` of them.
    pub fn seen_where(&self, most: usize, like: impl Fn(&[u8; 512]) -> bool) -> Vec<u64> {
        self.cache.blocks().filter(|(_, block)| like(block)).map(|(lba, _)| lba).take(most).collect()
    }

    /// Returns the first block that this disk and another one both hold, and not the same.
    #[must_use]
    pub fn differs_from(&self, other: &Self) -> Option<u64> {
        let differs = |(lba, there): &(u64, &[u8; 512])| self.seen(*lba).is_some_and(|here| here != *there);
        other.cache.blocks().find(differs).map(|(lba, _)| lba)
    }
}
