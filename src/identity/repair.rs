//! What a repair writes: for every broken copy the best surviving one, bottom-up, in the BinRegion, in the live files, in
//! PRO_INFO and in the protect partitions, so that it survives reboot and factory reset. Invents nothing but a local
//! address that was asked for.

mod bench;
mod live;
mod rebuild;
mod region;

use std::collections::BTreeSet;

use super::copies::{Copies, FileCopy};
use super::evidence::{self, Evidence, EvidenceLine, Kind};
use super::files::{content_files, region_files, tree_files, work_copy};
use super::plan::{Plan, Volume, overwrite};
use super::refusal::Refusal;
use super::scheme::Scheme;
use super::survey::{Survey, VerdictCode};
use super::{mend, twin};
use crate::formats::catalog::Family;
use crate::formats::imei::Imei;
use crate::formats::mac::{MacAddress, MacStatus};
use bench::Bench;

/// What the user wishes beyond what evidence gives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// The IMEI on the label; it is only compared.
    pub label: Option<Imei>,
    /// Random bytes for a local Wi-Fi and a local Bluetooth address, where no evidence of the old one survives.
    pub new_macs: Option<[[u8; 6]; 2]>,
}

/// What the phone lets a repair do besides overwriting files in place.
#[derive(Debug, Clone, Default)]
pub struct Ground {
    /// Volumes that are identity partitions as a whole, and whose file system can take new files.
    pub growing: BTreeSet<Volume>,
    /// Where the NVRAM partition lies.
    pub nvram: Option<NvramGround>,
}

/// The NVRAM partition in the user area, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NvramGround {
    /// First byte.
    pub at: u64,
    /// Length.
    pub len: u64,
}

impl Ground {
    /// Returns whether files can be made in this volume.
    #[must_use]
    pub fn grows(&self, volume: Volume) -> bool {
        self.growing.contains(&volume)
    }
}

/// A planned repair.
#[derive(Debug, Clone)]
pub struct Repair {
    /// What to write.
    pub plan: Plan,
    /// The identities in the result that no copy held before: a new local address, and the digest of an IMEI file that
    /// was mended (its numbers are evidence; only their arrangement is new).
    pub newcomers: BTreeSet<String>,
    /// What the plan rests on.
    pub evidence: Vec<EvidenceLine>,
}

/// Plans a repair. `archive` must be bound to the phone.
///
/// # Errors
/// [`Refusal`]; nothing may then be written.
pub fn plan_repair(
    phone: &Copies,
    archive: Option<&Copies>,
    family: &Family,
    wishes: &Wishes,
    ground: &Ground,
) -> Result<Repair, Refusal> {
    let evidence = evidence::collect(phone, archive, family);
    evidence::agree(&evidence)?;
    if let Some(label) = wishes.label {
        evidence::confirm(&evidence, label)?;
    }
    let archived =
        archive.filter(|copies| copies.binregion.present().is_none_or(|copy| copy.region.checksum_valid()));
    let sources: Vec<&Copies> = [Some(phone), archive].into_iter().flatten().collect();
    let scheme = Scheme::of_all(&sources, family);
    let live = tree_files(&phone.live);
    let pattern = work_copy(&live);
    let kept = pattern.clone();
    let mut bench = Bench {
        family,
        pattern,
        work: kept.as_ref().map(content_files).unwrap_or_default(),
        region: region_files(phone),
        live,
        archive: archived.map(archived_files).unwrap_or_default(),
        made: local_macs(&evidence, family, wishes)?,
        scheme: &scheme,
        remnants: &phone.remnants,
        evidence,
        newcomers: BTreeSet::new(),
    };
    let mut plan = Plan::default();
    let mended = match phone.binregion.present() {
        Some(copy) => bench.region(copy, &mut plan)?,
        None => bench.rebuild(phone, ground, &mut plan)?,
    };
    bench.live(phone, &mended, ground, &mut plan)?;
    if let Some(record) = phone.pro_info.present() {
        bench.pro_info(record, &mut plan);
    }
    twin::locks(phone, archive, &scheme, ground, &mut plan)?;
    let evidence = evidence::lines(&bench.evidence);
    Ok(Repair { plan, newcomers: bench.newcomers, evidence })
}

/// The archive's BinRegion first, and what only its live tree has.
fn archived_files(archive: &Copies) -> super::files::Files<'_> {
    let mut files = tree_files(&archive.live);
    files.extend(region_files(archive));
    files
}

/// A repair is carried out only when what it leaves behind is healthy.
///
/// # Errors
/// [`Refusal::NotEnough`] with what is missing.
pub fn check_repair(after: &Survey) -> Result<(), Refusal> {
    // What cannot be read here can be no better afterwards; a source that has such places is never written (raw NAND).
    if matches!(after.verdict.code, VerdictCode::Healthy | VerdictCode::Unread) {
        return Ok(());
    }
    let symptoms = after.verdict.symptoms.join(" ");
    Err(Refusal::NotEnough { missing: format!("{} {symptoms}", after.verdict.summary) })
}

/// Makes the addresses asked for, each only where no whole copy of the old one is left.
fn local_macs(
    evidence: &[Evidence],
    family: &Family,
    wishes: &Wishes,
) -> Result<[Option<MacAddress>; 2], Refusal> {
    let mut made = [None, None];
    let random = wishes.new_macs.into_iter().flatten();
    for ((slot, kind), mut bytes) in made.iter_mut().zip([Kind::Wifi, Kind::Bt]).zip(random) {
        if evidence::best(evidence, kind).is_some() {
            continue;
        }
        // Unicast, locally administered: the second hex digit is 2, 6, A or E, which no vendor's address has.
        bytes[0] = bytes[0] & !0b11 | 0b10;
        let mac = MacAddress(bytes);
        if mac.status(&family.mac_templates()) != MacStatus::Valid {
            return Err(Refusal::UnfitAddress);
        }
        *slot = Some(mac);
    }
    Ok(made)
}

/// Adds the edits of one file, each with where its content comes from.
pub(super) fn tell(
    plan: &mut Plan,
    file: &FileCopy,
    bytes: &[u8],
    layer: &'static str,
    path: &str,
    from: &str,
) {
    let before = plan.edits.len();
    overwrite(&mut plan.edits, file, bytes, layer, path);
    for edit in plan.edits.iter_mut().skip(before) {
        edit.what = format!("{} in {layer}, from {from}", edit.what);
    }
}
