//! ext4 (and ext3, ext2) volumes, read lazily through [`ReadAt`]: only the sectors that an answer needs.
//! A dirty journal is replayed in memory, never written; nothing here writes at all.

mod directory;
mod error;
mod fields;
mod group;
mod inode;
mod journal;
mod mapping;
pub mod mounts;
mod roles;
mod sectors;
mod superblock;
mod tree;
mod used;

use std::ops::{ControlFlow, Range};

use super::read_at::ReadAt;
use inode::{Inode, ROOT};
use journal::Journal;
use sectors::Sectors;
use superblock::Superblock;

pub use error::Ext4Error;
pub use inode::FileKind;
pub use journal::JournalState;
pub use roles::BlockRole;
pub use tree::{TreeEntry, TreeLimits};
pub use used::{UsedRanges, used_ranges};

/// What an inode says of its file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// Length in bytes.
    pub size: u64,
    /// Permission bits with set-id and sticky bits (the low 12 bits of the mode).
    pub mode: u16,
    /// Owner.
    pub uid: u32,
    /// Group.
    pub gid: u32,
    /// Inode number.
    pub inode: u32,
}

/// A volume open for reading. Paths start at its root and need no leading `/`.
pub struct Volume<'a> {
    sectors: Sectors<'a>,
    superblock: Superblock,
    journal: JournalState,
}

impl<'a> Volume<'a> {
    /// Opens the volume that fills `source`, and looks whether its journal waits to be replayed.
    ///
    /// # Errors
    /// [`Ext4Error`]: blank, not ext4, not supported, damaged, or the device's own [`Ext4Error::Read`].
    pub fn open(source: impl ReadAt + 'a) -> Result<Self, Ext4Error> {
        let mut sectors = Sectors::new(Box::new(source));
        let mut superblock = Superblock::read(&mut sectors)?;
        let journal = Journal::read(&mut sectors, &superblock)?;
        sectors.block_size = superblock.block_size;
        sectors.replaced = journal.replaced;
        sectors.raw = false;
        if !sectors.replaced.is_empty() {
            // The journal may hold a newer superblock; its geometry cannot change under a mounted volume.
            let newer = Superblock::read(&mut sectors)?;
            if newer.block_size != superblock.block_size || newer.journal_inode != superblock.journal_inode {
                let at = superblock::SUPERBLOCK_AT;
                return Err(Ext4Error::Damaged {
                    at,
                    what: "the journal replaces the superblock by another volume's",
                });
            }
            superblock = newer;
        }
        Ok(Self { sectors, superblock, journal: journal.state })
    }

    /// Returns whether blocks wait in the journal.
    #[must_use]
    pub fn journal_state(&self) -> JournalState {
        self.journal
    }

    /// Returns the block size in bytes.
    #[must_use]
    pub fn block_size(&self) -> u64 {
        self.superblock.block_size
    }

    /// Returns the volume's UUID.
    #[must_use]
    pub fn uuid(&self) -> [u8; 16] {
        self.superblock.uuid
    }

    /// Returns the length of the source in bytes; the file system may be shorter.
    #[must_use]
    pub fn len(&self) -> u64 {
        self.sectors.len()
    }

    /// Returns whether the source has no bytes. An open volume always has some.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns whether the next mount will replace a block that shares a byte with `range` (offsets in the volume).
    /// A write there would be undone.
    #[must_use]
    pub fn journalled(&self, range: Range<u64>) -> bool {
        if range.is_empty() {
            return false;
        }
        let size = self.superblock.block_size;
        let blocks = range.start / size..range.end.div_ceil(size);
        self.sectors.replaced.range(blocks).next().is_some()
    }

    /// Returns the names in a directory, without `.` and `..`, in the order of the directory.
    ///
    /// # Errors
    /// [`Ext4Error`].
    pub fn read_dir(&mut self, path: &str) -> Result<Vec<(String, Stat)>, Ext4Error> {
        let (_, directory) = self.lookup(path)?;
        self.names(path, &directory)?
            .into_iter()
            .map(|(name, number)| Ok((name, self.stat_inode(number)?)))
            .collect()
    }

    /// Returns what `path` is.
    ///
    /// # Errors
    /// [`Ext4Error`]; [`Ext4Error::NotFound`] where there is nothing.
    pub fn stat(&mut self, path: &str) -> Result<Stat, Ext4Error> {
        let (number, inode) = self.lookup(path)?;
        Ok(stat(number, &inode))
    }

