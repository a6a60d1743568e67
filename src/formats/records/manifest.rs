//! The calibration manifest `MPA8_000` (modem-nvram.md 3.4): which records were calibrated, with their sums. Proves that a
//! phone still has what its factory measured; knows items by number, and numbers shift between builds.

use super::sheet::{
    Kind::{U8, U16},
    Sheet,
};
use super::{DecodedRecord, FieldValue};
use crate::formats::catalog::Family;
use crate::formats::lid::{self, LidName};

const LEN: usize = 1352;
const ENTRIES_AT: usize = 2;
const ENTRY: usize = 6;
const ENTRY_MAX: usize = 225;

/// One record the manifest names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ManifestEntry {
    /// Number of the item in the build that wrote the manifest.
    pub lid: u16,
    /// Record, from 1.
    pub record: u16,
    /// Its sum as its file stores it.
    pub sum: [u8; 2],
}

/// Whether a record is still what it was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EntryState {
    /// This file carries the sum, and its bytes give it.
    Holds {
        /// Name of the file.
        file: String,
    },
    /// The file is there with another sum: calibrated anew, or another phone's.
    Differs {
        /// Name of the file.
        file: String,
        /// The sum it has; `None` where its bytes do not give the sum it stores.
        found: Option<[u8; 2]>,
    },
    /// No file carries the sum.
    Missing,
}

/// What a manifest says of a set of files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Proof {
    /// Every entry, in the manifest's order.
    pub entries: Vec<(ManifestEntry, EntryState)>,
}

impl Proof {
    /// Returns whether there are entries and every one holds.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        !self.entries.is_empty()
            && self.entries.iter().all(|(_, state)| matches!(state, EntryState::Holds { .. }))
    }

    /// Returns the entries that do not hold.
    pub fn broken(&self) -> impl Iterator<Item = &(ManifestEntry, EntryState)> {
        self.entries.iter().filter(|(_, state)| !matches!(state, EntryState::Holds { .. }))
    }
}

/// Reads the plain record; `None` when it is no manifest. An empty list is one: no tool ever asked for it.
#[must_use]
pub fn parse(plain: &[u8]) -> Option<Vec<ManifestEntry>> {
    let count = usize::from(*plain.first()?);
    if plain.len() != LEN || count > ENTRY_MAX {
        return None;
    }
    let word = |raw: &[u8], at: usize| u16::from_le_bytes([raw[at], raw[at + 1]]);
    let entries = plain[ENTRIES_AT..].chunks_exact(ENTRY).take(count);
    Some(
        entries
            .map(|raw| ManifestEntry { lid: word(raw, 0), record: word(raw, 2), sum: [raw[4], raw[5]] })
            .collect(),
    )
}

/// Compares a manifest with the files of `CALIBRAT` as they lie on the phone: (path, bytes). Items are found by the
/// family's numbers where those are this build's, which most of the entries must bear out; otherwise by the sum alone.
#[must_use]
pub fn prove(entries: &[ManifestEntry], files: &[(&str, &[u8])], family: &Family) -> Proof {
    let by_number = |entry: &ManifestEntry| {
        let item = family.lids.iter().find(|lid| lid.lid_number == Some(entry.lid))?;
        files
            .iter()
            .map(|(path, bytes)| (path.rsplit('/').next().unwrap_or(path), *bytes))
            .find(|(name, _)| LidName::parse(name).is_some_and(|name| name.prefix == item.prefix))
    };
    let holds_by_number = |entry: &&ManifestEntry| {
        by_number(entry).is_some_and(|(_, bytes)| sum_of(bytes, entry.record) == Some(entry.sum))
    };
    let numbered = entries.iter().filter(|entry| by_number(entry).is_some()).count();
    let numbers_are_ours = 2 * entries.iter().filter(holds_by_number).count() >= numbered;
    let judge = |entry: &ManifestEntry| match by_number(entry).filter(|_| numbers_are_ours) {
        Some((name, bytes)) => match sum_of(bytes, entry.record) {
            Some(sum) if sum == entry.sum => EntryState::Holds { file: name.into() },
            found => EntryState::Differs { file: name.into(), found },
        },
        None => files
            .iter()
            .find(|(_, bytes)| sum_of(bytes, entry.record) == Some(entry.sum))
            .map_or(EntryState::Missing, |(path, _)| EntryState::Holds {
                file: path.rsplit('/').next().unwrap_or(path).into(),
            }),
    };
    Proof { entries: entries.iter().map(|entry| (*entry, judge(entry))).collect() }
}

/// Returns the sum of a record, when the record's bytes give it. Calibration files have one record.
fn sum_of(file: &[u8], record: u16) -> Option<[u8; 2]> {
    let (body, sum) = file.split_last_chunk::<2>()?;
    (record == 1 && !body.is_empty() && lid::checksum2(body) == *sum).then_some(*sum)
}

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    let entries = parse(plain)?;
    let mut sheet = Sheet::new("calibration manifest", plain);
    sheet.number("entries", 0, U8);
    for (index, entry) in entries.iter().enumerate() {
        let at = ENTRIES_AT + index * ENTRY;
        sheet.number(format!("entry {} item", index + 1), at, U16);
        sheet.number(format!("entry {} record", index + 1), at + 2, U16);
        sheet.put(format!("entry {} sum", index + 1), at + 4, 2, FieldValue::Bytes(entry.sum.to_vec()));
    }
    if entries.is_empty() {
        sheet.note("empty: no tool ever asked the modem for it, so it proves nothing");
    }
    Some(sheet.done())
}
