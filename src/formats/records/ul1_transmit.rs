//! 3G transmitter (modem-nvram.md 3.5b): DAC and bias of the PA modes, detector, PA levels, drift and PRACH compensation.

use super::DecodedRecord;
use super::sheet::{
    Kind::{S8, S16, U8, U16, U32},
    Sheet,
};

const MODE: usize = 148;
const SUB_BANDS: usize = 15;
const DETECTOR: usize = 456;

/// `UL1B` to `UL1K`, `ULB2`, `ULB3`.
pub(super) fn tx_dac(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("3G TX DAC", plain, 708)?;
    sheet.row("DC-to-DC level", 0, U16, 2);
    for mode in 0..3 {
        let at = 4 + mode * MODE;
        let name = |field: &str| format!("PA mode {} {field}", mode + 1);
        sheet.number(name("DC-to-DC"), at, U16);
        sheet.number(name("V-bias"), at + 2, U16);
        sheet.row(name("VM1 and VM2"), at + 4, U8, 2);
        sheet.row(name("VGA DAC"), at + 6, U16, 10);
        sub_bands(&mut sheet, at + 26, &name(""));
        temperature(&mut sheet, at + 116, &name(""));
    }
    sheet.row("PA hysteresis 1 start and end", 448, U16, 2);
    sheet.row("PA hysteresis 2 start and end", 452, U16, 2);
    sheet.number("detector threshold", DETECTOR, U8);
    sheet.number("detector sections", DETECTOR + 1, U8);
    sheet.row("detector DAC", DETECTOR + 2, U16, 32);
    sheet.row("detector value", DETECTOR + 66, S16, 32);
    sub_bands(&mut sheet, DETECTOR + 130, "detector ");
    temperature(&mut sheet, DETECTOR + 220, "detector ");
    Some(sheet.done())
}

/// `UL1M` to `UL1V`, `ULB4`, `ULB5`.
pub(super) fn pa_octet_level(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("3G PA levels", plain, 96)?;
    sheet.number("sections", 0, U8);
    sheet.row("phase compensation", 4, U32, 3);
    for level in 0..8 {
        let at = 16 + level * 10;
        let name = |field: &str| format!("level {} {field}", level + 1);
        sheet.number(name("PA mode"), at, U8);
        sheet.number(name("PRF"), at + 1, S8);
        sheet.number(name("DC-to-DC level"), at + 2, U8);
        sheet.row(name("VM1 and VM2"), at + 3, U8, 2);
        sheet.number(name("V-bias"), at + 6, U16);
        sheet.number(name("PA gain"), at + 8, U16);
    }
    Some(sheet.done())
}

/// `HL1A` to `HL1J`, `ULB8`, `ULB9`.
pub(super) fn drift(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("3G PA drift compensation", plain, 72)?;
    for step in 0..6 {
        sheet.row(format!("pair {}", step + 1), step * 4, S16, 2);
    }
    for step in 0..6 {
        sheet.row(format!("quad {}", step + 1), 24 + step * 8, S16, 4);
    }
    Some(sheet.done())
}

/// `UL1W` to `UL25`, `ULBA`, `ULBB`.
pub(super) fn prach(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("3G PRACH temperature compensation", plain, 96)?;
    for mode in 0..3 {
        temperature(&mut sheet, mode * 32, &format!("PA mode {} ", mode + 1));
    }
    Some(sheet.done())
}

/// Sub-bands that nobody wrote have channel 0.
fn sub_bands(sheet: &mut Sheet<'_>, start: usize, prefix: &str) {
    for band in 0..SUB_BANDS {
        let at = start + band * 6;
        if sheet.read(at, U16).is_none_or(|channel| channel == 0) {
            continue;
        }
        sheet.number(format!("{prefix}sub-band {} up to UARFCN", band + 1), at, U16);
        sheet.number(format!("{prefix}sub-band {} offset", band + 1), at + 2, S16);
        sheet.unit("1/32 dB");
        sheet.number(format!("{prefix}sub-band {} DAC offset", band + 1), at + 4, S16);
    }
}

fn temperature(sheet: &mut Sheet<'_>, start: usize, prefix: &str) {
    for step in 0..8 {
        sheet.row(format!("{prefix}temperature step {}", step + 1), start + step * 4, S16, 2);
    }
}
