//! The 64-byte header of an `LDI` file (modem-nvram.md 2.9): what a file says about itself. Parse and emit are inverse;
//! nothing here knows the records behind it.

use std::io::Cursor;

use binrw::{BinRead, BinWrite, binrw};

use super::LdiError;

/// Length of the header in bytes.
pub const HEADER: usize = 64;
/// Bytes under the header's own checksum.
const COVERED: usize = 0x1E;
/// Body enciphered with the software key.
const CONFIDENTIAL: u32 = 0x0008;
/// Body enciphered with the chip's key where the build has a chip cipher.
const MSP: u32 = 0x0020;
/// No records and no sums.
const RAW_DATA: u32 = 0x8000;
/// Checksum variants of newer branches, which nobody has described (2.9, 7 item 15).
const UNKNOWN_SUMS: u32 = 0x0003_0000;

/// The header. Little endian.
#[binrw]
#[brw(little, magic = b"LDI\0")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// Number of the item: 0xEF10 for the IMEI.
    pub lid: u16,
    /// Records in the file.
    pub records: u16,
    /// Plain bytes of one record.
    pub record_size: u32,
    /// How records are kept.
    pub attributes: u32,
    /// Which folder and which reset rules the item is under (1.2).
    pub category: u32,
    /// First ten bytes of the tag of the default value.
    pub default_tag: [u8; 10],
    /// Sum over the first thirty bytes, as stored.
    pub sum: [u8; 2],
    /// Task that wrote last; under no checksum.
    pub writer: u32,
    /// Last six bytes of the tag of the default value.
    pub default_tag_end: [u8; 6],
    /// Low half of the system tick of the last write.
    pub written_at: u16,
    /// Writes counted.
    pub writes: u32,
    /// Tag of the record's layout.
    pub structure_tag: [u8; 16],
}

impl Header {
    /// Reads the header of a file and checks its sum.
    ///
    /// # Errors
    /// [`LdiError::Magic`], [`LdiError::Short`] or [`LdiError::HeaderSum`].
    pub fn parse(file: &[u8]) -> Result<Self, LdiError> {
        if !file.starts_with(b"LDI\0") {
            return Err(LdiError::Magic);
        }
        let short = || LdiError::Short { len: file.len() };
        let bytes = file.get(..HEADER).ok_or_else(short)?;
        let header = Self::read(&mut Cursor::new(bytes)).map_err(|_| short())?;
        let wanted = sum(bytes);
        if header.sum == wanted { Ok(header) } else { Err(LdiError::HeaderSum { found: header.sum, wanted }) }
    }

    /// Returns the 64 bytes, with the sum made right.
    #[must_use]
    pub fn emit(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        // Writing fixed fields into sixty-four bytes of memory cannot fail.
        let _ = self.write(&mut Cursor::new(&mut bytes[..]));
        let sum = sum(&bytes);
        bytes[COVERED..COVERED + 2].copy_from_slice(&sum);
        bytes
    }

    /// Returns whether records are enciphered with the software key.
    #[must_use]
    pub fn is_confidential(&self) -> bool {
        self.attributes & CONFIDENTIAL != 0
    }

    /// Returns whether a build with chip cipher binds the records to its chip. The bit alone proves nothing (2.9).
    #[must_use]
    pub fn may_be_chip_bound(&self) -> bool {
        self.attributes & MSP != 0
    }

    /// Returns whether the body is one area without records and sums.
    #[must_use]
    pub fn is_raw(&self) -> bool {
        self.attributes & RAW_DATA != 0
    }

    /// Returns whether the records carry sums of a kind that is not known.
    #[must_use]
    pub fn has_unknown_sums(&self) -> bool {
        self.attributes & UNKNOWN_SUMS != 0
    }
}

/// Returns the sum over the first thirty bytes: only the low byte counts, the high one stays the second byte of the file.
fn sum(bytes: &[u8]) -> [u8; 2] {
    let low = bytes[..COVERED].iter().fold(bytes[0], |sum, byte| sum.wrapping_add(*byte));
    [low, bytes[1]]
}
