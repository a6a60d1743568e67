//! Whether one NV file is what its writer wrote: length first, then its own sums. Knows the names of the files that hold
//! identity; decodes nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::copies::{Copies, Found, Tree};
use super::scheme::Scheme;
use crate::formats::ap_file;
use crate::formats::binregion::Content;
use crate::formats::catalog::Family;
use crate::formats::key_probe::is_ldi;
use crate::formats::ldi::{self, LdiError};
use crate::formats::lid::{self, LidName};

/// The IMEI file below the tree's root: headerless, and with an LDI header (modem-nvram.md 3.6).
pub(super) const IMEI: [&str; 2] = ["md/NVRAM/NVD_IMEI/MP0B_001", "md/NVRAM/NVD_IMEI/LD0B_001"];
/// The barcode file, in the same order.
pub(super) const BARCODE: [&str; 2] = ["md/NVRAM/CALIBRAT/MP09_001", "md/NVRAM/CALIBRAT/ML09_001"];
/// Which files exist, by the modem's own book (modem-nvram.md 4.5).
pub(super) const INFO_FILE: &str = "md/NVRAM/INFO_FILE";
/// Folder of the calibration files.
pub(super) const CALIBRAT: &str = "md/NVRAM/CALIBRAT/";
/// The Wi-Fi file.
pub(super) const WIFI: &str = "APCFG/APRDEB/WIFI";
/// The Bluetooth file.
pub(super) const BT: &str = "APCFG/APRDEB/BT_Addr";
/// The second SIM lock, in two copies.
pub(super) const SECOND_LOCK: [&str; 2] = ["md/NVRAM/NVD_IMEI/ST6TA001", "md/NVRAM/NVD_IMEI/ST6TB001"];

/// Contents by path below the tree's root.
pub(super) type Files<'a> = BTreeMap<&'a str, &'a [u8]>;

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Flaw {
    /// It has not the length it must have.
    Length { found: usize, expected: usize },
    /// Length and content fit no record split, or a sum is wrong.
    Sum,
    /// An AP file's last two bytes are not its trailer: Android rolls it back or resets it.
    Trailer,
    /// A file of a phone whose files carry the LDI header has none, or it is damaged.
    Header(LdiError),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { found, expected } => write!(f, "has {found} bytes instead of {expected}"),
            Self::Sum => f.write_str("has a wrong checksum"),
            Self::Trailer => f.write_str("has a wrong trailer"),
            Self::Header(cause) => write!(f, "is damaged ({cause})"),
        }
    }
}

/// Returns the BinRegion's files.
pub(super) fn region_files(copies: &Copies) -> Files<'_> {
    let files = copies.binregion.present().into_iter().flat_map(|copy| &copy.region.files);
    files.filter_map(|file| Some((below(&file.name)?, file.bytes.as_slice()))).collect()
}

/// Returns the files of a tree.
pub(super) fn tree_files(found: &Found<Tree>) -> Files<'_> {
    let files = found.present().into_iter().flatten();
    files.map(|(path, file)| (path.as_str(), file.bytes.as_slice())).collect()
}

/// Returns what the daemon's work copies of the region hold, when they are whole (ap-nvram.md 2.1).
pub(super) fn work_copy(live: &Files<'_>) -> Option<Content> {
    Content::from_work_copies(live.get("AllMap")?, live.get("AllFile")?).ok()
}

/// Returns the files of a region's content.
pub(super) fn content_files(content: &Content) -> Files<'_> {
    content.files.iter().filter_map(|file| Some((below(&file.name)?, file.bytes.as_slice()))).collect()
}

/// Returns the part of an absolute name below the tree's root, whatever Android wrote it (ap-nvram.md 2.5).
pub(super) fn below(name: &str) -> Option<&str> {
    let folders = ["/APCFG/", "/md/", "/md2/", "/md3/", "/md5/", "/md_via/"];
    folders.iter().filter_map(|folder| name.find(folder)).min().and_then(|at| name.get(at + 1..))
}

/// Returns what is wrong with a file. `yardstick` is the length of the same file in the BinRegion, when that is not the
/// copy being judged: lengths belong to the modem build, so the phone's own copy outweighs any table, and a modem that
/// finds a calibration file of another length stops (modem-nvram.md 4.1 step 5).
pub(super) fn flaw(path: &str, bytes: &[u8], yardstick: Option<usize>, scheme: &Scheme<'_>) -> Option<Flaw> {
    if let Some(expected) = yardstick
        && expected != bytes.len()
    {
        return Some(Flaw::Length { found: bytes.len(), expected });
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    if path.starts_with("APCFG/") {
        return ap_flaw(path, name, bytes);
    }
    let parsed = LidName::parse(name)?;
    // The change counter may carry no check while it is zero (ap-nvram.md 2.4).
    if parsed.prefix == "MP0D" && bytes == [0; 4] {
        return None;
    }
    if scheme.is_ldi() || is_ldi(bytes) {
        return ldi_flaw(&parsed, bytes, scheme);
    }
    lid_flaw(&parsed, bytes, yardstick.is_some(), scheme.family)
}

/// An item no table knows may be of a kind without header: only what begins as one is checked.
fn ldi_flaw(name: &LidName, bytes: &[u8], scheme: &Scheme<'_>) -> Option<Flaw> {
    if !is_ldi(bytes) && scheme.family.lid(&name.prefix).is_none_or(|item| item.codec == "opaque") {
        return None;
    }
    match ldi::open(bytes, scheme.aes()) {
        Ok(_) => None,
        Err(LdiError::Length { found, wanted, .. }) => {
            Some(Flaw::Length { found: found + ldi::HEADER, expected: wanted.saturating_add(ldi::HEADER) })
        }
        Err(LdiError::RecordSum { .. }) => Some(Flaw::Sum),
        Err(cause) => Some(Flaw::Header(cause)),
    }
}

fn ap_flaw(path: &str, name: &str, bytes: &[u8]) -> Option<Flaw> {
    if !ap_file::has_trailer(name) {
        return None;
    }
    if path == WIFI && !ap_file::WIFI_SIZES.contains(&bytes.len()) {
        let near = |size: &usize| size.abs_diff(bytes.len());
        let expected = ap_file::WIFI_SIZES.into_iter().min_by_key(near).unwrap_or_default();
        return Some(Flaw::Length { found: bytes.len(), expected });
    }
    ap_file::body(bytes).is_none().then_some(Flaw::Trailer)
}

fn lid_flaw(name: &LidName, bytes: &[u8], measured: bool, family: &Family) -> Option<Flaw> {
    let sizes = family.lid(&name.prefix).map(|lid| lid.sizes.as_slice()).unwrap_or_default();
    if let Some(size) = sizes.iter().find(|size| size.file_len() == bytes.len()) {
        return lid::records(bytes, size.record).is_none().then_some(Flaw::Sum);
    }
    // Whole records of a known size in an unknown number: cut or stretched at a record boundary. Only the phone's other
    // copy can say that its build has so many.
    let whole = |size: &&crate::formats::catalog::RecordSize| {
        bytes.len().is_multiple_of(size.section()) && lid::records(bytes, size.record).is_some()
    };
    if let Some(size) = sizes.iter().find(whole)
        && !measured
    {
        return Some(Flaw::Length { found: bytes.len(), expected: size.file_len() });
    }
    if lid::guess_records(bytes).is_empty() {
        let expected = sizes.first().map(|size| size.file_len());
        return Some(match expected {
            Some(expected) if !measured => Flaw::Length { found: bytes.len(), expected },
            _ => Flaw::Sum,
        });
    }
    None
}
