//! `vault redact`: an archive that is safe to publish. Every identity is replaced in every layer, what is left of old values
//! anywhere else is blotted out, and the result is searched for every form of every old value before it is saved.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Serialize;

use super::archive::open_with;
use super::backup::add_files;
use super::carry::refused;
use super::gather::{Scope, gather};
use super::remnants::{Depth, search};
use super::survey::Report;
use super::{Context, Exit, Failure};
use crate::identity::redact::{Trace, blot, first};
use crate::identity::{self, Redaction, plan_redaction};
use crate::storage::locate_nand::TABLE_PLACE;
use crate::storage::{KeptDisk, Shared, share};
use crate::vault::{Draft, Existing, Gap, Manifest, PhoneIds};

/// Regions of a raw NAND in which identities are found by what the bytes mean.
const DECODED: [&str; 3] = ["NVRAM", "PRO_INFO", TABLE_PLACE];
/// Characters of a digest.
const DIGEST: usize = 64;

/// What `vault redact` answers.
#[derive(Debug, Clone, Serialize)]
pub struct RedactResult {
    /// The copy.
    pub file: PathBuf,
    /// Digest of the file.
    pub sha256: String,
    /// Identities replaced.
    pub replaced: usize,
    /// Old values that stood outside the files that hold them, and were blotted out.
    pub blotted: usize,
    /// Forms of old values that the copy was searched for.
    pub searched: usize,
    /// The copy, judged.
    pub report: Report,
}

/// Makes a copy of an archive that is safe to publish.
///
/// # Errors
/// Any of the archive's; `cannot-redact` where a value cannot be read, `trace-left` where the search finds one.
pub fn redact(
    context: &Context<'_>,
    archive: &Path,
    output: &Path,
    force: bool,
) -> Result<RedactResult, Failure> {
    let mut open = open_with(context, archive)?;
    // Files without the partitions they lay on have no places, and could only be dropped.
    if open.manifest.regions.is_empty() {
        return Err(Failure::new(
            Exit::Forbidden,
            "cannot-redact",
            "the archive holds files without their partitions, and they cannot be replaced one by one",
        )
        .advise("Redact an archive made by nvkeep backup, or by vault import from partition images."));
    }
    context.step("Finding every identity");
    let disk = share(open.disk);
    open.copies.remnants = search(context, &(disk.clone() as Shared), &open.layout, Depth::Blocks)?;
    let family = context.catalog.family_for(&open.facts.chip, identity::generation(&open.copies));
    let plan = plan_redaction(&open.copies, family).map_err(|refusal| refused(&refusal))?;
    let before = Report::of(context, open.facts.clone(), &open.copies, "archive".into())?;
    context.step("Replacing and blotting out");
    let (disk, blotted) = replaced(disk, &plan)?;
    let disk = share(disk);
    let copies = gather(&(disk.clone() as Shared), &open.layout, Scope::All)?;
    let mut facts = open.facts.clone();
    facts.cid = String::new();
    let report = Report::of(context, facts, &copies, "redacted copy".into())?;
    let left = before.survey.identities.intersection(&report.survey.identities);
    // Whole files are in the list by their digest. Those that are the same hold nothing of their own: modem defaults, and
    // locks, which name no phone and could not be made anew.
    let value = |one: &'_ &String| one.split_once(':').is_some_and(|(_, value)| value.len() != DIGEST);
    if let Some((kind, _)) = left.filter(value).find_map(|one| one.split_once(':')) {
        return Err(trace_left(kind, "a file that holds it"));
    }
    let draft = drafted(context, &open.manifest, &disk, &copies, &report)?;
    context.step("Searching the copy for every form of every old value");
    searched(&draft.entries()?, &plan.traces)?;
    let existing = if force { Existing::Replace } else { Existing::Refuse };
    let saved = draft.save(output, existing)?;
    Ok(RedactResult {
        file: saved.path,
        sha256: saved.sha256,
        replaced: plan.replaced,
        blotted,
        searched: plan.traces.len(),
        report,
    })
}

/// Lays the plan over the kept bytes, and blots out what is left of old values in all of them.
fn replaced(disk: Arc<std::sync::Mutex<KeptDisk>>, plan: &Redaction) -> Result<(KeptDisk, usize), Failure> {
    let held = || Failure::new(Exit::Other, "archive-held", "the archive is still being read");
    let disk = Arc::into_inner(disk).ok_or_else(held)?;
    let mut disk = disk.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    for edit in &plan.edits {
        if !disk.overwrite(edit.at, &edit.bytes) {
            return Err(trace_left(edit.layer, "bytes that the archive does not hold"));
        }
    }
    let blotted = disk.runs_mut().map(|run| blot(run, &plan.traces)).sum();
    Ok((disk, blotted))
}

/// A draft with the same ranges of every region, for nobody's phone.
fn drafted(
    context: &Context<'_>,
    old: &Manifest,
    disk: &Arc<std::sync::Mutex<KeptDisk>>,
    copies: &identity::Copies,
    report: &Report,
) -> Result<Draft, Failure> {
    let phone = PhoneIds { cid: String::new(), soc_id: None, random_id: None, ..old.phone.clone() };
    let mut manifest = Manifest::new(env!("CARGO_PKG_VERSION"), &(context.now)(), &old.engine, phone);
    manifest.full = old.full;
    manifest.redacted = true;
    // The spare bytes of a NAND may repeat what was replaced: they stay out of a copy.
    manifest.nand.clone_from(&old.nand);
    let mut draft = Draft::new(manifest);
    for region in &old.regions {
        let (start, len) = (region.start, region.len);
        if old.nand.is_some() && !region.kept.is_empty() && !DECODED.contains(&region.name.as_str()) {
            // Raw YAFFS2: nobody has looked for what in it names a phone.
            context
                .warn(format!("{} is left out of the copy: its file system is not looked into", region.name));
            let reason = "left out of a copy for publishing: its file system is not looked into".into();
            let gap = Gap { at: 0, len, reason };
            draft.add_region(&region.name, (start, len), Vec::new(), vec![gap], Vec::new())?;
            continue;
        }
        let mut blob = Vec::new();
        let held = crate::storage::shared::lock(disk);
        for range in &region.kept {
            for (_, bytes) in held.runs_in(region.start + range.at, range.len) {
                blob.extend_from_slice(bytes);
            }
        }
        drop(held);
        draft.add_region(
            &region.name,
            (region.start, region.len),
            region.kept.clone(),
            region.not_kept.clone(),
            blob,
        )?;
    }
    add_files(&mut draft, copies)?;
    draft.set_report(&super::report::text(report));
    Ok(draft)
}

fn searched(parts: &[(String, Vec<u8>)], traces: &[Trace]) -> Result<(), Failure> {
    for (name, bytes) in parts {
        if let Some((at, trace)) = first(bytes, traces) {
            return Err(trace_left(trace.what, &format!("{name} at {at:#x}")));
        }
    }
    Ok(())
}

fn trace_left(what: &str, place: &str) -> Failure {
    Failure::new(
        Exit::Forbidden,
        "trace-left",
        format!("an old value ({what}) could not be removed from {place}; nothing was saved"),
    )
    .advise("Do not publish this archive in any form.")
}
