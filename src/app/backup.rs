//! `backup`: the whole identity set, read structure by structure, judged, archived, read back.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::again::{go_on_after_losses, read_witnesses};
use super::gather::{Scope, gather};
use super::nand;
use super::ranges::{gaps, join, total};
use super::regions::{RegionPlan, bounded, plan};
use super::sealing::Seal;
use super::session::{PhoneSession, connect_at, open_port};
use super::survey::Report;
use super::{Context, Event, Failure, Progress};
use crate::formats::ReadAt;
use crate::formats::pmt::{PMT_BEFORE_END, PMT_LEN};
use crate::identity::{Copies, VerdictCode};
use crate::storage::locate_gpt::{BACKUP_PLACE, PRIMARY_PLACE};
use crate::storage::{BLOCK, Place, Shared, shared::lock};
use crate::transport::Port;
use crate::vault::{AgentOrigin, Draft, Existing, Gap, Lock, Manifest, Range};

/// Bytes fetched between two progress events.
const PIECE: u64 = 16 << 10;
/// An engine that wants no more than this at once is slow, and its progress is told in small steps.
const LONG_RUN: u64 = 64 << 10;

/// What a backup is asked to do.
#[derive(Debug, Clone, Default)]
pub struct BackupRequest {
    /// Archive to write; a name is made when absent.
    pub output: Option<PathBuf>,
    /// Folder of an archive whose name is made; the working folder when empty.
    pub folder: PathBuf,
    /// The user's words.
    pub note: String,
    /// Read every byte of the identity partitions.
    pub full: bool,
    /// Replace an existing file.
    pub force: bool,
    /// Seal it: then it is never on the disk as it is.
    pub lock: Option<Lock>,
}

/// One region of an archive, for the summary.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RegionSummary {
    /// Name.
    pub name: String,
    /// Bytes of the partition.
    pub len: u64,
    /// Bytes kept.
    pub kept: u64,
}

/// What a backup did.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct BackupResult {
    /// The archive.
    pub file: PathBuf,
    /// Its digest.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// How it was sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<Seal>,
    /// Its regions.
    pub regions: Vec<RegionSummary>,
    /// Seconds on the cable.
    pub cable_seconds: f64,
    /// Blocks that came over the cable.
    pub blocks: u64,
    /// Regions that lack something that was in use, because a block of the NAND cannot be read any more.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lacking: Vec<String>,
    /// What the user must know of what was saved.
    pub warnings: Vec<String>,
    /// What the archive holds.
    pub report: Report,
}

/// Backs up the phone at the chosen port.
///
/// # Errors
/// Any; no partial file is left.
pub fn backup(context: &Context<'_>, request: &BackupRequest) -> Result<BackupResult, Failure> {
    if let Some(path) =
        request.output.as_deref().filter(|path| !request.force && path.symlink_metadata().is_ok())
    {
        return Err(crate::vault::VaultError::Exists { path: path.to_path_buf() }.into());
    }
    let mut port = open_port(context)?;
    backup_at(context, port.as_mut(), request)
}

/// Backs up the phone at this port.
///
/// # Errors
/// As [`backup`].
pub fn backup_at(
    context: &Context<'_>,
    port: &mut dyn Port,
    request: &BackupRequest,
) -> Result<BackupResult, Failure> {
    let mut session = connect_at(context, port)?;
    let made = archive_with_returns(context, port, &mut session, request);
    session.close(context, made)
}

/// Reads and archives as [`archive`] does, and goes on where it was when the phone is lost meanwhile and comes back.
///
/// # Errors
/// As [`backup`].
pub(super) fn archive_with_returns(
    context: &Context<'_>,
    port: &mut dyn Port,
    session: &mut PhoneSession,
    request: &BackupRequest,
) -> Result<BackupResult, Failure> {
    let (mut made, losses) =
        go_on_after_losses(context, port, session, |session| archive(context, session, request))?;
    // Not in the archive: it holds the same bytes as without.
    made.warnings.extend(losses.told());
    Ok(made)
}

