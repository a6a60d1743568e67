//! What a restore would write: where it may go, what is laid over the phone, in which order, and how that is told.

use std::sync::Mutex;

use serde::{Deserialize, Serialize};

use super::archive::OpenArchive;
use super::gather::live_root;
use super::session::PhoneSession;
use super::{Context, Failure};
use crate::formats::WriteAt;
use crate::identity::{Copies, Creation, EvidenceLine, Plan};
use crate::storage::{BlockChange, Guard, Staged, shared::lock};

/// Raw regions a whole restore copies range by range.
const RAW_REGIONS: [&str; 6] = ["PRO_INFO", "PROTECT_F", "PROTECT_S", "NVDATA", "NVCFG", "NVRAM"];

/// The plan, as it is shown before anything is written.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PlanSummary {
    /// Why this archive may be written to this phone.
    pub binding: String,
    /// Changes by meaning.
    pub changes: Vec<String>,
    /// What happens to the live tree.
    pub live: String,
    /// Anything else worth knowing.
    pub notes: Vec<String>,
    /// Blocks that will be written.
    pub blocks: usize,
    /// Blocks by region.
    pub regions: Vec<(String, usize)>,
    /// What a repair's plan rests on: every surviving copy, best place first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<EvidenceLine>,
}

/// Promise 5: the identity partitions, and on old Android the places of the NV files inside the live volume. Everything
/// else that the table names is closed: boot chain, partition tables, `seccfg`, and what this program has no word for.
#[must_use]
pub fn guard_for(session: &PhoneSession, phone: &Copies) -> Guard {
    let mut guard = Guard::closed();
    for place in &session.layout.places {
        match place.name.as_str() {
            "NVRAM" | "PRO_INFO" | "PROTECT_F" | "PROTECT_S" | "NVDATA" | "NVCFG" => {
                guard.open(place.start, place.len);
            }
            name if live_root(&session.layout).is_some_and(|(live, _)| live.name == name) => {}
            _ => guard.close(place.start, place.len),
        }
    }
    // A damaged file system may place a file anywhere: only what lies inside its own partition is opened.
    if let Some((live, _)) = live_root(&session.layout) {
        let extents =
            phone.live.present().into_iter().flat_map(|tree| tree.values()).flat_map(|file| &file.extents);
        for extent in extents
            .filter(|extent| extent.at >= live.start && extent.at + extent.len <= live.start + live.len)
        {
            guard.open(extent.at, extent.len);
        }
    }
    guard
}

/// Lays the kept ranges of the raw regions over the phone. Binding has proven that the regions lie at the same places.
///
/// # Errors
/// When the device fails, or the guard refuses.
pub fn stage_regions(
    context: &Context<'_>,
    archive: &OpenArchive,
    session: &PhoneSession,
    staged: &Mutex<Staged>,
) -> Result<(), Failure> {
    for name in RAW_REGIONS {
        context.go_on()?;
        let Some(place) = session.layout.find(name) else { continue };
        for (at, bytes) in archive.disk.runs_in(place.start, place.len) {
            lock(staged).write_at(at, bytes)?;
        }
    }
    Ok(())
}

/// Returns whether a whole restore puts back the archive's own nvdata, so that no single file of it is edited: the files
/// lie where that volume says, no longer where the phone's old one did (ap-nvram.md 6.2 step 4).
#[must_use]
pub fn replaces_live_volume(archive: &OpenArchive, session: &PhoneSession) -> bool {
    session
        .layout
        .find("NVDATA")
        .is_some_and(|place| archive.disk.runs_in(place.start, place.len).next().is_some())
}

/// Orders writes so that what makes a layer valid comes last: everything else first, then the BinRegion's header block.
/// A BinRegion whose data are half-written then still has its old, wrong checksum and is not believed.
#[must_use]
pub fn in_safe_order(session: &PhoneSession, mut changes: Vec<BlockChange>) -> Vec<BlockChange> {
    let header = session.layout.find("NVRAM").map(|place| place.start / 512);
    changes.sort_by_key(|change| (Some(change.lba) == header, 0));
    changes
}

/// Sums a plan up for whoever confirms it.
#[must_use]
pub fn summarise(session: &PhoneSession, binding: &str, plan: &Plan, changes: &[BlockChange]) -> PlanSummary {
    let mut regions: Vec<(String, usize)> = Vec::new();
    for change in changes {
        let at = change.lba * 512;
        let place =
            session.layout.places.iter().find(|place| place.start <= at && at < place.start + place.len);
        let name = place.map_or("unnamed", |place| place.name.as_str());
        match regions.iter_mut().find(|(known, _)| known == name) {
            Some((_, count)) => *count += 1,
            None => regions.push((name.to_string(), 1)),
        }
    }
    let edits = plan.edits.iter().map(|edit| edit.what.clone());
    let mut told: Vec<String> = edits.chain(plan.creations.iter().map(Creation::what)).collect();
    // One meaning may take several places.
    told.dedup();
    PlanSummary {
        binding: binding.into(),
        changes: told,
        evidence: Vec::new(),
        live: plan.live.to_string(),
        notes: plan.notes.clone(),
        blocks: changes.len(),
        regions,
    }
}
