//! The package's partition map against the phone's: each difference with both numbers, in the scatter file's own addresses.
//! A shifted map puts NVRAM where the modem does not look, and a boot image where NVRAM was.

use std::collections::BTreeSet;

use super::reason::{Findings, Reason, Severity, quoted, shown};
use super::target::Target;
use crate::app::Context;
use crate::formats::partition::{AddressSpace, PartitionEntry};
use crate::formats::scatter_any::ScatterLayout;
use crate::storage::Place;

/// Partitions that keep identity.
pub const IDENTITY: [&str; 6] = ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "NVDATA", "NVCFG"];
/// Not compared: boot areas, which no table on a phone lists, and the tables themselves, whose size each side counts its own way.
const NOT_LISTED: [&str; 7] = ["PRELOADER", "DSP_BL", "PGPT", "SGPT", "BMTPOOL", "PMT", "RPMB"];

/// Returns the canonical name of a partition, in capitals.
#[must_use]
pub fn canonical(context: &Context<'_>, name: &str) -> String {
    let entry = PartitionEntry { name: name.to_owned(), start: 0, size: 0 };
    context.catalog.canonical_partition(entry.plain_name()).to_ascii_uppercase()
}

/// Checks that the map can be true at all.
pub fn check(context: &Context<'_>, findings: &mut Findings, layout: &ScatterLayout) {
    if let Err(error) = layout.table.check(None) {
        findings.add(
            Severity::Danger,
            "map-impossible",
            format!("The scatter file contradicts itself: {}.", quoted(&error.to_string())),
        );
    }
    let mut seen = BTreeSet::new();
    for entry in &layout.table.entries {
        let name = canonical(context, &entry.name);
        if !seen.insert(name.clone()) {
            findings.about(
                &shown(&name),
                Severity::Danger,
                "map-impossible",
                format!("The scatter file lists {} twice.", shown(&name)),
            );
        }
    }
}

/// Compares the map with the phone's. Returns whether it could be compared.
pub fn compare(
    context: &Context<'_>,
    findings: &mut Findings,
    layout: &ScatterLayout,
    target: &Target,
) -> bool {
    let listed: Vec<(String, &PartitionEntry)> =
        layout.table.entries.iter().map(|entry| (canonical(context, &entry.name), entry)).collect();
    let places: Vec<(String, &Place)> =
        target.places.iter().map(|place| (canonical(context, &place.name), place)).collect();
    let find = |name: &str| listed.iter().find(|(known, _)| known == name).map(|(_, entry)| *entry);
    let prefix = match layout.table.space {
        AddressSpace::Linear => target.prefix.or_else(|| {
            // An archive without the card's facts: the way from one address space to the other is that of NVRAM itself.
            let place = places.iter().find(|(name, _)| name == "NVRAM")?.1;
            find("NVRAM")?.start.checked_sub(place.start)
        }),
        AddressSpace::Logical | AddressSpace::User => Some(0),
    };
    let Some(prefix) = prefix.filter(|_| !places.is_empty()) else {
        findings.add(
            Severity::Caution,
            "map-unknown",
            format!(
                "{} does not tell the phone's partitions, so the maps cannot be compared.",
                target.source
            ),
        );
        return false;
    };
    if target.prefix.is_none() && layout.table.space == AddressSpace::Linear {
        findings.skip(format!(
            "where the map begins: {} tells only how its partitions lie to one another",
            target.source
        ));
    }
    doubts(findings, target);
    for (name, place) in places.iter().filter(|(name, _)| !NOT_LISTED.contains(&name.as_str())) {
        match find(name) {
            Some(entry) => differ(findings, name, entry, place, prefix),
            None => only_on_phone(findings, name, place, prefix, &listed),
        }
    }
    for (name, entry) in &listed {
        let on_phone = places.iter().any(|(known, _)| known == name);
        let same_place = || places.iter().any(|(_, place)| is_at(entry, place, prefix));
        if !on_phone && !NOT_LISTED.contains(&name.as_str()) && !same_place() {
            let at = entry.start;
            let weight = if IDENTITY.contains(&name.as_str()) { Severity::Danger } else { Severity::Caution };
            let sentence = format!("{}: at {at:#x} in the package, not on the phone.", shown(name));
            push(findings, weight, "map-only-in-package", name, sentence, Some(at), None);
        }
    }
    true
}

/// What is not certain about the phone's own map.
fn doubts(findings: &mut Findings, target: &Target) {
    for doubt in &target.doubts {
        findings.add(Severity::Caution, "map-doubtful", format!("The phone's own map is in doubt: {doubt}."));
    }
    if target.layout_from == "scatter" {
        let what = "The phone has no table of its own: its map was taken from the file at --scatter, so two files are compared.";
        findings.add(Severity::Caution, "map-from-scatter", what);
    }
}

/// One partition that both list.
fn differ(findings: &mut Findings, name: &str, entry: &PartitionEntry, place: &Place, prefix: u64) {
    let is_identity = IDENTITY.contains(&name);
    let start = place.start.saturating_add(prefix);
    if entry.start != start {
        let sentence = format!(
            "{}: starts at {:#x} in the package, at {start:#x} on the phone.",
            shown(name),
            entry.start
        );
        push(findings, Severity::Danger, "map-start", name, sentence, Some(entry.start), Some(start));
    }
    // Size 0 means "to the end of the device".
    if entry.size != 0 && entry.size != place.len {
        let weight = if is_identity { Severity::Danger } else { Severity::Caution };
        let sentence = format!(
            "{}: {:#x} bytes in the package, {:#x} on the phone.",
            shown(name),
            entry.size,
            place.len
        );
        push(findings, weight, "map-size", name, sentence, Some(entry.size), Some(place.len));
    }
}

fn only_on_phone(
    findings: &mut Findings,
    name: &str,
    place: &Place,
    prefix: u64,
    listed: &[(String, &PartitionEntry)],
) {
    let start = place.start.saturating_add(prefix);
    if let Some((other, _)) = listed.iter().find(|(_, entry)| is_at(entry, place, prefix)) {
        let sentence = format!(
            "What the phone calls {} is {} in the package, at the same place.",
            shown(name),
            shown(other)
        );
        findings.about(&shown(name), Severity::Note, "map-name", sentence);
        return;
    }
    let weight = if IDENTITY.contains(&name) { Severity::Danger } else { Severity::Caution };
    let sentence = format!("{}: at {start:#x} on the phone, not in the package.", shown(name));
    push(findings, weight, "map-only-on-phone", name, sentence, None, Some(start));
}

fn is_at(entry: &PartitionEntry, place: &Place, prefix: u64) -> bool {
    entry.start == place.start.saturating_add(prefix) && (entry.size == place.len || entry.size == 0)
}

fn push(
    findings: &mut Findings,
    severity: Severity,
    code: &'static str,
    name: &str,
    sentence: String,
    package: Option<u64>,
    phone: Option<u64>,
) {
    findings.push(Reason { code, severity, sentence, partition: Some(shown(name)), package, phone });
}