/// Reads and archives the identity set of a connected phone.
///
/// # Errors
/// As [`backup`].
pub fn archive(
    context: &Context<'_>,
    session: &PhoneSession,
    request: &BackupRequest,
) -> Result<BackupResult, Failure> {
    context.step("Reading the identity set");
    let disk: Shared = session.disk.clone();
    read_witnesses(session)?;
    // Whole partitions are read first, in long runs, and looked at afterwards; of parts, looking tells which.
    let early = if request.full { None } else { Some(gather(&disk, &session.layout, Scope::All)?) };
    let mut plans = plan(context, &disk, &session.layout, request.full)?;
    if !session.layout.nand
        && session.layout.find(PRIMARY_PLACE).or(session.layout.find(BACKUP_PLACE)).is_none()
    {
        plans.push(partition_table(&disk));
    }
    bounded(&plans)?;
    fetch(context, session, &plans)?;
    let copies = match early {
        Some(copies) => copies,
        None => gather(&disk, &session.layout, Scope::All)?,
    };
    let report = Report::of(context, session.facts.clone(), &copies, "phone".into())?;
    let mut warnings = warnings_of(&report);
    warnings.extend(session.layout.doubts.iter().cloned());
    let whole: Vec<Place> =
        plans.iter().filter(|plan| !plan.ranges.is_empty()).map(|plan| plan.place.clone()).collect();
    let nand::Loss { warnings: of_blocks, lacking } = nand::loss(session, &copies, &whole)?;
    warnings.extend(of_blocks);
    for warning in &warnings {
        context.warn(warning.clone());
    }
    let created = (context.now)();
    let mut manifest =
        Manifest::new(env!("CARGO_PKG_VERSION"), &created, &session.facts.engine, session.ids());
    manifest.agent = session.agent.as_ref().map(|agent| AgentOrigin {
        sha256: agent.sha256.clone(),
        build: agent.build.clone(),
        entry: agent.entry.clone(),
    });
    manifest.nand = nand::record(session);
    manifest.note.clone_from(&request.note);
    manifest.full = request.full;
    manifest.warnings.clone_from(&warnings);
    let mut draft = Draft::new(manifest);
    let mut regions = Vec::new();
    for plan in &plans {
        regions.push(add_region(&mut draft, session, plan)?);
    }
    add_files(&mut draft, &copies)?;
    if let Some(warning) = nand::add_spare(context, &mut draft, session, &whole)? {
        context.warn(warning.clone());
        draft.warn(&warning);
        warnings.push(warning);
    }
    draft.set_report(&super::report::text(&report));
    let target = request.output.clone().unwrap_or_else(|| {
        let name = name_for(&report, &created);
        request.folder.join(if request.lock.is_some() { format!("{name}.age") } else { name })
    });
    let existing = if request.force { Existing::Replace } else { Existing::Refuse };
    context.step(format!("Writing and reading back {}", target.display()));
    let (saved, sealed) = match &request.lock {
        None => (draft.save(&target, existing)?, None),
        Some(lock) => {
            let done = draft.save_sealed(&target, existing, lock, &context.choices.keyring.keys)?;
            let seal = Seal::of(lock, &done);
            (done.saved, Some(seal))
        }
    };
    let disk = lock(&session.disk);
    Ok(BackupResult {
        file: saved.path,
        sha256: saved.sha256,
        bytes: saved.len,
        sealed,
        regions,
        cable_seconds: disk.elapsed().as_secs_f64(),
        blocks: disk.fetched(),
        lacking,
        warnings,
        report,
    })
}

/// The two copies of the PMT, as a region of their own behind all partitions.
fn partition_table(disk: &Shared) -> RegionPlan {
    let len = 2 * PMT_LEN as u64;
    let start = lock(disk).len().saturating_sub(PMT_BEFORE_END);
    RegionPlan {
        place: Place { name: "PMT".into(), start, len },
        ranges: vec![(0, len)],
        not_read: Vec::new(),
        rest: "",
    }
}

/// Fetches everything planned into the cache, piece by piece, so that progress is told and a wish to stop is heard.
fn fetch(context: &Context<'_>, session: &PhoneSession, plans: &[RegionPlan]) -> Result<(), Failure> {
    // From here on progress has an end, and is told below.
    lock(&session.disk).observe(None);
    // An engine that wants long runs is asked in pieces of that length.
    let run = lock(&session.disk).capabilities().run_blocks.saturating_mul(BLOCK);
    let longest = if run > LONG_RUN { run } else { PIECE };
    for plan in plans {
        let all = total(&plan.ranges);
        let began = lock(&session.disk).elapsed();
        let mut done = 0;
        for (at, len) in &plan.ranges {
            let mut at = *at;
            let end = at + len;
            while at < end {
                context.go_on()?;
                let take = (end - at).min(longest);
                lock(&session.disk).load(plan.place.start + at, take)?;
                at += take;
                done += take;
                (context.sink)(Event::Progress(Progress {
                    what: plan.place.name.clone(),
                    done,
                    total: all,
                    elapsed: lock(&session.disk).elapsed().saturating_sub(began),
                }));
            }
        }
    }
    Ok(())
}

