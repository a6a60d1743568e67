//! What to write, as a value: edits of bytes that the archive or the phone already holds. Grows no file, moves none.

use std::fmt;

use super::copies::{Copies, Extent, FileCopy, Found, Tree};
use super::files::{below, region_files};
use super::refusal::Refusal;
use super::selection::{Part, Selection};
use super::survey::{LayerState, Survey};
use crate::formats::ap_file::RESTORE_FLAG;
use crate::formats::binregion::data_checksum;
use crate::formats::product_info;

/// Bytes to overwrite.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edit {
    /// First byte in the user area.
    pub at: u64,
    /// New content.
    pub bytes: Vec<u8>,
    /// Layer they belong to.
    pub layer: &'static str,
    /// By meaning; names no identity.
    pub what: String,
}

/// A volume in which a plan makes files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Volume {
    /// The volume of the live tree, where that is a partition of its own (nvdata). Paths are below the tree's root.
    Live,
    /// PROTECT_F.
    ProtectF,
    /// PROTECT_S.
    ProtectS,
}

/// A file to make, or to replace by one of another length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Creation {
    /// Where.
    pub volume: Volume,
    /// Path below the root of the volume's tree.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// Where the content comes from, in words.
    pub from: &'static str,
}

impl Creation {
    /// Says by meaning what is made; names no identity.
    #[must_use]
    pub fn what(&self) -> String {
        let layer = if self.volume == Volume::Live { "live" } else { "simlock" };
        format!("{} in {layer}, made anew, from {}", meaning(&self.path), self.from)
    }
}

/// What happens to the live tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum LiveOutcome {
    /// Its files are overwritten in place where they differ.
    #[default]
    Rewritten,
    /// It is marked invalid: the phone rebuilds it from the BinRegion.
    Invalidated {
        /// Why it could not be rewritten.
        why: String,
    },
    /// It is not touched.
    Absent {
        /// Why.
        why: String,
    },
}

impl fmt::Display for LiveOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rewritten => f.write_str("live files are overwritten in place where they differ"),
            Self::Invalidated { why } => {
                write!(f, "the phone rebuilds its live files at the next boot, because {why}")
            }
            Self::Absent { why } => write!(f, "live files are not touched: {why}"),
        }
    }
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Plan {
    /// In order.
    pub edits: Vec<Edit>,
    /// Files to make.
    pub creations: Vec<Creation>,
    /// The live tree's fate.
    pub live: LiveOutcome,
    /// Anything else worth knowing.
    pub notes: Vec<String>,
}

/// Plans a restore. For [`Selection::All`] the raw regions are copied elsewhere; the plan then covers the live tree.
///
/// # Errors
/// [`Refusal`]; nothing may then be written.
pub fn plan_restore(phone: &Copies, archive: &Copies, selection: &Selection) -> Result<Plan, Refusal> {
    archive.binregion.present().filter(|copy| copy.region.checksum_valid()).ok_or(Refusal::NoSource)?;
    if selection.is_all() { plan_all(phone, archive) } else { plan_parts(phone, archive, selection) }
}

/// Checks what a plan leaves behind: where the phone will not use live files of the archive's content, it will rebuild
/// them from the BinRegion, which must then be valid. `after` is the survey of the staged image, or of the read-back.
///
/// # Errors
/// [`Refusal::RegionNotValid`].
pub fn check_outcome(plan: &Plan, after: &Survey) -> Result<(), Refusal> {
    if plan.live == LiveOutcome::Rewritten {
        return Ok(());
    }
    match after.layer("binregion") {
        Some(layer) if layer.state == LayerState::Valid => Ok(()),
        layer => {
            let reason =
                layer.and_then(|layer| layer.reason.clone()).unwrap_or_else(|| "it is missing".into());
            Err(Refusal::RegionNotValid { reason })
        }
    }
}

/// Returns the live tree when the phone will use it, or why it will not.
pub(super) fn believed(phone: &Copies) -> Result<(&Tree, &FileCopy), String> {
    let live = match &phone.live {
        Found::Present(live) => live,
        Found::Blank => return Err("the phone's user data are blank".into()),
        Found::Absent(why) => return Err(format!("the phone has none ({why})")),
        Found::Unread(why) => return Err(format!("they are not read ({why})")),
        Found::Corrupt(why) => return Err(format!("their file system cannot be read ({why})")),
    };
    match live.get("RestoreFlag").filter(|flag| flag.bytes == RESTORE_FLAG) {
        Some(flag) => Ok((live, flag)),
        None => Err("they are not marked valid; the phone rebuilds them from the BinRegion".into()),
    }
}

