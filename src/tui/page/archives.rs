//! The archive at the cursor: what it is, and what a check of it said.

use super::{Page, Role, judgement, span, trouble};
use crate::app::archive::VerifyResult;
use crate::app::shelf::Shelved;
use crate::tui::model::Model;

/// Writes the page; the list is no page.
pub(super) fn write(page: &mut Page, model: &Model) {
    let Some(chosen) = model.archives.chosen() else {
        if let Some(failure) = &model.archives.trouble {
            trouble::write(page, "failed", failure);
        }
        return;
    };
    entry(page, chosen);
    page.gap();
    match &model.archives.checked {
        Some((path, Ok(result))) if *path == chosen.file => checked(page, result),
        Some((path, Err(failure))) if *path == chosen.file => trouble::write(page, "bad", failure),
        _ => page
            .row(vec![span(Role::Key, "Enter"), span(Role::Plain, " checks every digest and every format")]),
    }
}

fn entry(page: &mut Page, chosen: &Shelved) {
    let name = chosen.file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    page.say(Role::Title, &name);
    let mut line = |name: &str, text: &str| page.hang(11, Role::Dim, name, Role::Plain, text);
    line("made", &chosen.created);
    let card = if chosen.cid.is_empty() { "without CID".into() } else { format!("CID {}", chosen.cid) };
    line("phone", &format!("{}, {card}", chosen.chip));
    line("IMEI", &listed(&chosen.imeis));
    line("barcode", &listed(&chosen.barcodes));
    if !chosen.note.is_empty() {
        line("note", &chosen.note);
    }
    if chosen.imported {
        line(
            "imported",
            "made of another tool's backup: no card id; a surviving copy on the phone must agree",
        );
    }
    let (word, role) = judgement::tone(chosen.verdict);
    page.hang(11, Role::Dim, "holds", role, word);
}

fn listed(values: &[String]) -> String {
    if values.is_empty() { "none".into() } else { values.join(", ") }
}

fn checked(page: &mut Page, result: &VerifyResult) {
    let text = format!("✓ Whole: {} entries, every digest and every format is right.", result.entries);
    page.say(Role::Good, &text);
    page.hang(11, Role::Dim, "SHA-256", Role::Plain, &result.sha256);
    let kept = if result.full { "every byte of the partitions" } else { "what was in use" };
    page.hang(11, Role::Dim, "kept", Role::Plain, kept);
    for warning in &result.warnings {
        page.hang(11, Role::Warn, "warning", Role::Plain, warning);
    }
    page.gap();
    judgement::headline(page, &result.report);
    page.gap();
    judgement::layers(page, &result.report);
    judgement::reasons(page, &result.report);
}
