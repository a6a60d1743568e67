//! The volume as bytes: a small cache of 512-byte sectors, and over it the blocks that a dirty journal will replace.
//! Promises to ask the device for each sector once while it is remembered; knows no ext4 structure.

use std::collections::{BTreeMap, HashMap, VecDeque};

use crate::formats::read_at::{ReadAt, ReadError};

const SECTOR: u64 = 512;
/// Sectors remembered: 2 MiB, the metadata of any walk below a directory of NV files.
const KEPT_MAX: usize = 4096;

/// Where the journal holds a newer copy of a block.
#[derive(Debug, Clone, Copy)]
pub(super) struct Replacement {
    /// Byte offset in the volume of the copy in the journal.
    pub at: u64,
    /// The first word was the journal's magic number, and is zero in the journal.
    pub escaped: bool,
}

/// See the file's header.
pub(super) struct Sectors<'a> {
    source: Box<dyn ReadAt + 'a>,
    kept: HashMap<u64, Box<[u8]>>,
    order: VecDeque<u64>,
    /// Bytes per block of `replaced`.
    pub block_size: u64,
    /// By block number.
    pub replaced: BTreeMap<u64, Replacement>,
    /// Whether reads see the volume as the card holds it, without `replaced`.
    pub raw: bool,
}

impl<'a> Sectors<'a> {
    pub(super) fn new(source: Box<dyn ReadAt + 'a>) -> Self {
        Self {
            source,
            kept: HashMap::new(),
            order: VecDeque::new(),
            block_size: 1024,
            replaced: BTreeMap::new(),
            raw: true,
        }
    }

    pub(super) fn len(&self) -> u64 {
        self.source.len()
    }

    /// Fills `into` with the bytes at `at`, newest copies first.
    pub(super) fn read(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        if self.raw || self.replaced.is_empty() {
            return self.read_card(at, into);
        }
        let mut done = 0;
        while done < into.len() {
            let from = self.sum(at, done, into.len())?;
            let (block, inside) = (from / self.block_size, from % self.block_size);
            let room = usize::try_from(self.block_size - inside).unwrap_or(usize::MAX);
            let piece = room.min(into.len() - done);
            let target = &mut into[done..done + piece];
            match self.replaced.get(&block).copied() {
                None => self.read_card(from, target)?,
                Some(copy) => {
                    self.read_card(copy.at + inside, target)?;
                    if copy.escaped {
                        let magic = super::journal::MAGIC.to_be_bytes();
                        for (place, byte) in
                            (inside..).zip(target.iter_mut()).take_while(|(place, _)| *place < 4)
                        {
                            *byte = magic[usize::try_from(place).unwrap_or(0)];
                        }
                    }
                }
            }
            done += piece;
        }
        Ok(())
    }

    /// Returns `len` bytes at `at`. The caller bounds `len`.
    pub(super) fn take(&mut self, at: u64, len: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = vec![0; len];
        self.read(at, &mut bytes)?;
        Ok(bytes)
    }

    fn sum(&self, at: u64, done: usize, len: usize) -> Result<u64, ReadError> {
        let outside = ReadError::OutOfRange { at, len: len as u64, source_len: self.len() };
        at.checked_add(done as u64).ok_or(outside)
    }

    fn read_card(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let end = self.sum(at, into.len(), into.len())?;
        if end > self.len() {
            return Err(ReadError::OutOfRange { at, len: into.len() as u64, source_len: self.len() });
        }
        let mut sector = at / SECTOR;
        while sector * SECTOR < end {
            if !self.kept.contains_key(&sector) {
                self.fetch(sector, end)?;
            }
            let first = sector * SECTOR;
            let bytes = self.kept.get(&sector).map_or(&[][..], |bytes| &bytes[..]);
            let (from, to) = (at.max(first), end.min(first + SECTOR));
            let index = |place: u64, base: u64| usize::try_from(place - base).unwrap_or(usize::MAX);
            into[index(from, at)..index(to, at)]
                .copy_from_slice(&bytes[index(from, first)..index(to, first)]);
            sector += 1;
        }
        Ok(())
    }

    /// Reads the run of unknown sectors from `sector` up to byte `end`, at most a quarter of the cache at once.
    fn fetch(&mut self, sector: u64, end: u64) -> Result<(), ReadError> {
        let last = end.div_ceil(SECTOR).min(sector + KEPT_MAX as u64 / 4);
        let run = (sector..last).take_while(|one| !self.kept.contains_key(one)).count().max(1);
        let at = sector * SECTOR;
        // The last sector of an image may be short.
        let len = (run as u64 * SECTOR).min(self.len() - at);
        let mut bytes = vec![0; usize::try_from(len).unwrap_or(0)];
        self.source.read_at(at, &mut bytes)?;
        for (number, piece) in (sector..).zip(bytes.chunks(512)) {
            if self.order.len() >= KEPT_MAX
                && let Some(oldest) = self.order.pop_front()
            {
                self.kept.remove(&oldest);
            }
            self.kept.insert(number, piece.into());
            self.order.push_back(number);
        }
        Ok(())
    }
}
