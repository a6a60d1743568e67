//! The answers of `vault list` and `vault export` as text.

use std::fmt::Write as _;

use crate::app::VerdictCode;
use crate::app::export::ExportResult;
use crate::app::import::ImportResult;
use crate::app::redact::RedactResult;
use crate::app::sealing::{OpenResult, Seal, SealResult};
use crate::app::shelf::Shelf;

/// The answer of `vault list`.
pub fn shelf(shelf: &Shelf) -> String {
    let mut text = String::new();
    for archive in &shelf.archives {
        let verdict = match archive.verdict {
            VerdictCode::Healthy => "healthy",
            VerdictCode::Repairable | VerdictCode::NeedsArchive => "DAMAGED",
            VerdictCode::Lost => "LOST",
            VerdictCode::Unread => "UNKNOWN",
        };
        let _ = writeln!(text, "{}", archive.file.display());
        let _ = writeln!(text, "  made     {}, {verdict}", archive.created);
        let card = if archive.imported {
            "imported, no CID".to_owned()
        } else {
            match archive.cid.as_str() {
                "" => "without CID".to_owned(),
                cid => format!("with CID {cid}"),
            }
        };
        let _ = writeln!(text, "  phone    {} {card}", archive.chip);
        for (label, values) in [("IMEI", &archive.imeis), ("barcode", &archive.barcodes)] {
            let values = if values.is_empty() { "none valid".to_owned() } else { values.join(", ") };
            let _ = writeln!(text, "  {label:8} {values}");
        }
        if !archive.note.is_empty() {
            let _ = writeln!(text, "  note     {}", plain(&archive.note));
        }
    }
    for closed in &shelf.sealed {
        let _ = writeln!(text, "{}\n  SEALED   {} ({})", closed.file.display(), closed.message, closed.code);
    }
    for bad in &shelf.bad {
        let _ = writeln!(text, "{}\n  BAD      {} ({})", bad.file.display(), bad.message, bad.code);
    }
    let _ = writeln!(
        text,
        "{} in {}{}{}{}",
        counted(shelf.archives.len(), "archive"),
        shelf.folder.display(),
        if shelf.passed_over > 0 {
            format!(", {} more do not match", shelf.passed_over)
        } else {
            String::new()
        },
        if shelf.sealed.is_empty() { String::new() } else { format!(", {} sealed", shelf.sealed.len()) },
        if shelf.bad.is_empty() { String::new() } else { format!(", {} BAD", shelf.bad.len()) },
    );
    text
}

/// The answer of `vault import`.
pub fn import(result: &ImportResult) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Imported: {}", result.file.display());
    let _ = writeln!(text, "  SHA-256  {}", result.sha256);
    let _ = writeln!(text, "  made of  {}", plain(&result.imported.kind));
    for source in &result.imported.sources {
        let _ = writeln!(text, "           {}", plain(source));
    }
    let regions: Vec<&str> = result.regions.iter().map(|region| region.name.as_str()).collect();
    if !regions.is_empty() {
        let _ = writeln!(text, "  regions  {}", regions.join(", "));
    }
    let _ = writeln!(text, "  files    {}", counted(result.files, "NV file"));
    let _ = writeln!(text, "  missing  {}", result.imported.missing.join(", "));
    for why in &result.passed_over {
        let _ = writeln!(text, "  not used {}", plain(why));
    }
    text.push_str(&crate::app::report::identity_lines(&result.report));
    for warning in &result.warnings {
        let _ = writeln!(text, "WARNING: {warning}");
    }
    text
}

/// The answer of `vault export`.
pub fn export(result: &ExportResult) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Exported to {}: {}, {}.",
        result.folder.display(),
        counted(result.images.len(), "image"),
        counted(result.files, "NV file")
    );
    for image in &result.images {
        let whole = if image.whole { "whole" } else { "in part; the rest is zeros, see its .ranges.json" };
        let _ = writeln!(text, "  {:16} {whole}", image.file);
    }
    text
}

/// The answer of `vault redact`.
pub fn redact(result: &RedactResult) -> String {
    let mut text = String::new();
    let _ = writeln!(
        text,
        "Redacted: {}. {} replaced in every layer, {} outside of files; {} forms of old values searched for, none left.",
        result.file.display(),
        counted(result.replaced, "value"),
        counted(result.blotted, "more copy").replace("copys", "copies"),
        result.searched,
    );
    let _ = writeln!(text, "SHA-256  {}", result.sha256);
    text.push_str(&crate::app::report::verdict(&result.report));
    text
}

/// The answer of `vault seal`.
pub fn sealed(result: &SealResult) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "Sealed: {}", result.file.display());
    let _ = writeln!(text, "  SHA-256  {}", result.sha256);
    text.push_str(&seal(&result.sealed));
    text
}

/// How an archive was sealed, and what of it was proven.
pub fn seal(seal: &Seal) -> String {
    let to = match seal.recipients {
        None => "to a passphrase".to_owned(),
        Some(count) => format!("to {}", counted(count, "recipient")),
    };
    let proof = match seal.opened_again {
        true => "opened again from the disk, and the archive in it is the one that was meant",
        false => {
            "the archive was checked before it was sealed, and the file is as it was written; \
             NOT opened again, for that takes a recipient's key (--identity)"
        }
    };
    format!("  sealed   with age, {to}\n  proven   {proof}\n")
}

/// The answer of `vault open`.
pub fn opened(result: &OpenResult) -> String {
    format!("Opened: {}\n  SHA-256  {}\n", result.file.display(), result.sha256)
}

/// Returns text from an archive without what could steer a terminal or break the line.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