fn plan_all(phone: &Copies, archive: &Copies) -> Result<Plan, Refusal> {
    let mut plan = Plan::default();
    let (live, flag) = match believed(phone) {
        Ok(found) => found,
        Err(why) => {
            plan.live = LiveOutcome::Absent { why };
            return Ok(plan);
        }
    };
    let files = region_files(archive);
    let stays_or_fits = |path: &str, bytes: &[u8]| {
        live.get(path).is_some_and(|file| file.bytes == bytes || fits(file, bytes))
    };
    let Some((path, _)) = files.iter().find(|(path, bytes)| !stays_or_fits(path, bytes)) else {
        for (path, bytes) in &files {
            if let Some(file) = live.get(*path) {
                overwrite(&mut plan.edits, file, bytes, "live", path);
            }
        }
        return Ok(plan);
    };
    if !fits(flag, &[0; 4]) {
        return Err(Refusal::LiveStuck { path: (*path).to_owned() });
    }
    let why = match live.get(*path) {
        None => format!("{path} is missing among them"),
        Some(file) if file.bytes.len() == files[path].len() => {
            format!("{path} cannot be overwritten in place")
        }
        Some(_) => format!("{path} has another size than in the archive"),
    };
    plan.live = LiveOutcome::Invalidated { why };
    overwrite(
        &mut plan.edits,
        flag,
        &[0; 4],
        "live",
        "RestoreFlag, which marks the live files valid, is cleared",
    );
    Ok(plan)
}

fn plan_parts(phone: &Copies, archive: &Copies, selection: &Selection) -> Result<Plan, Refusal> {
    let mut plan = Plan::default();
    let target =
        phone.binregion.present().filter(|copy| copy.region.checksum_valid()).ok_or(Refusal::NoTarget)?;
    let at = target.partition_at;
    let mut data = target.region.data.clone();
    let source = region_files(archive);
    in_archive(selection, &source)?;
    let live = match believed(phone) {
        Ok((live, _)) => Some(live),
        Err(why) => {
            plan.live = LiveOutcome::Absent { why };
            None
        }
    };
    for (path, bytes) in source.into_iter().filter(|(path, _)| selection.wants_file(path)) {
        let other = || Refusal::OtherSize { path: path.into() };
        let file =
            target.region.files.iter().find(|file| below(&file.name) == Some(path)).ok_or_else(other)?;
        let end = file.start.checked_add(file.size).ok_or_else(other)?;
        let slot = data.get_mut(file.start..end).filter(|slot| slot.len() == bytes.len());
        slot.ok_or_else(other)?.copy_from_slice(bytes);
        let extents = file.extents.iter().map(|(place, len)| Extent { at: at + place, len: *len }).collect();
        let copy = FileCopy { bytes: file.bytes.clone(), extents };
        overwrite(&mut plan.edits, &copy, bytes, "binregion", path);
        match live.map(|live| live.get(path)) {
            Some(Some(live)) if live.bytes == bytes => {}
            Some(Some(live)) if fits(live, bytes) => overwrite(&mut plan.edits, live, bytes, "live", path),
            Some(Some(live)) if live.bytes.len() == bytes.len() => {
                return Err(Refusal::NoPlace { path: path.into() });
            }
            Some(Some(_)) => return Err(other()),
            Some(None) => plan.notes.push(format!(
                "{path} is not among the live files; the phone fetches it from the BinRegion when it needs it"
            )),
            None => {}
        }
    }
    checksums(&mut plan.edits, data_checksum(&data), at, target);
    if selection.wants(Part::Imei) {
        numbers(&mut plan, phone, archive);
    }
    if selection.touches_simlock() {
        simlock(&mut plan.edits, &phone.protect_f, &archive.protect_f, "the first SIM-lock copy")?;
        simlock(&mut plan.edits, &phone.protect_s, &archive.protect_s, "the second SIM-lock copy")?;
    }
    Ok(plan)
}

