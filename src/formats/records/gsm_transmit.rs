//! 2G transmitter (modem-nvram.md 3.5): I/Q correction, RF special coefficients. Units of the APC limits are inferred there.

use super::DecodedRecord;
use super::sheet::{
    Kind::{S16, S32, U8, U16},
    Sheet,
};

/// Order of the bytes at 0, and, without the last, at 28 for the high bands.
const TX: [&str; 10] = [
    "common-mode voltage",
    "gain",
    "RC select",
    "trim I",
    "trim Q",
    "DC coarse I",
    "DC coarse Q",
    "offset I",
    "offset Q",
    "calibrated",
];

/// `MT0J`.
pub(super) fn tx_iq(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("TX I/Q", plain, 44)?;
    for (at, name) in TX.iter().enumerate() {
        sheet.number(*name, at, U8);
    }
    for (name, at, unit) in [
        ("APC battery, low", 12, "uV"),
        ("APC battery, high", 16, "uV"),
        ("APC temperature, low", 20, "m degC"),
        ("APC temperature, high", 24, "m degC"),
    ] {
        sheet.number(name, at, S32);
        sheet.unit(unit);
    }
    for (index, name) in TX.iter().take(9).enumerate() {
        sheet.number(format!("high bands {name}"), 28 + index, U8);
    }
    sheet.row("phase select", 37, U8, 2);
    sheet.row("RX band swap", 39, U8, 2);
    sheet.note("the units of battery and temperature are inferred");
    Some(sheet.done())
}

/// `MT0K`.
pub(super) fn rf_special(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("RF special coefficients", plain, 464)?;
    sheet.bytes("receiver, by chip", 0, 80);
    for band in 0..4 {
        for entry in 0..16 {
            let at = 80 + (band * 16 + entry) * 6;
            let name = |field: &str| format!("band {} entry {} {field}", band + 1, entry + 1);
            sheet.number(name("power control level"), at, S16);
            sheet.number(name("V-bias"), at + 2, U8);
            sheet.number(name("PA gain"), at + 4, U16);
        }
    }
    Some(sheet.done())
}
