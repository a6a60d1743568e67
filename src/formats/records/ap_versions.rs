//! Files by which the AP decides what to believe (ap-nvram.md 2.1, 2.4, 3.3): versions in both formats, the backup counter,
//! the restore flag.

use super::sheet::Sheet;
use super::{DecodedRecord, FieldValue};
use crate::formats::ap_file;

const ROW: usize = 74;
const NAME: usize = 70;
const SHORT_ROW: usize = 4;

/// Format A has names, format B four-byte versions by number.
pub(super) fn file_versions(body: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::new("file versions", body);
    if let Some(rows) = ap_file::file_versions(body) {
        for (index, (name, version)) in rows.into_iter().enumerate() {
            let name = if name.is_empty() { format!("row {index}, reserved") } else { name };
            sheet.put(name, index * ROW + NAME, SHORT_ROW, FieldValue::Text(version));
        }
        return Some(sheet.done());
    }
    let is_version = |row: &[u8]| matches!(row, [a, b, c, 0] if [a, b, c].iter().all(|d| d.is_ascii_digit()));
    // Two rows at least: four bytes alone are also a flag.
    if body.len() < 2 * SHORT_ROW || !body.len().is_multiple_of(SHORT_ROW) {
        return None;
    }
    if !body.chunks_exact(SHORT_ROW).all(is_version) {
        return None;
    }
    for index in 0..body.len() / SHORT_ROW {
        sheet.text(format!("LID {index}"), index * SHORT_ROW, SHORT_ROW);
    }
    sheet.note("the older format: which file a number means depends on the build");
    Some(sheet.done())
}

/// `BackupFlag`, check byte included.
pub(super) fn backup_flag(body: &[u8]) -> Option<DecodedRecord> {
    let counter = ap_file::backup_counter(body)?;
    let mut sheet = Sheet::new("backup counter", body);
    sheet.put("changes", 0, 4, FieldValue::Number(i64::from(counter)));
    Some(sheet.done())
}

/// `RestoreFlag`.
pub(super) fn restore_flag(body: &[u8]) -> Option<DecodedRecord> {
    let mut sheet = Sheet::of("restore flag", body, 4)?;
    let valid = body == ap_file::RESTORE_FLAG;
    let meaning =
        if valid { "the live tree is believed" } else { "the live tree is overwritten at the next boot" };
    sheet.put("state", 0, 4, FieldValue::State { raw: i64::from(valid), meaning });
    Some(sheet.done())
}
