//! The BinRegion's part of a repair: its files, then its checksum. A torn region's files are believed only as far as
//! something vouches for them.

use super::bench::{Bench, Mended, has_own_sum};
use super::tell;
use crate::formats::binregion::{BinFile, data_checksum};
use crate::identity::copies::{BinRegionCopy, Extent, FileCopy};
use crate::identity::files::below;
use crate::identity::plan::{Plan, checksums};
use crate::identity::refusal::Refusal;

impl<'a> Bench<'a> {
    /// Mends the BinRegion's files, then its checksum.
    pub fn region(&mut self, copy: &'a BinRegionCopy, plan: &mut Plan) -> Result<Vec<Mended<'a>>, Refusal> {
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
}

/// Returns where a file of the BinRegion lies in the user area.
fn place_of(copy: &BinRegionCopy, file: &BinFile) -> FileCopy {
    let place = |(at, len): &(u64, u64)| Extent { at: copy.partition_at + at, len: *len };
    FileCopy { bytes: file.bytes.clone(), extents: file.extents.iter().map(place).collect() }
}

fn put(data: &mut [u8], start: usize, bytes: &[u8]) {
    let end = start.saturating_add(bytes.len());
    if let Some(slot) = data.get_mut(start..end) {
        slot.copy_from_slice(bytes);
    }
}
