//! A comparison in sentences: one for each thing a person asks about, none with an identity in it.

use std::collections::{BTreeMap, BTreeSet};

use super::{Change, Comparison, PartPair, Side, Way};
use crate::identity::survey::BootsFrom;

/// Returns what there is to say, the identity first.
pub(super) fn sentences(comparison: &Comparison) -> Vec<String> {
    let mut said = parts(&comparison.parts);
    for pair in comparison.layers.iter().filter(|pair| pair.way != Way::SAME) {
        said.push(format!("layer {}: {}", pair.name, told(pair.way)));
    }
    said.extend(files(comparison));
    if comparison.boots_from[0] != comparison.boots_from[1]
        && !comparison.boots_from.contains(&BootsFrom::Unknown)
    {
        said.push("the next boot believes another layer in A than in B".into());
    }
    said
}

/// One sentence for each value, over all layers.
fn parts(pairs: &[PartPair]) -> Vec<String> {
    let mut order: Vec<(&str, Option<usize>)> = Vec::new();
    for pair in pairs {
        if !order.contains(&(pair.part, pair.slot)) {
            order.push((pair.part, pair.slot));
        }
    }
    order.sort_by_key(|(part, slot)| {
        (["imei", "wifi", "bt", "barcode", "simlock"].iter().position(|known| known == part), *slot)
    });
    let mut said = Vec::new();
    for key in order {
        let here = || pairs.iter().filter(|pair| (pair.part, pair.slot) == key);
        let name = name(key.0, key.1);
        if here().all(|pair| pair.way == Way::SAME) {
            said.push(format!("{name} same"));
            continue;
        }
        let mut layers: BTreeMap<Way, Vec<&str>> = BTreeMap::new();
        for pair in here() {
            layers.entry(pair.way).or_default().push(pair.layer);
        }
        let only = layers.len() == 1;
        let each = layers.iter().map(|(way, names)| match only {
            true => told(*way),
            false => format!("{} ({})", told(*way), names.join(", ")),
        });
        said.push(format!("{name}: {}", each.collect::<Vec<_>>().join(", ")));
    }
    said
}

/// Returns a part's name for people.
fn name(part: &str, slot: Option<usize>) -> String {
    match (part, slot) {
        ("imei", Some(slot)) => format!("IMEI slot {slot}"),
        ("wifi", _) => "Wi-Fi address".into(),
        ("bt", _) => "Bluetooth address".into(),
        ("simlock", _) => "SIM lock".into(),
        _ => part.into(),
    }
}

/// Counts files by role and change; one that differs alike in several layers counts once.
fn files(comparison: &Comparison) -> Vec<String> {
    /// Paths, and the layers they differ in.
    type Group<'a> = (BTreeSet<&'a str>, BTreeSet<&'a str>);
    let mut groups: BTreeMap<(&str, Way), Group<'_>> = BTreeMap::new();
    for file in &comparison.files {
        let (paths, layers) = groups.entry((file.role, file.way)).or_default();
        paths.insert(&file.path);
        layers.insert(file.layer);
    }
    groups
        .into_iter()
        .map(|((role, way), (paths, layers))| {
            let files = if paths.len() == 1 { "file" } else { "files" };
            let layers = layers.into_iter().collect::<Vec<_>>().join(", ");
            format!("{} {} {files} {} ({layers})", paths.len(), adjective(role), told(way))
        })
        .collect()
}

/// Returns a role as it stands before "file".
fn adjective(role: &str) -> &str {
    match role {
        "imei" => "IMEI",
        "wifi" => "Wi-Fi",
        "bluetooth" => "Bluetooth",
        "simlock" => "SIM-lock",
        other => other,
    }
}

/// Returns a way in words.
fn told(way: Way) -> String {
    let what = match way.change {
        Change::Same => "same",
        Change::Changed => "changed",
        Change::Default => "default",
        Change::Lost => "lost",
        Change::Damaged => "damaged",
    };
    match way.worse_in {
        Some(Side::A) => format!("{what} in A"),
        Some(Side::B) => format!("{what} in B"),
        None => what.into(),
    }
}
