//! The user area of a phone's card as bytes. Reads lazily, whole blocks, each at most once; writes single blocks and
//! reads every one back. Does not know which engine carries the blocks.

mod again;

use std::time::Duration;

use super::BLOCK;
use super::cache::Cache;
use crate::formats::{ReadAt, ReadError};
use crate::protocol::{Capabilities, Card, Engine, NamedRange, NandChip, ProtocolError};

/// Most blocks fetched at once, whatever an engine wants: 8 MiB of memory.
const MOST_RUN_BLOCKS: u64 = 16 << 10;

/// Called after each read with the number of blocks that came from the phone and the time on the cable so far; returns
/// whether to go on.
pub type ReadObserver = Box<dyn FnMut(u64, Duration) -> bool + Send>;

/// The stable code of a read that its observer stopped.
pub const INTERRUPTED: &str = "interrupted";

/// A phone's user area behind a lazy block cache.
pub struct PhoneDisk {
    engine: Box<dyn Engine>,
    cache: Cache,
    observer: Option<ReadObserver>,
    fetched: u64,
    /// Time on the cable of the engines before this one.
    carried: Duration,
    last_error: Option<ProtocolError>,
}

/// Why blocks were not fetched.
enum FetchError {
    /// The engine failed.
    Protocol(ProtocolError),
    /// The observer said stop.
    Stopped,
}

impl PhoneDisk {
    /// Puts a cache before an engine.
    #[must_use]
    pub fn new(engine: Box<dyn Engine>) -> Self {
        let (cache, carried) = (Cache::default(), Duration::ZERO);
        Self { engine, cache, observer: None, fetched: 0, carried, last_error: None }
    }

    /// Sets who is told of every block that comes over the cable.
    pub fn observe(&mut self, observer: Option<ReadObserver>) {
        self.observer = observer;
    }

    /// Returns the card behind the engine.
    #[must_use]
    pub fn card(&self) -> &Card {
        self.engine.card()
    }

