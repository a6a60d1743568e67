//! An archive as a source: checked whole, laid out where its bytes lay on the phone, its copies gathered.

use std::io::{Read, Seek};
use std::path::Path;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::gather::{Scope, gather};
use super::intake::merge::covered;
use super::session::PhoneFacts;
use super::survey::Report;
use super::{Context, Exit, Failure};
use crate::identity::{self, Copies, Covers, FileCopy, Found, Tree};
use crate::storage::{KeptDisk, Layout, Place, Shared, share};
use crate::vault::{Archive, Imported, Manifest, PhoneIds, Region, sha256_of_file};

/// Largest user area an archive may speak of: 16 TiB, beyond any eMMC.
const MAX_USER_AREA: u64 = 1 << 44;

/// An archive that was checked and opened.
pub struct OpenArchive {
    /// What it says of itself.
    pub manifest: Manifest,
    /// Its kept bytes where they lay.
    pub disk: KeptDisk,
    /// Its partitions.
    pub layout: Layout,
    /// The copies it holds.
    pub copies: Copies,
    /// The places it can speak of.
    pub covers: Covers,
    /// The phone it belongs to.
    pub facts: PhoneFacts,
    /// What binds it to that phone.
    pub ids: identity::PhoneIds,
}

/// Opens an archive that is not sealed, and checks every digest.
///
/// # Errors
/// Exit code 10 for every kind of damage.
pub fn open_archive(path: &Path) -> Result<OpenArchive, Failure> {
    checked(Archive::open(path)?)
}

/// Opens an archive, sealed or not, and checks every digest.
///
/// # Errors
/// Exit code 10 for every kind of damage, 4 for one that is sealed and has no right key.
pub fn open_with(context: &Context<'_>, path: &Path) -> Result<OpenArchive, Failure> {
    checked(context.choices.keyring.open(path)?)
}

/// Lays out an archive of which every digest is right.
pub(super) fn checked<R: Read + Seek>(mut archive: Archive<R>) -> Result<OpenArchive, Failure> {
    let report = archive.verify();
    if let Some(failure) = report.failures.into_iter().next() {
        return Err(Failure::from(failure.error));
    }
    let manifest = archive.manifest().clone();
    let mut disk = KeptDisk::new(0);
    refuse_overlaps(&manifest)?;
    for region in &manifest.regions {
        if region.start.saturating_add(region.len) > MAX_USER_AREA {
            return Err(Failure::new(
                Exit::BadArchive,
                "archive-manifest",
                format!("region {} lies beyond any card", region.name),
            ));
        }
        let blob = archive.region(&region.name)?;
        let mut at = 0usize;
        let mut pieces = Vec::new();
        for range in &region.kept {
            let len = usize::try_from(range.len).unwrap_or(usize::MAX);
            let bytes = blob.get(at..at.saturating_add(len)).unwrap_or_default();
            pieces.push((region.start + range.at, bytes.to_vec()));
            at += bytes.len();
        }
        // A bad block reads as erased, here as on the phone.
        for (at, len) in bad_within(&manifest, region) {
            pieces.push((at, vec![0xFF; usize::try_from(len).unwrap_or(0)]));
        }
        pieces.sort_unstable_by_key(|(at, _)| *at);
        for (at, bytes) in pieces {
            disk.keep(at, bytes);
        }
    }
    let layout = layout_of(&manifest);
    // Read through the sharing handle, then take the disk back: an archive of whole partitions is not held twice.
    let handle = share(disk);
    let mut copies = gather(&(handle.clone() as Shared), &layout, Scope::All)?;
    let disk = Arc::into_inner(handle)
        .map(|disk| disk.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    let disk =
        disk.ok_or_else(|| Failure::new(Exit::Other, "archive-held", "the archive is still being read"))?;
    let mut covers = covered(&layout);
    if manifest.imported.is_some() {
        for (layer, found, covered) in [
            ("live", &mut copies.live, &mut covers.live),
            ("protect_f", &mut copies.protect_f, &mut covers.protect_f),
            ("protect_s", &mut copies.protect_s, &mut covers.protect_s),
        ] {
            if matches!(found, Found::Absent(_))
                && let Some(tree) = tree_of(&mut archive, &manifest, layer)?
            {
                *found = Found::Present(tree);
                *covered = true;
            }
        }
    }
    let facts = PhoneFacts {
        chip: manifest.phone.chip.clone(),
        hw_code: manifest.phone.hw_code.clone(),
        storage: manifest.phone.storage.clone(),
        cid: if manifest.imported.is_some() { "unknown".into() } else { manifest.phone.cid.clone() },
        engine: manifest.engine.clone(),
    };
    let mut ids = ids_for_binding(&manifest.phone);
    if manifest.imported.is_some() {
        // Nothing that was typed or guessed may pass for hardware.
        (ids.cid, ids.soc_id) = (String::new(), None);
    }
    Ok(OpenArchive { manifest, disk, layout, copies, covers, facts, ids })
}

/// Returns the gaps of a region that are bad blocks of its NAND.
fn bad_within(manifest: &Manifest, region: &Region) -> Vec<(u64, u64)> {
    /// Largest erase block that is believed: more is no gap of this kind.
    const MOST: u64 = 16 << 20;
    let Some(nand) = &manifest.nand else { return Vec::new() };
    let block = u64::from(nand.page).saturating_mul(nand.pages_per_block.into());
    let is_bad = |at: u64| {
        let number = at.checked_div(block).and_then(|number| u32::try_from(number).ok());
        number.is_some_and(|number| nand.bad_blocks.contains(&number))
    };
    let places = region.not_kept.iter().map(|gap| (region.start + gap.at, gap.len));
    let short = places.filter(|(_, len)| (1..=block.min(MOST)).contains(len));
    short.filter(|(at, len)| is_bad(*at) && is_bad(at + len - 1)).collect()
}

/// The files of a layer as a tree, for what was imported from files: they are all there is of it. They have no places.
fn tree_of<R: Read + Seek>(
    archive: &mut Archive<R>,
    manifest: &Manifest,
    layer: &str,
) -> Result<Option<Tree>, Failure> {
    let mut tree = Tree::new();
    for file in manifest.files.iter().filter(|file| file.layer == layer) {
        let bytes = archive.file(layer, &file.path)?;
        tree.insert(file.path.clone(), FileCopy { bytes, extents: Vec::new() });
    }
    Ok((!tree.is_empty()).then_some(tree))
}

/// Two regions over the same bytes would contradict each other.
fn refuse_overlaps(manifest: &Manifest) -> Result<(), Failure> {
    let mut spans: Vec<(u64, u64, &str)> = manifest
        .regions
        .iter()
        .map(|region| (region.start, region.start + region.len, region.name.as_str()))
        .collect();
    spans.sort_unstable();
    match spans.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        None => Ok(()),
        Some(pair) => Err(Failure::new(
            Exit::BadArchive,
            "archive-manifest",
            format!("the archive's regions {} and {} overlap", pair[0].2, pair[1].2),
        )),
    }
}

