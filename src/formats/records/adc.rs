//! ADC calibration of the modem, `MT1F_001` (modem-nvram.md 3.4): slope and offset of every channel, scaled fixed point.

use super::DecodedRecord;
use super::sheet::{Kind::S32, Sheet};

/// Lengths seen: thirteen channels, and one channel on an MT6572 (7 item 5).
const LENGTHS: [usize; 2] = [104, 8];

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    LENGTHS.contains(&plain.len()).then_some(())?;
    let channels = plain.len() / 8;
    let mut sheet = Sheet::new("ADC calibration", plain);
    sheet.row("slope", 0, S32, channels);
    sheet.row("offset", channels * 4, S32, channels);
    Some(sheet.done())
}
