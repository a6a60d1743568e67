//! `INFO_FILE` of a G3 modem (modem-nvram.md 4.5): which items without a default of their own have a file. Reads only;
//! a repair spoils its first word, and the modem makes it anew.

use md5::{Digest, Md5};
use thiserror::Error;

const MAGIC: &[u8; 4] = b"INFO";
const COMPLETE: u32 = 0xFDFD_FBFB;
/// Place and length of the bitmap; the length is LR12A's.
const BITMAP: std::ops::Range<usize> = 0x18..0x658;
/// LIDs below this have the first part of the bitmap.
const LOW_END: u16 = 0x1200;
/// LIDs from this have the second part, which begins at byte 0x240.
const HIGH_START: u16 = 0xE000;
const HIGH_AT: usize = 0x240;

/// Why the modem would make the file anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InfoError {
    /// Shorter than the bitmap.
    #[error("INFO_FILE: {len} bytes are too few")]
    Short {
        /// Its length.
        len: usize,
    },
    /// Does not begin with INFO.
    #[error("INFO_FILE: no magic at 0x0")]
    Magic,
    /// Not finished.
    #[error("INFO_FILE: state {found:#010x} at 0x4 is not complete")]
    State {
        /// The word.
        found: u32,
    },
    /// The MD5 is not the bitmap's.
    #[error("INFO_FILE: the MD5 at 0x8 is not the bitmap's")]
    Sum,
}

/// The bitmap of a whole file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InfoFile {
    bitmap: Vec<u8>,
}

impl InfoFile {
    /// Reads the file as the modem checks it.
    ///
    /// # Errors
    /// [`InfoError`]: the modem then scans its folders instead.
    pub fn parse(file: &[u8]) -> Result<Self, InfoError> {
        let bitmap = file.get(BITMAP).ok_or(InfoError::Short { len: file.len() })?;
        if !file.starts_with(MAGIC) {
            return Err(InfoError::Magic);
        }
        let state = u32::from_le_bytes([file[4], file[5], file[6], file[7]]);
        if state != COMPLETE {
            return Err(InfoError::State { found: state });
        }
        if Md5::digest(bitmap)[..] != file[8..0x18] {
            return Err(InfoError::Sum);
        }
        Ok(Self { bitmap: bitmap.to_vec() })
    }

    /// Returns whether the modem believes that the item has a file; `None` for a number that has no bit.
    #[must_use]
    pub fn has(&self, lid: u16) -> Option<bool> {
        let byte = match lid {
            ..LOW_END => usize::from(lid >> 3),
            HIGH_START.. => HIGH_AT + usize::from((lid - HIGH_START) >> 3),
            _ => return None,
        };
        self.bitmap.get(byte).map(|bits| bits >> (lid & 7) & 1 == 1)
    }
}
