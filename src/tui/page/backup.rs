//! The backup screen: what will be read, how far it is, what was archived.

use super::{Page, Role, clip, judgement, span, trouble};
use crate::app::VerdictCode;
use crate::app::amount::bytes;
use crate::app::backup::BackupResult;
use crate::tui::message::Task;
use crate::tui::model::Model;

/// The identity set, in words: partition, and what nvkeep reads of it.
const SET: [(&str, &str); 7] = [
    ("NVRAM", "BinRegion: map, data, second map copy, journal"),
    ("PRO_INFO", "the record that keeps barcode and IMEI from the factory"),
    ("PROTECT_F", "SIM lock, first copy"),
    ("PROTECT_S", "SIM lock, second copy"),
    ("NVDATA", "live NV files, on phones that have it"),
    ("USRDATA", "only the NV files, on older phones; no user data"),
    ("tables", "PMT, MBR or GPT, which prove where all of it lies"),
];

/// Writes the page.
pub(super) fn write(page: &mut Page, model: &Model) {
    if model.work.as_ref().is_some_and(|work| work.task == Task::Backup) {
        return super::writes::progress(page, model);
    }
    match &model.backup.last {
        Some(Ok(result)) => return summary(page, result),
        Some(Err(failure)) => {
            trouble::write(page, "failed", failure);
            page.gap();
        }
        None => {}
    }
    match model.connected() {
        Some(phone) => {
            page.say(
                Role::Title,
                &format!("Back up this {} with {}", phone.info.phone.chip, phone.info.phone.told_by()),
            );
        }
        None => page.say(Role::Warn, "No phone is connected. What would be read:"),
    }
    page.gap();
    let layout = model.connected().map(|phone| &phone.info.partitions);
    let nand = model.connected().is_some_and(|phone| phone.info.card.nand.is_some());
    for (name, what) in SET {
        let known = layout.and_then(|places| places.iter().find(|place| place.name == name));
        if layout.is_some() && known.is_none() && name != "tables" {
            continue;
        }
        let size = known.map(|place| format!("{:>9}  ", bytes(place.len))).unwrap_or_default();
        let what = if nand && name == "USRDATA" { "not read: YAFFS2 on a raw NAND" } else { what };
        page.hang(12, Role::Plain, name, Role::Dim, &format!("{size}{what}"));
    }
    page.gap();
    let full = if model.backup.full {
        "every byte of these partitions"
    } else {
        "only what is in use; the rest is told as not read"
    };
    page.hang(12, Role::Key, "f  how much", Role::Plain, full);
    let cursor = if model.backup.editing { "▏" } else { "" };
    let note = match model.backup.note.text() {
        "" if !model.backup.editing => "none".to_owned(),
        text => format!("{text}{cursor}"),
    };
    page.hang(12, Role::Key, "t  note", Role::Plain, &note);
    page.hang(12, Role::Dim, "   folder", Role::Dim, &model.setup.folder.display().to_string());
    page.gap();
    let damaged = model.phone.as_ref().filter(|subject| !subject.report.is_healthy());
    if let Some(subject) = damaged.filter(|_| model.connected().is_some()) {
        match subject.report.survey.verdict.code {
            VerdictCode::Unread => page.say(Role::Warn, "? Not everything of this phone can be read."),
            _ => page.say(
                Role::Bad,
                "✗ This phone's identity is damaged already. The archive keeps what is left, and says so.",
            ),
        }
        page.say(Role::Plain, &subject.report.survey.verdict.summary);
        page.gap();
    }
    page.row(vec![span(Role::Key, "Enter"), span(Role::Plain, " reads, checks and archives it")]);
}

/// What was archived.
fn summary(page: &mut Page, result: &BackupResult) {
    if result.lacking.is_empty() {
        page.say(Role::Good, "✓ Archived: every byte was read, checked, written and read back.");
    } else {
        let lacking = result.lacking.join(", ");
        page.say(
            Role::Bad,
            &format!("✗ Archived, and NOT complete: bad blocks took something of {lacking}."),
        );
    }
    for warning in &result.warnings {
        page.hang(4, Role::Bad, "✗", Role::Bad, warning);
    }
    page.gap();
    page.hang(11, Role::Dim, "file", Role::Plain, &result.file.display().to_string());
    page.hang(11, Role::Dim, "SHA-256", Role::Plain, &result.sha256);
    let cable = format!(
        "{}, {} blocks over the cable in all, {:.1} s",
        bytes(result.bytes),
        result.blocks,
        result.cable_seconds
    );
    page.hang(11, Role::Dim, "size", Role::Plain, &cable);
    page.gap();
    for region in &result.regions {
        let kept = format!("{:>9} of {:>9}", bytes(region.kept), bytes(region.len));
        page.row(vec![span(Role::Plain, format!("{:12}", clip(&region.name, 11))), span(Role::Dim, kept)]);
    }
    page.gap();
    judgement::headline(page, &result.report);
    page.gap();
    judgement::layers(page, &result.report);
    page.gap();
    page.row(vec![
        span(Role::Key, "n"),
        span(Role::Plain, " next phone, "),
        span(Role::Key, "Enter"),
        span(Role::Plain, " backs up again"),
    ]);
}