/// Turns the vault's record of a phone into what identity compares.
#[must_use]
pub fn ids_for_binding(ids: &PhoneIds) -> identity::PhoneIds {
    identity::PhoneIds {
        chip: ids.chip.clone(),
        cid: ids.cid.clone(),
        soc_id: ids.soc_id.clone(),
        layout: ids
            .layout
            .iter()
            .map(|partition| (partition.name.clone(), partition.start, partition.len))
            .collect(),
    }
}

fn layout_of(manifest: &Manifest) -> Layout {
    let place = |name: &str, start, len| Place { name: name.to_string(), start, len };
    Layout {
        places: manifest.regions.iter().map(|region| place(&region.name, region.start, region.len)).collect(),
        learned_from: "archive".into(),
        nand: manifest.phone.storage == "nand",
        ..Layout::default()
    }
}

/// What `verify` answers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct VerifyResult {
    /// Digest of the file.
    pub sha256: String,
    /// Entries whose digest was checked.
    pub entries: usize,
    /// When it was made.
    pub created: String,
    /// The user's words.
    pub note: String,
    /// Whether every byte of the partitions is in it.
    pub full: bool,
    /// Where it comes from, when it was imported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub imported: Option<Imported>,
    /// What its maker was warned of.
    pub warnings: Vec<String>,
    /// What it holds.
    pub report: Report,
}

/// Checks an archive: every digest, then every format inside.
///
/// # Errors
/// Exit code 10 when anything is not as it was archived.
pub fn verify(context: &Context<'_>, path: &Path) -> Result<VerifyResult, Failure> {
    let sha256 = sha256_of_file(path)?;
    let open = open_with(context, path)?;
    let entries = open.manifest.regions.len() + open.manifest.files.len() + 2;
    let source = format!("archive {}", path.display());
    let report = Report::of(context, open.facts, &open.copies, source)?;
    Ok(VerifyResult {
        sha256,
        entries,
        created: open.manifest.created,
        note: open.manifest.note,
        full: open.manifest.full,
        imported: open.manifest.imported,
        warnings: open.manifest.warnings,
        report,
    })
}
