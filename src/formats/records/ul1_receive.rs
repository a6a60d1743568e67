//! 3G receive path (modem-nvram.md 3.5b): loss by temperature step and channel section, and the steps' thresholds.

use super::DecodedRecord;
use super::sheet::{
    Kind::{S8, U16},
    Sheet,
};

const STEPS: usize = 8;
const SECTIONS: usize = 15;
const SECTION: usize = 6;

/// `UL11` to `UL1A`, `ULB0`, `ULB1`.
pub(super) fn path_loss(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("3G path loss", plain, STEPS * SECTIONS * SECTION)?;
    for step in 0..STEPS {
        sections(&mut sheet, step * SECTIONS * SECTION, &format!("temperature step {} ", step + 1));
    }
    Some(sheet.done())
}

/// `HL10` to `HL19`, `ULB6`, `ULB7`: the second receiver.
pub(super) fn path_loss_diversity(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("3G path loss, RX diversity", plain, STEPS + SECTIONS * SECTION)?;
    sheet.row("offset by temperature step", 0, S8, STEPS);
    sheet.unit("1/4 dB");
    sections(&mut sheet, STEPS, "");
    Some(sheet.done())
}

/// `UL10`: rising.
pub(super) fn temperature_dac(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("3G temperature thresholds", plain, STEPS * 2)?;
    sheet.row("ADC by temperature step", 0, U16, STEPS);
    Some(sheet.done())
}

/// Entries that nobody wrote have channel 0.
fn sections(sheet: &mut Sheet<'_>, start: usize, prefix: &str) {
    for section in 0..SECTIONS {
        let at = start + section * SECTION;
        if sheet.read(at, U16).is_none_or(|channel| channel == 0) {
            continue;
        }
        sheet.number(format!("{prefix}section {} up to UARFCN", section + 1), at, U16);
        sheet.row(format!("{prefix}section {} loss at high, middle, low gain", section + 1), at + 2, S8, 3);
        sheet.unit("1/4 dB");
    }
}
