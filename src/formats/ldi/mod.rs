//! Modem LID files of generation G3 (modem-nvram.md 2.9): a header, records under a folded MD5, some under AES. What no
//! known key opens is kept verbatim and never made anew; what an item means is not known here.

mod file_list;
mod header;
mod info_file;
mod record;
mod self_test;

use thiserror::Error;

pub use file_list::file_list;
pub use header::{HEADER, Header};
pub use info_file::{InfoError, InfoFile};
pub use record::{decipher, folded_md5, unseal};
pub use self_test::{ChipCipher, SelfTest, lock_state, self_test};

use record::{BLOCK, SUM, seal};

/// Bytes of the longest file that is read: the largest item of any table is far shorter.
const FILE_MAX: usize = 4 << 20;

/// Why a file is no whole LDI file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum LdiError {
    /// It does not begin as one.
    #[error("LDI: no magic at 0x0")]
    Magic,
    /// It ends inside its header.
    #[error("LDI: {len} bytes, the header alone has {HEADER}")]
    Short {
        /// Its length.
        len: usize,
    },
    /// The header's sum is wrong.
    #[error("LDI: header sum {found:02x?} at 0x1e, its bytes give {wanted:02x?}")]
    HeaderSum {
        /// As stored.
        found: [u8; 2],
        /// As computed.
        wanted: [u8; 2],
    },
    /// Count and size of the records give no length.
    #[error("LDI: {records} records of {size} bytes at 0x6 are none")]
    Geometry {
        /// Records.
        records: u16,
        /// Plain bytes of one.
        size: u32,
    },
    /// The file is shorter or longer than its header says.
    #[error("LDI: {found} bytes of records behind the header, {records} of {size} bytes need {wanted}")]
    Length {
        /// Bytes there are.
        found: usize,
        /// Bytes there should be.
        wanted: usize,
        /// Records.
        records: u16,
        /// Plain bytes of one.
        size: u32,
    },
    /// Records whose sum is wrong, while the key is right or none is needed.
    #[error("LDI: sum of record {record} at {at:#x} is wrong")]
    RecordSum {
        /// First such record, from 1.
        record: usize,
        /// Its offset in the file.
        at: usize,
    },
    /// A write that would guess.
    #[error("LDI: the file is kept verbatim, never made anew: {why}")]
    Verbatim {
        /// The reason.
        why: Kept,
    },
    /// The new record does not have the size of the old.
    #[error("LDI: record of {found} bytes for a place of {wanted}")]
    RecordSize {
        /// Bytes given.
        found: usize,
        /// Bytes of the place.
        wanted: u32,
    },
}

/// Why the records of a sound file stay closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Kept {
    /// No key was given, or the given one opens no record.
    #[error("unknown key")]
    UnknownKey,
    /// As before, and the item may be bound to the chip.
    #[error("bound to the chip, or an unknown key")]
    ChipBound,
    /// The records carry sums of an unknown kind (attributes 0x10000, 0x20000).
    #[error("sums of an unknown kind")]
    UnknownSums,
    /// No records at all.
    #[error("raw area without sums")]
    Raw,
}

/// What a file holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Content {
    /// Plain records, every sum right.
    Records(Vec<Vec<u8>>),
    /// Bytes that are kept as they are.
    Kept(Kept),
}

/// A file as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LdiFile {
    /// Its header.
    pub header: Header,
    /// Its records, or why they stay closed.
    pub content: Content,
}

