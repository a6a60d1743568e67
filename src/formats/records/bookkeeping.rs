//! Small counters and flags of the production line and the AP (modem-nvram.md 3.4, ap-nvram.md 2.4).

use super::DecodedRecord;
use super::sheet::{
    Kind::{U8, U16},
    Sheet,
};

/// `MPA2_000`: which calibrations were recorded.
pub(super) fn calibration_flag(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("calibration flags", plain, 312)?;
    sheet.number("all", 0, U8);
    sheet.number("count", 1, U8);
    for entry in 0..10 {
        let at = 2 + entry * 31;
        sheet.number(format!("entry {} flag", entry + 1), at, U8);
        sheet.text(format!("entry {} text", entry + 1), at + 1, 30);
    }
    Some(sheet.done())
}

/// `MP0D_000`: changes of the modem's important data, by which the AP sees that a backup is due.
pub(super) fn counter(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("change counter", plain, 2)?;
    sheet.number("changes", 0, U16);
    Some(sheet.done())
}
