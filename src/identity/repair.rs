//! What a repair writes: for every broken copy the best surviving one, in place and of the same size, in the BinRegion and
//! in the live files, so that it survives reboot and factory reset. Invents nothing but a local address that was asked for.

use std::collections::BTreeSet;

use sha2::{Digest, Sha256};

use super::copies::{BinRegionCopy, Copies, Extent, FileCopy};
use super::evidence::{self, Evidence, Kind};
use super::files::{BT, CALIBRAT, Files, IMEI, SECOND_LOCK, WIFI, below, flaw, region_files, tree_files};
use super::plan::{LiveOutcome, Plan, believed, checksums, fits, overwrite};
use super::refusal::Refusal;
use super::survey::{Survey, VerdictCode};
use super::{mend, twin};
use crate::formats::ap_file::{self, BT_MAC_AT, WIFI_MAC_AT};
use crate::formats::binregion::{BinFile, data_checksum};
use crate::formats::catalog::Family;
use crate::formats::imei::Imei;
use crate::formats::lid::LidName;
use crate::formats::mac::{MacAddress, MacStatus};

/// What the user wishes beyond what evidence gives.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wishes {
    /// The IMEI on the label; it is only compared.
    pub label: Option<Imei>,
    /// Random bytes for a local Wi-Fi and a local Bluetooth address, where no evidence of the old one survives.
    pub new_macs: Option<[[u8; 6]; 2]>,
}

/// A planned repair.
#[derive(Debug, Clone)]
pub struct Repair {
    /// What to write.
    pub plan: Plan,
    /// The identities in the result that no copy held before: a new local address, and the digest of an IMEI file that
    /// was mended (its numbers are evidence; only their arrangement is new).
    pub newcomers: BTreeSet<String>,
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
) -> Result<Repair, Refusal> {
    let evidence = evidence::collect(phone, archive, family);
    evidence::agree(&evidence)?;
    if let Some(label) = wishes.label {
        evidence::confirm(&evidence, label)?;
    }
    let archived =
        archive.filter(|copies| copies.binregion.present().is_some_and(|copy| copy.region.checksum_valid()));
    let mut bench = Bench {
        family,
        sealed: evidence::is_sealed(phone, family),
        region: region_files(phone),
        live: tree_files(&phone.live),
        archive: archived.map(region_files).unwrap_or_default(),
        made: local_macs(&evidence, family, wishes)?,
        evidence,
        newcomers: BTreeSet::new(),
    };
    let mut plan = Plan { edits: Vec::new(), live: LiveOutcome::Rewritten, notes: Vec::new() };
    let mended = match phone.binregion.present() {
        Some(copy) => bench.region(copy, &mut plan)?,
        None => Vec::new(),
    };
    bench.live(phone, &mended, &mut plan)?;
    twin::locks(phone, archive, bench.sealed, &mut plan)?;
    Ok(Repair { plan, newcomers: bench.newcomers })
}

/// A repair is carried out only when what it leaves behind is healthy.
///
/// # Errors
/// [`Refusal::NotEnough`] with what is missing.
pub fn check_repair(after: &Survey) -> Result<(), Refusal> {
    if after.verdict.code == VerdictCode::Healthy {
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

/// A file of the BinRegion as it is after the repair.
struct Mended<'a> {
    path: &'a str,
    bytes: Vec<u8>,
    good: bool,
}

struct Bench<'a> {
    family: &'a Family,
    sealed: bool,
    region: Files<'a>,
    live: Files<'a>,
    archive: Files<'a>,
    evidence: Vec<Evidence>,
    made: [Option<MacAddress>; 2],
    newcomers: BTreeSet<String>,
}

impl<'a> Bench<'a> {
    /// Whether a copy has the right length and sums, and a value that can be this phone's.
    fn is_good(&self, path: &str, bytes: &[u8], yardstick: Option<usize>) -> bool {
        if flaw(path, bytes, yardstick, self.family).is_some() {
            return false;
        }
        match path {
            IMEI if !self.sealed => mend::imei_file(bytes, &self.evidence).as_deref() == Some(bytes),
            WIFI => evidence::own_mac(bytes, WIFI_MAC_AT, self.family).is_some(),
            BT => evidence::own_mac(bytes, BT_MAC_AT, self.family).is_some(),
            _ => true,
        }
    }