/// Adds everything that was read of a partition, and why the rest was not.
fn add_region(
    draft: &mut Draft,
    session: &PhoneSession,
    plan: &RegionPlan,
) -> Result<RegionSummary, Failure> {
    let place = &plan.place;
    let mut disk = lock(&session.disk);
    let known = disk
        .known_ranges(place.start, place.len)
        .into_iter()
        .map(|(at, len)| (at.saturating_sub(place.start), len))
        .collect();
    let holes = nand::holes(&disk, place);
    let left_out = gaps(&join(known, place.len), place.len);
    let bad = holes.iter().map(|(at, len, _)| (*at, *len));
    let kept = gaps(&join(left_out.into_iter().chain(bad).collect(), place.len), place.len);
    let plan = &RegionPlan { not_read: [plan.not_read.clone(), holes].concat(), ..plan.clone() };
    let mut blob = Vec::with_capacity(usize::try_from(total(&kept)).unwrap_or(0));
    // Moved in pieces, so that no partition is in memory twice.
    let longest = disk.capabilities().run_blocks.saturating_mul(BLOCK).max(PIECE);
    for (at, len) in &kept {
        let end = at + len;
        for at in (*at..end).step_by(usize::try_from(longest).unwrap_or(usize::MAX)) {
            let (start, len) = (blob.len(), (end - at).min(longest));
            blob.resize(start + usize::try_from(len).unwrap_or(0), 0);
            disk.read_at(place.start + at, &mut blob[start..])?;
            disk.release(place.start + at, len);
        }
    }
    disk.release(place.start, place.len);
    let not_kept = gaps(&kept, place.len).into_iter().flat_map(|(at, len)| explain(plan, at, len)).collect();
    let bytes = total(&kept);
    let kept = kept.into_iter().map(|(at, len)| Range { at, len }).collect();
    draft.add_region(&place.name, (place.start, place.len), kept, not_kept, blob)?;
    Ok(RegionSummary { name: place.name.clone(), len: place.len, kept: bytes })
}

/// Splits a gap by the reasons the plan has for parts of it.
pub(super) fn explain(plan: &RegionPlan, at: u64, len: u64) -> Vec<Gap> {
    let end = at + len;
    let mut gaps = Vec::new();
    let mut free = at;
    for (start, span, reason) in &plan.not_read {
        let from = (*start).max(free);
        let to = (start + span).min(end);
        if from >= to {
            continue;
        }
        if from > free {
            gaps.push(Gap { at: free, len: from - free, reason: plan.rest.into() });
        }
        gaps.push(Gap { at: from, len: to - from, reason: reason.clone() });
        free = to;
    }
    if free < end {
        gaps.push(Gap { at: free, len: end - free, reason: plan.rest.into() });
    }
    gaps
}

/// Adds the decoded NV files, so that ordinary tools can look at them.
pub(super) fn add_files(draft: &mut Draft, copies: &Copies) -> Result<(), Failure> {
    if let Some(copy) = copies.binregion.present() {
        for file in &copy.region.files {
            add_file(draft, "binregion", file.name.trim_start_matches('/'), &file.bytes)?;
        }
    }
    for (layer, tree) in
        [("live", &copies.live), ("protect_f", &copies.protect_f), ("protect_s", &copies.protect_s)]
    {
        for (path, file) in tree.present().into_iter().flatten() {
            add_file(draft, layer, path, &file.bytes)?;
        }
    }
    if let Some(file) = copies.pro_info.present() {
        add_file(draft, "pro_info", "PRODUCT_INFO", &file.bytes)?;
    }
    Ok(())
}

/// A name a zip cannot carry safely is left out: the region holds the bytes all the same.
fn add_file(draft: &mut Draft, layer: &str, path: &str, bytes: &[u8]) -> Result<(), Failure> {
    match draft.add_file(layer, path, bytes.to_vec()) {
        Ok(())
        | Err(
            crate::vault::VaultError::Name { .. }
            | crate::vault::VaultError::TooLarge { .. }
            | crate::vault::VaultError::Duplicate { .. },
        ) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Says loudly what is wrong with what was saved: a backup made after the loss must not be mistaken for a rescue.
pub(super) fn warnings_of(report: &Report) -> Vec<String> {
    let verdict = &report.survey.verdict;
    match verdict.code {
        VerdictCode::Healthy => return Vec::new(),
        VerdictCode::Unread => return vec![verdict.summary.clone()],
        _ => {}
    }
    let mut warnings = vec![format!("what was saved is already damaged: {}", verdict.summary)];
    warnings.extend(verdict.symptoms.iter().cloned());
    warnings
}

/// Makes a file name from chip, card and time: `nvkeep-MT6572-4e564b01-20261125T014200Z.nvk`.
fn name_for(report: &Report, created: &str) -> String {
    let time: String = created.chars().filter(|c| c.is_ascii_alphanumeric()).take(15).collect();
    let serial = report.phone.cid.get(20..28).unwrap_or(&report.phone.storage);
    format!("nvkeep-{}-{serial}-{time}Z.nvk", report.phone.chip)
}
