//! SIM lock (modem-nvram.md 3.4): categories, retry counters, and code lists of every record. Shown, never edited; the keys
//! are placed, not shown. A record size other than 204 or 260 is only checked at head and tail.

use super::DecodedRecord;
use super::sheet::{
    Kind::{U8, U32},
    Sheet,
};

const TAIL: u32 = 0x2659_8088;
const CATEGORIES: [&str; 7] = ["N", "NS", "SP", "C", "SIM", "NS-SP", "SIM-C"];
/// Bytes of the code list of each category, in the same order.
const CODES: [usize; 7] = [30, 8, 8, 10, 16, 10, 20];

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    let size = plain.first_chunk().map(|word| u32::from_le_bytes(*word))?;
    let size = usize::try_from(size).ok().filter(|size| (8..=plain.len()).contains(size))?;
    let sound = |record: &[u8]| {
        record.first_chunk().map(|word| u32::from_le_bytes(*word)) == u32::try_from(size).ok()
            && record.last_chunk().map(|word| u32::from_le_bytes(*word)) == Some(TAIL)
    };
    if !plain.len().is_multiple_of(size) || !plain.chunks_exact(size).all(sound) {
        return None;
    }
    let mut sheet = Sheet::new("SIM lock", plain);
    sheet.note("restored verbatim to the same phone only");
    // The longer record has keys of sixteen bytes in place of eight.
    let key = match size {
        204 => Some(8),
        260 => Some(16),
        _ => None,
    };
    if key.is_none() {
        sheet.note(format!("records of {size} bytes: the layout between head and tail is not known"));
    }
    for number in 0..plain.len() / size {
        let at = number * size;
        let name = |field: &str| format!("record {} {field}", number + 1);
        sheet.number(name("head"), at, U32);
        if let Some(key) = key {
            body(&mut sheet, at, key, &name);
        }
        sheet.number(name("tail"), at + size - 4, U32);
    }
    Some(sheet.done())
}

fn body(sheet: &mut Sheet<'_>, record: usize, key: usize, name: &dyn Fn(&str) -> String) {
    for (index, category) in CATEGORIES.iter().enumerate() {
        let at = record + 4 + index * 4;
        sheet.state(name(&format!("{category} state")), at, U8, &[(2, "unlocked")]);
        sheet.number(name(&format!("{category} retries left")), at + 1, U8);
        sheet.number(name(&format!("{category} auto-lock count")), at + 2, U8);
        sheet.number(name(&format!("{category} items")), at + 3, U8);
    }
    let mut at = record + 32;
    for category in CATEGORIES {
        sheet.number(name(&format!("{category} key state")), at, U8);
        sheet.secret(name(&format!("{category} key")), at + 1, key);
        at += 1 + key;
    }
    for (category, len) in CATEGORIES.iter().zip(CODES) {
        sheet.bytes(name(&format!("{category} codes")), at, len);
        at += len;
    }
    sheet.bytes(name("range flags"), at, 2);
}
