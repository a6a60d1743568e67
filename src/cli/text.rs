//! Results as text for people: what it is, what it means, what to do next. Colour is never the only carrier of meaning.

use std::fmt::Write as _;
use std::path::Path;

use crate::app::amount::bytes;
use crate::app::archive::VerifyResult;
use crate::app::backup::BackupResult;
use crate::app::demo::DemoResult;
use crate::app::info::{CardInfo, InfoResult, NandInfo};
use crate::app::journal::ResumeResult;
use crate::app::records::RecordSheet;
use crate::app::repair::RepairResult;
use crate::app::report;
use crate::app::restore::RestoreResult;
use crate::app::staging::PlanSummary;
use crate::app::{Device, Report, ScenarioInfo, Sums, VerdictCode};

/// The answer of `detect`.
pub fn devices(devices: &[Device]) -> String {
    if devices.is_empty() {
        return "No MediaTek device is on USB.\n\
                Switch the phone off, start the verb you need, then plug the cable in: the preloader listens only a few seconds.\n"
            .into();
    }
    let mut text = String::new();
    for device in devices {
        let _ = writeln!(text, "{:12} {}  {}", device.port, device.ids, device.mode);
        if let Some(obstacle) = &device.obstacle {
            let _ = writeln!(text, "             cannot be used: {obstacle}");
        }
    }
    text
}

fn storage_of_card(text: &mut String, info: &InfoResult) {
    let card = &info.card;
    let _ = writeln!(
        text,
        "storage    {} \"{}\" {}, boot areas {} each, RPMB {}{}",
        info.phone.storage,
        card.product,
        bytes(card.user_bytes),
        bytes(card.boot_bytes),
        bytes(card.rpmb_bytes),
        card.revision.map(|revision| format!(", EXT_CSD revision {revision}")).unwrap_or_default()
    );
    let _ = writeln!(text, "CID        {}", info.phone.cid);
}

fn storage_of_nand(text: &mut String, card: &CardInfo, nand: &NandInfo) {
    let _ = writeln!(
        text,
        "storage    raw NAND {} {}: {}, {} blocks of {}, pages of {} + {} bytes",
        card.manufacturer,
        card.product,
        bytes(card.user_bytes),
        nand.blocks,
        bytes(nand.erase_block),
        nand.page,
        nand.spare
    );
    let _ = writeln!(
        text,
        "           it is only read: how an agent is told to write it is not known for certain"
    );
    if !nand.bad_blocks.is_empty() {
        let _ = writeln!(text, "           bad blocks met so far: {}", numbers(&nand.bad_blocks));
    }
}

fn numbers(all: &[u32]) -> String {
    all.iter().map(u32::to_string).collect::<Vec<_>>().join(", ")
}

/// The answer of `info`.
pub fn info(info: &InfoResult) -> String {
    let mut text = String::new();
    let card = &info.card;
    let _ = writeln!(
        text,
        "chip       {} ({}), versions {}",
        info.phone.chip,
        info.phone.hw_code,
        info.versions.join(" ")
    );
    let _ = writeln!(text, "preloader  version {}", info.preloader_version);
    let _ = writeln!(text, "security   {} ({})", info.security.meaning, info.security.bits);
    for demand in &info.security.demands {
        let _ = writeln!(text, "           {demand}");
    }
    match &card.nand {
        Some(nand) => storage_of_nand(&mut text, card, nand),
        None => storage_of_card(&mut text, info),
    }
    if let Some(id) = &card.random_id {
        let _ = writeln!(text, "random id  {id}");
    }
    let _ = writeln!(text, "engine     {}", info.engine_reason);
    if let Some(agent) = &info.agent {
        let _ = writeln!(text, "agent      {} ({}), dialect {}", agent.file, agent.build, agent.dialect);
        let _ = writeln!(text, "           sha256 {}", agent.sha256);
        let _ = writeln!(text, "           {}; the chip's description is {}", agent.entry, agent.confidence);
    }
    let proven = if info.read_only {
        "nothing is written to this phone"
    } else if info.layout_proven {
        "checked, fit for writing"
    } else {
        "NOT proven: nothing will be written by it"
    };
    let _ = writeln!(text, "partitions from {} ({proven})", info.layout_from);
    for remark in &info.remarks {
        let _ = writeln!(text, "           {remark}");
    }
    for doubt in &info.doubts {
        let _ = writeln!(text, "  DOUBT    {doubt}");
    }
    for partition in &info.partitions {
        let _ = writeln!(text, "  {:12} {:#012x}  {}", partition.name, partition.start, bytes(partition.len));
    }
    text
}

