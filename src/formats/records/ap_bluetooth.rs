//! `BT_Addr` in every version (ap-nvram.md 4.2), chosen by length. The address stands first in all.

use super::DecodedRecord;
use super::sheet::{
    Kind::{U8, U16},
    Sheet,
};

/// A field as bytes: name, place, length.
type Place = (&'static str, usize, usize);

const HEAD: [Place; 6] = [
    ("voice", 0x06, 2),
    ("codec and PCM", 0x08, 4),
    ("radio", 0x0C, 6),
    ("sleep", 0x12, 7),
    ("features", 0x19, 2),
    ("TX power channel offsets", 0x1B, 3),
];
const COMBO: [Place; 3] = [
    ("coexistence", 0x1E, 6),
    ("radio extension (newer builds)", 0x24, 2),
    ("TX power offset extension (newer builds)", 0x26, 4),
];
const CONNAC: [Place; 6] = [
    ("coexistence", 0x1E, 6),
    ("radio extension", 0x24, 2),
    ("TX power offset extension 1", 0x26, 3),
    ("TX power offset extension 2", 0x29, 10),
    ("PIP", 0x33, 2),
    ("TSSI", 0x35, 35),
];
const OLD: [Place; 9] = [
    ("unit key", 8, 16),
    ("encryption", 24, 3),
    ("voice", 28, 2),
    ("codec", 30, 4),
    ("radio", 34, 6),
    ("sleep", 40, 7),
    ("features", 47, 2),
    ("TX power channel offsets", 49, 3),
    ("clock select", 52, 1),
];

pub(super) fn decode(body: &[u8]) -> Option<DecodedRecord> {
    if body.len() < 6 {
        return None;
    }
    let mut sheet = Sheet::new("Bluetooth", body);
    sheet.mac("Bluetooth address", 0);
    match body.len() {
        64 => place(&mut sheet, HEAD.iter().chain(&COMBO)),
        110 => place(&mut sheet, HEAD.iter().chain(&CONNAC)),
        73..=96 => {
            sheet.number("capacitor id", 6, U8);
            sheet.number("link key type", 7, U8);
            sheet.number("PIN type", 27, U8);
            place(&mut sheet, OLD.iter());
        }
        8 => {
            sheet.number("capacitor id", 6, U8);
            sheet.number("codec", 7, U8);
        }
        30 => {
            sheet.number("voice", 6, U16);
            place(&mut sheet, HEAD[1..].iter());
        }
        len => sheet.note(format!("record of {len} bytes: what follows the address is not described")),
    }
    Some(sheet.done())
}

fn place<'a>(sheet: &mut Sheet<'_>, places: impl Iterator<Item = &'a Place>) {
    for (name, at, len) in places {
        sheet.bytes(*name, *at, *len);
    }
}
