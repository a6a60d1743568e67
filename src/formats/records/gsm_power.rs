//! 2G transmit power rules (modem-nvram.md 3.5): roll-back with several slots, closed-loop power control.

use super::DecodedRecord;
use super::gsm_receive::BANDS;
use super::sheet::{
    Kind::{S8, S16, U8, U16},
    Sheet,
};

/// `MT0R`, `MT0S`.
pub(super) fn rollback(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("TX power roll-back", plain, 20)?;
    for (index, band) in BANDS.iter().enumerate() {
        sheet.row(format!("{band} with 2, 3, 4, 5 slots"), index * 4, S8, 4);
        sheet.unit("1/8 dB");
    }
    Some(sheet.done())
}

/// `MT0T`, `MT0U`.
pub(super) fn closed_loop(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("TX power control", plain, 244)?;
    sheet.state("calibrated", 0, U8, &[(0, "no"), (1, "yes")]);
    for (index, band) in BANDS.iter().enumerate() {
        sheet.row(format!("{band} detector ADC by level"), 2 + index * 32, U16, 16);
    }
    sheet.number("temperature", 162, S16);
    for (index, band) in BANDS.iter().enumerate() {
        sheet.row(format!("{band} by temperature"), 164 + index * 16, U16, 8);
    }
    Some(sheet.done())
}
