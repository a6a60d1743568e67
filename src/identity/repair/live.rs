//! The live tree's part of a repair: files are overwritten in place, made where the volume can take new files, or the tree
//! is marked invalid so that the phone rebuilds it from the mended BinRegion.

use super::bench::{Bench, Mended};
use super::{Ground, tell};
use crate::identity::copies::{Copies, FileCopy};
use crate::identity::files::{BT, CALIBRAT, INFO_FILE, WIFI};
use crate::identity::plan::{Creation, LiveOutcome, Plan, Volume, believed, fits, overwrite};
use crate::identity::refusal::Refusal;

impl<'a> Bench<'a> {
    /// Mends the live files.
    pub fn live(
        &mut self,
        phone: &Copies,
        region: &[Mended<'a>],
        ground: &Ground,
        plan: &mut Plan,
    ) -> Result<(), Refusal> {
        let (tree, flag) = match believed(phone) {
            Ok(found) => found,
            Err(why) => {
                plan.live = LiveOutcome::Absent { why };
                return Ok(());
            }
        };
        let before = (plan.edits.len(), plan.creations.len());
        let mut stuck = None;
        for entry in region.iter().filter(|entry| entry.good) {
            let path = entry.path;
            let needed = path.starts_with(CALIBRAT) || [self.scheme.imei(), WIFI, BT].contains(&path);
            let why = match tree.get(path) {
                // Where files can be made, all are; else what is not needed comes back when it is asked for.
                None if needed || ground.grows(Volume::Live) => format!("{path} is missing among them"),
                None => continue,
                Some(file) if self.is_good(path, &file.bytes, Some(entry.bytes.len())) => continue,
                Some(file) if fits(file, &entry.bytes) => {
                    tell(plan, file, &entry.bytes, "live", path, "the BinRegion of this plan");
                    continue;
                }
                Some(file) if file.bytes.len() == entry.bytes.len() => {
                    format!("{path} cannot be overwritten in place")
                }
                Some(_) => format!("{path} has a wrong length among them"),
            };
            if !ground.grows(Volume::Live) {
                stuck = Some((path, why));
                continue;
            }
            plan.creations.push(Creation {
                volume: Volume::Live,
                path: path.into(),
                bytes: entry.bytes.clone(),
                from: "the BinRegion of this plan",
            });
        }
        let Some((path, why)) = stuck else {
            let book = tree.get(INFO_FILE);
            if plan.creations.len() > before.1
                || self.scheme.hides_imei(book.map(|book| book.bytes.as_slice()))
            {
                close_book(book, plan);
            }
            return Ok(());
        };
        if !fits(flag, &[0; 4]) {
            return Err(Refusal::LiveStuck { path: path.into() });
        }
        plan.edits.truncate(before.0);
        plan.live = LiveOutcome::Invalidated { why };
        let what = "RestoreFlag, which marks the live files valid, is cleared";
        overwrite(&mut plan.edits, flag, &[0; 4], "live", what);
        Ok(())
    }
}

/// A book whose first word is wrong is made anew by the modem, from the files it finds (modem-nvram.md 4.5).
fn close_book(book: Option<&FileCopy>, plan: &mut Plan) {
    let Some(book) = book.filter(|book| book.bytes.starts_with(b"INFO")) else { return };
    let mut bytes = book.bytes.clone();
    bytes.iter_mut().take(4).for_each(|byte| *byte = 0);
    if fits(book, &bytes) {
        overwrite(&mut plan.edits, book, &bytes, "live", "INFO_FILE, so that the modem lists its files anew");
    }
}
