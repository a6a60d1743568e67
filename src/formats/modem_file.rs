//! Opens a modem LID file of any generation into plain records (modem-nvram.md 2): sizes from the family's table, else
//! from the file itself. Refuses to guess: what does not open is told apart from what is damaged.

pub(crate) mod replace;

use thiserror::Error;

use super::catalog::Family;
use super::key_probe::{Generation, ModemKey, is_ldi};
use super::ldi::{self, Content, Kept, LdiError};
use super::lid::{self, LidName};

pub use replace::ReplaceError;

/// Length of the sum behind a headerless record.
const SUM: usize = 2;

/// A file as opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModemFile {
    /// Headerless files that are not confidential are the same in G1 and G2: `None`.
    pub generation: Option<Generation>,
    /// Whether the table, the file's own header, or only its sums gave the record size.
    pub size_from: SizeFrom,
    /// What is in it.
    pub records: Records,
}

/// Who said how long a record is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeFrom {
    /// The family's table.
    Table,
    /// The LDI header.
    Header,
    /// The only split by which all sums hold, or the one with the fewest records where `others` fit too.
    Sums {
        /// Whether another split fits.
        others: bool,
    },
}

/// The records, or why they stay closed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Records {
    /// Plain bytes, every sum right.
    Plain(Vec<Vec<u8>>),
    /// Sums right or not to be checked, content not readable: kept verbatim.
    Kept(Kept),
}

impl ModemFile {
    /// Returns all plain records one behind the other, as `records::decode` reads them.
    #[must_use]
    pub fn plain(&self) -> Option<Vec<u8>> {
        if let Records::Plain(records) = &self.records { Some(records.concat()) } else { None }
    }
}

/// Why a file is no whole LID file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ModemFileError {
    /// Its name is not that of a LID file.
    #[error("{name} is no name of a modem file")]
    Name {
        /// The name.
        name: String,
    },
    /// No bytes at all.
    #[error("{name} is empty")]
    Empty {
        /// The name.
        name: String,
    },
    /// The sums hold by no split.
    #[error("{name}: {len} bytes, and no record size by which the sums hold")]
    Sums {
        /// The name.
        name: String,
        /// Length of the file.
        len: usize,
    },
    /// An LDI file is damaged.
    #[error("{name}: {cause}")]
    Ldi {
        /// The name.
        name: String,
        /// What is wrong.
        cause: LdiError,
    },
}

/// Opens a file. `key` is the phone's proven key.
///
/// # Errors
/// [`ModemFileError`] when the file is damaged. A missing key is no error: the records are then [`Records::Kept`].
pub fn open(
    path: &str,
    file: &[u8],
    family: &Family,
    key: Option<&ModemKey>,
) -> Result<ModemFile, ModemFileError> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let parsed = LidName::parse(name).ok_or_else(|| ModemFileError::Name { name: name.into() })?;
    if file.is_empty() {
        return Err(ModemFileError::Empty { name: name.into() });
    }
    if is_ldi(file) {
        let opened = ldi::open(file, key.and_then(ModemKey::aes))
            .map_err(|cause| ModemFileError::Ldi { name: name.into(), cause })?;
        let records = match opened.content {
            Content::Records(records) => Records::Plain(records),
            Content::Kept(why) => Records::Kept(why),
        };
        return Ok(ModemFile { generation: Some(Generation::G3), size_from: SizeFrom::Header, records });
    }
    headerless(name, &parsed, file, family, key)
}

fn headerless(
    name: &str,
    parsed: &LidName,
    file: &[u8],
    family: &Family,
    key: Option<&ModemKey>,
) -> Result<ModemFile, ModemFileError> {
    let entry = family.lid(&parsed.prefix);
    let has =
        |attribute: &str| entry.is_some_and(|lid| lid.attributes.iter().any(|known| known == attribute));
    let confidential = has("confidential");
    let sound = |size: usize| lid::records(file, size).is_some();
    let tabled = entry.into_iter().flat_map(|lid| &lid.sizes).find(|size| {
        size.record.checked_add(SUM).and_then(|section| section.checked_mul(size.count)) == Some(file.len())
            && sound(size.record)
    });
    let (size, size_from) = match tabled {
        Some(size) => (size.record, SizeFrom::Table),
        None => {
            let guesses = lid::guess_records(file);
            match guesses.first() {
                Some((_, size)) => (*size, SizeFrom::Sums { others: guesses.len() > 1 }),
                // A chip cipher covers the sums too, and pads sections to whole blocks (2.2, 2.3).
                None if has("msp") && file.len().is_multiple_of(16) => {
                    let records = Records::Kept(Kept::ChipBound);
                    let size_from = SizeFrom::Sums { others: false };
                    return Ok(ModemFile { generation: None, size_from, records });
                }
                None => return Err(ModemFileError::Sums { name: name.into(), len: file.len() }),
            }
        }
    };
    let stored = lid::records(file, size).unwrap_or_default();
    let generation = key.map(ModemKey::generation).filter(|_| confidential);
    let records = if confidential {
        let opened = key.and_then(|key| stored.iter().map(|record| key.open_record(record)).collect());
        opened.map_or(Records::Kept(Kept::UnknownKey), Records::Plain)
    } else {
        Records::Plain(stored.into_iter().map(<[u8]>::to_vec).collect())
    };
    Ok(ModemFile { generation, size_from, records })
}
