//! From copies to a survey: decodes every layer, compares them, and asks for the verdict. Judges no single value itself.

use std::collections::{BTreeMap, BTreeSet};

use super::copies::{BinRegionCopy, Copies, FileCopy, Found};
use super::files::{
    BT, CALIBRAT, Files, Flaw, INFO_FILE, WIFI, content_files, flaw, region_files, tree_files, work_copy,
};
use super::scheme::Scheme;
use super::simlock;
use super::survey::{BootsFrom, Calibration, ImeiSlot, Layer, LayerState, Marks, Status, Survey, Value};
use super::values::Judge;
use super::verdict::verdict;
use crate::formats::ap_file::{self, RESTORE_FLAG};
use crate::formats::catalog::Family;
use crate::formats::lid::LidName;
use crate::formats::product_info;
use crate::formats::remnant::RemnantKind;

/// Judges copies by a family's description.
#[must_use]
pub fn judge(copies: &Copies, family: &Family) -> Survey {
    let (region, live) = (region_files(copies), tree_files(&copies.live));
    let protect = [tree_files(&copies.protect_f), tree_files(&copies.protect_s)];
    let scheme = Scheme::of(copies, family);
    let names = region.keys().chain(live.keys()).filter_map(|path| path.strip_prefix(CALIBRAT));
    // G3 keeps lists of names beside the files.
    let calibration: BTreeSet<&str> = names.filter(|name| LidName::parse(name).is_some()).collect();
    let mut look = Look {
        judge: Judge { family, identities: BTreeSet::new() },
        calibration,
        scheme: &scheme,
        no_files: Files::new(),
    };
    let mut first = look.tree("binregion", state_of(&copies.binregion), &region, None);
    if let Some(BinRegionCopy { region, .. }) = copies.binregion.present()
        && !region.checksum_valid()
    {
        let (stored, computed) = (region.stored_checksum, region.computed_checksum);
        let torn = format!("its checksum is {stored:08X}, its data have {computed:08X}");
        first.state = LayerState::Corrupt;
        first.reason = Some(match first.reason {
            Some(reason) => format!("{torn}; {reason}"),
            None => torn,
        });
    }
    let second = look.tree("live", state_of(&copies.live), &live, Some(&region));
    let third = look.pro_info(&copies.pro_info);
    let fourth = simlock::layer(&mut look.judge, copies, &protect, &[&region, &live], &scheme);
    let layers = vec![first, second, third, fourth];
    let boots_from = boots_from(copies, &live);
    let mut remnants = look.remnants(copies);
    remnants.extend(look.work_copy(copies, &live));
    let verdict = verdict(&layers, boots_from, &remnants);
    Survey { layers, boots_from, verdict, identities: look.judge.identities }
}

/// The daemon's own rule (ap-nvram.md 2.2): the flag, else the region when its data checksum holds. It looks at no file.
fn boots_from(copies: &Copies, live: &Files<'_>) -> BootsFrom {
    let whole = |copy: &BinRegionCopy| copy.region.checksum_valid() && !copy.region.files.is_empty();
    if matches!(copies.live, Found::Unread(_)) {
        // What would decide cannot be read.
        BootsFrom::Unknown
    } else if live.get("RestoreFlag") == Some(&&RESTORE_FLAG[..]) {
        BootsFrom::Live
    } else if copies.binregion.present().is_some_and(whole) {
        BootsFrom::Binregion
    } else {
        BootsFrom::None
    }
}

/// Returns the state a look at a place has by itself.
pub(super) fn state_of<T>(found: &Found<T>) -> (LayerState, Option<String>) {
    match found {
        Found::Present(_) => (LayerState::Valid, None),
        Found::Blank => (LayerState::Blank, Some("it holds only zeros or FF".into())),
        Found::Absent(why) => (LayerState::Absent, Some(why.clone())),
        Found::Unread(why) => (LayerState::Unread, Some(why.clone())),
        Found::Corrupt(why) => (LayerState::Corrupt, Some(why.clone())),
    }
}

/// Returns a layer without values.
pub(super) fn empty_layer(name: &'static str, (state, reason): (LayerState, Option<String>)) -> Layer {
    Layer {
        name,
        marks: Marks { unreadable: state == LayerState::Corrupt, ..Marks::default() },
        state,
        reason,
        files: 0,
        imei: Vec::new(),
        wifi_mac: None,
        bt_mac: None,
        barcode: None,
        calibration: None,
    }
}

