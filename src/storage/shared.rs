//! One disk with several readers, and windows on named parts of it. A window cannot reach outside its part.

use std::sync::{Arc, Mutex, MutexGuard};

use crate::formats::{ReadAt, ReadError};

/// A disk that several readers hold.
pub type Shared = Arc<Mutex<dyn ReadAt + Send>>;

/// Wraps a disk for sharing.
pub fn share<D: ReadAt + Send + 'static>(disk: D) -> Arc<Mutex<D>> {
    Arc::new(Mutex::new(disk))
}

/// Locks a shared disk. A reader that panicked cannot have left it half-changed: every change is one call.
pub fn lock<D: ?Sized>(disk: &Mutex<D>) -> MutexGuard<'_, D> {
    disk.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// A part of a shared disk, starting at its own zero.
#[derive(Clone)]
pub struct Window {
    disk: Shared,
    start: u64,
    len: u64,
}

impl Window {
    /// Opens a window of `len` bytes from byte `start` on.
    #[must_use]
    pub fn new(disk: Shared, start: u64, len: u64) -> Self {
        Self { disk, start, len }
    }
}

impl ReadAt for Window {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let len = into.len() as u64;
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(ReadError::OutOfRange { at, len, source_len: self.len });
        }
        lock(&self.disk).read_at(self.start + at, into)
    }

    fn len(&self) -> u64 {
        self.len
    }
}
