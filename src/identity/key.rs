//! Whether the modem's cipher key is the one this program knows (modem-nvram.md 2.8). An OEM may have changed it; then
//! IMEI and barcode decode to noise that must never be shown as an identity.

use super::files::{Files, IMEI as IMEI_FILES, SECOND_LOCK};
use crate::formats::catalog::Family;
use crate::formats::imei::{Imei, ImeiField};
use crate::formats::lid::{self, DEFAULT_KEY};

/// Places of the system record.
const SYSTEM: [&str; 2] = ["md/NVRAM/NVD_CORE/MT00A000", "md/NVRAM/NVD_CORE/MT00B000"];

/// Returns whether the files of one phone speak against the default key: something that must decode under the right key
/// is there, whole, and does not. Every layer is evidence, because one modem wrote them all. A phone with nothing to test
/// is not spoken against.
pub(super) fn is_foreign(trees: &[&Files<'_>], locks: &[&[u8]], family: &Family) -> bool {
    let all = |path: &'static str| trees.iter().filter_map(move |files| files.get(path).copied());
    let [imei, _] = IMEI_FILES;
    let imeis: Vec<&[u8]> = all(imei).filter(|file| lid::imei_slots(file, DEFAULT_KEY).is_some()).collect();
    let systems: Vec<&[u8]> = SYSTEM
        .into_iter()
        .flat_map(all)
        .filter(|file| lid::system_record(file, DEFAULT_KEY).is_some())
        .collect();
    let locks: Vec<&[u8]> = SECOND_LOCK
        .into_iter()
        .flat_map(all)
        .chain(locks.iter().copied())
        .filter(|file| !lid::guess_records(file).is_empty())
        .collect();
    let proven = systems.iter().any(|file| lid::key_is_proven(Some(file), None, DEFAULT_KEY))
        || imeis.iter().any(|file| lid::key_is_proven(None, Some(file), DEFAULT_KEY))
        || imeis.iter().any(|file| slots(file).any(|imei| family.is_default_imei(&imei)))
        || locks.iter().any(|file| lid::simlock_holds(file, DEFAULT_KEY));
    if proven {
        return false;
    }
    // Where nothing with a known plaintext is left, fifteen decimal digits and the filler are evidence enough: noise
    // passes for them once in twenty thousand.
    let readable = imeis.iter().any(|file| slots(file).next().is_some());
    !systems.is_empty() || !locks.is_empty() || (!imeis.is_empty() && !readable)
}

fn slots(file: &[u8]) -> impl Iterator<Item = Imei> {
    lid::imei_slots(file, DEFAULT_KEY).unwrap_or_default().into_iter().filter_map(|field| match field {
        ImeiField::Digits(imei) => Some(imei),
        _ => None,
    })
}