/// A part that the archive does not hold is no success without work.
fn in_archive(selection: &Selection, source: &super::files::Files<'_>) -> Result<(), Refusal> {
    let parts = [
        (Part::Imei, "an IMEI file"),
        (Part::Wifi, "a Wi-Fi file"),
        (Part::Bt, "a Bluetooth file"),
        (Part::Calibration, "RF calibration"),
    ];
    for (part, what) in parts {
        let only = Selection::Only([part].into());
        if selection.wants(part) && !source.keys().any(|path| only.wants_file(path)) {
            return Err(Refusal::NotInArchive { what });
        }
    }
    Ok(())
}

/// The data checksum, in the header and in the second copy of the map.
pub(super) fn checksums(edits: &mut Vec<Edit>, sum: u32, at: u64, target: &super::copies::BinRegionCopy) {
    if sum == target.region.stored_checksum {
        return;
    }
    for place in [Some(target.region.checksum_at), target.region.tail_checksum_at()].into_iter().flatten() {
        let (bytes, what) = (sum.to_le_bytes().to_vec(), "checksum of the BinRegion".into());
        edits.push(Edit { at: at + place, bytes, layer: "binregion", what });
    }
}

/// IMEIs and barcode of PRO_INFO; the rest of the record is the vendor's and stays.
fn numbers(plan: &mut Plan, phone: &Copies, archive: &Copies) {
    let (Some(ours), Some(theirs)) = (phone.pro_info.present(), archive.pro_info.present()) else {
        plan.notes.push("IMEI and barcode of PRO_INFO stay as they are: one side has no such record".into());
        return;
    };
    let mut bytes = ours.bytes.clone();
    for range in [product_info::BARCODE, product_info::IMEIS] {
        if let (Some(into), Some(from)) = (bytes.get_mut(range.clone()), theirs.bytes.get(range)) {
            into.copy_from_slice(from);
        }
    }
    overwrite(&mut plan.edits, ours, &bytes, "pro_info", "IMEI and barcode of PRO_INFO");
}

fn simlock(
    edits: &mut Vec<Edit>,
    phone: &Found<Tree>,
    archive: &Found<Tree>,
    what: &'static str,
) -> Result<(), Refusal> {
    let theirs = archive.present().ok_or(Refusal::NotInArchive { what })?;
    let locks: Vec<_> = theirs
        .iter()
        .filter(|(path, _)| path.rsplit('/').next().is_some_and(|name| name.starts_with("ST")))
        .collect();
    if locks.is_empty() {
        return Err(Refusal::NotInArchive { what });
    }
    for (path, from) in locks {
        let other = || Refusal::OtherSize { path: path.clone() };
        let into = phone.present().and_then(|tree| tree.get(path)).ok_or_else(other)?;
        if into.bytes != from.bytes {
            if !fits(into, &from.bytes) {
                return Err(other());
            }
            overwrite(edits, into, &from.bytes, "simlock", path);
        }
    }
    Ok(())
}

pub(super) fn fits(file: &FileCopy, bytes: &[u8]) -> bool {
    let room = file.extents.iter().fold(0u64, |sum, extent| sum.saturating_add(extent.len));
    file.bytes.len() == bytes.len() && room == bytes.len() as u64
}

/// Says by meaning what an edit of a file changes; names no identity.
fn meaning(path: &str) -> String {
    let kind = match path {
        _ if super::files::IMEI.contains(&path) => "IMEI",
        _ if super::files::BARCODE.contains(&path) => "barcode",
        super::files::WIFI => "Wi-Fi address and transmit power",
        super::files::BT => "Bluetooth address",
        _ if path.starts_with(super::files::CALIBRAT) => "RF calibration",
        _ if path.rsplit('/').next().is_some_and(|name| name.starts_with("ST")) => "SIM lock",
        _ => return path.to_owned(),
    };
    format!("{kind}: {path}")
}

/// Adds one edit per extent whose bytes differ.
pub(super) fn overwrite(
    edits: &mut Vec<Edit>,
    file: &FileCopy,
    bytes: &[u8],
    layer: &'static str,
    what: &str,
) {
    let mut from = 0usize;
    for extent in &file.extents {
        let to = from.saturating_add(usize::try_from(extent.len).unwrap_or(usize::MAX)).min(bytes.len());
        if let Some(new) = bytes.get(from..to)
            && file.bytes.get(from..to) != Some(new)
        {
            edits.push(Edit { at: extent.at, bytes: new.to_vec(), layer, what: meaning(what) });
        }
        from = to;
    }
}
