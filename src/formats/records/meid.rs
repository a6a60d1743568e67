//! MEID of CDMA builds, `CK17_000` (modem-nvram.md 3.4): type, and a number whose top byte marks a MEID.

use super::sheet::Sheet;
use super::{DecodedRecord, FieldValue};

/// Marks an eight-byte value as fourteen hexadecimal digits.
const MARK: u8 = 0xF2;

pub(super) fn decode(plain: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("MEID", plain, 16)?;
    let kind = plain.first().copied()?;
    let meaning = match kind {
        0 => "not written",
        2 => "MEID",
        _ => "of another kind",
    };
    sheet.put("type", 0, 1, FieldValue::State { raw: i64::from(kind), meaning });
    let value = plain.get(8..)?.first_chunk().map(|word| u64::from_le_bytes(*word))?;
    let [mark, digits @ ..] = value.to_be_bytes();
    if kind == 2 && mark == MARK {
        let text = digits.iter().map(|byte| format!("{byte:02X}")).collect();
        sheet.put("MEID", 8, 8, FieldValue::Text(text));
    } else {
        sheet.bytes("value", 8, 8);
    }
    Some(sheet.done())
}
