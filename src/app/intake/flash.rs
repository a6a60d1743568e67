//! Dumps of a whole flash: of the user area, of Linux's mmcblk0, with or without the boot areas in front. Finds the table
//! in it (PMT, GPT, or the boot records alone) and says whether the places are those on the phone.

use super::image::{is_product_info, volume};
use crate::app::{Context, Exit, Failure};
use crate::formats::binregion;
use crate::formats::gpt::{Gpt, GptKind, SECTORS};
use crate::formats::mbr::{MBR_SEARCH_LEN, find_mbr, read_chain};
use crate::formats::pmt::{PMT_BEFORE_END, PMT_LEN, PmtCopy};
use crate::storage::{Layout, Place, Shared, Window, locate, shared::lock};

/// Boot areas come in steps of this size.
const STEP: u64 = 128 << 10;
/// NVRAM's length, and its distance before PROTECT_F, in the MBR era (ap-nvram.md 5.4).
const NVRAM_LEN: u64 = 0x50_0000;
/// PRO_INFO's length, and its distance before NVRAM.
const PRO_INFO_LEN: u64 = 0x30_0000;

/// What was found: the partitions, and where the user area begins, if that is known.
pub type Found = Option<(Layout, Option<u64>)>;

/// Recognises a dump of a whole flash.
///
/// # Errors
/// The device's; a table that cannot be true.
pub fn recognise(context: &Context<'_>, disk: &Shared) -> Result<Found, Failure> {
    let len = lock(disk).len();
    if let Some(found) = by_gpt(context, disk, len) {
        return Ok(Some(found));
    }
    let Some(mbr) = find_mbr(&mut Window::new(disk.clone(), 0, len), MBR_SEARCH_LEN).ok().flatten() else {
        return Ok(None);
    };
    match by_pmt(context, disk, len, mbr)? {
        Some(found) => Ok(Some(found)),
        None => Ok(by_boot_records(disk, len, mbr)),
    }
}

/// A GPT tells everything: what it counts from is the start of the user area.
fn by_gpt(context: &Context<'_>, disk: &Shared, len: u64) -> Found {
    let limit = MBR_SEARCH_LEN.min(len);
    for base in (0..limit).step_by(usize::try_from(STEP).unwrap_or(usize::MAX)) {
        for sector in SECTORS {
            let mut mark = [0; 8];
            let here = lock(disk).read_at(base + sector, &mut mark).is_ok() && mark == *b"EFI PART";
            // The backup copy at the end may stand alone; it is looked for once.
            if !here && base > 0 {
                continue;
            }
            let mut window = Window::new(disk.clone(), base, len - base);
            let table = Gpt::read(&mut window, sector, GptKind::Primary)
                .or_else(|_| Gpt::read(&mut window, sector, GptKind::Backup));
            if let Ok(gpt) = table {
                return Some((gpt_layout(context, &gpt, base, len), Some(base)));
            }
        }
    }
    None
}

/// A dump may be cut: what lies behind its end is not in it.
fn gpt_layout(context: &Context<'_>, gpt: &Gpt, base: u64, len: u64) -> Layout {
    let mut layout = Layout { learned_from: "a whole-flash image with GPT".into(), ..Layout::default() };
    for entry in &gpt.table.entries {
        let name = context.catalog.canonical_partition(&entry.name);
        let start = base.saturating_add(entry.start);
        let inside = start.checked_add(entry.size).is_some_and(|end| end <= len);
        if inside && entry.size > 0 && layout.find(&name).is_none() {
            layout.places.push(Place { name, start, len: entry.size });
        }
    }
    layout.places.sort_by_key(|place| place.start);
    layout
}

fn by_pmt(context: &Context<'_>, disk: &Shared, len: u64, mbr_at: u64) -> Result<Found, Failure> {
    let Some(at) = len.checked_sub(PMT_BEFORE_END) else { return Ok(None) };
    let mut bytes = vec![0u8; PMT_LEN];
    let copy = lock(disk).read_at(at, &mut bytes).ok().and_then(|()| PmtCopy::parse(&bytes).ok());
    let Some(mbr) = copy.and_then(|copy| copy.table.find(&["MBR"]).cloned()) else { return Ok(None) };
    let Some(prefix) = mbr.start.checked_sub(mbr_at) else { return Ok(None) };
    let canonical = |name: &str| context.catalog.canonical_partition(name);
    let layout = locate::locate(&mut Window::new(disk.clone(), 0, len), prefix, None, &canonical)
        .map_err(|error| Failure::new(Exit::ReadIncomplete, error.code(), error.to_string()))?;
    // Between the boot areas and the MBR lies a gap whose length only the card knows: a dump that begins at the MBR, or at
    // the boot areas, does not tell where the user area begins (msdc-direct.md 10).
    let user_area = (mbr_at > 0 && prefix > 0).then_some(0);
    Ok(Some((Layout { learned_from: "a whole-flash image with PMT".into(), ..layout }, user_area)))
}

/// Without a table NVRAM lies before the first file system; only what its content proves is taken.
fn by_boot_records(disk: &Shared, len: u64, mbr_at: u64) -> Found {
    let chain = read_chain(&mut Window::new(disk.clone(), 0, len), mbr_at).ok()?;
    let mut layout =
        Layout { learned_from: "a whole-flash image with boot records only".into(), ..Layout::default() };
    let mut first = None;
    for partition in &chain.partitions {
        let start = mbr_at.saturating_add(partition.start);
        let left = len.saturating_sub(start);
        let size = if partition.size == 0 { left } else { partition.size.min(left) };
        if size == 0 {
            continue;
        }
        first = first.or(Some(start));
        if let Some(name) = volume(disk, start, size)
            && layout.find(name).is_none()
        {
            layout.places.push(Place { name: name.into(), start, len: size });
        }
    }
    let protect = layout.find("PROTECT_F").map(|place| place.start).or(first)?;
    if let Some(start) = protect.checked_sub(NVRAM_LEN) {
        let mut window = Window::new(disk.clone(), start, NVRAM_LEN);
        if binregion::parse(&mut window).is_ok() {
            layout.places.push(Place { name: "NVRAM".into(), start, len: NVRAM_LEN });
        }
        if let Some(start) = start.checked_sub(PRO_INFO_LEN) {
            let mut record = [0; 1024];
            let read = lock(disk).read_at(start, &mut record);
            if read.is_ok() && is_product_info(&record) {
                layout.places.push(Place { name: "PRO_INFO".into(), start, len: PRO_INFO_LEN });
            }
        }
    }
    layout.places.sort_by_key(|place| place.start);
    (!layout.places.is_empty()).then_some((layout, None))
}
