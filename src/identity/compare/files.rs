//! Files that are not the same on both sides, with what each is for and whether one of the two is broken.

use std::collections::BTreeSet;

use super::{Change, FilePair, Side, Way};
use crate::formats::catalog::Family;
use crate::formats::lid::LidName;
use crate::identity::copies::Copies;
use crate::identity::files::{self, BARCODE, BT, CALIBRAT, Files, IMEI, WIFI, below, flaw, tree_files};
use crate::identity::scheme::Scheme;

/// Role of the files a radio cannot do without.
pub(super) const CALIBRATION: &str = "calibration";

/// Returns every file that differs, layer by layer, by name.
pub(super) fn differences(a: &Copies, b: &Copies, family: &Family) -> Vec<FilePair> {
    let regions = [region_files(a), region_files(b)];
    let none = [Files::new(), Files::new()];
    let trees = |of: fn(&Copies) -> Files<'_>| [of(a), of(b)];
    let live = trees(|copies| tree_files(&copies.live));
    let protect_f = trees(|copies| tree_files(&copies.protect_f));
    let protect_s = trees(|copies| tree_files(&copies.protect_s));
    let mut found = Vec::new();
    let schemes = [a, b].map(|copies| Scheme::of(copies, family));
    for (layer, sides, measures) in [
        ("binregion", &regions, &none),
        ("live", &live, &regions),
        ("protect_f", &protect_f, &none),
        ("protect_s", &protect_s, &none),
    ] {
        let paths: BTreeSet<&str> = sides.iter().flat_map(|side| side.keys().copied()).collect();
        for path in paths {
            let [one, other] = [0, 1].map(|side: usize| sides[side].get(path).copied());
            if one == other {
                continue;
            }
            let wrong = |side: usize, bytes: Option<&[u8]>| match bytes {
                None => Some(Change::Lost),
                Some(bytes) => {
                    let yardstick = measures[side].get(path).map(|copy| copy.len());
                    flaw(path, bytes, yardstick, &schemes[side]).map(|_| Change::Damaged)
                }
            };
            // Missing is worse than broken, wherever that is.
            let way = match (one, other) {
                (None, _) => Way { change: Change::Lost, worse_in: Some(Side::A) },
                (_, None) => Way { change: Change::Lost, worse_in: Some(Side::B) },
                _ => Way::between(wrong(0, one), wrong(1, other)),
            };
            let len = |bytes: Option<&[u8]>| bytes.map(<[u8]>::len);
            let (role, path) = (role(path, family), path.to_owned());
            found.push(FilePair { layer, path, role, way, a_bytes: len(one), b_bytes: len(other) });
        }
    }
    found
}

/// The BinRegion's files, those outside the known folders by their whole name.
fn region_files(copies: &Copies) -> Files<'_> {
    let mut found = files::region_files(copies);
    let region = copies.binregion.present().into_iter().flat_map(|copy| &copy.region.files);
    found.extend(
        region
            .filter(|file| below(&file.name).is_none())
            .map(|file| (file.name.as_str(), file.bytes.as_slice())),
    );
    found
}

/// Returns what a file is for, by its place and name.
fn role(path: &str, family: &Family) -> &'static str {
    match path {
        _ if IMEI.contains(&path) => return "imei",
        _ if BARCODE.contains(&path) => return "barcode",
        WIFI => return "wifi",
        BT => return "bluetooth",
        "RestoreFlag" => return "restore flag",
        _ => {}
    }
    let name = path.rsplit('/').next().unwrap_or(path);
    if path.starts_with("APCFG/") {
        return if name.contains("Audio") || name.contains("CompFlt") { "audio" } else { "settings" };
    }
    let lid = LidName::parse(name).and_then(|name| family.lid(&name.prefix));
    match lid.map(|lid| lid.role.as_str()) {
        Some("simlock") => "simlock",
        Some("counter") => "counter",
        _ if path.starts_with(CALIBRAT) => CALIBRATION,
        Some("system") => "system",
        Some("ms-security") => "security",
        _ => "other",
    }
}
