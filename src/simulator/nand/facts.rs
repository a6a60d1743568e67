//! What a raw NAND is and what is wrong with it. Plain values; knows no content.

use serde::Deserialize;

/// Most entries of a list of flaws.
const FLAWS_MOST: usize = 4096;

/// What an agent makes of bad blocks when it reads pages. The reference only says that such a block is skipped
/// (preloader-and-legacy-da.md 6.20), so every reading of that can be played.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BadBlockAnswer {
    /// Its pages are left out of what was asked for, and the total counts only what is sent.
    #[default]
    Skipped,
    /// As before, but a read that begins in a bad block is refused with BE5.
    Refused,
    /// Its pages are passed over wherever it lies, and the read goes on behind what was asked for until as many pages were
    /// sent; where the container ends before, it is refused with C2A, and where the chip ends, with C2B.
    Passed,
}

/// A raw NAND.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct NandFacts {
    /// Bytes of a page.
    pub page: u16,
    /// Spare bytes of a page.
    pub spare: u16,
    /// Pages of a block.
    pub pages_per_block: u16,
    /// Blocks.
    pub blocks: u32,
    /// Width of its bus, bits.
    pub io_width: u8,
    /// Address cycles.
    pub address_cycles: u8,
    /// Blocks at the end that are kept for the bad-block table and the partition table.
    pub pool: u32,
    /// Blocks that were marked bad before anything was written: whatever is written goes around them.
    pub bad_blocks: Vec<u32>,
    /// Blocks that became bad after everything was written: no bitmap lists them, and what they held is lost.
    pub new_bad_blocks: Vec<u32>,
    /// Bits that read wrong: page, byte (spare bytes count on behind the page's), bit.
    pub bit_errors: Vec<[u32; 3]>,
    /// What the agent makes of bad blocks.
    pub bad_block_answer: BadBlockAnswer,
    /// The agent takes the size of the pool from the host's configuration when it looks for the partition table. Whether it does
    /// is not known; hosts send 0x50 for a NAND (preloader-and-legacy-da.md 6.4).
    pub pool_from_host: bool,
}

impl Default for NandFacts {
    fn default() -> Self {
        Self {
            page: 2048,
            spare: 64,
            pages_per_block: 64,
            blocks: 4096,
            io_width: 8,
            address_cycles: 5,
            pool: crate::wire::agent::BAD_BLOCK_POOL,
            bad_blocks: Vec::new(),
            new_bad_blocks: Vec::new(),
            bit_errors: Vec::new(),
            bad_block_answer: BadBlockAnswer::default(),
            pool_from_host: false,
        }
    }
}

impl NandFacts {
    /// Returns its size without spare bytes.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.block_bytes() * u64::from(self.blocks)
    }

    /// Returns the size of a block without spare bytes.
    #[must_use]
    pub fn block_bytes(&self) -> u64 {
        u64::from(self.page) * u64::from(self.pages_per_block)
    }

    /// Returns the number of its pages.
    #[must_use]
    pub fn pages(&self) -> u64 {
        u64::from(self.pages_per_block) * u64::from(self.blocks)
    }

    /// Returns all its spare bytes.
    #[must_use]
    pub fn spare_bytes(&self) -> u64 {
        self.pages() * u64::from(self.spare)
    }

    /// Returns the first block behind the usable area, where the partition table is (ap-nvram.md 5.5).
    #[must_use]
    pub fn pool_start(&self) -> u64 {
        self.before_pool_of(self.pool)
    }

    /// Returns the first block behind the usable area, if the pool has so many.
    #[must_use]
    pub fn before_pool_of(&self, blocks: u32) -> u64 {
        u64::from(self.blocks.saturating_sub(blocks))
    }

    /// Returns what makes these values no chip, as a sentence to be put behind the key's name.
    #[must_use]
    pub fn wrong(&self) -> Option<&'static str> {
        let is_block = |block: &u32| *block < self.blocks;
        let is_bit = |[page, byte, bit]: &[u32; 3]| {
            u64::from(*page) < self.pages()
                && *byte < u32::from(self.page) + u32::from(self.spare)
                && *bit < 8
        };
        let lists = [self.bad_blocks.len(), self.new_bad_blocks.len(), self.bit_errors.len()];
        match () {
            () if !self.page.is_power_of_two() || !(512..=16384).contains(&self.page) => {
                Some("has pages that are not 512, 1024, … 16384 bytes long")
            }
            () if !(16..=2048).contains(&self.spare) => Some("has not 16 to 2048 spare bytes in a page"),
            () if !(1..=1024).contains(&self.pages_per_block) => Some("has not 1 to 1024 pages in a block"),
            () if !(1..=1 << 16).contains(&self.blocks) => Some("has no blocks, or more than a chip"),
            () if self.pool >= self.blocks => Some("keeps all its blocks in the pool"),
            () if lists.iter().any(|len| *len > FLAWS_MOST) => Some("has more flaws than 4096 of a kind"),
            () if !self.bad_blocks.iter().chain(&self.new_bad_blocks).all(is_block) => {
                Some("has a bad block behind its last one")
            }
            () if !self.bit_errors.iter().all(is_bit) => Some("has a bit error outside its pages"),
            () => None,
        }
    }
}
