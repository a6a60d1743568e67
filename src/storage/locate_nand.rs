//! The layout of phones with raw NAND (ap-nvram.md 5.5): the table in the last blocks of the chip, what the agent tells, or a
//! scatter file. Addresses are those of main bytes in the chip. Never proven: nothing is written to a NAND.

use super::locate::{Canonical, LocateError, place_entries};
use super::{Layout, PhoneDisk, Place};
use crate::formats::ReadAt;
use crate::formats::partition::{AddressSpace, PartitionEntry, PartitionTable, TailEntry, blocks_before_end};
use crate::formats::pmt::PmtKind;
use crate::formats::pmt_nand::{MAIN, MIRROR, NandPmt, SpareView};
use crate::protocol::NamedRange;

/// Name of the place of both copies of the table.
pub const TABLE_PLACE: &str = "PMT";
/// Blocks at the end of the chip in which a table is looked for: the usual pool of 0x50 (preloader-and-legacy-da.md 6.4), and
/// as many again, for pools differ.
const SEARCHED: u32 = 0xA0;
const WHAT: &str = "the partition table (PMT) of the NAND";

/// A copy that was found.
struct FoundCopy {
    block: u32,
    copy: NandPmt,
}

/// Locates the partitions. `told` is what the engine's other end says, `scatter` the table of the user's file; both are
/// witnesses where the chip itself has a table, and the layout where it has none.
///
/// # Errors
/// [`LocateError`]; a protocol error stays with the disk.
pub fn locate(
    disk: &mut PhoneDisk,
    told: Option<&[NamedRange]>,
    scatter: Option<&PartitionTable>,
    canonical: Canonical<'_>,
) -> Result<Layout, LocateError> {
    let (main, mirror) = (find(disk, PmtKind::Main)?, find(disk, PmtKind::Mirror)?);
    if let Some(chip) = disk.nand() {
        // Whose pages were looked at is not known yet: what is kept of them is read again.
        let searched = u64::from(SEARCHED.min(chip.blocks)) * chip.erase_block();
        disk.release(disk.len() - searched, searched);
    }
    let told = told.map(table_of);
    let mut layout = Layout { nand: true, ..Layout::default() };
    let own = match (&main, &mirror) {
        (Some(main), Some(mirror)) if main.copy.table == mirror.copy.table => {
            layout.remarks.push("both copies of the PMT are whole and agree".into());
            Some(("PMT", &main.copy.table))
        }
        (Some(main), Some(_)) => {
            layout.doubts.push("the two PMT copies disagree; the phone itself believes the main copy".into());
            Some(("PMT", &main.copy.table))
        }
        (Some(main), None) => {
            layout.doubts.push("the PMT has no mirror".into());
            Some(("PMT", &main.copy.table))
        }
        (None, Some(mirror)) => {
            layout.doubts.push("only the mirror of the PMT is there".into());
            Some(("PMT mirror", &mirror.copy.table))
        }
        (None, None) => None,
    };
    let others = [("Download Agent", told.as_ref()), ("scatter", scatter)];
    let first = others.iter().find_map(|(who, table)| table.map(|table| (*who, table)));
    let (who, table) = own.or(first).ok_or_else(|| LocateError::NoTable {
        main: format!("no page of the last {SEARCHED:#x} blocks is one"),
        mirror: "neither is one of those a mirror".into(),
    })?;
    layout.learned_from = who.into();
    let witnesses: Vec<_> = others.iter().filter(|(other, _)| *other != who).copied().collect();
    place_entries(&mut layout, table, 0, disk.len(), canonical)?;
    for (who, witness) in witnesses {
        if let Some(witness) = witness {
            compare(&mut layout, who, witness, canonical);
        }
    }
    place_copies(&mut layout, disk, main.as_ref(), mirror.as_ref());
    Ok(layout)
}

/// Looks for a copy: the main one begins at the first page of its block, the mirror at the last; where a block was written more
/// than once, the first that is met from that end counts.
fn find(disk: &mut PhoneDisk, kind: PmtKind) -> Result<Option<FoundCopy>, LocateError> {
    let Some(chip) = disk.nand().cloned() else { return Ok(None) };
    let (page, per_block) = (u64::from(chip.page), u64::from(chip.pages_per_block));
    let mark = if kind == PmtKind::Main { MAIN } else { MIRROR };
    let pages: Vec<u64> = match kind {
        PmtKind::Main => (0..per_block).collect(),
        PmtKind::Mirror => (0..per_block).rev().collect(),
    };
    for block in chip.blocks.saturating_sub(SEARCHED)..chip.blocks {
        for at in &pages {
            let number = u64::from(block) * per_block + at;
            let mut bytes = vec![0; usize::try_from(page).unwrap_or(0)];
            disk.read_at(number * page, &mut bytes)
                .map_err(|cause| LocateError::Read { what: WHAT, cause })?;
            if !bytes.starts_with(mark) {
                break;
            }
            let spare =
                disk.read_spare(number, 1).map_err(|cause| LocateError::Read { what: WHAT, cause })?;
            let Some(spare) = spare else { break };
            let parsed = [SpareView::Raw, SpareView::User]
                .into_iter()
                .find_map(|view| NandPmt::parse(&bytes, &spare, view).ok());
            if let Some(copy) = parsed.filter(|copy| copy.kind == kind) {
                return Ok(Some(FoundCopy { block, copy }));
            }
        }
    }
    Ok(None)
}

/// Holds a second table against the layout.
fn compare(layout: &mut Layout, who: &str, table: &PartitionTable, canonical: Canonical<'_>) {
    let mut agreed = 0;
    for entry in &table.entries {
        let Some(place) = layout.find(&canonical(entry.plain_name())) else { continue };
        if place.start == entry.start && (entry.size == 0 || entry.size == place.len) {
            agreed += 1;
            continue;
        }
        let doubt = format!(
            "the {who} places {} at {:#x} with {:#x} bytes, the {} at {:#x} with {:#x}",
            place.name, entry.start, entry.size, layout.learned_from, place.start, place.len
        );
        layout.doubts.push(doubt);
    }
    if agreed > 0 {
        layout.remarks.push(format!("the {who} tells the same places for {agreed} partitions"));
    }
}

/// The blocks of the table are kept with an archive.
fn place_copies(layout: &mut Layout, disk: &PhoneDisk, main: Option<&FoundCopy>, mirror: Option<&FoundCopy>) {
    let Some(chip) = disk.nand() else { return };
    let blocks = [main, mirror].into_iter().flatten().map(|found| found.block);
    let (Some(first), Some(last)) = (blocks.clone().min(), blocks.max()) else { return };
    let start = u64::from(first) * chip.erase_block();
    let len = u64::from(last - first + 1) * chip.erase_block();
    // What reaches "to the end of the chip" ends before its table.
    for place in layout.places.iter_mut().filter(|place| place.start < start) {
        place.len = place.len.min(start - place.start);
    }
    if layout.find(TABLE_PLACE).is_some() {
        return;
    }
    layout.places.push(Place { name: TABLE_PLACE.into(), start, len });
}

fn table_of(told: &[NamedRange]) -> PartitionTable {
    let mut table = PartitionTable { space: AddressSpace::Linear, entries: Vec::new(), tail: Vec::new() };
    for range in told {
        let name = range.name.clone();
        match blocks_before_end(&name, range.start) {
            Some(blocks_before_end) => table.tail.push(TailEntry { name, blocks_before_end }),
            None => table.entries.push(PartitionEntry { name, start: range.start, size: range.len }),
        }
    }
    table
}
