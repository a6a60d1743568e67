//! Values of the identity, layer by layer: which side holds the phone's own. Decodes nothing; a sealed value is compared
//! by its file, and a SIM lock is compared and never shown.

use std::collections::BTreeSet;

use super::{Change, Covers, FilePair, PartPair, Side, Way};
use crate::identity::files::{BARCODE, IMEI, SECOND_LOCK};
use crate::identity::survey::LayerState::{Absent, Blank, Valid};
use crate::identity::survey::{Layer, Status, Survey, Value};

/// Returns the values of every layer that both sides can speak of.
pub(super) fn pairs(surveys: &[Survey; 2], files: &[FilePair], shared: Covers) -> Vec<PartPair> {
    let [a, b] = surveys;
    let mut pairs = Vec::new();
    for one in a.layers.iter().filter(|layer| shared.layer(layer.name)) {
        let Some(other) = b.layer(one.name) else { continue };
        if one.name == "simlock" {
            pairs.extend(simlock(one, other, files));
        } else {
            values(&mut pairs, one, other, files);
        }
    }
    pairs
}

fn values(pairs: &mut Vec<PartPair>, one: &Layer, other: &Layer, files: &[FilePair]) {
    let layer = one.name;
    let slots: BTreeSet<usize> =
        [one, other].iter().flat_map(|layer| layer.imei.iter()).map(|slot| slot.slot).collect();
    for slot in slots {
        let of = |layer: &Layer| {
            let found = layer.imei.iter().find(|found| found.slot == slot);
            found.map(|found| Value { value: found.value.clone(), status: found.status })
        };
        pairs.push(pair(layer, "imei", Some(slot), (of(one), of(other)), differs(files, layer, &IMEI)));
    }
    for (part, of, path) in [
        ("wifi", (&one.wifi_mac, &other.wifi_mac), None),
        ("bt", (&one.bt_mac, &other.bt_mac), None),
        ("barcode", (&one.barcode, &other.barcode), Some(&BARCODE)),
    ] {
        if of.0.is_some() || of.1.is_some() {
            let hidden = path.is_some_and(|paths: &[&str; 2]| differs(files, layer, paths));
            pairs.push(pair(layer, part, None, (of.0.clone(), of.1.clone()), hidden));
        }
    }
}

fn differs(files: &[FilePair], layer: &str, paths: &[&str]) -> bool {
    files.iter().any(|file| file.layer == layer && paths.contains(&file.path.as_str()))
}

/// `hidden`: the files behind the values differ, which matters where no value could be decoded on either side.
fn pair(
    layer: &'static str,
    part: &'static str,
    slot: Option<usize>,
    (a, b): (Option<Value>, Option<Value>),
    hidden: bool,
) -> PartPair {
    let nothing = Value { value: None, status: Status::Null };
    let (one, other) = (a.as_ref().unwrap_or(&nothing), b.as_ref().unwrap_or(&nothing));
    let sealed = one.value.is_none() && one.status == Status::Invalid;
    let way = if one == other && !(sealed && hidden) {
        Way::SAME
    } else {
        Way::between(wrong(one.status), wrong(other.status))
    };
    PartPair { layer, part, slot, way, a, b }
}

fn wrong(status: Status) -> Option<Change> {
    match status {
        Status::Valid => None,
        Status::Default => Some(Change::Default),
        Status::Null => Some(Change::Lost),
        Status::Invalid => Some(Change::Damaged),
    }
}

/// Both copies of the first lock together, and the second lock that lies among the NV files.
fn simlock(one: &Layer, other: &Layer, files: &[FilePair]) -> Option<PartPair> {
    let nothing = |layer: &Layer| layer.files == 0;
    if nothing(one) && nothing(other) {
        return None;
    }
    let is_lock = |file: &&FilePair| file.role == "simlock" || SECOND_LOCK.contains(&file.path.as_str());
    let wrong = |layer: &Layer| match layer.state {
        Valid => None,
        Blank | Absent => Some(Change::Lost),
        _ if layer.marks.whole_locks == 0 => Some(Change::Lost),
        _ => Some(Change::Damaged),
    };
    let differing: Vec<&FilePair> = files.iter().filter(is_lock).collect();
    let way = if differing.is_empty() && one.state == other.state {
        Way::SAME
    } else {
        match Way::between(wrong(one), wrong(other)) {
            // Both layers hold, and one has a copy the other has not.
            Way { worse_in: None, .. } if !differing.is_empty() && one_sided(&differing).is_some() => {
                Way { change: Change::Lost, worse_in: one_sided(&differing) }
            }
            way => way,
        }
    };
    Some(PartPair { layer: one.name, part: "simlock", slot: None, way, a: None, b: None })
}

/// Returns the side on which every differing file is missing.
fn one_sided(files: &[&FilePair]) -> Option<Side> {
    let missing = |side: Side| {
        let lost = Way { change: Change::Lost, worse_in: Some(side) };
        files.iter().all(|file| file.way == lost)
    };
    [Side::A, Side::B].into_iter().find(|side| missing(*side))
}
