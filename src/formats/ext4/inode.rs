//! One inode: what a file is, how long, whose, and the 60 bytes that say where its content lies.

use super::error::Ext4Error;
use super::fields::{le16, le32, le64_split};
use super::group::Group;
use super::sectors::Sectors;
use crate::formats::ext4::superblock::Superblock;

const FLAG_COMPRESSED: u32 = 0x4;
const FLAG_ENCRYPTED: u32 = 0x800;
const FLAG_EXTENTS: u32 = 0x8_0000;
const FLAG_INLINE: u32 = 0x1000_0000;
const FLAG_CASEFOLD: u32 = 0x4000_0000;

/// The root directory.
pub(super) const ROOT: u32 = 2;

/// What kind of thing a name stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    Regular,
    /// A directory.
    Directory,
    /// A symbolic link; never followed.
    Symlink,
    /// A device, pipe or socket.
    Other,
}

/// An inode as read.
#[derive(Debug, Clone)]
pub(super) struct Inode {
    /// Its place: byte offset in the volume.
    pub at: u64,
    pub mode: u16,
    pub uid: u32,
    pub gid: u32,
    pub size: u64,
    pub flags: u32,
    pub content: [u8; 60],
}

impl Inode {
    pub(super) fn read(
        sectors: &mut Sectors,
        superblock: &Superblock,
        number: u32,
    ) -> Result<Self, Ext4Error> {
        let outside = Ext4Error::Damaged { at: 0, what: "inode number outside the inode tables" };
        if number > superblock.inodes {
            return Err(outside);
        }
        let index = number.checked_sub(1).ok_or(outside)?;
        let group = Group::read(sectors, superblock, u64::from(index / superblock.inodes_per_group))?;
        let inside = u64::from(index % superblock.inodes_per_group) * superblock.inode_size;
        let at = group.inode_table * superblock.block_size + inside;
        let raw = sectors.take(at, 128)?;
        let mut content = [0; 60];
        content.copy_from_slice(&raw[0x28..0x64]);
        let mode = le16(&raw, 0);
        // The high half of the size means "directory ACL" on the oldest volumes, but for regular files only size.
        let size = if mode & 0xF000 == 0x8000 { le64_split(&raw, 4, 0x6C) } else { u64::from(le32(&raw, 4)) };
        Ok(Self {
            at,
            mode,
            uid: u32::from(le16(&raw, 2)) | u32::from(le16(&raw, 0x78)) << 16,
            gid: u32::from(le16(&raw, 0x18)) | u32::from(le16(&raw, 0x7A)) << 16,
            size,
            flags: le32(&raw, 0x20),
            content,
        })
    }

    pub(super) fn kind(&self) -> FileKind {
        match self.mode & 0xF000 {
            0x8000 => FileKind::Regular,
            0x4000 => FileKind::Directory,
            0xA000 => FileKind::Symlink,
            _ => FileKind::Other,
        }
    }

    pub(super) fn has_extents(&self) -> bool {
        self.flags & FLAG_EXTENTS != 0
    }

    /// Why the content cannot be read from blocks as it stands, if so.
    pub(super) fn obstacle(&self) -> Option<&'static str> {
        [
            (FLAG_INLINE, "inline data"),
            (FLAG_ENCRYPTED, "encrypted"),
            (FLAG_COMPRESSED, "compressed"),
            (FLAG_CASEFOLD, "casefold"),
        ]
        .into_iter()
        .find_map(|(flag, name)| (self.flags & flag != 0).then_some(name))
    }
}
