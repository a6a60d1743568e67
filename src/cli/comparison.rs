//! The answer of `diff` as text: the sentences first, then layer by layer what differs.

use std::fmt::Write as _;

use super::archives::plain;
use crate::app::diff::{Compared, DiffResult, SamePhone};
use crate::app::{Change, FilePair, PartPair, Side, Status, Value, VerdictCode, Way};

/// Names of files shown of one kind; JSON has them all.
const SHOWN: usize = 8;

/// The answer of `diff`.
pub fn diff(result: &DiffResult) -> String {
    let mut text = String::new();
    for (name, side) in [("A", &result.a), ("B", &result.b)] {
        let _ = writeln!(text, "{name}          {}", about(side));
    }
    let phone = match result.phone {
        SamePhone::Same => "both of one phone, by the card's id",
        SamePhone::Other => "two phones, or one whose card was replaced: the card ids differ",
        SamePhone::Unknown => "not told by both, so nothing says that they are of one phone",
    };
    let _ = writeln!(text, "phone      {phone}");
    let comparison = &result.comparison;
    if !comparison.not_compared.is_empty() {
        let _ = writeln!(
            text,
            "left out   {}: not in both, or not looked into, so nothing is said of it",
            comparison.not_compared.join(", ")
        );
    }
    let _ = writeln!(text);
    for sentence in &comparison.summary {
        let _ = writeln!(text, "{sentence}");
    }
    let mut details = String::new();
    for part in comparison.parts.iter().filter(|part| part.way.change != Change::Same) {
        values(&mut details, part);
    }
    files(&mut details, &comparison.files);
    if !details.is_empty() {
        let _ = write!(text, "\n{details}");
    }
    let _ = writeln!(text, "\n{}", conclusion(result));
    text
}

fn about(side: &Compared) -> String {
    let verdict = match side.verdict {
        VerdictCode::Healthy => "HEALTHY",
        VerdictCode::Repairable | VerdictCode::NeedsArchive => "DAMAGED",
        VerdictCode::Lost => "LOST",
        VerdictCode::Unread => "UNKNOWN",
    };
    let chip = match side.phone.chip.as_str() {
        "unknown" => String::new(),
        chip => format!(", {chip} with {}", side.phone.told_by()),
    };
    format!("{}{chip}, {verdict} by itself", side.source)
}

fn values(text: &mut String, part: &PartPair) {
    if part.a.is_none() && part.b.is_none() {
        return;
    }
    let name = match (part.part, part.slot) {
        ("imei", Some(slot)) => format!("IMEI {slot}"),
        ("wifi", _) => "Wi-Fi".into(),
        ("bt", _) => "Bluetooth".into(),
        (other, _) => other.into(),
    };
    let _ = writeln!(
        text,
        "{:10} {name:10} A {:28} B {}",
        part.layer,
        value(part.a.as_ref()),
        value(part.b.as_ref())
    );
}

fn value(value: Option<&Value>) -> String {
    let Some(value) = value else { return "-".into() };
    let word = match value.status {
        Status::Valid => "valid",
        Status::Default => "DEFAULT",
        Status::Null => "NULL",
        Status::Invalid => "INVALID",
    };
    format!("{} {word}", value.value.as_deref().unwrap_or("-"))
}

/// Files of one layer, role and change on one line.
fn files(text: &mut String, files: &[FilePair]) {
    /// Layer, role and change.
    type Kind<'a> = (&'a str, &'a str, Way);
    let mut groups: Vec<(Kind<'_>, Vec<&str>)> = Vec::new();
    for file in files {
        let key = (file.layer, file.role, file.way);
        match groups.iter_mut().find(|(known, _)| *known == key) {
            Some((_, paths)) => paths.push(&file.path),
            None => groups.push((key, vec![&file.path])),
        }
    }
    for ((layer, role, way), paths) in groups {
        let more = match paths.len().saturating_sub(SHOWN) {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        let names: Vec<String> =
            paths.iter().take(SHOWN).map(|path| plain(path.rsplit('/').next().unwrap_or(path))).collect();
        let _ = writeln!(text, "{layer:10} {role}, {}: {}{more}", direction(way), names.join(" "));
    }
}

fn direction(way: Way) -> &'static str {
    match (way.change, way.worse_in) {
        (Change::Lost, Some(Side::A)) => "only in B",
        (Change::Lost, _) => "only in A",
        (Change::Damaged, Some(Side::A)) => "damaged in A",
        (Change::Damaged, _) => "damaged in B",
        _ => "changed",
    }
}

fn conclusion(result: &DiffResult) -> &'static str {
    match (result.comparison.same, result.comparison.damaged_in_b) {
        (true, _) => "SAME: nothing that was compared differs.",
        (_, true) => "DIFFERENT: identity that is whole in A is damaged in B.",
        _ => "DIFFERENT.",
    }
}
