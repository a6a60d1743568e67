//! MS security of every SIM (modem-nvram.md 3.4): 38 bytes. Codes, PINs and subscriber numbers are placed, not shown.

use super::DecodedRecord;
use super::sheet::{Kind::U8, Sheet};

const RECORD: usize = 38;

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    if plain.is_empty() || !plain.len().is_multiple_of(RECORD) {
        return None;
    }
    let mut sheet = Sheet::new("MS security", plain);
    for sim in 0..plain.len() / RECORD {
        let at = sim * RECORD;
        let name = |field: &str| format!("SIM {} {field}", sim + 1);
        sheet.number(name("security indication"), at, U8);
        sheet.secret(name("phone key"), at + 1, 8);
        sheet.secret(name("last IMSI"), at + 9, 9);
        sheet.secret(name("PIN 1"), at + 18, 8);
        sheet.number(name("PIN 1 valid"), at + 26, U8);
        sheet.number(name("phone lock verified"), at + 27, U8);
        sheet.secret(name("ICCID"), at + 28, 10);
    }
    Some(sheet.done())
}
