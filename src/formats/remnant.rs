//! Modem files found by their content alone: in a page of a journal, in a block that nothing uses any more. Accepts only
//! what its own sums prove; knows no key, and not whose number it is.

use super::key_probe::is_ldi;
use super::ldi;
use super::lid::{self, BARCODE_RECORD, IMEI_RECORD};

/// Number of the IMEI item in files that carry it (modem-nvram.md 2.9).
const IMEI_LID: u16 = 0xEF10;
/// Lengths of a headerless IMEI file: ten slots, and two on older builds (modem-nvram.md 1.5).
const IMEI_LENGTHS: [usize; 2] = [120, 24];
/// Length of a headerless barcode file.
const BARCODE_LENGTH: usize = BARCODE_RECORD + 2;

/// What a remnant is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RemnantKind {
    /// An IMEI file.
    Imei,
    /// A barcode file.
    Barcode,
}

/// A file found inside other bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FoundFile {
    /// What it is.
    pub kind: RemnantKind,
    /// Offset of its first byte.
    pub at: usize,
    /// Its length in bytes.
    pub len: usize,
}

/// Looks at the first bytes of a file system block: a file starts there, and what follows its end is zero.
#[must_use]
pub fn at_start(block: &[u8]) -> Option<FoundFile> {
    let alone = |len: usize| block.get(len..).is_some_and(|rest| rest.iter().all(|byte| *byte == 0));
    if is_ldi(block) {
        let header = ldi::Header::parse(block).ok().filter(|header| header.lid == IMEI_LID)?;
        let len = ldi::file_len(&header).filter(|len| alone(*len))?;
        return Some(FoundFile { kind: RemnantKind::Imei, at: 0, len });
    }
    let imei = IMEI_LENGTHS.into_iter().find(|len| is_whole(block, *len, IMEI_RECORD) && alone(*len));
    if let Some(len) = imei {
        return Some(FoundFile { kind: RemnantKind::Imei, at: 0, len });
    }
    let barcode = is_whole(block, BARCODE_LENGTH, BARCODE_RECORD) && alone(BARCODE_LENGTH);
    barcode.then_some(FoundFile { kind: RemnantKind::Barcode, at: 0, len: BARCODE_LENGTH })
}

/// Looks for copies anywhere in the text of a journal page (ap-nvram.md 1.2: newer builds keep the IMEI file, 120 bytes, and
/// the barcode file, 66 bytes, in a record). A barcode's one sum of two bytes is weak: whoever uses it must look at its text.
#[must_use]
pub fn within(page: &[u8]) -> Vec<FoundFile> {
    let [imei, _] = IMEI_LENGTHS;
    let mut found = Vec::new();
    for at in 0..page.len() {
        let rest = page.get(at..).unwrap_or_default();
        if is_whole(rest, imei, IMEI_RECORD) {
            found.push(FoundFile { kind: RemnantKind::Imei, at, len: imei });
        } else if is_whole(rest, BARCODE_LENGTH, BARCODE_RECORD) {
            found.push(FoundFile { kind: RemnantKind::Barcode, at, len: BARCODE_LENGTH });
        }
    }
    found
}

fn is_whole(bytes: &[u8], len: usize, record: usize) -> bool {
    bytes.get(..len).is_some_and(|file| lid::records(file, record).is_some())
}
