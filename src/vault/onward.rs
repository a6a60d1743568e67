//! What a zip writer writes into when the archive goes to disk entry by entry: an entry stays in memory until it is whole, for
//! the library goes back to its header, and is handed on when the library flushes. Below, bytes arrive in order, once.
//!
//! The library never learns of a disk that is full: cut short, it would write again and speak on stderr as it is dropped.

use std::cell::RefCell;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};

/// The first error from below, and nothing after it.
#[derive(Default)]
pub(super) struct Trouble(RefCell<Option<io::Error>>);

impl Trouble {
    /// Fails when something went wrong below since the last call.
    pub(super) fn check(&self) -> io::Result<()> {
        self.0.take().map_or(Ok(()), Err)
    }
}

/// The end of an archive that is not handed on yet.
pub(super) struct Onward<'a, W> {
    below: W,
    trouble: &'a Trouble,
    /// Below takes no more.
    broken: bool,
    /// Bytes that were handed on.
    passed: u64,
    /// Bytes behind them.
    held: Vec<u8>,
    /// Where in `held` the next byte goes.
    at: usize,
}

impl<'a, W: Write> Onward<'a, W> {
    pub(super) fn new(below: W, trouble: &'a Trouble) -> Self {
        Self { below, trouble, broken: false, passed: 0, held: Vec::new(), at: 0 }
    }

    /// Hands on what is left, and returns what is below.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.pass();
        self.trouble.check()?;
        self.below.flush()?;
        Ok(self.below)
    }

    fn pass(&mut self) {
        if !self.broken
            && let Err(error) = self.below.write_all(&self.held)
        {
            self.broken = true;
            self.trouble.0.replace(Some(error));
        }
        self.passed += self.held.len() as u64;
        // Not kept for the next one: the largest entry may come first, and the small ones after it are many.
        self.held = Vec::new();
        self.at = 0;
    }
}

impl<W: Write> Write for Onward<'_, W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let over = bytes.len().min(self.held.len() - self.at);
        self.held[self.at..self.at + over].copy_from_slice(&bytes[..over]);
        self.held.extend_from_slice(&bytes[over..]);
        self.at += bytes.len();
        Ok(bytes.len())
    }

    /// An entry is whole.
    fn flush(&mut self) -> io::Result<()> {
        self.pass();
        Ok(())
    }
}

/// The library flushes only what could be read too. It reads nothing.
impl<W> Read for Onward<'_, W> {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        Err(ErrorKind::Unsupported.into())
    }
}

impl<W> Seek for Onward<'_, W> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let end = self.passed + self.held.len() as u64;
        let place = match to {
            SeekFrom::Start(place) => Some(place),
            SeekFrom::End(by) => end.checked_add_signed(by),
            SeekFrom::Current(by) => (self.passed + self.at as u64).checked_add_signed(by),
        };
        let held = place.filter(|place| *place <= end).and_then(|place| place.checked_sub(self.passed));
        let at = held.and_then(|at| usize::try_from(at).ok());
        self.at = at.ok_or_else(|| io::Error::new(ErrorKind::Unsupported, "it was handed on"))?;
        Ok(self.passed + self.at as u64)
    }
}
