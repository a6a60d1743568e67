//! A volume with pending writes, as the file system library wants its device: nothing goes further than memory, and the
//! disk below is asked only for what the library reads. Keeps the disk's own error, which the library's cannot carry.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use fs_ext4::block_io::BlockDevice;
use fs_ext4::error::{Error, Result};

use crate::formats::{ReadAt, ReadError};
use crate::storage::Window;

const SECTOR: u64 = 512;

/// See the file's header. Offsets are the volume's.
pub(super) struct Scratch {
    inner: Mutex<Inner>,
    len: u64,
}

struct Inner {
    below: Window,
    written: BTreeMap<u64, Box<[u8; 512]>>,
    failed: Option<ReadError>,
}

/// One sector that would change: its number in the volume, and its new bytes.
pub(super) type Changed = (u64, Box<[u8; 512]>);

impl Scratch {
    pub(super) fn new(below: Window) -> Self {
        let len = below.len() / SECTOR * SECTOR;
        Self { inner: Mutex::new(Inner { below, written: BTreeMap::new(), failed: None }), len }
    }

    /// Returns and forgets the disk's own error.
    pub(super) fn take_error(&self) -> Option<ReadError> {
        self.lock().failed.take()
    }

    /// Returns the numbers of the sectors that were written, equal or not.
    pub(super) fn written(&self) -> Vec<u64> {
        self.lock().written.keys().copied().collect()
    }

    /// Forgets what was written to some sectors.
    pub(super) fn forget(&self, mut which: impl FnMut(u64) -> bool) {
        self.lock().written.retain(|sector, _| !which(*sector));
    }

    /// Returns the sectors that differ from the disk's, ascending.
    pub(super) fn changed(&self) -> std::result::Result<Vec<Changed>, ReadError> {
        let mut inner = self.lock();
        let Inner { below, written, .. } = &mut *inner;
        let mut changed = Vec::new();
        for (sector, new) in written.iter() {
            let mut old = [0; 512];
            below.read_at(sector * SECTOR, &mut old)?;
            if old != **new {
                changed.push((*sector, new.clone()));
            }
        }
        Ok(changed)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn check(&self, at: u64, len: usize) -> std::result::Result<(), ReadError> {
        let len = len as u64;
        match at.checked_add(len) {
            Some(end) if end <= self.len => Ok(()),
            _ => Err(ReadError::OutOfRange { at, len, source_len: self.len }),
        }
    }

    fn read(&self, at: u64, into: &mut [u8]) -> std::result::Result<(), ReadError> {
        self.check(at, into.len())?;
        let mut inner = self.lock();
        let end = at + into.len() as u64;
        if inner.written.range(at / SECTOR..end.div_ceil(SECTOR)).next().is_none() {
            return inner.below.read_at(at, into);
        }
        let mut rest = into;
        let mut place = at;
        while !rest.is_empty() {
            let within = usize::try_from(place % SECTOR).unwrap_or(0);
            let (piece, behind) = rest.split_at_mut(rest.len().min(512 - within));
            match inner.written.get(&(place / SECTOR)) {
                Some(bytes) => piece.copy_from_slice(&bytes[within..within + piece.len()]),
                None => inner.below.read_at(place, piece)?,
            }
            place += piece.len() as u64;
            rest = behind;
        }
        Ok(())
    }

    /// Writes bytes, in memory.
    pub(super) fn write(&self, at: u64, bytes: &[u8]) -> std::result::Result<(), ReadError> {
        self.check(at, bytes.len())?;
        let mut inner = self.lock();
        let (mut rest, mut place) = (bytes, at);
        while !rest.is_empty() {
            let (sector, within) = (place / SECTOR, usize::try_from(place % SECTOR).unwrap_or(0));
            let (piece, behind) = rest.split_at(rest.len().min(512 - within));
            let mut whole = match inner.written.remove(&sector) {
                Some(whole) => whole,
                None => {
                    let mut whole = Box::new([0; 512]);
                    if piece.len() < 512 {
                        inner.below.read_at(sector * SECTOR, whole.as_mut_slice())?;
                    }
                    whole
                }
            };
            whole[within..within + piece.len()].copy_from_slice(piece);
            inner.written.insert(sector, whole);
            place += piece.len() as u64;
            rest = behind;
        }
        Ok(())
    }

    fn note(&self, result: std::result::Result<(), ReadError>) -> Result<()> {
        result.map_err(|error| {
            let told = Error::Io(std::io::Error::other(error.to_string()));
            self.lock().failed.get_or_insert(error);
            told
        })
    }
}

impl BlockDevice for Scratch {
    fn read_at(&self, offset: u64, buf: &mut [u8]) -> Result<()> {
        let result = self.read(offset, buf);
        self.note(result)
    }
    fn size_bytes(&self) -> u64 {
        self.len
    }
    fn write_at(&self, offset: u64, buf: &[u8]) -> Result<()> {
        let result = self.write(offset, buf);
        self.note(result)
    }
    fn is_writable(&self) -> bool {
        true
    }
}

/// The same volume for our own reader.
pub(super) struct View<'a>(pub &'a Scratch);

impl ReadAt for View<'_> {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> std::result::Result<(), ReadError> {
        self.0.read(at, into)
    }
    fn len(&self) -> u64 {
        self.0.len
    }
}
