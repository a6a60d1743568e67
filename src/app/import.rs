//! `vault import`: another tool's backup as an archive. Says what it is missing, and that nothing but a surviving copy can
//! bind it to a phone; claims no card and no layout that the source does not prove.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::backup::{RegionSummary, add_files, explain, warnings_of};
use super::intake::{Haul, Piece, refuse, take};
use super::ranges::{gaps, total};
use super::regions::{RegionPlan, plan};
use super::session::PhoneFacts;
use super::source::{is_zip, unknown};
use super::survey::Report;
use super::{Context, Failure};
use crate::formats::ReadAt;
use crate::identity::{Copies, Found};
use crate::storage::{Place, Window};
use crate::vault::sealed::is_sealed;
use crate::vault::{Draft, Existing, Imported, Manifest, Partition, PhoneIds, Range};

/// What an archive may hold of all partitions together.
const MAX_REGIONS: u64 = 256 << 20;
/// Partitions whose place is not known are laid out in steps of this size, one behind the other.
const STEP: u64 = 1 << 20;

/// What an import is asked to do.
#[derive(Debug, Clone, Default)]
pub struct ImportRequest {
    /// The backup.
    pub source: PathBuf,
    /// Archive to write; a name is made when absent.
    pub output: Option<PathBuf>,
    /// The phone's chip, where the source does not tell.
    pub chip: Option<String>,
    /// The user's words.
    pub note: String,
}

/// What an import did.
#[derive(Debug, Clone, Serialize)]
pub struct ImportResult {
    /// The archive.
    pub file: PathBuf,
    /// Its digest.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// What it was made of, and what it is missing.
    pub imported: Imported,
    /// Its regions.
    pub regions: Vec<RegionSummary>,
    /// NV files in it.
    pub files: usize,
    /// Files of the source that gave nothing, with the reason.
    pub passed_over: Vec<String>,
    /// What the user must know of what was saved.
    pub warnings: Vec<String>,
    /// What the archive holds.
    pub report: Report,
}

/// Makes an archive of a foreign backup.
///
/// # Errors
/// As [`take`]; `ambiguous-source`; `unknown-chip` and `chip-differs`; the vault's. No partial file is left.
pub fn import(context: &Context<'_>, request: &ImportRequest) -> Result<ImportResult, Failure> {
    if let Some(path) = request.output.as_deref().filter(|path| path.symlink_metadata().is_ok()) {
        return Err(crate::vault::VaultError::Exists { path: path.to_path_buf() }.into());
    }
    if request.source.is_file() && is_zip(&request.source)? {
        return Err(refuse("not-foreign", format!("{}: it is an archive already", request.source.display())));
    }
    if request.source.is_file() && is_sealed(&request.source)? {
        let sealed = format!(
            "{}: it is sealed: open it first, with `nvkeep vault open` or `age -d`",
            request.source.display()
        );
        return Err(refuse("not-foreign", sealed));
    }
    context.step(format!("Looking through {}", request.source.display()));
    let haul = take(context, &request.source)?;
    let (copies, _) = haul.copies()?;
    let chip = chip_of(context, request, &haul)?;
    let layout = layout_of(&haul);
    let phone = PhoneIds {
        chip: chip.clone().unwrap_or_else(|| "unknown".into()),
        hw_code: "unknown".into(),
        storage: "unknown".into(),
        layout: layout.clone(),
        ..PhoneIds::default()
    };
    let facts = PhoneFacts { chip: phone.chip.clone(), ..unknown() };
    let source = format!("import of {}", request.source.display());
    let report = Report::of(context, facts, &copies, source)?;
    let imported = Imported {
        kind: haul.kinds.iter().cloned().collect::<Vec<_>>().join(", "),
        sources: haul.files.iter().map(|name| base_name(name)).collect(),
        missing: missing(&copies, chip.is_some(), !layout.is_empty()),
    };
    let warnings = warnings(&report, chip.is_some());
    for warning in &warnings {
        context.warn(warning.clone());
    }
    let created = (context.now)();
    let mut manifest = Manifest::new(env!("CARGO_PKG_VERSION"), &created, "import", phone);
    manifest.note.clone_from(&request.note);
    manifest.warnings.clone_from(&warnings);
    manifest.imported = Some(imported.clone());
    let mut draft = Draft::new(manifest);
    let regions = add_regions(context, &mut draft, &haul, &layout)?;
    add_files(&mut draft, &copies)?;
    draft.set_report(&super::report::text(&report));
    let files = draft.manifest().files.len();
    let target = request.output.clone().unwrap_or_else(|| name_for(&report.phone.chip, &created));
    context.step(format!("Writing and reading back {}", target.display()));
    let saved = draft.save(&target, Existing::Refuse)?;
    Ok(ImportResult {
        file: saved.path,
        sha256: saved.sha256,
        bytes: saved.len,
        imported,
        regions,
        files,
        passed_over: haul.passed_over,
        warnings,
        report,
    })
}