/// The answer of `backup`.
pub fn backup(result: &BackupResult) -> String {
    let mut text = String::new();
    let file = result.file.display();
    let _ = match result.lacking.is_empty() {
        true => writeln!(text, "Backup complete: {file}"),
        false => writeln!(
            text,
            "Backup made, and NOT complete (bad blocks in {}): {file}",
            result.lacking.join(", ")
        ),
    };
    let _ = writeln!(
        text,
        "  {} blocks in {:.0} s on the cable; archive of {}, read back",
        result.blocks,
        result.cable_seconds,
        bytes(result.bytes)
    );
    let _ = writeln!(text, "  SHA-256 {}", result.sha256);
    if let Some(seal) = &result.sealed {
        text.push_str(&super::archives::seal(seal));
    }
    for region in &result.regions {
        let _ =
            writeln!(text, "  {:12} {:>10} kept of {}", region.name, bytes(region.kept), bytes(region.len));
    }
    text.push_str(&report::identity_lines(&result.report));
    for warning in &result.warnings {
        let _ = writeln!(text, "WARNING: {warning}");
    }
    text
}

/// The answer of `inspect`.
pub fn inspect(inspected: &Report) -> String {
    let mut text = report::text(inspected);
    if let Some(sheet) = &inspected.records {
        records(&mut text, sheet);
    }
    text
}

/// Every file with its fields; a file that nothing describes is named all the same.
fn records(text: &mut String, sheet: &RecordSheet) {
    let _ = writeln!(text, "\nkey        {}", sheet.key);
    if let Some(proof) = &sheet.manifest {
        let word = if proof.complete { "complete" } else { "NOT complete" };
        let _ = writeln!(text, "manifest   calibration {word}: {} entries in {}", proof.entries, proof.layer);
        for broken in &proof.broken {
            let _ = writeln!(text, "           not carried by a file: {broken}");
        }
    }
    for file in &sheet.files {
        let title = file.title.as_deref().unwrap_or("not described, kept as it is");
        let _ = writeln!(
            text,
            "\n{} {} ({} bytes, sums {}): {title}",
            file.layer, file.path, file.size, file.sums
        );
        for field in &file.fields {
            let unit = field.unit.map(|unit| format!(" [{unit}]")).unwrap_or_default();
            let _ = writeln!(text, "  {:#06x} {:28} {}{unit}", field.offset, field.name, field.value);
        }
        for note in &file.notes {
            let _ = writeln!(text, "  note: {note}");
        }
    }
}

/// The answer of `diagnose`.
pub fn diagnose(diagnosed: &Report) -> String {
    report::verdict(diagnosed)
}

/// A plan, before it is confirmed.
pub fn plan(plan: &PlanSummary) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Bound to this phone: {}.", plan.binding);
    let _ = writeln!(text, "{} blocks will change:", plan.blocks);
    for (region, blocks) in &plan.regions {
        let _ = writeln!(text, "  {region:12} {blocks} blocks");
    }
    for change in &plan.changes {
        let _ = writeln!(text, "  {change}");
    }
    let _ = writeln!(text, "Live tree: {}", plan.live);
    for note in &plan.notes {
        let _ = writeln!(text, "Note: {note}");
    }
    if !plan.evidence.is_empty() {
        let _ = writeln!(text, "Evidence, best place first:");
    }
    for piece in &plan.evidence {
        let sums = match piece.sums {
            Sums::Right => "sums right",
            Sums::Wrong => "sums WRONG, not used",
            Sums::None => "no sum",
        };
        let odd = if piece.agrees { "" } else { ", DIFFERS from the best" };
        let _ = writeln!(text, "  {:22} {:17} {} ({sums}{odd})", piece.what, piece.value, piece.place);
    }
    text
}

/// Who holds it, where not everything of a phone can be read.
fn holds(report: &Report) -> &'static str {
    match report.survey.verdict.code {
        VerdictCode::Unread => "what can be read of the phone holds",
        _ => "the phone holds",
    }
}

