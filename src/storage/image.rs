//! A file on disk as bytes: a raw partition, a whole flash. Read-only: images are evidence, never targets.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

use crate::formats::{ReadAt, ReadError};

/// An image file.
pub struct ImageDisk {
    file: File,
    len: u64,
}

impl ImageDisk {
    /// Opens an image.
    ///
    /// # Errors
    /// The system's.
    pub fn open(path: &Path) -> std::io::Result<Self> {
        Self::of(File::open(path)?)
    }

    /// Takes a file that is open already.
    ///
    /// # Errors
    /// The system's.
    pub fn of(mut file: File) -> std::io::Result<Self> {
        let len = file.seek(SeekFrom::End(0))?;
        Ok(Self { file, len })
    }
}

impl ReadAt for ImageDisk {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        let len = into.len() as u64;
        if at.checked_add(len).is_none_or(|end| end > self.len) {
            return Err(ReadError::OutOfRange { at, len, source_len: self.len });
        }
        let failed = |error: std::io::Error| ReadError::Device {
            code: "image-read",
            what: format!("reading the image at {at:#x}: {error}"),
        };
        self.file.seek(SeekFrom::Start(at)).map_err(failed)?;
        self.file.read_exact(into).map_err(failed)
    }

    fn len(&self) -> u64 {
        self.len
    }
}