/// The chip as the user names it, or as a scatter file in the source does.
fn chip_of(context: &Context<'_>, request: &ImportRequest, haul: &Haul) -> Result<Option<String>, Failure> {
    let evident = haul.platform.as_deref();
    let Some(named) = request.chip.as_deref().or(evident) else { return Ok(None) };
    if let Some(evident) = evident.filter(|evident| !evident.eq_ignore_ascii_case(named)) {
        return Err(refuse(
            "chip-differs",
            format!("--chip says {named}, the scatter file in the source {evident}"),
        ));
    }
    let chips = context.catalog.chips();
    let known = chips.iter().find(|chip| chip.name.eq_ignore_ascii_case(named)).map(|chip| chip.name.clone());
    match known {
        Some(chip) => Ok(Some(chip)),
        // A chip that a scatter file names and nobody described is no error of the user's.
        None if request.chip.is_none() => Ok(None),
        None => Err(refuse("unknown-chip", format!("{named} is no chip this program has a description of"))),
    }
}

/// The partitions where they lie on the phone, where a piece proves it.
fn layout_of(haul: &Haul) -> Vec<Partition> {
    let known = haul.pieces.iter().find_map(|piece| piece.user_area.map(|base| (piece, base)));
    let Some((piece, base)) = known else { return Vec::new() };
    let places = piece.layout.places.iter();
    places
        .filter_map(|place| {
            let start = place.start.checked_sub(base)?;
            Some(Partition { name: place.name.clone(), start, len: place.len })
        })
        .collect()
}

/// Adds what every piece holds of its partitions; of two pieces with one partition, which are equal, the first.
fn add_regions(
    context: &Context<'_>,
    draft: &mut Draft,
    haul: &Haul,
    layout: &[Partition],
) -> Result<Vec<RegionSummary>, Failure> {
    let mut regions: Vec<RegionSummary> = Vec::new();
    let mut free =
        layout.iter().map(|known| known.start + known.len).max().unwrap_or(0).next_multiple_of(STEP);
    let mut left = MAX_REGIONS;
    // Pieces that know their places first, so that no other takes a name from them.
    let (known, others): (Vec<&Piece>, Vec<&Piece>) =
        haul.pieces.iter().partition(|piece| piece.user_area.is_some());
    for piece in known.into_iter().chain(others) {
        for plan in plan(context, &piece.disk, &piece.layout, false)? {
            let name = &plan.place.name;
            if plan.ranges.is_empty() || regions.iter().any(|region| region.name == *name) {
                continue;
            }
            let len = plan.place.len;
            let start = match layout.iter().find(|known| known.name == *name && known.len == len) {
                Some(known) => known.start,
                None => {
                    let start = free;
                    free = start.saturating_add(len).checked_next_multiple_of(STEP).unwrap_or(u64::MAX);
                    start
                }
            };
            let kept = total(&plan.ranges);
            left = left.checked_sub(kept).ok_or_else(|| {
                refuse(
                    "source-too-large",
                    format!("{}: more than {} MiB of it are in use", piece.name, MAX_REGIONS >> 20),
                )
            })?;
            add_region(context, draft, piece, &plan, start)?;
            regions.push(RegionSummary { name: name.clone(), len, kept });
        }
    }
    Ok(regions)
}

fn add_region(
    context: &Context<'_>,
    draft: &mut Draft,
    piece: &Piece,
    plan: &RegionPlan,
    start: u64,
) -> Result<(), Failure> {
    let Place { name, start: at, len } = &plan.place;
    let mut window = Window::new(piece.disk.clone(), *at, *len);
    let mut blob = Vec::new();
    for (from, run) in &plan.ranges {
        context.go_on()?;
        let end = blob.len();
        blob.resize(end + usize::try_from(*run).unwrap_or(0), 0);
        window.read_at(*from, &mut blob[end..])?;
    }
    let not_kept =
        gaps(&plan.ranges, *len).into_iter().flat_map(|(at, len)| explain(plan, at, len)).collect();
    let kept = plan.ranges.iter().map(|(at, len)| Range { at: *at, len: *len }).collect();
    draft.add_region(name, (start, *len), kept, not_kept, blob)?;
    Ok(())
}

/// What a backup of the phone itself would have, and this has not.
fn missing(copies: &Copies, chip: bool, layout: bool) -> Vec<String> {
    fn absent<T>(found: &Found<T>) -> bool {
        matches!(found, Found::Absent(_))
    }
    [
        (true, "the card's CID"),
        (!chip, "the chip"),
        (!layout, "the places of the partitions"),
        (absent(&copies.binregion), "NVRAM"),
        (absent(&copies.live), "the live tree"),
        (absent(&copies.pro_info), "PRO_INFO"),
        (absent(&copies.protect_f), "PROTECT_F"),
        (absent(&copies.protect_s), "PROTECT_S"),
    ]
    .into_iter()
    .filter(|(missing, _)| *missing)
    .map(|(_, what)| what.to_owned())
    .collect()
}

fn warnings(report: &Report, chip: bool) -> Vec<String> {
    let mut warnings = vec![
        "imported, no CID: it can only be written to a phone where a surviving copy agrees with it"
            .to_owned(),
    ];
    if !chip {
        warnings.push(
            "the source does not tell the chip: import it with --chip NAME to use it for a repair".into(),
        );
    }
    warnings.extend(warnings_of(report));
    warnings
}

/// Names of files are kept without the folders of this computer.
fn base_name(name: &str) -> String {
    Path::new(name).file_name().map_or_else(|| name.to_owned(), |name| name.to_string_lossy().into_owned())
}

fn name_for(chip: &str, created: &str) -> PathBuf {
    let time: String = created.chars().filter(|c| c.is_ascii_alphanumeric()).take(15).collect();
    PathBuf::from(format!("nvkeep-imported-{chip}-{time}Z.nvk"))
}
