//! Named ranges of bytes, as this room reads them: the lowest traits everything above reads and writes through.

use thiserror::Error;

/// Bytes that can be read at any offset. Offsets and lengths in bytes.
pub trait ReadAt: Send {
    /// Fills `into` with the bytes at `at`.
    ///
    /// # Errors
    /// [`ReadError::OutOfRange`] when the range leaves the source; otherwise whatever kept the bytes away.
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError>;

    /// Returns the length of the source.
    fn len(&self) -> u64;

    /// Returns whether the source has no bytes at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Bytes that can be overwritten in place. Never grows the source.
pub trait WriteAt: ReadAt {
    /// Replaces the bytes at `at`.
    ///
    /// # Errors
    /// As [`ReadAt::read_at`], and [`ReadError::Refused`] where a rule forbids the write.
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), ReadError>;
}

/// Why bytes could not be had.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReadError {
    /// The range leaves the source.
    #[error("bytes {at:#x}+{len:#x} lie outside the source of {source_len:#x} bytes")]
    OutOfRange {
        /// First byte asked for.
        at: u64,
        /// Length asked for.
        len: u64,
        /// Length of the source.
        source_len: u64,
    },
    /// An archive does not hold this range.
    #[error("bytes {at:#x}+{len:#x} are not in the archive")]
    NotKept {
        /// First byte asked for.
        at: u64,
        /// Length asked for.
        len: u64,
    },
    /// A rule forbids the write.
    #[error("write at {at:#x} refused: {rule}")]
    Refused {
        /// First byte of the write.
        at: u64,
        /// The rule.
        rule: String,
    },
    /// The device failed; `code` is the stable code of the cause, `what` its sentence.
    #[error("{what}")]
    Device {
        /// Stable code, such as `cable-gone` or `card-crc`.
        code: &'static str,
        /// What went wrong, with the place.
        what: String,
    },
}

impl ReadAt for Vec<u8> {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let error = ReadError::OutOfRange { at, len: into.len() as u64, source_len: self.len() };
        let start = usize::try_from(at).map_err(|_| error.clone())?;
        let end = start.checked_add(into.len()).ok_or_else(|| error.clone())?;
        into.copy_from_slice(self.get(start..end).ok_or(error)?);
        Ok(())
    }
    fn len(&self) -> u64 {
        self.len() as u64
    }
}

impl WriteAt for Vec<u8> {
    fn write_at(&mut self, at: u64, bytes: &[u8]) -> Result<(), ReadError> {
        let error = ReadError::OutOfRange { at, len: bytes.len() as u64, source_len: self.len() };
        let start = usize::try_from(at).map_err(|_| error.clone())?;
        let end = start.checked_add(bytes.len()).ok_or_else(|| error.clone())?;
        self.get_mut(start..end).ok_or(error)?.copy_from_slice(bytes);
        Ok(())
    }
}

impl<R: ReadAt + ?Sized> ReadAt for &mut R {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(at, into)
    }
    fn len(&self) -> u64 {
        (**self).len()
    }
}

impl<R: ReadAt + ?Sized> ReadAt for Box<R> {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        (**self).read_at(at, into)
    }
    fn len(&self) -> u64 {
        (**self).len()
    }
}
