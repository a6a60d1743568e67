//! The SIM-lock layer: every lock in two copies, one in each protect partition, and on the first generation a second lock
//! among the NV files. Compares and checks; edits no lock, because a lock is only ever put back as it was.

use std::collections::BTreeMap;

use super::copies::{Copies, Found, Tree};
use super::files::{Files, SECOND_LOCK};
use super::judge::{empty_layer, state_of};
use super::scheme::{Scheme, is_lock};
use super::survey::{Layer, LayerState};
use super::values::Judge;
use crate::formats::lid::LidName;

/// The two partitions, in the order of their copies (modem-nvram.md 1.2).
const PARTITIONS: [&str; 2] = ["PROTECT_F", "PROTECT_S"];
/// Prefix of the lock that every phone has.
const FIRST: &str = "ST33";

/// One lock in its partition: path and content.
pub(super) type Lock<'a> = (&'a str, &'a [u8]);

/// Returns the locks of two protect partitions by prefix and version: copies differ in the letter between, or in nothing
/// (modem-nvram.md 1.3). The first lock is always listed; items that no table describes as locks are left out.
pub(super) fn pairs<'a>(
    protect: &[Files<'a>; 2],
    scheme: &Scheme<'_>,
) -> BTreeMap<String, [Option<Lock<'a>>; 2]> {
    let mut found: BTreeMap<String, [Option<Lock<'a>>; 2]> = BTreeMap::new();
    for (side, files) in protect.iter().enumerate() {
        for (path, bytes) in files.iter().filter(|(path, _)| is_lock(path)) {
            let Some(name) = LidName::parse(path.rsplit('/').next().unwrap_or(path)) else { continue };
            let described = scheme.family.lid(&name.prefix).is_some_and(|item| item.codec == "simlock");
            if described || name.prefix == FIRST {
                let pair = found.entry(format!("{}-{}", name.prefix, name.version)).or_default();
                if let Some(slot) = pair.get_mut(side) {
                    slot.get_or_insert((path, bytes));
                }
            }
        }
    }
    if !found.keys().any(|name| name.starts_with(FIRST)) {
        found.insert(FIRST.into(), [None, None]);
    }
    found
}

/// Judges the layer.
pub(super) fn layer(
    judge: &mut Judge<'_>,
    copies: &Copies,
    protect: &[Files<'_>; 2],
    trees: &[&Files<'_>],
    scheme: &Scheme<'_>,
) -> Layer {
    let places = [&copies.protect_f, &copies.protect_s];
    let mut faults = Vec::new();
    let (mut files, mut whole_locks) = (0, 2);
    for (name, pair) in pairs(protect, scheme) {
        let mut whole: Vec<&[u8]> = Vec::new();
        for ((lock, partition), place) in pair.into_iter().zip(PARTITIONS).zip(places) {
            if let Some((_, bytes)) = lock {
                files += 1;
                judge.sealed("simlock", bytes);
            }
            match (lock, place) {
                (Some((_, bytes)), _) if scheme.lock_holds(bytes) => whole.push(bytes),
                (Some((path, _)), _) => {
                    faults.push(format!("{path} in {partition} has a wrong checksum, head or tail"));
                }
                (None, place) if place.is_out_of_sight() => {}
                (None, Found::Present(_)) => {
                    faults.push(format!("{partition} has no {} file", title(&name)));
                }
                (None, _) => faults.push(format!("{partition} {}", unreadable(place))),
            }
        }
        if let [first, second] = whole[..]
            && first != second
        {
            faults.push(format!(
                "the copies of {} in PROTECT_F and PROTECT_S are both whole, and differ",
                title(&name)
            ));
        }
        whole_locks = whole_locks.min(whole.len());
    }
    for tree in trees {
        let second: Vec<&[u8]> = SECOND_LOCK.iter().filter_map(|path| tree.get(path).copied()).collect();
        files += second.len();
        second.iter().for_each(|file| judge.sealed("simlock", file));
        if second.iter().any(|file| !scheme.lock_holds(file)) {
            faults.push("a copy of the second lock (ST6T) has a wrong checksum, head or tail".into());
        } else if let [first, second] = second[..]
            && first != second
        {
            faults.push("the two copies of the second lock (ST6T) differ".into());
        }
    }
    faults.dedup();
    let absent = places.iter().all(|place| place.is_out_of_sight());
    let blank = places.iter().all(|place| matches!(place, Found::Blank) || place.is_out_of_sight());
    let state = match (absent, blank, faults.is_empty()) {
        (true, ..) => state_of(&copies.protect_f),
        (_, true, _) => (LayerState::Blank, Some("PROTECT_F and PROTECT_S hold only zeros or FF".into())),
        (.., true) => (LayerState::Valid, None),
        _ => (LayerState::Corrupt, Some(faults.join("; "))),
    };
    let mut layer = empty_layer("simlock", state);
    layer.files = files;
    layer.marks.whole_locks = whole_locks;
    layer
}

/// Returns how a lock is called: `ST33`.
pub(super) fn title(name: &str) -> &str {
    name.split('-').next().unwrap_or(name)
}

fn unreadable(place: &Found<Tree>) -> String {
    match place {
        Found::Blank => "holds only zeros or FF".into(),
        Found::Corrupt(why) => format!("cannot be read: {why}"),
        Found::Absent(why) | Found::Unread(why) => why.clone(),
        Found::Present(_) => "has no lock".into(),
    }
}
