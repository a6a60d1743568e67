//! Finds the evidence: looks into every place for values that could be some phone's own. Weighs nothing.

use super::{Evidence, Kind, Place, Sums, Value};
use crate::formats::ap_file::{BT_MAC_AT, WIFI_MAC_AT, body};
use crate::formats::catalog::Family;
use crate::formats::imei::{Imei, ImeiField};
use crate::formats::mac::{MacAddress, MacStatus};
use crate::formats::product_info::{self, ProductInfo};
use crate::formats::remnant::RemnantKind;
use crate::identity::copies::{Copies, Remnant};
use crate::identity::files::{BT, Files, WIFI, content_files, flaw, region_files, tree_files, work_copy};
use crate::identity::scheme::Scheme;

/// PRODUCT_INFO on builds that keep it among the AP files (ap-nvram.md 4.3).
const PRODUCT_INFO: &str = "APCFG/APRDEB/PRODUCT_INFO";

/// Returns all evidence, best place first. `archive` must be bound to the phone.
#[must_use]
pub fn collect(phone: &Copies, archive: Option<&Copies>, family: &Family) -> Vec<Evidence> {
    let sources: Vec<&Copies> = [Some(phone), archive].into_iter().flatten().collect();
    let scheme = Scheme::of_all(&sources, family);
    let mut found = Found { scheme: &scheme, family, pieces: Vec::new() };
    for (slot, imei) in scheme.signed_imeis().into_iter().enumerate() {
        found.add(Kind::Imei(slot), Place::Signed, "CSSD_000", Sums::Right, Value::Imei(imei));
    }
    if let Some(archive) = archive {
        found.look(archive, [Place::Archive; 3]);
    }
    found.look(phone, [Place::BinRegion, Place::Live, Place::ProInfo]);
    let mut pieces = found.pieces;
    pieces.sort_by_key(|piece| (piece.kind, piece.place));
    pieces
}

/// Returns the number when it can be some phone's own.
fn own_imei(field: &ImeiField, family: &Family) -> Option<Imei> {
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
pub(in crate::identity) fn own_mac(file: &[u8], at: usize, family: &Family) -> Option<MacAddress> {
    MacAddress::at(file, at).filter(|mac| is_own(mac, family))
}

fn is_own(mac: &MacAddress, family: &Family) -> bool {
    mac.status(&family.mac_templates()) == MacStatus::Valid
}

struct Found<'a> {
    scheme: &'a Scheme<'a>,
    family: &'a Family,
    pieces: Vec<Evidence>,
}

impl Found<'_> {
    fn add(&mut self, kind: Kind, place: Place, file: &str, sums: Sums, value: Value) {
        self.pieces.push(Evidence { kind, place, file: file.into(), sums, value });
    }

    fn look(&mut self, copies: &Copies, [region_place, live_place, record_place]: [Place; 3]) {
        let (region, live) = (region_files(copies), tree_files(&copies.live));
        let none = Files::new();
        for (files, measure, place) in [(&region, &none, region_place), (&live, &region, live_place)] {
            self.files(files, measure, place);
        }
        // Only where the region itself is gone does an older copy of it say more than the region.
        let work = work_copy(&live).filter(|_| copies.binregion.present().is_none());
        if let Some(work) = &work {
            let place = if live_place == Place::Archive { Place::Archive } else { Place::WorkCopy };
            self.files(&content_files(work), &none, place);
        }
        for remnant in &copies.remnants {
            self.remnant(remnant);
        }
        if let Some(info) = copies.pro_info.present().and_then(|copy| product_info::decode(&copy.bytes)) {
            self.record(&info, record_place, "record at 0", Sums::None);
        }
    }

    fn files(&mut self, files: &Files<'_>, measure: &Files<'_>, place: Place) {
        let scheme = self.scheme;
        let sums = |path: &str, file: &[u8]| match flaw(
            path,
            file,
            measure.get(path).map(|copy| copy.len()),
            scheme,
        ) {
            None => Sums::Right,
            Some(_) => Sums::Wrong,
        };
        let whole = |path: &str| {
            let file = files.get(path).filter(|_| !scheme.is_sealed())?;
            (sums(path, file) == Sums::Right).then_some(*file)
        };
        let imei = scheme.imei();
        if let Some(slots) = whole(imei).and_then(|file| scheme.imei_slots(file)) {
            self.numbers(&slots, place, imei, Sums::Right);
        }
        let barcode = scheme.barcode();
        if let Some(text) = whole(barcode).and_then(|file| scheme.barcode_text(file)) {
            self.text(text, place, barcode, Sums::Right);
        }
        for (path, at, kind) in [(WIFI, WIFI_MAC_AT, Kind::Wifi), (BT, BT_MAC_AT, Kind::Bt)] {
            let Some(file) = files.get(path) else { continue };
            if let Some(mac) = own_mac(file, at, self.family) {
                self.add(kind, place, path, sums(path, file), Value::Mac(mac));
            }
        }
        if let Some(info) = files.get(PRODUCT_INFO).and_then(|file| body(file)).and_then(product_info::decode)
        {
            self.record(&info, place, PRODUCT_INFO, Sums::Right);
        }
    }

    fn remnant(&mut self, remnant: &Remnant) {
        let (scheme, file) = (self.scheme, remnant.title());
        match remnant.kind {
            _ if scheme.is_sealed() => {}
            RemnantKind::Imei => {
                let slots = scheme.imei_slots(&remnant.bytes).unwrap_or_default();
                self.numbers(&slots, Place::Remnant, &file, Sums::Right);
            }
            RemnantKind::Barcode => {
                // One sum of two bytes is met by chance in a long journal: only text counts.
                let prints = |text: &String| text.bytes().all(|byte| matches!(byte, 0x20..0x7F));
                if let Some(text) = scheme.barcode_text(&remnant.bytes).filter(prints) {
                    self.text(text, Place::Remnant, &file, Sums::Right);
                }
            }
        }
    }

    fn record(&mut self, info: &ProductInfo, place: Place, file: &str, sums: Sums) {
        self.numbers(&info.imeis, place, file, sums);
        for (kind, mac) in [(Kind::Wifi, info.wifi), (Kind::Bt, info.bt)] {
            if is_own(&mac, self.family) {
                self.add(kind, place, file, sums, Value::Mac(mac));
            }
        }
        self.text(info.barcode.clone(), place, file, sums);
    }

    fn numbers(&mut self, slots: &[ImeiField], place: Place, file: &str, sums: Sums) {
        for (slot, field) in slots.iter().enumerate() {
            if let Some(imei) = own_imei(field, self.family) {
                self.add(Kind::Imei(slot), place, file, sums, Value::Imei(imei));
            }
        }
    }

    fn text(&mut self, text: String, place: Place, file: &str, sums: Sums) {
        if !text.is_empty() && !text.contains(char::REPLACEMENT_CHARACTER) {
            self.add(Kind::Barcode, place, file, sums, Value::Text(text));
        }
    }
}