/// Reads a file; `key` is the software key that was proven on this phone.
///
/// # Errors
/// [`LdiError`], with the place. A wrong or missing key is no error: the content is then [`Content::Kept`].
pub fn open(file: &[u8], key: Option<&[u8; BLOCK]>) -> Result<LdiFile, LdiError> {
    let header = Header::parse(file)?;
    let kept = |header, why| Ok(LdiFile { header, content: Content::Kept(why) });
    if header.is_raw() {
        return kept(header, Kept::Raw);
    }
    if header.has_unknown_sums() {
        return kept(header, Kept::UnknownSums);
    }
    let body = &file[HEADER..];
    let stride = stride(&header, body.len())?;
    let size = usize::try_from(header.record_size).unwrap_or(usize::MAX);
    let unseal_with = |section: &[u8], key: Option<&[u8; BLOCK]>| {
        let bytes = key.map_or_else(|| section.to_vec(), |key| decipher(section, key));
        unseal(&bytes, size).map(<[u8]>::to_vec)
    };
    let key = key.filter(|_| header.is_confidential());
    let records: Vec<Option<Vec<u8>>> =
        body.chunks_exact(stride).map(|section| unseal_with(section, key)).collect();
    match records.iter().position(Option::is_none) {
        None => Ok(LdiFile { header, content: Content::Records(records.into_iter().flatten().collect()) }),
        // Not one record opens: nothing says that the key is right.
        Some(_) if records.iter().all(Option::is_none) && header.may_be_chip_bound() => {
            kept(header, Kept::ChipBound)
        }
        Some(_) if records.iter().all(Option::is_none) && header.is_confidential() => {
            kept(header, Kept::UnknownKey)
        }
        Some(index) => Err(LdiError::RecordSum { record: index + 1, at: HEADER + index * stride }),
    }
}

/// Returns the length of the file this header begins, for items without a chip cipher; `None` where there is none.
#[must_use]
pub fn file_len(header: &Header) -> Option<usize> {
    let size = usize::try_from(header.record_size).ok().filter(|size| (1..=FILE_MAX).contains(size))?;
    let section = size + SUM;
    let stride = if header.is_confidential() { section.next_multiple_of(BLOCK) } else { section };
    let body = stride.checked_mul(usize::from(header.records))?;
    Some(HEADER + body).filter(|len| *len > HEADER && *len <= FILE_MAX)
}

/// Returns the bytes from one record to the next: sections of confidential items are whole AES blocks, those of items
/// under a chip cipher as well, and only the length tells whether the build has one.
fn stride(header: &Header, body: usize) -> Result<usize, LdiError> {
    let (records, size) = (header.records, header.record_size);
    let geometry = LdiError::Geometry { records, size };
    let plain = usize::try_from(size).ok().filter(|size| *size > 0 && *size <= FILE_MAX);
    let plain = plain.filter(|_| records > 0).ok_or(geometry)? + SUM;
    let blocks = plain.next_multiple_of(BLOCK);
    let fits = |stride: usize| stride.checked_mul(usize::from(records)) == Some(body);
    let wanted = if header.is_confidential() { blocks } else { plain };
    if fits(wanted) {
        Ok(wanted)
    } else if header.may_be_chip_bound() && fits(blocks) {
        Ok(blocks)
    } else {
        let wanted = wanted.saturating_mul(usize::from(records));
        Err(LdiError::Length { found: body, wanted, records, size })
    }
}

/// Returns the file with record `index` (from 0) replaced by `plain`, all other bytes kept.
///
/// # Errors
/// [`LdiError::Verbatim`] for a file that must not be made anew: raw, unknown sums, chip-bound, or a confidential file of
/// which no record proves the key. Otherwise what is wrong with file or record.
pub(crate) fn replace_record(
    file: &[u8],
    index: usize,
    plain: &[u8],
    key: Option<&[u8; BLOCK]>,
) -> Result<Vec<u8>, LdiError> {
    let opened = match open(file, key) {
        Ok(LdiFile { content: Content::Kept(why), .. }) => return Err(LdiError::Verbatim { why }),
        Ok(LdiFile { header, .. }) => header,
        // Another record opens, so the key is right; this repair is what mends the wrong sum.
        Err(LdiError::RecordSum { .. }) => Header::parse(file)?,
        Err(error) => return Err(error),
    };
    if usize::try_from(opened.record_size) != Ok(plain.len()) {
        return Err(LdiError::RecordSize { found: plain.len(), wanted: opened.record_size });
    }
    let stride = stride(&opened, file.len() - HEADER)?;
    let wrong = LdiError::Geometry { records: opened.records, size: opened.record_size };
    if index >= usize::from(opened.records) {
        return Err(wrong);
    }
    let mut made = file.to_vec();
    let at = HEADER + index * stride;
    let section = seal(plain, stride, key.filter(|_| opened.is_confidential()));
    made.get_mut(at..at + stride).ok_or(wrong)?.copy_from_slice(&section);
    Ok(made)
}

#[cfg(test)]
mod tests;