    /// Returns the content of a regular file of at most `max` bytes. Holes and unwritten extents read as zeros.
    ///
    /// # Errors
    /// [`Ext4Error`]; [`Ext4Error::TooMuch`] when the file is longer.
    pub fn read_file(&mut self, path: &str, max: u64) -> Result<Vec<u8>, Ext4Error> {
        let inode = self.regular(path)?;
        if inode.size > max {
            return Err(Ext4Error::TooMuch { what: format!("bytes of {path}"), limit: max });
        }
        let too_much = || Ext4Error::TooMuch { what: format!("bytes of {path}"), limit: usize::MAX as u64 };
        let mut bytes = vec![0; usize::try_from(inode.size).map_err(|_| too_much())?];
        let size = self.superblock.block_size;
        let wanted = inode.size.div_ceil(size);
        for run in mapping::runs(&mut self.sectors, &self.superblock, &inode, wanted)? {
            let (from, to) = (run.logical * size, ((run.logical + run.blocks) * size).min(inode.size));
            if run.written && from < to {
                let index = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
                self.sectors.read(run.physical * size, &mut bytes[index(from)..index(to)])?;
            }
        }
        Ok(bytes)
    }

    /// Returns where the content of a regular file lies: byte offset in the volume and length, in the file's order, the
    /// last piece cut to the file's size.
    ///
    /// # Errors
    /// [`Ext4Error::NoPlace`] for holes, unwritten extents, inline and encrypted data; otherwise [`Ext4Error`].
    pub fn file_extents(&mut self, path: &str) -> Result<Vec<(u64, u64)>, Ext4Error> {
        let inode = self.regular(path)?;
        let no_place = |reason| Ext4Error::NoPlace { path: path.to_owned(), reason };
        if let Some(reason) = inode.obstacle() {
            return Err(no_place(reason));
        }
        let size = self.superblock.block_size;
        let wanted = inode.size.div_ceil(size);
        if wanted > self.superblock.blocks {
            return Err(no_place("holes"));
        }
        let (mut places, mut next) = (Vec::new(), 0);
        for run in mapping::runs(&mut self.sectors, &self.superblock, &inode, wanted)? {
            if run.logical != next {
                return Err(no_place("holes"));
            }
            if !run.written {
                return Err(no_place("unwritten extents"));
            }
            next += run.blocks;
            let len = (next * size).min(inode.size) - run.logical * size;
            places.push((run.physical * size, len));
        }
        if next < wanted { Err(no_place("holes")) } else { Ok(places) }
    }

    /// Runs `work` on the volume as the card holds it now, before any replay.
    fn on_card<T>(&mut self, work: impl FnOnce(&mut Self) -> Result<T, Ext4Error>) -> Result<T, Ext4Error> {
        let replayed = self.superblock.clone();
        self.sectors.raw = true;
        let result = Superblock::read(&mut self.sectors).and_then(|superblock| {
            self.superblock = superblock;
            work(self)
        });
        self.sectors.raw = false;
        self.superblock = replayed;
        result
    }

    fn regular(&mut self, path: &str) -> Result<Inode, Ext4Error> {
        let (_, inode) = self.lookup(path)?;
        if inode.kind() == FileKind::Regular {
            Ok(inode)
        } else {
            Err(Ext4Error::NotAFile { path: path.to_owned() })
        }
    }

    fn stat_inode(&mut self, number: u32) -> Result<Stat, Ext4Error> {
        Ok(stat(number, &Inode::read(&mut self.sectors, &self.superblock, number)?))
    }

    fn lookup(&mut self, path: &str) -> Result<(u32, Inode), Ext4Error> {
        let mut number = ROOT;
        let mut inode = Inode::read(&mut self.sectors, &self.superblock, number)?;
        for part in path.split('/').filter(|part| !part.is_empty() && *part != ".") {
            if inode.kind() != FileKind::Directory {
                return Err(Ext4Error::NotADirectory { path: path.to_owned() });
            }
            let found = directory::each(&mut self.sectors, &self.superblock, &inode, |name, number| {
                if name == part.as_bytes() { ControlFlow::Break(number) } else { ControlFlow::Continue(()) }
            })?;
            number = found.ok_or_else(|| Ext4Error::NotFound { path: path.to_owned() })?;
            inode = Inode::read(&mut self.sectors, &self.superblock, number)?;
        }
        Ok((number, inode))
    }

    fn names(&mut self, path: &str, directory: &Inode) -> Result<Vec<(String, u32)>, Ext4Error> {
        if directory.kind() != FileKind::Directory {
            return Err(Ext4Error::NotADirectory { path: path.to_owned() });
        }
        let mut names = Vec::new();
        directory::each(&mut self.sectors, &self.superblock, directory, |name, number| {
            if name != b"." && name != b".." {
                names.push((String::from_utf8_lossy(name).into_owned(), number));
            }
            ControlFlow::<()>::Continue(())
        })?;
        Ok(names)
    }
}

fn stat(number: u32, inode: &Inode) -> Stat {
    let (uid, gid) = (inode.uid, inode.gid);
    Stat { kind: inode.kind(), size: inode.size, mode: inode.mode & 0xFFF, uid, gid, inode: number }
}
