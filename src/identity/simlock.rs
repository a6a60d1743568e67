//! The SIM-lock layer: two copies of one file in two partitions, and the second lock among the NV files. Compares and
//! checks; decodes no lock, because a lock is only ever put back as it was.

use super::copies::{Copies, Found, Tree};
use super::files::{Files, SECOND_LOCK};
use super::judge::{empty_layer, state_of};
use super::survey::{Layer, LayerState};
use super::values::Judge;
use crate::formats::lid::{self, DEFAULT_KEY};

/// The partitions and the prefix of the copy each holds (modem-nvram.md 3.1).
const COPIES: [(&str, &str); 2] = [("PROTECT_F", "ST33A"), ("PROTECT_S", "ST33B")];

/// Returns the files of a protect partition that are SIM locks of the first kind.
pub(super) fn locks<'a>(files: &Files<'a>) -> Vec<(&'a str, &'a [u8])> {
    let is_lock = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with("ST33"));
    files.iter().filter(|(path, _)| is_lock(path)).map(|(path, bytes)| (*path, *bytes)).collect()
}

/// Judges the layer. `sealed`: its key is unknown, so heads and tails cannot be looked at.
pub(super) fn layer(
    judge: &mut Judge<'_>,
    copies: &Copies,
    protect: &[Files<'_>; 2],
    trees: &[&Files<'_>],
    sealed: bool,
) -> Layer {
    let holds = |file: &[u8]| {
        if sealed { !lid::guess_records(file).is_empty() } else { lid::simlock_holds(file, DEFAULT_KEY) }
    };
    let found = [&copies.protect_f, &copies.protect_s];
    let mut pair: Vec<&[u8]> = Vec::new();
    let mut faults = Vec::new();
    let mut files = 0;
    for (((partition, prefix), files_here), place) in COPIES.into_iter().zip(protect).zip(found) {
        let named = |path: &str| path.rsplit('/').next().is_some_and(|name| name.starts_with(prefix));
        let lock = locks(files_here).into_iter().find(|(path, _)| named(path));
        if let Some((_, bytes)) = lock {
            files += 1;
            judge.sealed("simlock", bytes);
        }
        match (lock, place) {
            (Some((_, bytes)), _) if holds(bytes) => pair.push(bytes),
            (Some((path, _)), _) => {
                faults.push(format!("{path} in {partition} has a wrong checksum, head or tail"))
            }
            (None, Found::Absent(_)) => {}
            (None, Found::Present(_)) => faults.push(format!("{partition} has no {prefix} file")),
            (None, _) => faults.push(format!("{partition} {}", unreadable(place))),
        }
    }
    if let [first, second] = pair[..]
        && first != second
    {
        faults.push("the copies in PROTECT_F and PROTECT_S are both whole, and differ".into());
    }
    for tree in trees {
        let second: Vec<&[u8]> = SECOND_LOCK.iter().filter_map(|path| tree.get(path).copied()).collect();
        files += second.len();
        second.iter().for_each(|file| judge.sealed("simlock", file));
        if second.iter().any(|file| !holds(file)) {
            faults.push("a copy of the second lock (ST6T) has a wrong checksum, head or tail".into());
        } else if let [first, second] = second[..]
            && first != second
        {
            faults.push("the two copies of the second lock (ST6T) differ".into());
        }
    }
    faults.dedup();
    let absent = found.iter().all(|place| matches!(place, Found::Absent(_)));
    let blank = found.iter().all(|place| matches!(place, Found::Blank | Found::Absent(_)));
    let state = match (absent, blank, faults.is_empty()) {
        (true, ..) => state_of(&copies.protect_f),
        (_, true, _) => (LayerState::Blank, Some("PROTECT_F and PROTECT_S hold only zeros or FF".into())),
        (.., true) => (LayerState::Valid, None),
        _ => (LayerState::Corrupt, Some(faults.join("; "))),
    };
    let mut layer = empty_layer("simlock", state);
    layer.files = files;
    layer.marks.whole_locks = pair.len();
    layer
}

fn unreadable(place: &Found<Tree>) -> String {
    match place {
        Found::Blank => "holds only zeros or FF".into(),
        Found::Corrupt(why) => format!("cannot be read: {why}"),
        Found::Absent(why) => why.clone(),
        Found::Present(_) => "has no lock".into(),
    }
}