/// The answer of `restore`.
pub fn restore(result: &RestoreResult) -> String {
    let mut text = String::new();
    if result.plan.blocks == 0 {
        let _ = writeln!(text, "Nothing to do: {} what the archive holds.", holds(&result.after));
    } else if result.written {
        let _ = writeln!(text, "Restore complete: {} blocks written and read back.", result.plan.blocks);
        let _ = writeln!(text, "Live tree: {}", result.plan.live);
        if let Some(journal) = &result.journal {
            let _ = writeln!(text, "The old content of every written block is kept in {}", journal.display());
        }
    } else {
        text.push_str(&plan(&result.plan));
        let _ = writeln!(text, "Nothing was written (dry run). After this plan:");
    }
    text.push_str(&report::verdict(&result.after));
    text
}

/// The answer of `repair`: every change with where its value comes from.
pub fn repair(result: &RepairResult) -> String {
    let mut text = String::new();
    if result.plan.blocks == 0 {
        let _ = match result.after.survey.verdict.code {
            VerdictCode::Unread => {
                writeln!(text, "Nothing to do: nothing that can be read is in need of repair.")
            }
            _ => writeln!(text, "Nothing to do: nothing on the phone is in need of repair."),
        };
    } else {
        text.push_str(&plan(&result.plan));
        let done = match result.written {
            true => format!("Repair complete: {} blocks written and read back.", result.plan.blocks),
            false => "Nothing was written (dry run). After this plan:".into(),
        };
        let _ = writeln!(text, "{done}");
    }
    if let Some(journal) = &result.journal {
        let _ = writeln!(text, "The old content of every written block is kept in {}", journal.display());
    }
    text.push_str(&report::verdict(&result.after));
    text
}

/// The answer of `resume`.
pub fn resume(result: &ResumeResult) -> String {
    let what = if result.undone { "undone" } else { "finished" };
    format!(
        "{}: {what}. {} of {} blocks had to be written; all were read back.\nJournal: {}\n",
        result.title,
        result.written,
        result.blocks,
        result.journal.display()
    )
}

/// The answer of `verify`.
pub fn verify(path: &Path, result: &VerifyResult) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}: whole. {} entries match their digests.", path.display(), result.entries);
    let _ = writeln!(text, "  SHA-256 {}", result.sha256);
    let card = match &result.imported {
        Some(imported) => format!("imported, no CID; missing: {}", imported.missing.join(", ")),
        None => format!("with {}", result.report.phone.told_by()),
    };
    let _ = writeln!(text, "  made {} of {} {card}", result.created, result.report.phone.chip);
    if !result.note.is_empty() {
        let _ = writeln!(text, "  note: {}", result.note);
    }
    text.push_str(&report::verdict(&result.report));
    for warning in &result.warnings {
        let _ = writeln!(text, "WARNING when it was made: {warning}");
    }
    text
}

/// The answer of `demo`.
pub fn demo(result: &DemoResult) -> String {
    let mut text = String::from("What happened:\n");
    let backup = &result.backup;
    let _ = writeln!(
        text,
        "1. Backed up: {} blocks, {:.0} s on the cable (simulated USB 2.0).",
        backup.blocks, backup.cable_seconds
    );
    let _ = writeln!(text, "2. \"Format All\": NVRAM, SIM lock and user data were gone.");
    let _ = writeln!(text, "3. Diagnosis: {}", result.lost.survey.verdict.summary);
    let _ = writeln!(
        text,
        "4. Restored: {} blocks written and read back, {:.0} s on the cable.",
        result.restore.plan.blocks, result.restore.cable_seconds
    );
    let _ = writeln!(text, "5. Diagnosis: {}", result.end.survey.verdict.summary);
    text.push_str(&report::identity_lines(&result.end));
    let _ = writeln!(text, "Demo complete: the phone is healthy and has its own identity again.");
    text
}

/// The answer of `sim list`.
pub fn scenarios(scenarios: &[ScenarioInfo]) -> String {
    scenarios.iter().fold(String::new(), |mut text, scenario| {
        let _ = writeln!(text, "{:34} {}", scenario.name, scenario.about);
        text
    })
}
