//! AP calibration and positioning files (ap-nvram.md 4.4): GPS, AUXADC, acceleration, rotation, proximity.

use super::DecodedRecord;
use super::sheet::{
    Kind::{S32, U8, U32},
    Sheet,
};

pub(super) fn gps(body: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("GPS", body, 52)?;
    sheet.text("device", 0, 20);
    sheet.number("interface", 0x14, U8);
    sheet.number("TCXO", 0x18, U32);
    sheet.unit("Hz");
    sheet.number("TCXO tolerance", 0x1C, U32);
    sheet.unit("ppb");
    sheet.number("TCXO type", 0x20, U8);
    sheet.number("LNA", 0x21, U8);
    sheet.number("SBAS", 0x22, U8);
    for (name, at) in [("C0", 0x24), ("C1", 0x28), ("initial U", 0x2C), ("last U", 0x30)] {
        sheet.real(name, at);
    }
    sheet.note("the clock model is learned while the phone runs");
    Some(sheet.done())
}

pub(super) fn auxadc(body: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("AUXADC", body, 76)?;
    sheet.row("slope", 0, S32, 9);
    sheet.row("offset", 36, S32, 9);
    sheet.state("calibrated", 72, U8, &[(0, "no"), (1, "yes")]);
    Some(sheet.done())
}

/// `HWMON_ACC`, `HWMON_GYRO`, `HWMON_PS`.
pub(super) fn monitor(name: &str, body: &[u8]) -> Option<DecodedRecord> {
    let (title, field) = match name {
        "HWMON_ACC" => ("acceleration sensor", "offset x, y, z"),
        "HWMON_GYRO" => ("rotation sensor", "offset x, y, z"),
        _ => ("proximity sensor", "thresholds and offset"),
    };
    let mut sheet = Sheet::of(title, body, 12)?;
    sheet.row(field, 0, S32, 3);
    if body.iter().all(|byte| *byte == 0) {
        sheet.note("zero: not calibrated");
    }
    Some(sheet.done())
}