struct Look<'a> {
    judge: Judge<'a>,
    /// Names of calibration files that any layer has.
    calibration: BTreeSet<&'a str>,
    scheme: &'a Scheme<'a>,
    no_files: Files<'a>,
}

impl<'a> Look<'a> {
    /// Judges a tree of NV files; `measure` is the tree whose lengths are the yardstick.
    fn tree(
        &mut self,
        name: &'static str,
        state: (LayerState, Option<String>),
        files: &Files<'a>,
        measure: Option<&Files<'a>>,
    ) -> Layer {
        let mut layer = empty_layer(name, state);
        layer.files = files.len();
        if layer.state != LayerState::Valid {
            return layer;
        }
        let measure = measure.unwrap_or(&self.no_files);
        let flaws: BTreeMap<&str, Flaw> = files
            .iter()
            .filter_map(|(path, bytes)| {
                let yardstick = measure.get(path).map(|copy| copy.len());
                flaw(path, bytes, yardstick, self.scheme).map(|flaw| (*path, flaw))
            })
            .collect();
        if !files.keys().any(|path| path.starts_with("APCFG/") || path.starts_with("md/")) {
            layer.state = LayerState::Blank;
            layer.reason = Some("it has no NV files".into());
        } else if let Some((path, flaw)) = flaws.first_key_value() {
            layer.state = LayerState::Corrupt;
            let more = match flaws.len() - 1 {
                0 => String::new(),
                1 => ", and 1 more file is damaged".into(),
                more => format!(", and {more} more files are damaged"),
            };
            layer.reason = Some(format!("{path} {flaw}{more}"));
        }
        self.modem_values(&mut layer, files, &flaws);
        if self.scheme.hides_imei(files.get(INFO_FILE).copied()) {
            layer.state = LayerState::Corrupt;
            layer.reason.get_or_insert_with(|| {
                format!("{INFO_FILE} does not list the IMEI file: the modem does not read it")
            });
            layer.imei = vec![ImeiSlot { slot: 1, value: None, status: Status::Null }];
        }
        let whole = |path: &str| !flaws.contains_key(path);
        let (wifi, bt) = (files.get(WIFI).copied(), files.get(BT).copied());
        layer.wifi_mac = Some(self.judge.mac("wifi", wifi, ap_file::WIFI_MAC_AT, whole(WIFI)));
        layer.bt_mac = Some(self.judge.mac("bt", bt, ap_file::BT_MAC_AT, whole(BT)));
        // Longer records, of later chips, keep their powers elsewhere (ap-nvram.md 4.1).
        let short = wifi.filter(|file| file.len() == ap_file::WIFI_SIZE_A);
        layer.marks.no_tx_power =
            short.and_then(|file| file.get(ap_file::WIFI_TX_POWER_VALID_AT)) == Some(&0);
        let marker = |path: &&str| path.starts_with("md/FAT") && path.ends_with(".log");
        layer.marks.first_boot = files.keys().any(marker);
        layer.calibration = Some(self.calibration_of(files, &flaws));
        layer
    }

    /// IMEI and barcode, unless their key is unknown: then they are compared as they are.
    fn modem_values(&mut self, layer: &mut Layer, files: &Files<'_>, flaws: &BTreeMap<&str, Flaw>) {
        let scheme = self.scheme;
        let (imei, barcode) = (files.get(scheme.imei()).copied(), files.get(scheme.barcode()).copied());
        // The closed world holds whole files too: what a broken or sealed one says cannot be listed by its values.
        for (kind, file) in [("imei", imei), ("barcode", barcode)] {
            file.into_iter().for_each(|file| self.judge.sealed(kind, file));
        }
        if scheme.is_sealed() {
            layer.marks.sealed = true;
            layer.reason.get_or_insert_with(|| {
                "IMEI and barcode are enciphered with a key nvkeep does not know; they are kept as they are".into()
            });
            layer.imei = vec![ImeiSlot { slot: 1, value: None, status: Status::Invalid }];
            layer.barcode = Some(Value { value: None, status: Status::Invalid });
            return;
        }
        let whole = imei.filter(|_| !flaws.contains_key(scheme.imei()));
        let slots = whole.and_then(|file| scheme.imei_slots(file));
        layer.imei = match (&slots, imei) {
            (None, Some(_)) => vec![ImeiSlot { slot: 1, value: None, status: Status::Invalid }],
            _ => self.judge.slots(&slots.unwrap_or_default()),
        };
        let text = barcode.and_then(|file| scheme.barcode_text(file));
        layer.barcode = Some(self.judge.barcode(&text.unwrap_or_default()));
    }

