//! IMEI and software version of every slot (modem-nvram.md 3.4): ten bytes each, in all generations.

use super::DecodedRecord;
use super::sheet::{Kind::U8, Sheet};

const RECORD: usize = 10;

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    if plain.is_empty() || !plain.len().is_multiple_of(RECORD) {
        return None;
    }
    let mut sheet = Sheet::new("IMEI", plain);
    for slot in 0..plain.len() / RECORD {
        let (at, number) = (slot * RECORD, slot + 1);
        sheet.imei(format!("slot {number} IMEI"), at);
        sheet.number(format!("slot {number} software version"), at + 8, U8);
        sheet.number(format!("slot {number} pad"), at + 9, U8);
    }
    Some(sheet.done())
}
