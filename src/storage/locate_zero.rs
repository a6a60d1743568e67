//! A PMT that says the MBR lies at 0, where the preloader is. Promises another place for the MBR only where the card itself
//! vouches for it: a chain of boot records that lists the file systems where the rest of the table places them.

use super::locate::{Canonical, LocateError};
use crate::formats::mbr::{self, MbrError};
use crate::formats::partition::PartitionTable;
use crate::formats::{ReadAt, ReadError};

/// File systems that the chain lists and the table places.
pub(super) const LISTED: [&str; 3] = ["PROTECT_F", "PROTECT_S", "USRDATA"];

/// Returns the table with the MBR where it is; nothing where the table does not say 0, or the card vouches for no other place. It
/// is looked for where the scatter file says, and behind PRELOADER, which a PMT shows as large as the whole gap before the MBR
/// (preloader-and-legacy-da.md 6.15).
///
/// # Errors
/// [`LocateError::Read`] when the device fails.
pub(super) fn find(
    disk: &mut dyn ReadAt,
    table: &PartitionTable,
    scatter: Option<&PartitionTable>,
    prefix: u64,
    canonical: Canonical<'_>,
) -> Result<Option<PartitionTable>, LocateError> {
    let Some(mbr) = table.find(&["MBR"]).filter(|mbr| mbr.start == 0) else { return Ok(None) };
    let by_scatter = scatter.and_then(|scatter| scatter.find(&["MBR"])).map(|entry| entry.start);
    let behind = table.find(&["PRELOADER"]).and_then(|entry| entry.start.checked_add(entry.size));
    for start in [by_scatter, behind].into_iter().flatten() {
        let Some(base) = start.checked_sub(prefix).filter(|_| start > 0) else { continue };
        let mut moved = table.clone();
        for entry in moved.entries.iter_mut().filter(|entry| entry.name == mbr.name) {
            entry.start = start;
        }
        if moved.check(None).is_ok() && vouches(disk, &moved, base, prefix, canonical)? {
            return Ok(Some(moved));
        }
    }
    Ok(None)
}

/// Returns whether a chain at `base` lists every file system that the table places, and at least one.
fn vouches(
    disk: &mut dyn ReadAt,
    table: &PartitionTable,
    base: u64,
    prefix: u64,
    canonical: Canonical<'_>,
) -> Result<bool, LocateError> {
    let chain = match mbr::read_chain(disk, base) {
        Ok(chain) => chain,
        Err(MbrError::Read { cause: cause @ ReadError::Device { .. }, .. }) => {
            return Err(LocateError::Read { what: "the MBR", cause });
        }
        Err(_) => return Ok(false),
    };
    let listed = |linear: u64| {
        let place = linear.checked_sub(prefix);
        chain.partitions.iter().any(|partition| base.checked_add(partition.start) == place)
    };
    let is_one = |name: &str| LISTED.contains(&canonical(name).as_str());
    let mut places = table.entries.iter().filter(|entry| is_one(entry.plain_name())).map(|entry| entry.start);
    let first = places.next();
    Ok(first.is_some_and(listed) && places.all(listed))
}