    fn calibration_of(&self, files: &Files<'_>, flaws: &BTreeMap<&str, Flaw>) -> Calibration {
        let expected = match self.calibration.len() {
            0 => self.judge.family.calibration_files,
            known => known,
        };
        let mut found = Calibration { expected, valid: 0, missing: vec![], corrupt: vec![] };
        for name in &self.calibration {
            let path = format!("{CALIBRAT}{name}");
            match (files.contains_key(path.as_str()), flaws.contains_key(path.as_str())) {
                (false, _) => found.missing.push((*name).into()),
                (true, true) => found.corrupt.push((*name).into()),
                (true, false) => found.valid += 1,
            }
        }
        found
    }

    /// Looks into the daemon's work copy of a region that is gone. Returns its name when it holds a valid IMEI of slot 1.
    fn work_copy(&mut self, copies: &Copies, live: &Files<'_>) -> Option<String> {
        let work = work_copy(live).filter(|_| copies.binregion.present().is_none())?;
        let files = content_files(&work);
        for (path, kind, at) in [(WIFI, "wifi", ap_file::WIFI_MAC_AT), (BT, "bt", ap_file::BT_MAC_AT)] {
            let file = files.get(path).copied();
            let whole = file.is_some_and(|file| flaw(path, file, None, self.scheme).is_none());
            self.judge.mac(kind, file, at, whole);
        }
        if self.scheme.is_sealed() {
            return None;
        }
        for (kind, path) in [("imei", self.scheme.imei()), ("barcode", self.scheme.barcode())] {
            files.get(path).into_iter().for_each(|file| self.judge.sealed(kind, file));
        }
        let text = files.get(self.scheme.barcode()).and_then(|file| self.scheme.barcode_text(file));
        text.into_iter().for_each(|text| drop(self.judge.barcode(&text)));
        let slots = files.get(self.scheme.imei()).and_then(|file| self.scheme.imei_slots(file))?;
        let shown = self.judge.slots(&slots);
        let valid = shown.first().is_some_and(|slot| slot.slot == 1 && slot.status == Status::Valid);
        valid.then(|| "the daemon's work copy (AllFile)".into())
    }

    /// Returns where remnants hold a valid IMEI of slot 1, in words.
    fn remnants(&mut self, copies: &Copies) -> Vec<String> {
        let mut holders = Vec::new();
        for remnant in &copies.remnants {
            let slots = self.scheme.imei_slots(&remnant.bytes);
            let slots = slots.filter(|_| remnant.kind == RemnantKind::Imei && !self.scheme.is_sealed());
            self.judge.sealed("imei", &remnant.bytes);
            let shown = slots.map(|slots| self.judge.slots(&slots)).unwrap_or_default();
            if shown.first().is_some_and(|slot| slot.slot == 1 && slot.status == Status::Valid) {
                holders.push(remnant.title());
            }
        }
        holders
    }

    fn pro_info(&mut self, found: &Found<FileCopy>) -> Layer {
        let mut layer = empty_layer("pro_info", state_of(found));
        if let Some(copy) = found.present() {
            match product_info::decode(&copy.bytes) {
                Some(info) => {
                    layer.files = 1;
                    layer.imei = self.judge.slots(&info.imeis);
                    layer.barcode = Some(self.judge.barcode(&info.barcode));
                    // Older builds leave these places reserved: what is not there is not missing.
                    layer.wifi_mac = self.judge.plain_mac("wifi", info.wifi);
                    layer.bt_mac = self.judge.plain_mac("bt", info.bt);
                }
                None => {
                    layer.state = LayerState::Corrupt;
                    layer.reason = Some("it is shorter than its record of 1024 bytes".into());
                }
            }
        }
        layer
    }
}
