//! The superblock: 1024 bytes at 0x400. Reads all fields, then checks, then builds a value that can be trusted for
//! every later computation of addresses.

use super::error::Ext4Error;
use super::fields::{le16, le32};
use super::sectors::Sectors;

/// Where the superblock lies, in bytes of the volume.
pub const SUPERBLOCK_AT: u64 = 1024;
pub(super) const MAGIC: u16 = 0xEF53;

const COMPAT_HAS_JOURNAL: u32 = 0x4;
const INCOMPAT_FILETYPE: u32 = 0x2;
const INCOMPAT_RECOVER: u32 = 0x4;
const INCOMPAT_64BIT: u32 = 0x80;
/// filetype, recover, extents, 64bit, mmp, flex_bg, ea_inode, csum_seed, largedir, inline_data, encrypt, casefold: either
/// without meaning for reading, or checked on each inode.
const INCOMPAT_KNOWN: u32 =
    0x2 | 0x4 | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x1_0000 | 0x2_0000;
const INCOMPAT_JOURNAL_DEV: u32 = 0x8;
const RO_GDT_CSUM: u32 = 0x10;
const RO_BIGALLOC: u32 = 0x200;
const RO_METADATA_CSUM: u32 = 0x400;
/// Groups of the largest volume met on these phones are a few hundred.
const GROUP_MAX: u64 = 1 << 20;

/// What later reading needs. Sizes in bytes unless said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Superblock {
    pub block_size: u64,
    pub blocks: u64,
    pub first_data_block: u64,
    pub blocks_per_group: u64,
    pub inodes: u32,
    pub inodes_per_group: u32,
    pub inode_size: u64,
    pub descriptor_size: usize,
    pub groups: u64,
    /// Blocks kept behind each copy of the descriptors for growth.
    pub reserved_descriptor_blocks: u64,
    pub uuid: [u8; 16],
    /// Directory entries carry a type byte.
    pub has_filetype: bool,
    pub has_64bit: bool,
    /// `itable_unused` and the UNINIT flags are protected by a checksum, and hold.
    pub has_group_checksums: bool,
    /// Inode of the journal; `None` without one.
    pub journal_inode: Option<u32>,
    /// The journal must be replayed before the volume is used.
    pub needs_recovery: bool,
}

impl Superblock {
    pub(super) fn read(sectors: &mut Sectors) -> Result<Self, Ext4Error> {
        if sectors.len() < SUPERBLOCK_AT + 1024 {
            return Err(Ext4Error::Damaged { at: 0, what: "the volume is shorter than a superblock" });
        }
        // 0x260 bytes hold every field used; the second sector holds only numbers of large volumes.
        let raw = sectors.take(SUPERBLOCK_AT, 0x260)?;
        let magic = le16(&raw, 0x38);
        if magic != MAGIC {
            return Err(match raw.iter().all(|byte| *byte == raw[0]) {
                true => Ext4Error::Blank { byte: raw[0] },
                false => Ext4Error::NotExt4 { found: magic },
            });
        }
        Self::check(&raw, sectors.len())
    }

    fn check(raw: &[u8], volume_len: u64) -> Result<Self, Ext4Error> {
        let damaged = |at: u64, what| Ext4Error::Damaged { at: SUPERBLOCK_AT + at, what };
        let (compat, incompat, read_only) = (le32(raw, 0x5C), le32(raw, 0x60), le32(raw, 0x64));
        if incompat & INCOMPAT_JOURNAL_DEV != 0 {
            return Err(Ext4Error::Unsupported { what: "a journal device".to_owned() });
        }
        let unknown = incompat & !INCOMPAT_KNOWN;
        if unknown != 0 {
            return Err(Ext4Error::Unsupported {
                what: format!("incompatible feature bits {unknown:#x} (superblock 0x60)"),
            });
        }
        if read_only & RO_BIGALLOC != 0 {
            return Err(Ext4Error::Unsupported { what: "bigalloc (superblock 0x64)".to_owned() });
        }
        let log = le32(raw, 0x18);
        if log > 6 {
            return Err(damaged(0x18, "block size above 64 KiB"));
        }
        let block_size = 1024u64 << log;
        let has_64bit = incompat & INCOMPAT_64BIT != 0;
        let blocks = u64::from(le32(raw, 4)) | if has_64bit { u64::from(le32(raw, 0x150)) << 32 } else { 0 };
        match blocks.checked_mul(block_size) {
            Some(len) if len <= volume_len => {}
            _ => return Err(damaged(4, "the file system is longer than the volume")),
        }
        let first_data_block = u64::from(le32(raw, 0x14));
        if first_data_block != u64::from(log == 0) || blocks <= first_data_block {
            return Err(damaged(0x14, "first data block"));
        }
        let blocks_per_group = u64::from(le32(raw, 0x20));
        if blocks_per_group == 0 || blocks_per_group > block_size * 8 {
            return Err(damaged(0x20, "blocks per group"));
        }
        let (inodes, inodes_per_group) = (le32(raw, 0), le32(raw, 0x28));
        if inodes_per_group == 0 || u64::from(inodes_per_group) > block_size * 8 {
            return Err(damaged(0x28, "inodes per group"));
        }
        let inode_size = if le32(raw, 0x4C) == 0 { 128 } else { u64::from(le16(raw, 0x58)) };
        if !inode_size.is_power_of_two() || !(128..=block_size).contains(&inode_size) {
            return Err(damaged(0x58, "inode size"));
        }
        let descriptor_size = if has_64bit { usize::from(le16(raw, 0xFE)) } else { 32 };
        if !descriptor_size.is_power_of_two()
            || !(32..=1024).contains(&descriptor_size)
            || (has_64bit && descriptor_size < 64)
        {
            return Err(damaged(0xFE, "group descriptor size"));
        }
        let groups = (blocks - first_data_block).div_ceil(blocks_per_group);
        if groups > GROUP_MAX || u64::from(inodes) > groups * u64::from(inodes_per_group) {
            return Err(damaged(0, "more inodes than the groups hold"));
        }
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&raw[0x68..0x78]);
        let journal = le32(raw, 0xE0);
        Ok(Self {
            block_size,
            blocks,
            first_data_block,
            blocks_per_group,
            inodes,
            inodes_per_group,
            inode_size,
            descriptor_size,
            groups,
            reserved_descriptor_blocks: u64::from(le16(raw, 0xCE)),
            uuid,
            has_filetype: incompat & INCOMPAT_FILETYPE != 0,
            has_64bit,
            has_group_checksums: read_only & (RO_GDT_CSUM | RO_METADATA_CSUM) != 0,
            journal_inode: (compat & COMPAT_HAS_JOURNAL != 0 && journal != 0).then_some(journal),
            needs_recovery: incompat & INCOMPAT_RECOVER != 0,
        })
    }
}
