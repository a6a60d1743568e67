//! Evidence: every surviving copy of an identity with its place, the state of its sum and its value, best place first.
//! Finds and compares; decides no write. Two valid, different values for one thing are told, never chosen between.

use super::copies::Copies;
use super::files::{BT, Files, IMEI, WIFI, flaw, region_files, tree_files};
use super::key;
use super::refusal::Refusal;
use super::simlock;
use crate::formats::ap_file::{BT_MAC_AT, WIFI_MAC_AT};
use crate::formats::catalog::Family;
use crate::formats::imei::{Imei, ImeiField};
use crate::formats::lid::{self, DEFAULT_KEY};
use crate::formats::mac::{MacAddress, MacStatus};
use crate::formats::product_info;

/// Where a copy lies. The order is the rank: an earlier place is believed before a later one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// An archive bound to this phone.
    Archive,
    /// The BinRegion of NVRAM.
    BinRegion,
    /// The live tree.
    Live,
    /// The record in PRO_INFO.
    ProInfo,
}

impl Place {
    /// Returns the place in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Archive => "the archive",
            Self::BinRegion => "the BinRegion",
            Self::Live => "the live files",
            Self::ProInfo => "PRO_INFO",
        }
    }
}

/// What a value is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// IMEI of this slot, from 0.
    Imei(usize),
    /// Wi-Fi address.
    Wifi,
    /// Bluetooth address.
    Bt,
}

impl Kind {
    fn title(self) -> String {
        match self {
            Self::Imei(slot) => format!("IMEI slot {}", slot + 1),
            Self::Wifi => "the Wi-Fi address".into(),
            Self::Bt => "the Bluetooth address".into(),
        }
    }
}

/// A value that could be this phone's own: never a default, a placeholder or a number with a wrong check digit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value {
    /// An IMEI with a right check digit.
    Imei(Imei),
    /// An address that was given to one phone.
    Mac(MacAddress),
}

impl Value {
    fn masked(self) -> String {
        match self {
            Self::Imei(imei) => imei.masked(),
            Self::Mac(mac) => mac.masked(),
        }
    }
}

/// One surviving copy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence {
    /// What it is of.
    pub kind: Kind,
    /// Where it lies.
    pub place: Place,
    /// Whether its file has the right length and sum. PRO_INFO has no sum: the check digit must do.
    pub whole: bool,
    /// The value.
    pub value: Value,
}

/// Returns all evidence, best place first. `archive` must be bound to the phone.
#[must_use]
pub fn collect(phone: &Copies, archive: Option<&Copies>, family: &Family) -> Vec<Evidence> {
    let mut found = Vec::new();
    if let Some(archive) = archive {
        look(archive, [Place::Archive; 3], family, &mut found);
    }
    look(phone, [Place::BinRegion, Place::Live, Place::ProInfo], family, &mut found);
    found.sort_by_key(|piece| (piece.kind, piece.place));
    found
}

/// Returns the best whole piece of this kind.
#[must_use]
pub fn best(evidence: &[Evidence], kind: Kind) -> Option<Evidence> {
    evidence.iter().copied().find(|piece| piece.kind == kind && piece.whole)
}

/// Returns whether the key of these copies is unknown, so that IMEI and barcode are never decoded or edited.
pub(super) fn is_sealed(copies: &Copies, family: &Family) -> bool {
    let trees = [region_files(copies), tree_files(&copies.live)];
    let protect = [tree_files(&copies.protect_f), tree_files(&copies.protect_s)];
    let locks: Vec<&[u8]> = protect.iter().flat_map(simlock::locks).map(|(_, bytes)| bytes).collect();
    key::is_foreign(&[&trees[0], &trees[1]], &locks, family)
}

/// Two valid, different values of one kind cannot both be this phone's.
///
/// # Errors
/// [`Refusal::Conflict`] with both, masked.
pub fn agree(evidence: &[Evidence]) -> Result<(), Refusal> {
    for piece in evidence.iter().filter(|piece| piece.whole) {
        let against = best(evidence, piece.kind).filter(|first| first.value != piece.value);
        if let Some(first) = against {
            return Err(Refusal::Conflict {
                what: piece.kind.title(),
                first: format!("{} in {}", first.value.masked(), first.place.title()),
                second: format!("{} in {}", piece.value.masked(), piece.place.title()),
            });
        }
    }
    Ok(())
}

/// Compares the number on the label with the evidence. The number goes no further than this.
///
/// # Errors
/// [`Refusal::Label`].
pub fn confirm(evidence: &[Evidence], label: Imei) -> Result<(), Refusal> {
    let mut imeis =
        evidence.iter().filter(|piece| piece.whole && matches!(piece.kind, Kind::Imei(_))).peekable();
    if imeis.peek().is_none() {
        return Err(Refusal::Label { why: "no valid IMEI is left to compare it with" });
    }
    match imeis.any(|piece| piece.value == Value::Imei(label)) {
        true => Ok(()),
        false => Err(Refusal::Label { why: "it is none of the IMEIs this phone's evidence holds" }),
    }
}

/// Returns the number when it can be some phone's own.
pub(super) fn own_imei(field: &ImeiField, family: &Family) -> Option<Imei> {
    match field {
        ImeiField::Digits(imei)
            if imei.check_digit_holds() && !imei.is_monotonous() && !family.is_default_imei(imei) =>
        {
            Some(*imei)
        }
        _ => None,
    }
}

/// Returns the address at `at` when it can be some phone's own.
pub(super) fn own_mac(file: &[u8], at: usize, family: &Family) -> Option<MacAddress> {
    MacAddress::at(file, at).filter(|mac| mac.status(&family.mac_templates()) == MacStatus::Valid)
}

fn look(copies: &Copies, places: [Place; 3], family: &Family, found: &mut Vec<Evidence>) {
    let [region_place, live_place, pro_info_place] = places;
    let (region, live) = (region_files(copies), tree_files(&copies.live));
    let sealed = is_sealed(copies, family);
    let none = Files::new();
    for (files, measure, place) in [(&region, &none, region_place), (&live, &region, live_place)] {
        let whole = |path: &str, file: &[u8]| {
            flaw(path, file, measure.get(path).map(|copy| copy.len()), family).is_none()
        };
        if let Some(file) = files.get(IMEI).filter(|file| !sealed && whole(IMEI, file)) {
            numbers(&lid::imei_slots(file, DEFAULT_KEY).unwrap_or_default(), place, family, found);
        }
        for (path, at, kind) in [(WIFI, WIFI_MAC_AT, Kind::Wifi), (BT, BT_MAC_AT, Kind::Bt)] {
            let Some(file) = files.get(path) else { continue };
            let mac = own_mac(file, at, family);
            found.extend(mac.map(|mac| Evidence {
                kind,
                place,
                whole: whole(path, file),
                value: Value::Mac(mac),
            }));
        }
    }
    if let Some(info) = copies.pro_info.present().and_then(|copy| product_info::decode(&copy.bytes)) {
        numbers(&info.imeis, pro_info_place, family, found);
    }
}

fn numbers(slots: &[ImeiField], place: Place, family: &Family, found: &mut Vec<Evidence>) {
    for (slot, field) in slots.iter().enumerate() {
        let imei = own_imei(field, family);
        found.extend(imei.map(|imei| Evidence {
            kind: Kind::Imei(slot),
            place,
            whole: true,
            value: Value::Imei(imei),
        }));
    }
}
