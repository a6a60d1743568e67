//! Which bytes of each partition a backup reads: structure by structure, or all of them. Says why the rest is left.

use super::gather::{is_blank, live_root};
use super::ranges::{Range, join, total};
use super::{Context, Exit, Failure};
use crate::formats::ext4::{Ext4Error, Volume, used_ranges};
use crate::formats::{ReadAt, ReadError, binregion};
use crate::storage::locate_gpt::{BACKUP_PLACE, PRIMARY_PLACE};
use crate::storage::locate_nand::TABLE_PLACE;
use crate::storage::{Layout, Place, Shared, Window};
use crate::vault::limits::MAX_REGIONS;

/// Step in which the used start of a raw partition is looked for.
const STEP: u64 = 4096;
/// Distance between samples behind the used start of a raw partition.
const SAMPLE_EVERY: u64 = 0x4_0000;

/// Largest raw partition that is looked through, far beyond any that keeps identity: the table that says more is wrong, or lies.
const MAX_RAW: u64 = 1 << 30;

/// What will be read of one partition.
#[derive(Debug, Clone)]
pub struct RegionPlan {
    /// The partition.
    pub place: Place,
    /// Ranges to read, relative to the partition, joined.
    pub ranges: Vec<Range>,
    /// Ranges left out for a reason of their own, relative to the partition.
    pub not_read: Vec<(u64, u64, String)>,
    /// Why everything else is left out.
    pub rest: &'static str,
}

/// Plans what to read of every region of an archive.
///
/// # Errors
/// When the device fails.
pub fn plan(
    context: &Context<'_>,
    disk: &Shared,
    layout: &Layout,
    full: bool,
) -> Result<Vec<RegionPlan>, Failure> {
    let mut plans = Vec::new();
    for place in &layout.places {
        context.go_on()?;
        let whole =
            RegionPlan { place: place.clone(), ranges: vec![(0, place.len)], not_read: Vec::new(), rest: "" };
        let plan = match place.name.as_str() {
            "NVRAM" | "PRO_INFO" | "PROTECT_F" | "PROTECT_S" | "NVDATA" | "NVCFG" if full => whole,
            // Small, and full of file systems whose free pages nobody here can tell.
            "NVRAM" | "PRO_INFO" | "PROTECT_F" | "PROTECT_S" | TABLE_PLACE if layout.nand => whole,
            "USRDATA" if layout.nand => RegionPlan {
                ranges: Vec::new(),
                rest: "user data in YAFFS2, which is not looked into",
                ..whole
            },
            "NVRAM" => nvram(disk, place)?,
            "PRO_INFO" => pro_info(disk, place)?,
            "PROTECT_F" | "PROTECT_S" | "NVDATA" | "NVCFG" | "PERSIST" => volume(disk, place)?,
            PRIMARY_PLACE | BACKUP_PLACE => whole,
            "MBR" | "EBR1" | "EBR2" => RegionPlan {
                ranges: vec![(0, 512.min(place.len))],
                rest: "only the record's own sector holds the partition table",
                ..whole
            },
            name if live_root(layout).is_some_and(|(live, _)| live.name == name) => RegionPlan {
                ranges: Vec::new(),
                rest: "user data; only the NV tree and the way to it are kept",
                ..whole
            },
            _ => continue,
        };
        plans.push(plan);
    }
    Ok(plans)
}

/// Refuses what no archive could hold before it is fetched: the partition table is the phone's word.
///
/// # Errors
/// `region-too-large`.
pub fn bounded(plans: &[RegionPlan]) -> Result<(), Failure> {
    let mut sum = 0u64;
    for plan in plans {
        sum = sum.saturating_add(total(&plan.ranges));
        if sum > MAX_REGIONS {
            return Err(too_large(&plan.place));
        }
    }
    Ok(())
}

fn too_large(place: &Place) -> Failure {
    Failure::new(
        Exit::ReadIncomplete,
        "region-too-large",
        format!(
            "{} is {} MiB by the partition table, and with it there is more to read than an archive holds ({} MiB)",
            place.name,
            place.len >> 20,
            MAX_REGIONS >> 20
        ),
    )
    .advise("Look at the partitions with `nvkeep info`: the table is wrong, or of a kind nobody has described.")
}

