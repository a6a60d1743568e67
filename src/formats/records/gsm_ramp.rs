//! 2G power ramps (modem-nvram.md 3.5): DAC per power level, ramp profiles, weights by channel, battery compensation.

use super::sheet::{
    Kind::{S16, U8, U16},
    Sheet,
};
use super::{DecodedRecord, FieldValue};

const LEVELS: usize = 16;
const POINTS: usize = 16;
const PROFILES_AT: usize = 36;
const WEIGHTS_AT: usize = 548;
const WEIGHTS: usize = 12;
const BATTERY_AT: usize = 644;

/// `MT06` to `MT0D`, one band each.
pub(super) fn ramp_table(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("ramp table", plain, 664)?;
    let packed = plain.first_chunk().map(|word| u32::from_le_bytes(*word))?;
    let bits = |low: u32, width: u32| FieldValue::Number(i64::from(packed >> low & ((1 << width) - 1)));
    sheet.put("lowest power (bits 0-7)", 0, 4, bits(0, 8));
    sheet.put("APC DC offset, high (bits 8-17)", 0, 4, bits(8, 10));
    sheet.put("APC DC offset, low (bits 18-27)", 0, 4, bits(18, 10));
    sheet.row("APC DAC by power level, lowest first", 4, U16, LEVELS);
    for level in 0..LEVELS {
        let at = PROFILES_AT + level * 2 * POINTS;
        sheet.row(format!("level {} ramp up", level + 1), at, U8, POINTS);
        sheet.row(format!("level {} ramp down", level + 1), at + POINTS, U8, POINTS);
    }
    for section in 0..WEIGHTS {
        let at = WEIGHTS_AT + section * 8;
        if sheet.read(at, S16).is_none_or(|channel| channel < 0) {
            break;
        }
        let name = |field: &str| format!("section {} {field}", section + 1);
        sheet.number(name("up to ARFCN"), at, S16);
        sheet.number(name("middle level"), at + 2, U16);
        sheet.row(name("high and low weight"), at + 4, U16, 2);
        sheet.unit("1/16384");
    }
    sheet.number("TX AFC offset (middle level of section 12)", WEIGHTS_AT + (WEIGHTS - 1) * 8 + 2, U16);
    for (index, voltage) in ["low", "middle", "high"].into_iter().enumerate() {
        let name = format!("battery compensation, {voltage} voltage, by temperature");
        sheet.row(name, BATTERY_AT + index * 6, U16, 3);
        sheet.unit("1/16384");
    }
    Some(sheet.done())
}

/// `MT0L` to `MT0O`.
pub(super) fn inter_slot_gmsk(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("GMSK inter-slot ramp", plain, POINTS)?;
    sheet.row("profile", 0, U8, POINTS);
    Some(sheet.done())
}

/// `MT0E` to `MT0H`.
pub(super) fn inter_slot_8psk(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("8PSK inter-slot ramps", plain, 4 * POINTS)?;
    for profile in 0..4 {
        sheet.row(format!("profile {}", profile + 1), profile * POINTS, U8, POINTS);
    }
    Some(sheet.done())
}