    /// Returns the best content for a broken copy and where it comes from. `own` is the broken copy itself.
    fn replacement(&mut self, path: &str, own: &[u8]) -> Option<(Vec<u8>, &'static str)> {
        let twin = match SECOND_LOCK {
            [first, second] if path == first => Some(second),
            [first, second] if path == second => Some(first),
            _ => None,
        };
        let twin = twin.and_then(|twin| self.region.get(twin).or_else(|| self.live.get(twin)));
        let others = [
            (self.archive.get(path), "the archive"),
            (self.region.get(path), "the BinRegion"),
            (self.live.get(path), "the live files"),
            (twin, "its twin"),
        ];
        let others: Vec<(&[u8], &'static str)> = others
            .into_iter()
            .filter_map(|(bytes, from)| Some((*bytes?, from)))
            .filter(|(bytes, _)| bytes.len() == own.len())
            .collect();
        if let Some((bytes, from)) = others.iter().find(|(bytes, _)| self.is_good(path, bytes, None)) {
            return Some((bytes.to_vec(), from));
        }
        let whole = |bytes: &&[u8]| flaw(path, bytes, None, self.family).is_none();
        let base = std::iter::once(own).chain(others.iter().map(|(bytes, _)| *bytes)).find(whole)?;
        let [wifi, bt] = self.made;
        match path {
            IMEI if !self.sealed => {
                let best = evidence::best(&self.evidence, Kind::Imei(0))?;
                let bytes = mend::imei_file(base, &self.evidence)?;
                self.newcomers.insert(format!("imei:{}", digest(&bytes)));
                Some((bytes, best.place.title()))
            }
            WIFI => self.with_new("wifi", base, WIFI_MAC_AT, wifi?),
            BT => self.with_new("bt", base, BT_MAC_AT, bt?),
            _ => None,
        }
    }

    fn with_new(
        &mut self,
        kind: &str,
        base: &[u8],
        at: usize,
        mac: MacAddress,
    ) -> Option<(Vec<u8>, &'static str)> {
        let bytes = mend::mac_file(base, at, mac)?;
        self.newcomers.insert(format!("{kind}:{mac}"));
        Some((bytes, "a new random, locally administered address"))
    }

    /// Mends the BinRegion's files, then its checksum.
    fn region(&mut self, copy: &'a BinRegionCopy, plan: &mut Plan) -> Result<Vec<Mended<'a>>, Refusal> {
        let mut data = copy.region.data.clone();
        let mut mended = Vec::new();
        for file in &copy.region.files {
            let Some(path) = below(&file.name) else { continue };
            let mut bytes = file.bytes.clone();
            let mut good = self.is_good(path, &bytes, None);
            if !good && let Some((better, from)) = self.replacement(path, &bytes) {
                put(&mut data, file.start, &better);
                tell(plan, &place_of(copy, file), &better, "binregion", path, from);
                (bytes, good) = (better, true);
            }
            mended.push(Mended { path, bytes, good });
        }
        let torn = !copy.region.checksum_valid();
        if torn
            && data_checksum(&data) != copy.region.stored_checksum
            && !self.proven_by_sum(copy, &mut data, &mut mended, plan)
        {
            self.unchecked(copy, &mut data, &mut mended, plan)?;
        }
        let sum = data_checksum(&data);
        if torn || sum != copy.region.stored_checksum {
            if torn && sum == copy.region.stored_checksum {
                plan.notes.push(
                    "with these changes the BinRegion's stored checksum holds again, so they bring back exactly what was there"
                        .into(),
                );
            }
            checksums(&mut plan.edits, sum, copy.partition_at, copy);
        }
        Ok(mended)
    }

    /// Damage may pass a file's own weak sum. When the live copies of all files that differ make the stored checksum hold
    /// again, they are what was there, and are taken.
    fn proven_by_sum(
        &self,
        copy: &'a BinRegionCopy,
        data: &mut Vec<u8>,
        mended: &mut [Mended<'a>],
        plan: &mut Plan,
    ) -> bool {
        let mut whole = copy.region.data.clone();
        let mut taken: Vec<(&'a BinFile, &'a str, &'a [u8])> = Vec::new();
        for file in &copy.region.files {
            let Some(path) = below(&file.name) else { continue };
            if let Some(live) = self.live.get(path).filter(|live| live.len() == file.size) {
                put(&mut whole, file.start, live);
                taken.push((file, path, live));
            }
        }
        if data_checksum(&whole) != copy.region.stored_checksum {
            return false;
        }
        // What was planned file by file is superseded: the region's edits are the first of a plan.
        plan.edits.clear();
        for (file, path, live) in taken {
            tell(plan, &place_of(copy, file), live, "binregion", path, "the live files");
            if let Some(entry) = mended.iter_mut().find(|entry| entry.path == path) {
                entry.bytes = live.to_vec();
                entry.good = self.is_good(path, live, None);
            }
        }
        *data = whole;
        true
    }

    /// In a torn region a file without a sum of its own is believed only when an equal copy vouches for it.
    fn unchecked(
        &self,
        copy: &'a BinRegionCopy,
        data: &mut [u8],
        mended: &mut [Mended<'a>],
        plan: &mut Plan,
    ) -> Result<(), Refusal> {
        for file in &copy.region.files {
            let Some(path) = below(&file.name).filter(|path| !has_own_sum(path)) else {
                continue;
            };
            let others = [(self.archive.get(path), "the archive"), (self.live.get(path), "the live files")];
            let mut others = others.into_iter().filter_map(|(bytes, from)| Some((*bytes?, from))).peekable();
            let unvouched = || Refusal::Unvouched { path: path.into() };
            let first = *others.peek().ok_or_else(unvouched)?;
            if others.any(|(bytes, _)| bytes == file.bytes) {
                continue;
            }
            if first.0.len() != file.size {
                return Err(unvouched());
            }
            put(data, file.start, first.0);
            tell(plan, &place_of(copy, file), first.0, "binregion", path, first.1);
            if let Some(entry) = mended.iter_mut().find(|entry| entry.path == path) {
                entry.bytes = first.0.to_vec();
            }
        }
        Ok(())
    }

    /// Mends the live files in place, or clears their mark so that the phone rebuilds them from the mended BinRegion.
    fn live(&mut self, phone: &Copies, region: &[Mended<'a>], plan: &mut Plan) -> Result<(), Refusal> {
        let (tree, flag) = match believed(phone) {
            Ok(found) => found,
            Err(why) => {
                plan.live = LiveOutcome::Absent { why };
                return Ok(());
            }
        };
        let before = plan.edits.len();
        let mut stuck = None;
        for entry in region.iter().filter(|entry| entry.good) {
            let path = entry.path;
            let needed = path.starts_with(CALIBRAT) || [IMEI, WIFI, BT].contains(&path);
            match tree.get(path) {
                None if needed => stuck = Some((path, format!("{path} is missing among them"))),
                None => {}
                Some(file) if self.is_good(path, &file.bytes, Some(entry.bytes.len())) => {}
                Some(file) if fits(file, &entry.bytes) => {
                    tell(plan, file, &entry.bytes, "live", path, "the BinRegion of this plan");
                }
                Some(file) if file.bytes.len() == entry.bytes.len() => {
                    stuck = Some((path, format!("{path} cannot be overwritten in place")));
                }
                Some(_) => stuck = Some((path, format!("{path} has a wrong length among them"))),
            }
        }
        let Some((path, why)) = stuck else { return Ok(()) };
        if !fits(flag, &[0; 4]) {
            return Err(Refusal::LiveStuck { path: path.into() });
        }
        plan.edits.truncate(before);
        plan.live = LiveOutcome::Invalidated { why };
        let what = "RestoreFlag, which marks the live files valid, is cleared";
        overwrite(&mut plan.edits, flag, &[0; 4], "live", what);
        Ok(())
    }
}

/// Returns where a file of the BinRegion lies in the user area.
fn place_of(copy: &BinRegionCopy, file: &BinFile) -> FileCopy {
    let place = |(at, len): &(u64, u64)| Extent { at: copy.partition_at + at, len: *len };
    FileCopy { bytes: file.bytes.clone(), extents: file.extents.iter().map(place).collect() }
}

/// Returns whether a file says by itself that it is damaged.
fn has_own_sum(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    match path.starts_with("APCFG/") {
        true => ap_file::has_trailer(name),
        false => LidName::parse(name).is_some(),
    }
}

fn put(data: &mut [u8], start: usize, bytes: &[u8]) {
    let end = start.saturating_add(bytes.len());
    if let Some(slot) = data.get_mut(start..end) {
        slot.copy_from_slice(bytes);
    }
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

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}