/// Looks for content that proves a layout from outside the phone: a BinRegion or an ext4 volume where it says
/// (msdc-direct.md 10).
///
/// # Errors
/// When the device fails.
pub fn content_agrees(disk: &Shared, layout: &Layout) -> Result<bool, Failure> {
    for place in &layout.places {
        let mut window = Window::new(disk.clone(), place.start, place.len);
        let found = match place.name.as_str() {
            "NVRAM" => match binregion::parse(&mut window) {
                Err(binregion::BinRegionError::Read { cause: cause @ ReadError::Device { .. }, .. }) => {
                    return Err(cause.into());
                }
                parsed => parsed.is_ok(),
            },
            "PROTECT_F" | "PROTECT_S" | "USRDATA" | "NVDATA" => match Volume::open(window) {
                Err(Ext4Error::Read(cause @ ReadError::Device { .. })) => return Err(cause.into()),
                opened => opened.is_ok(),
            },
            _ => false,
        };
        if found {
            return Ok(true);
        }
    }
    Ok(false)
}

fn nvram(disk: &Shared, place: &Place) -> Result<RegionPlan, Failure> {
    let mut window = Window::new(disk.clone(), place.start, place.len);
    let ranges = match binregion::parse(&mut window) {
        Ok(region) => {
            let mut ranges = region.used_ranges();
            ranges.extend(binregion::journal_ranges(&mut window, &region).map_err(Failure::from)?);
            ranges
        }
        Err(binregion::BinRegionError::Read { cause: cause @ ReadError::Device { .. }, .. }) => {
            return Err(cause.into());
        }
        Err(_) => sampled(&mut window, place)?,
    };
    Ok(RegionPlan {
        place: place.clone(),
        ranges: join(ranges, place.len),
        not_read: Vec::new(),
        rest: "not used by the BinRegion: neither map, data, second map copy nor journal",
    })
}

fn pro_info(disk: &Shared, place: &Place) -> Result<RegionPlan, Failure> {
    let mut window = Window::new(disk.clone(), place.start, place.len);
    Ok(RegionPlan {
        place: place.clone(),
        ranges: join(sampled(&mut window, place)?, place.len),
        not_read: Vec::new(),
        rest: "behind the used start and blank where sampled every 256 KiB",
    })
}

fn volume(disk: &Shared, place: &Place) -> Result<RegionPlan, Failure> {
    let mut window = Window::new(disk.clone(), place.start, place.len);
    let used = Volume::open(window.clone()).and_then(|mut volume| used_ranges(&mut volume));
    let (ranges, not_read, rest) = match used {
        Ok(used) => {
            let reasons =
                used.not_read.into_iter().map(|(at, len, why)| (at, len, why.to_string())).collect();
            (used.ranges, reasons, "free blocks of the file system")
        }
        Err(Ext4Error::Read(cause @ ReadError::Device { .. })) => return Err(cause.into()),
        Err(_) => {
            (sampled(&mut window, place)?, Vec::new(), "no file system; blank where sampled every 256 KiB")
        }
    };
    Ok(RegionPlan { place: place.clone(), ranges: join(ranges, place.len), not_read, rest })
}

/// Reads a raw partition from its start until 8 KiB in a row say nothing, then samples it; from a sample that says
/// something, reads on in the same way. Nothing here is decided from bytes that were not read.
fn sampled(window: &mut Window, place: &Place) -> Result<Vec<Range>, Failure> {
    let len = window.len();
    if len > MAX_RAW {
        return Err(too_large(place));
    }
    let mut kept = 0;
    let mut ranges = Vec::new();
    let mut next_sample = 0;
    while next_sample < len {
        let sample = (len - next_sample).min(512);
        let mut bytes = vec![0u8; 512];
        let sampled = &mut bytes[..usize::try_from(sample).unwrap_or(0)];
        window.read_at(next_sample, sampled)?;
        let mut end = next_sample + sample;
        if next_sample == 0 || !is_blank(sampled) {
            end = used_run(window, next_sample, MAX_REGIONS - kept)?.ok_or_else(|| too_large(place))?;
        }
        kept += end - next_sample;
        if kept > MAX_REGIONS {
            return Err(too_large(place));
        }
        ranges.push((next_sample, end - next_sample));
        next_sample = (end + 1).next_multiple_of(SAMPLE_EVERY).max(next_sample + SAMPLE_EVERY);
    }
    Ok(ranges)
}

/// Returns the end of the used run that starts at `start`; none where it is longer than `most`.
fn used_run(window: &mut Window, start: u64, most: u64) -> Result<Option<u64>, Failure> {
    let len = window.len();
    let mut at = start;
    let mut blank = 0;
    let mut piece = vec![0u8; 4096];
    while at < len && blank < 2 {
        if at - start > most {
            return Ok(None);
        }
        let take = (len - at).min(STEP);
        let bytes = &mut piece[..usize::try_from(take).unwrap_or(0)];
        window.read_at(at, bytes)?;
        blank = if is_blank(bytes) { blank + 1 } else { 0 };
        at += take;
    }
    Ok(Some(at))
}
