//! The layout of phones with a GPT (ap-nvram.md 5.6): two copies that are each other's cross-check. Promises a doubt for
//! everything short of two whole copies that agree; knows nothing of PMT, prefix or boot-record chains.

use super::locate::{Canonical, LocateError, place_entries};
use super::{Layout, Place};
use crate::formats::gpt::{Gpt, GptError, GptKind, SECTORS};
use crate::formats::{ReadAt, ReadError};

/// Name of the place of the primary copy: protective MBR, header, entries.
pub const PRIMARY_PLACE: &str = "PGPT";
/// Name of the place of the backup copy: entries, header.
pub const BACKUP_PLACE: &str = "SGPT";
/// No table with its entries is longer; a header that claims more is believed only for its own sector.
const TABLE_MAX: u64 = 8 << 20;

/// Returns whether a primary header begins in sector 1, whole or not.
///
/// # Errors
/// [`LocateError::Read`] when the device fails.
pub(super) fn begins(disk: &mut dyn ReadAt) -> Result<bool, LocateError> {
    let mut start = [0; 512];
    match disk.read_at(512, &mut start) {
        Ok(()) => Ok(start.starts_with(b"EFI PART")),
        Err(cause @ ReadError::Device { .. }) => Err(LocateError::Read { what: "the GPT", cause }),
        Err(_) => Ok(false),
    }
}

/// Locates by GPT; nothing where neither copy is whole.
///
/// # Errors
/// [`LocateError`], when the device fails or the table cannot be true.
pub(super) fn locate(disk: &mut dyn ReadAt, canonical: Canonical<'_>) -> Result<Option<Layout>, LocateError> {
    for sector in SECTORS {
        let primary = copy(disk, sector, GptKind::Primary)?;
        let backup = copy(disk, sector, GptKind::Backup)?;
        let mut layout = Layout { learned_from: "GPT".into(), ..Layout::default() };
        let table = match (primary, backup) {
            (Ok(primary), Ok(backup)) => {
                if primary.table == backup.table && primary.disk == backup.disk {
                    layout.remarks.push("both copies of the GPT are whole and agree".into());
                } else {
                    layout.doubts.push(
                        "the two GPT copies disagree; the phone itself believes the primary copy".into(),
                    );
                }
                place_copy(&mut layout, &backup, disk.len());
                primary
            }
            (Ok(primary), Err(error)) => {
                layout.doubts.push(format!("the backup copy of the GPT is damaged: {error}"));
                primary
            }
            (Err(error), Ok(backup)) => {
                layout.learned_from = "GPT backup".into();
                layout.doubts.push(format!("the primary copy of the GPT is damaged: {error}"));
                backup
            }
            (Err(_), Err(_)) => continue,
        };
        place_copy(&mut layout, &table, disk.len());
        place_entries(&mut layout, &table.table, 0, disk.len(), canonical)?;
        return Ok(Some(layout));
    }
    Ok(None)
}

fn copy(disk: &mut dyn ReadAt, sector: u64, kind: GptKind) -> Result<Result<Gpt, GptError>, LocateError> {
    match Gpt::read(disk, sector, kind) {
        Err(GptError::Read { cause: cause @ ReadError::Device { .. }, .. }) => {
            Err(LocateError::Read { what: "the GPT", cause })
        }
        read => Ok(read),
    }
}

/// Notes where a copy lies, so that it is kept with an archive and never written.
fn place_copy(layout: &mut Layout, copy: &Gpt, capacity: u64) {
    let (name, start, end) = match copy.kind {
        GptKind::Primary => (PRIMARY_PLACE, 0, copy.entries_at.saturating_add(copy.entries_len)),
        GptKind::Backup => (BACKUP_PLACE, copy.entries_at, capacity),
    };
    let place = match end.checked_sub(start).filter(|len| *len <= TABLE_MAX) {
        Some(len) => Place { name: name.into(), start, len: len.next_multiple_of(copy.sector) },
        // Entries that lie elsewhere: the header's own sector, and what is before it on the primary side.
        None if copy.kind == GptKind::Primary => Place { name: name.into(), start: 0, len: 2 * copy.sector },
        None => Place { name: name.into(), start: end - copy.sector, len: copy.sector },
    };
    layout.places.push(place);
}
