//! AP files (`APCFG`): records and a two-byte trailer (ap-nvram.md 3.2), and the places of the identities in them.

use binrw::BinRead;

use super::fixed::shape;

/// First byte of every trailer.
const TRAILER: u8 = 0xAA;
/// Offset of the address in `WIFI`, all versions (4.1).
pub const WIFI_MAC_AT: usize = 4;
/// Offset of the address in `BT_Addr`, all versions (4.2).
pub const BT_MAC_AT: usize = 0;
/// Offset of TxPwrValid in `WIFI` (4.1).
pub const WIFI_TX_POWER_VALID_AT: usize = 0xC4;
/// Size of `WIFI` with trailer, versions A and A' (4.1).
pub const WIFI_SIZE_A: usize = 514;
/// Sizes of `WIFI` with trailer: versions A and A', the 1024-byte variant, version B (4.1).
pub const WIFI_SIZES: [usize; 3] = [514, 1026, 2050];
/// Content of `RestoreFlag` when the live tree counts as valid (2.2).
pub const RESTORE_FLAG: [u8; 4] = 0x1234_5678_u32.to_le_bytes();
/// Length of one row of `FILE_VER`, format A (3.3).
const VERSION_ROW: usize = 74;

/// One row of `FILE_VER`.
#[derive(BinRead)]
#[br(little)]
struct VersionRow {
    name: [u8; 70],
    version: [u8; 4],
}

/// Returns the trailer of a body: AA and the running byte, ADD on even and XOR on odd places.
#[must_use]
pub fn trailer(body: &[u8]) -> [u8; 2] {
    let fold = |sum: u8, (index, byte): (usize, &u8)| {
        if index % 2 == 0 { sum.wrapping_add(*byte) } else { sum ^ byte }
    };
    [TRAILER, body.iter().enumerate().fold(0, fold)]
}

/// Returns the body when the file ends in its right trailer.
#[must_use]
pub fn body(file: &[u8]) -> Option<&[u8]> {
    let (body, end) = file.split_last_chunk::<2>()?;
    (!body.is_empty() && trailer(body) == *end).then_some(body)
}

/// Returns whether this file of `APCFG` carries a trailer at all (3.2).
#[must_use]
pub fn has_trailer(name: &str) -> bool {
    name != "FILE_VER" && !name.starts_with("CAMERA_")
}

/// Returns the rows of `FILE_VER` format A as (name, version); `None` for another format (3.3).
#[must_use]
pub fn file_versions(file: &[u8]) -> Option<Vec<(String, String)>> {
    if file.is_empty() || !file.len().is_multiple_of(VERSION_ROW) || !file.starts_with(b"NVRAM_VER_INFO\0") {
        return None;
    }
    let rows = file.chunks_exact(VERSION_ROW).filter_map(|row| shape(row, 0));
    Some(rows.map(|row: VersionRow| (text(&row.name), text(&row.version))).collect())
}

/// Returns the counter of `BackupFlag` when its check byte is right: XOR on even, ADD on odd places (2.4).
#[must_use]
pub fn backup_counter(file: &[u8]) -> Option<u32> {
    let (counter, check) = (file.first_chunk::<4>()?, file.get(4)?);
    let fold = |sum: u8, (index, byte): (usize, &u8)| {
        if index % 2 == 0 { sum ^ byte } else { sum.wrapping_add(*byte) }
    };
    let right = file.len() == 5 && counter.iter().enumerate().fold(0, fold) == *check;
    right.then(|| u32::from_le_bytes(*counter))
}

/// Returns the text up to the first NUL, without padding. Bytes that do not print show as U+FFFD.
#[must_use]
pub fn text(field: &[u8]) -> String {
    let end = field.iter().position(|byte| *byte == 0).unwrap_or(field.len());
    let shown =
        |byte: &u8| if (0x20..0x7F).contains(byte) { char::from(*byte) } else { char::REPLACEMENT_CHARACTER };
    field[..end].iter().map(shown).collect::<String>().trim_end().to_string()
}
