//! Makes missing files and folders in an ext4 volume of a staged disk, and gives a file content of another length. All of
//! it happens on the copy that [`Staged`] is, a dirty journal is replayed there first, and the volume is clean afterwards;
//! what a file means, and whether this volume may be changed, the caller knows.
//!
//! Only volumes that are wholly identity partitions may be changed so: nvdata, nvcfg, PROTECT_F, PROTECT_S. Never USRDATA,
//! where the owner's own data lie (promise 5): there files are overwritten in place or not at all. The staged disk's guard
//! must be open for the whole place, and is what refuses otherwise.

mod error;
mod look;
mod order;
mod preflight;
mod scratch;
mod superblock;
mod tree;

use std::sync::{Arc, Mutex};

use super::shared::lock;
use super::{BLOCK, Place, Shared, Staged, Window};
use crate::formats::ext4::{BlockRole, Ext4Error, Volume};
use crate::formats::{ReadAt, WriteAt};
use order::Order;
use scratch::{Scratch, View};
use tree::Tree;

pub use error::VolumeError;
pub use look::{Like, Look, reference_label};

/// Where the superblock lies in a volume.
const SUPERBLOCK_AT: u64 = 1024;

/// A file that is to be in the volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Path from the volume's root, with or without a leading `/`. Missing folders on the way are made.
    pub path: String,
    /// The whole content.
    pub bytes: Vec<u8>,
    /// Owner, group, mode and label of what has to be made. A replaced file keeps its own.
    pub like: Like,
    /// What to do with a file that is there already.
    pub existing: Existing,
}

/// What to do with a file that is there already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Existing {
    /// Refuse.
    Refuse,
    /// Give it the new content, of any length, in new blocks; the inode stays.
    Replace,
}

/// What was done, and how it must reach the phone.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Created {
    /// Folders made, in order.
    pub folders: Vec<String>,
    /// Files made, in order.
    pub files: Vec<String>,
    /// Files given new content, in order.
    pub replaced: Vec<String>,
    /// A dirty journal was replayed; the changes contain what it held.
    pub replayed: bool,
    /// The changed blocks of the disk in the order in which a cut does least harm: new content, bitmaps, descriptors,
    /// inodes, names (each block from its end), journal, superblock. Blocks that [`Staged`] did not hold yet are in this
    /// order in [`Staged::changes`] already.
    pub order: Vec<u64>,
}

impl Created {
    /// Returns the rank of a block in [`Created::order`]; blocks of others come before all of them.
    #[must_use]
    pub fn rank(&self, lba: u64) -> usize {
        self.order.iter().position(|one| *one == lba).map_or(0, |at| at + 1)
    }
}

/// Makes `files` in the volume at `place`, all of them or none. `now` is the time that new inodes carry, in seconds since
/// 1970.
///
/// All files of a volume belong into one call: a second one on the same staged disk works, but blocks that both change
/// would keep the place in the order that the first gave them.
///
/// The phone is read block by block, only where the answer needs it; nothing is written but to `disk`. When the guard of
/// `disk` refuses half-way the staged disk is worthless and must be dropped; every other error leaves it as it was.
///
/// # Errors
/// [`VolumeError`]: one variant per reason.
pub fn create(
    disk: &Arc<Mutex<Staged>>,
    place: &Place,
    files: &[NewFile],
    now: u32,
) -> Result<Created, VolumeError> {
    let shared: Shared = disk.clone();
    let window = Window::new(shared, place.start, place.len);
    let replayed = preflight::examine(&mut window.clone())?;
    let scratch = Arc::new(Scratch::new(window.clone()));
    let mut created = Created { replayed, ..Created::default() };
    let grown = Tree::grow(&scratch, files, now, &mut created);
    // The disk's own failure says more than what the library made of it.
    if let Some(error) = scratch.take_error() {
        return Err(error.into());
    }
    grown?;
    let order = Order::learn(&mut window.clone(), &scratch)?;
    // Nothing of the log reached the card, so a journal that was clean stays as it is; one that was replayed needs only its
    // head to say so.
    scratch.forget(|sector| match order.role(sector) {
        BlockRole::JournalLog => true,
        BlockRole::JournalHead => !replayed,
        _ => false,
    });
    one_sector(&window, &scratch)?;
    verify(&scratch, files)?;
    let mut changed = scratch.changed()?;
    changed.sort_by_key(|(sector, _)| order.key(*sector));
    let mut disk = lock(disk);
    for (sector, bytes) in changed {
        let at = place.start + sector * BLOCK;
        disk.write_at(at, bytes.as_slice())?;
        created.order.push(at / BLOCK);
    }
    Ok(created)
}

/// Lets the superblock change in one sector where it can.
fn one_sector(window: &Window, scratch: &Scratch) -> Result<(), VolumeError> {
    let (mut old, mut new) = ([0; 1024], [0; 1024]);
    window.clone().read_at(SUPERBLOCK_AT, &mut old)?;
    View(scratch).read_at(SUPERBLOCK_AT, &mut new)?;
    superblock::keep_checksum(&old, &mut new);
    Ok(scratch.write(SUPERBLOCK_AT, &new)?)
}

/// Reads every file back with our own reader, which shares nothing with the library that wrote it.
fn verify(scratch: &Scratch, files: &[NewFile]) -> Result<(), VolumeError> {
    let mut volume = Volume::open(View(scratch))?;
    for file in files {
        let bytes = volume.read_file(&file.path, file.bytes.len() as u64);
        let what = match bytes {
            Ok(bytes) if bytes == file.bytes => continue,
            Ok(_) => "other content".to_owned(),
            Err(Ext4Error::Read(error)) => return Err(error.into()),
            Err(error) => error.to_string(),
        };
        return Err(VolumeError::Mismatch { path: file.path.clone(), what });
    }
    Ok(())
}
