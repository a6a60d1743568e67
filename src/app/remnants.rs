//! Looks for what is left of lost files: the NVRAM partition's own journal, and in nvdata the blocks nothing uses any more.
//! Finds bytes that their own sums prove to be modem files; what they are worth is weighed by whoever asked.

use super::{Context, Failure};
use crate::formats::ext4::{Ext4Error, Volume, used_ranges};
use crate::formats::remnant::{self, FoundFile};
use crate::formats::{ReadAt, ReadError, binregion};
use crate::identity::evidence::{Kind, best, collect};
use crate::identity::{self, Copies, Extent, Remnant};
use crate::storage::{Layout, Place, Shared, Window};

/// More copies than this say nothing new.
const MOST: usize = 256;
/// Bytes looked at from the start of a block: the longest file that is recognised has 384.
const HEAD: usize = 512;

/// How far a search goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// The NVRAM partition's journal: a few pages.
    Journal,
    /// That, and every unused block of nvdata: minutes on a phone, nothing on an image.
    Blocks,
}

/// Searches a source.
///
/// # Errors
/// When the device fails, or the user interrupts.
pub fn search(
    context: &Context<'_>,
    disk: &Shared,
    layout: &Layout,
    depth: Depth,
) -> Result<Vec<Remnant>, Failure> {
    let mut found = Vec::new();
    if let Some(place) = layout.find("NVRAM") {
        let mut window = Window::new(disk.clone(), place.start, place.len);
        match binregion::journal_pages(&mut window) {
            Ok(pages) => {
                for (at, page) in pages {
                    context.go_on()?;
                    keep(&mut found, "the journal of NVRAM", place.start + at, &page, remnant::within(&page));
                }
            }
            Err(error) => passable(error)?,
        }
    }
    if depth == Depth::Blocks
        && let Some(place) = layout.find("NVDATA")
    {
        unused_blocks(context, disk, place, &mut found)?;
    }
    Ok(found)
}

/// Searches where no valid IMEI stands anywhere among the copies: only then is it worth the reading.
///
/// # Errors
/// As [`search`].
pub fn search_if_lost(
    context: &Context<'_>,
    chip: &str,
    copies: &mut Copies,
    (disk, layout): (&Shared, &Layout),
    depth: Depth,
) -> Result<(), Failure> {
    let family = context.catalog.family_for(chip, identity::generation(copies));
    let evidence = collect(copies, None, family);
    if best(&evidence, Kind::Imei(0)).is_none() {
        context.step("Looking for what is left of a lost IMEI");
        copies.remnants.extend(search(context, disk, layout, depth)?);
    }
    Ok(())
}

fn unused_blocks(
    context: &Context<'_>,
    disk: &Shared,
    place: &Place,
    found: &mut Vec<Remnant>,
) -> Result<(), Failure> {
    let mut window = Window::new(disk.clone(), place.start, place.len);
    let unused = Volume::open(window.clone()).and_then(|mut volume| {
        let step = volume.block_size();
        used_ranges(&mut volume).map(|used| (used.unused(), step))
    });
    let (ranges, step) = match unused {
        Ok(found) => found,
        Err(Ext4Error::Read(cause)) => return passable(cause),
        // What is no file system has no blocks.
        Err(_) => return Ok(()),
    };
    for (start, len) in ranges {
        for at in (start..start + len).step_by(usize::try_from(step).unwrap_or(usize::MAX)) {
            context.go_on()?;
            let mut head = [0u8; HEAD];
            match window.read_at(at, &mut head) {
                Ok(()) => {
                    let file = remnant::at_start(&head).into_iter().collect();
                    keep(found, "an unused block of nvdata", place.start + at, &head, file);
                }
                Err(error) => return passable(error),
            }
            if found.len() >= MOST {
                return Ok(());
            }
        }
    }
    Ok(())
}

fn keep(found: &mut Vec<Remnant>, origin: &'static str, at: u64, bytes: &[u8], files: Vec<FoundFile>) {
    for file in files {
        let Some(content) = bytes.get(file.at..file.at + file.len) else { continue };
        let place = Extent { at: at + file.at as u64, len: file.len as u64 };
        let remnant = Remnant { origin, kind: file.kind, place, bytes: content.to_vec() };
        if found.len() < MOST && found.iter().all(|known| known.bytes != remnant.bytes) {
            found.push(remnant);
        }
    }
}

/// What an archive or a cut image does not hold is no failure; a device that fails is.
fn passable(error: ReadError) -> Result<(), Failure> {
    match error {
        ReadError::Device { .. } => Err(error.into()),
        _ => Ok(()),
    }
}
