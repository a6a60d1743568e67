//! 2G clock calibration (modem-nvram.md 3.5): AFC, crystal slopes, crystal capacitor, load offset.

use super::DecodedRecord;
use super::sheet::{
    Kind::{S16, S32, U16},
    Sheet,
};

/// `MT0I`. The slope's scale is the chip's own.
pub(super) fn afc(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("AFC", plain, 8)?;
    sheet.number("initial DAC", 0, U16);
    sheet.number("inverse slope", 4, S32);
    Some(sheet.done())
}

/// `MT0P`.
pub(super) fn crystal_afc(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("crystal AFC slopes", plain, 32)?;
    for area in 0..4 {
        let at = area * 8;
        sheet.number(format!("area {} from frequency", area + 1), at, S32);
        sheet.unit("Hz");
        sheet.number(format!("area {} from DAC", area + 1), at + 4, S16);
    }
    Some(sheet.done())
}

/// `MT0Q`.
pub(super) fn crystal_cap(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("crystal capacitor", plain, 4)?;
    sheet.number("capacitor id", 0, S32);
    Some(sheet.done())
}

/// `MT1V`.
pub(super) fn c_load(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("crystal load", plain, 4)?;
    sheet.number("frequency offset", 0, S32);
    sheet.unit("Hz");
    Some(sheet.done())
}
