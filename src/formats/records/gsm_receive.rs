//! 2G receive path (modem-nvram.md 3.5): loss by band and channel section, for the AGC and for the LNA's gain modes.

use super::DecodedRecord;
use super::sheet::{
    Kind::{S8, S16},
    Sheet,
};

/// Order of the bands in every 2G table of five.
pub(super) const BANDS: [&str; 5] = ["GSM400", "GSM850", "GSM900", "DCS1800", "PCS1900"];
const SECTIONS: usize = 13;

/// `MT05`: a section list ends at the first negative channel number.
pub(super) fn agc_path_loss(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("AGC path loss", plain, 260)?;
    for (index, band) in BANDS.iter().enumerate() {
        let start = index * SECTIONS * 4;
        let places = (0..SECTIONS).map(|section| start + section * 4);
        let channels: Vec<i64> =
            places.filter_map(|at| sheet.read(at, S16)).take_while(|channel| *channel >= 0).collect();
        if channels.windows(2).any(|pair| pair[0] >= pair[1]) {
            sheet.bytes(format!("{band}, not a section list"), start, SECTIONS * 4);
            sheet.note(format!("{band}: channels do not rise, as in bands the phone does not have"));
            continue;
        }
        for section in 0..channels.len() {
            let at = start + section * 4;
            sheet.number(format!("{band} section {} up to ARFCN", section + 1), at, S16);
            sheet.number(format!("{band} section {} gain offset", section + 1), at + 2, S8);
            sheet.unit("1/8 dB");
        }
    }
    Some(sheet.done())
}

/// `MT0V`: thirteen pairs a band; which of them count, the AGC table's sections say.
pub(super) fn lna_path_loss(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("LNA path loss", plain, 130)?;
    for (index, band) in BANDS.iter().enumerate() {
        for section in 0..SECTIONS {
            let at = (index * SECTIONS + section) * 2;
            sheet.row(format!("{band} section {} middle and low gain", section + 1), at, S8, 2);
            sheet.unit("1/8 dB");
        }
    }
    Some(sheet.done())
}
