//! The modem's system record and its NVRAM lock (modem-nvram.md 3.4): version, branch, flavor, and a pattern that each
//! generation enciphers on its own.

use super::sheet::Sheet;
use super::{DecodedRecord, FieldValue};
use crate::formats::key_probe::known_keys;

const RECORD: usize = 34;
/// Place of the lock pattern in the first record of G1 and G2.
const LOCK_AT: usize = 22;
const LOCK_LEN: usize = 12;

/// Three records (G1, G2) or four (G3, whose lock moved to `NV01_000`).
pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::new("system record", plain);
    match plain.len() / RECORD {
        3 if plain.len().is_multiple_of(RECORD) => {
            sheet.text("modem version, last 18 characters", 0, 18);
            sheet.bytes("mark", 18, 4);
            lock(&mut sheet);
        }
        4 if plain.len().is_multiple_of(RECORD) => {
            sheet.text("modem version, last 32 characters", 0, 32);
            sheet.bytes("mark", 32, 2);
        }
        _ => return None,
    }
    sheet.text("branch", RECORD, RECORD);
    sheet.text("flavor", 2 * RECORD, RECORD);
    sheet.text("build time", 3 * RECORD, RECORD);
    Some(sheet.done())
}

/// `NV01_000` of G3, already deciphered.
pub(super) fn lock_pattern(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("NVRAM lock", plain, 16)?;
    let (raw, meaning) = match plain {
        b"__NVRAM_LOCK_NO_" => (0, "off"),
        b"_NVRAM_LOCK_YES_" => (1, "on"),
        _ => return None,
    };
    sheet.put("lock", 0, 16, FieldValue::State { raw, meaning });
    Some(sheet.done())
}

fn lock(sheet: &mut Sheet<'_>) {
    let Some(stored) = sheet.bytes_at(LOCK_AT, LOCK_LEN) else { return };
    let state = known_keys().iter().find_map(|known| match known.key.open_record(stored)?.as_slice() {
        b" _NVRAM__NO_" => Some(FieldValue::State { raw: 0, meaning: "off" }),
        b"_NVRAM__YES_" => Some(FieldValue::State { raw: 1, meaning: "on" }),
        _ => None,
    });
    match state {
        Some(state) => sheet.put("NVRAM lock", LOCK_AT, LOCK_LEN, state),
        None => {
            sheet.bytes("NVRAM lock, enciphered", LOCK_AT, LOCK_LEN);
            sheet.note("no known key opens the lock pattern");
        }
    }
}
