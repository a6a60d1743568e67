//! Barcode with the marks of the production line (modem-nvram.md 3.4): 64 bytes. Vendors use more places than are named.

use super::sheet::Sheet;
use super::{DecodedRecord, FieldValue};

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("barcode", plain, 64)?;
    sheet.text("text", 0, 60);
    let (raw, meaning) = match plain.get(60..62)? {
        b"10" => (10, "passed"),
        b"01" => (1, "failed"),
        _ => (0, "never recorded"),
    };
    sheet.put("calibration", 60, 2, FieldValue::State { raw, meaning });
    let raw = i64::from(*plain.get(62)?);
    let meaning = match plain.get(62)? {
        b'P' => "passed",
        b'F' => "failed",
        _ => "never recorded",
    };
    sheet.put("final test", 62, 1, FieldValue::State { raw, meaning });
    Some(sheet.done())
}
