//! What a backup of a raw NAND keeps beside the bytes: the chip's shape, the spare bytes of every page (YAFFS2 has its tags
//! there, ap-nvram.md 5.3), the bad blocks. Says aloud what it could not get.

use super::session::{PhoneSession, hex};
use super::{Context, Exit, Failure};
use crate::identity::Copies;
use crate::protocol::NandChip;
use crate::storage::locate_nand::TABLE_PLACE;
use crate::storage::{BLOCK, PhoneDisk, Place, shared::lock};
use crate::vault::{Draft, NandRecord};

/// Layer of an archive's files that hold spare bytes, one file a region: page after page, FF where a block is bad.
const SPARE_LAYER: &str = "spare";

/// Adds the spare bytes of every region that is kept whole. Returns what the user must know of it.
///
/// # Errors
/// When the phone fails.
pub(super) fn add_spare(
    context: &Context<'_>,
    draft: &mut Draft,
    session: &PhoneSession,
    places: &[Place],
) -> Result<Option<String>, Failure> {
    let Some(chip) = lock(&session.disk).nand().cloned() else { return Ok(None) };
    let mut missing = Vec::new();
    for place in places {
        context.go_on()?;
        context.step(format!("Reading the spare bytes of {}", place.name));
        match spare_of(context, session, &chip, place)? {
            Some(bytes) => draft.add_file(SPARE_LAYER, &place.name, bytes)?,
            None => missing.push(place.name.as_str()),
        }
    }
    if missing.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!(
        "the Download Agent tells no spare bytes of {}: file systems of a NAND cannot be made again from the main bytes alone; \
         a newer Download Agent file tells them",
        missing.join(", ")
    )))
}

/// Returns the spare bytes of a region's pages; none where the engine has no way to them.
fn spare_of(
    context: &Context<'_>,
    session: &PhoneSession,
    chip: &NandChip,
    place: &Place,
) -> Result<Option<Vec<u8>>, Failure> {
    let page = u64::from(chip.page);
    let first = place.start / page;
    let end = (place.start + place.len).div_ceil(page);
    let per_block = u64::from(chip.pages_per_block);
    let mut all = Vec::new();
    let mut told = false;
    let mut at = first;
    while at < end {
        let take = (per_block - at % per_block).min(end - at);
        let count = u32::try_from(take).unwrap_or(u32::MAX);
        context.go_on()?;
        let read = lock(&session.disk).read_spare(at, count);
        match read? {
            Some(mut bytes) => {
                all.append(&mut bytes);
                told = true;
            }
            None => all.resize(all.len() + usize::try_from(take * u64::from(chip.spare)).unwrap_or(0), 0xFF),
        }
        at += take;
    }
    Ok(told.then_some(all))
}

/// Returns the bad blocks of a place as ascending ranges within it, and why nothing is kept of each.
pub(super) fn holes(disk: &PhoneDisk, place: &Place) -> Vec<(u64, u64, String)> {
    let Some(chip) = disk.nand() else { return Vec::new() };
    let block = chip.erase_block();
    let end = place.start + place.len;
    let mut holes = Vec::new();
    for number in disk.bad_blocks() {
        let at = u64::from(number) * block;
        let (from, to) = (at.max(place.start), (at + block).min(end));
        if from < to {
            holes.push((from - place.start, to - from, format!("bad block {number} of the NAND")));
        }
    }
    holes
}

/// Returns what the manifest says of the chip.
pub(super) fn record(session: &PhoneSession) -> Option<NandRecord> {
    let disk = lock(&session.disk);
    disk.nand().map(|chip| NandRecord {
        page: chip.page,
        spare: chip.spare,
        pages_per_block: chip.pages_per_block,
        ids: hex(&chip.ids),
        bad_blocks: disk.bad_blocks(),
    })
}

/// What bad blocks took of the regions of a backup.
#[derive(Debug, Default)]
pub(super) struct Loss {
    /// A sentence for every region with bad blocks that its own bitmap does not know of.
    pub warnings: Vec<String>,
    /// Regions that lack what was in use.
    pub lacking: Vec<String>,
}

/// Returns what bad blocks took.
///
/// # Errors
/// `nand-unreadable` where all of a region is bad: an archive must not look as if it held it.
pub(super) fn loss(session: &PhoneSession, copies: &Copies, places: &[Place]) -> Result<Loss, Failure> {
    let disk = lock(&session.disk);
    let mut loss = Loss::default();
    let Some(chip) = disk.nand() else { return Ok(loss) };
    let block = chip.erase_block().max(BLOCK);
    // Blocks that the table passed over hold nothing of it.
    for place in places.iter().filter(|place| place.name != TABLE_PLACE) {
        let inside = (place.start / block)..(place.start + place.len).div_ceil(block);
        let bad: Vec<u64> =
            disk.bad_blocks().into_iter().map(u64::from).filter(|number| inside.contains(number)).collect();
        if !bad.is_empty() && bad.len() as u64 == inside.end - inside.start {
            let why = format!("every block of {} is bad by the Download Agent's word", place.name);
            return Err(Failure::new(Exit::ReadIncomplete, "nand-unreadable", why)
                .advise("Try another Download Agent file of this phone's firmware; nothing was archived."));
        }
        let listed = copies.binregion.present().filter(|_| place.name == "NVRAM");
        let new: Vec<String> = bad
            .iter()
            .filter(|number| {
                !listed.is_some_and(|copy| copy.region.bad_blocks.contains(&(**number - inside.start)))
            })
            .map(u64::to_string)
            .collect();
        if new.is_empty() {
            continue;
        }
        let (lacks, what) = match (place.name.as_str(), listed) {
            ("NVRAM", Some(copy)) if copy.region.checksum_valid() => {
                (false, "its data are whole all the same")
            }
            ("NVRAM", Some(_)) => (true, "its own list does not say so, and what was there is lost"),
            ("PROTECT_F" | "PROTECT_S", _) => (false, "its file system passes over such places"),
            _ => (true, "what was there may be lost"),
        };
        if lacks {
            loss.lacking.push(place.name.clone());
        }
        let blocks = if new.len() == 1 { "block" } else { "blocks" };
        let numbers = new.join(", ");
        loss.warnings.push(format!("{} lies over bad {blocks} {numbers} of the NAND: {what}", place.name));
    }
    Ok(loss)
}
