//! Puts one record back into a modem file of any generation, all other bytes kept. The only encoder: reached by identity's
//! repair alone. Refuses whatever would rest on a guess: unknown or guessed items, unproven keys, sizes that are not certain.

use thiserror::Error;

use crate::formats::catalog::{Confidence, Family, Lid, RecordSize};
use crate::formats::imei::{Imei, ImeiField};
use crate::formats::key_probe::{ModemKey, is_ldi};
use crate::formats::ldi::{self, LdiError};
use crate::formats::lid::{self, LidName};

/// Length of the sum behind a headerless record.
const SUM: usize = 2;
/// Codecs that are shown and never encoded.
const VERBATIM: [&str; 4] = ["cssd", "lock-pattern", "simlock", "system-record"];

/// Why a record is not put back.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReplaceError {
    /// The table does not know the item or this version of it.
    #[error("{name} is an item or a version that no table knows: it is kept verbatim")]
    Unknown {
        /// The name.
        name: String,
    },
    /// What the table says of it is a guess.
    #[error("what is known of {name} is a guess: it is kept verbatim")]
    Guessed {
        /// The name.
        name: String,
    },
    /// Locks and signed data are put back as whole files or not at all.
    #[error("{name} is kept verbatim: no single record of it is ever made")]
    Verbatim {
        /// The name.
        name: String,
    },
    /// The item is enciphered and no key of its generation is proven.
    #[error("{name} is enciphered and no key is proven: it is kept verbatim")]
    NoKey {
        /// The name.
        name: String,
    },
    /// Length and sums leave more than one record size, or none.
    #[error("{name}: {len} bytes leave the record size open")]
    Size {
        /// The name.
        name: String,
        /// Length of the file.
        len: usize,
    },
    /// No such record, or the new one has another size.
    #[error("{name}: record {record} of {found} bytes has no place in {count} records of {wanted} bytes")]
    Record {
        /// The name.
        name: String,
        /// Which, from 1.
        record: usize,
        /// Bytes of the new record.
        found: usize,
        /// Records of the file.
        count: usize,
        /// Bytes of each.
        wanted: usize,
    },
    /// An LDI file refuses.
    #[error("{name}: {cause}")]
    Ldi {
        /// The name.
        name: String,
        /// Why.
        cause: LdiError,
    },
}

/// Returns the file with record `index` (from 0) replaced by `plain`; `key` is the phone's proven key.
///
/// # Errors
/// [`ReplaceError`]; nothing is returned that was not certain.
pub(crate) fn replace_record(
    path: &str,
    file: &[u8],
    index: usize,
    plain: &[u8],
    family: &Family,
    key: Option<&ModemKey>,
) -> Result<Vec<u8>, ReplaceError> {
    let name = path.rsplit('/').next().unwrap_or(path).to_owned();
    let parsed = LidName::parse(&name);
    let item = parsed.as_ref().and_then(|parsed| {
        family.lid(&parsed.prefix).filter(|item| item.has_version(&parsed.version) && item.codec != "opaque")
    });
    let Some(item) = item else { return Err(ReplaceError::Unknown { name }) };
    if item.confidence == Confidence::Guessed {
        return Err(ReplaceError::Guessed { name });
    }
    if VERBATIM.contains(&item.codec.as_str()) {
        return Err(ReplaceError::Verbatim { name });
    }
    if is_ldi(file) {
        return ldi::replace_record(file, index, plain, key.and_then(ModemKey::aes))
            .map_err(|cause| ReplaceError::Ldi { name, cause });
    }
    let Some(size) = certain_size(item, file) else {
        return Err(ReplaceError::Size { name, len: file.len() });
    };
    let stored = if item.attributes.iter().any(|attribute| attribute == "confidential") {
        // Both ciphers of headerless files are their own inverse.
        key.filter(|key| opens_another(key, item, file, size, index)).and_then(|key| key.open_record(plain))
    } else {
        Some(plain.to_vec())
    };
    let Some(stored) = stored else { return Err(ReplaceError::NoKey { name }) };
    let (section, count) = (size + SUM, file.len() / (size + SUM));
    if index >= count || plain.len() != size {
        let (record, found) = (index + 1, plain.len());
        return Err(ReplaceError::Record { name, record, found, count, wanted: size });
    }
    let mut made = file.to_vec();
    let place = &mut made[index * section..(index + 1) * section];
    place[..size].copy_from_slice(&stored);
    place[size..].copy_from_slice(&lid::checksum2(&stored));
    Ok(made)
}

/// Returns the record size when the table's sizes leave one, or the sums do. A wrong sum may be what is being mended, so the
/// table is asked for the length only.
fn certain_size(item: &Lid, file: &[u8]) -> Option<usize> {
    let fits = |size: &&RecordSize| {
        size.record.checked_add(SUM).and_then(|section| section.checked_mul(size.count)) == Some(file.len())
    };
    let mut tabled: Vec<usize> = item.sizes.iter().filter(fits).map(|size| size.record).collect();
    tabled.sort_unstable();
    tabled.dedup();
    match (&tabled[..], &lid::guess_records(file)[..]) {
        ([size], _) => Some(*size),
        ([], [(_, size)]) => Some(*size),
        _ => None,
    }
}

/// Returns whether a key is not plainly of another phone: a G3 key opens no headerless file, and what it makes of the other
/// records of an IMEI file must be numbers or unset slots.
fn opens_another(key: &ModemKey, item: &Lid, file: &[u8], size: usize, index: usize) -> bool {
    let others = file.chunks_exact(size + SUM).enumerate().filter(|(at, _)| *at != index);
    let sound = |section: &[u8]| {
        let (body, sum) = section.split_at(size);
        // A record whose own sum is wrong says nothing about the key.
        if lid::checksum2(body) != sum {
            return true;
        }
        let Some(plain) = key.open_record(body) else { return false };
        let field = plain.first_chunk().map(Imei::from_bcd);
        item.codec != "imei" || matches!(field, Some(ImeiField::Unset | ImeiField::Digits(_)))
    };
    key.open_record(&[]).is_some() && others.into_iter().all(|(_, section)| sound(section))
}

#[cfg(test)]
mod tests;