    /// Returns the engine's name.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        self.engine.name()
    }

    /// Returns what the engine can do here.
    #[must_use]
    pub fn capabilities(&self) -> Capabilities {
        self.engine.capabilities()
    }

    /// Returns how many blocks before this one a write of it may write too, with what they hold already.
    #[must_use]
    pub fn neighbours(&self, block: &[u8; 512]) -> u64 {
        self.engine.neighbours(block)
    }

    /// Returns whether the phone must lose its power before another session can begin, when this one just breaks off.
    #[must_use]
    pub fn outlives_a_cable(&self) -> bool {
        self.engine.outlives_a_cable()
    }

    /// Returns the shape of the NAND behind the engine, if it is one.
    #[must_use]
    pub fn nand(&self) -> Option<&NandChip> {
        self.engine.card().nand.as_ref()
    }

    /// Returns the number that the chip itself tells, where it tells one.
    #[must_use]
    pub fn random_id(&self) -> Option<[u8; 16]> {
        self.engine.random_id()
    }

    /// Returns the bad blocks of a NAND that were met so far, ascending: their bytes read as erased.
    #[must_use]
    pub fn bad_blocks(&self) -> Vec<u32> {
        self.engine.bad_blocks()
    }

    /// Reads the spare bytes of `count` whole pages of a NAND from page `first` on; none where no engine can.
    ///
    /// # Errors
    /// [`ReadError::Device`]; the engine's own words wait in [`PhoneDisk::take_error`].
    pub fn read_spare(&mut self, first: u64, count: u32) -> Result<Option<Vec<u8>>, ReadError> {
        self.engine.read_spare(first, count).map_err(|error| self.keep_error(error))
    }

    /// Keeps an engine's error for whoever wants all of it.
    fn keep_error(&mut self, error: ProtocolError) -> ReadError {
        let told = ReadError::Device { code: error.code(), what: error.to_string() };
        self.last_error = Some(error);
        told
    }

    /// Returns the partition table as the engine's other end tells it, in linear addresses; none where it tells nothing.
    ///
    /// # Errors
    /// The engine's.
    pub fn told_partitions(&mut self) -> Result<Option<Vec<NamedRange>>, ProtocolError> {
        self.engine.partitions()
    }

    /// Returns the time spent on the cable so far.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.carried + self.engine.elapsed()
    }

    /// Returns how many blocks were fetched from the phone so far.
    #[must_use]
    pub fn fetched(&self) -> u64 {
        self.fetched
    }

    /// Returns and forgets the protocol error behind the last [`ReadError::Device`], with all its detail.
    pub fn take_error(&mut self) -> Option<ProtocolError> {
        self.last_error.take()
    }

    /// Returns the blocks of `[at, at+len)` that have been read, as ascending byte ranges `(at, len)` of whole blocks.
    #[must_use]
    pub fn known_ranges(&self, at: u64, len: u64) -> Vec<(u64, u64)> {
        let known = self.cache.known(at / BLOCK, (at + len).div_ceil(BLOCK));
        known.into_iter().map(|(lba, count)| (lba * BLOCK, count * BLOCK)).collect()
    }

    /// Reads what is not known yet of `[at, at+len)`, for a reader that comes for it later.
    ///
    /// # Errors
    /// As [`ReadAt::read_at`].
    pub fn load(&mut self, at: u64, len: u64) -> Result<(), ReadError> {
        let source_len = self.len();
        let end = at.checked_add(len).filter(|end| *end <= source_len);
        let end = end.ok_or(ReadError::OutOfRange { at, len, source_len })?;
        match self.fetch(at / BLOCK, end.div_ceil(BLOCK)) {
            Ok(()) => Ok(()),
            Err(FetchError::Stopped) => {
                Err(ReadError::Device { code: INTERRUPTED, what: "stopped by the user".into() })
            }
            Err(FetchError::Protocol(error)) => Err(self.keep_error(error)),
        }
    }

    /// Drops what the cache holds of `[at, at+len)`, whole lines only: a reader that has taken its bytes needs no second
    /// copy of them in memory.
    pub fn release(&mut self, at: u64, len: u64) {
        self.cache.release(at.div_ceil(BLOCK), (at + len) / BLOCK);
    }

    /// Writes one block and reads it back from the card; the cache then holds what the card answered.
    ///
    /// Returns whether the card's answer equals what was written.
    ///
    /// # Errors
    /// The engine's, with its place.
    pub fn write_and_read_back(&mut self, lba: u64, block: &[u8; 512]) -> Result<bool, ProtocolError> {
        self.cache.forget(lba);
        self.engine.write(lba, block)?;
        let mut answer = [0u8; 512];
        self.engine.read(lba, &mut answer)?;
        self.cache.put(lba, &answer);
        Ok(answer == *block)
    }

    /// Reads one block from the card, not from the cache.
    ///
    /// # Errors
    /// The engine's, with its place.
    pub fn read_again(&mut self, lba: u64) -> Result<[u8; 512], ProtocolError> {
        let mut answer = [0u8; 512];
        self.engine.read(lba, &mut answer)?;
        self.cache.put(lba, &answer);
        Ok(answer)
    }

    /// Asks whether the phone is still there.
    ///
    /// # Errors
    /// The engine's.
    pub fn is_there(&mut self) -> Result<(), ProtocolError> {
        self.engine.is_there()
    }

    /// Leaves the phone so that it boots.
    ///
    /// # Errors
    /// The engine's.
    pub fn leave(&mut self) -> Result<(), ProtocolError> {
        self.engine.leave()
    }

    /// Fetches every block of `[first, end)` that is not known yet, in runs as long as the engine wants them.
    fn fetch(&mut self, first: u64, end: u64) -> Result<(), FetchError> {
        let mut lba = first;
        let longest = self.engine.capabilities().run_blocks.clamp(1, MOST_RUN_BLOCKS);
        while lba < end {
            let run = self.cache.unknown(lba, longest.min(end - lba));
            if run == 0 {
                lba += self.cache.from(lba).map_or(1, |known| known.len() as u64 / BLOCK);
                continue;
            }
            let mut bytes = vec![0u8; usize::try_from(run * BLOCK).unwrap_or(0)];
            self.engine.read(lba, &mut bytes).map_err(FetchError::Protocol)?;
            self.cache.keep(lba, bytes);
            self.fetched += run;
            lba += run;
            let elapsed = self.carried + self.engine.elapsed();
            if let Some(observer) = &mut self.observer
                && !observer(run, elapsed)
            {
                return Err(FetchError::Stopped);
            }
        }
        Ok(())
    }
}

impl ReadAt for PhoneDisk {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let len = into.len() as u64;
        if len == 0 && at <= self.len() {
            return Ok(());
        }
        self.load(at, len)?;
        let mut done = 0usize;
        while done < into.len() {
            let position = at + done as u64;
            let within = usize::try_from(position % BLOCK).unwrap_or(0);
            let Some(known) = self.cache.from(position / BLOCK) else {
                return Err(ReadError::OutOfRange { at, len, source_len: self.len() });
            };
            let take = (known.len() - within).min(into.len() - done);
            into[done..done + take].copy_from_slice(&known[within..within + take]);
            done += take;
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.engine.card().sectors * BLOCK
    }
}
