//! A raw NAND: its geometry and flaws, and its pages as a driver sees them. The flash holds what was written; bit errors are
//! put in when it is read. Parity in the spare bytes is not played: corrected is what the list of flaws says is correctable.

mod facts;

pub use facts::{BadBlockAnswer, NandFacts};

use super::flash::{Area, Flash};

/// Bytes the parity of a page covers at once, and the most wrong bits in them it corrects.
const SECTOR: u32 = 512;
const CORRECTABLE: usize = 4;
/// The spare byte of a block's first page that marks it bad when it is not FF.
pub const MARK_AT: u64 = 0;
/// What it is then.
pub const MARK: u8 = 0x00;
/// Where user bytes begin in the spare bytes: behind the mark (ap-nvram.md 5.5).
pub const USER_AT: usize = 1;

/// A chip with its content.
#[derive(Debug, Clone, Copy)]
pub struct Nand<'a> {
    facts: &'a NandFacts,
    flash: &'a Flash,
}

impl<'a> Nand<'a> {
    /// Looks at a chip.
    pub fn new(facts: &'a NandFacts, flash: &'a Flash) -> Self {
        Self { facts, flash }
    }

    /// Returns its geometry.
    pub fn facts(&self) -> &'a NandFacts {
        self.facts
    }

    /// Returns the block a byte of the main area is in.
    pub fn block_of(&self, at: u64) -> u64 {
        at / self.facts.block_bytes().max(1)
    }

    /// Returns whether a block is marked bad, by the page or in the flash.
    pub fn is_bad(&self, block: u64) -> bool {
        let lists = [&self.facts.bad_blocks, &self.facts.new_bad_blocks];
        let listed = lists.into_iter().flatten().any(|bad| u64::from(*bad) == block);
        listed || self.stored_spare(block * u64::from(self.facts.pages_per_block), 1, MARK_AT)[0] != 0xFF
    }

    /// Returns a page's main bytes. Corrected, a sector with more wrong bits than parity can correct comes as it lies.
    pub fn main(&self, page: u64, corrected: bool) -> Vec<u8> {
        let mut bytes = vec![0xFF; self.facts.page.into()];
        // What a flash that was built smaller does not hold is erased.
        let _ = self.flash.read(Area::User, page * u64::from(self.facts.page), &mut bytes);
        self.flip(page, 0, &mut bytes, corrected);
        bytes
    }

    /// Returns a page's spare bytes, as they lie: no parity covers them.
    pub fn spare(&self, page: u64) -> Vec<u8> {
        let mut bytes = self.stored_spare(page, self.facts.spare.into(), 0);
        self.flip(page, self.facts.page.into(), &mut bytes, false);
        bytes
    }

    /// Reads main bytes, corrected, from any byte on.
    pub fn read(&self, at: u64, into: &mut [u8]) {
        let page_len = u64::from(self.facts.page.max(1));
        let mut done = 0;
        while done < into.len() {
            let place = at + done as u64;
            let page = self.main(place / page_len, true);
            let offset = usize::try_from(place % page_len).unwrap_or(0);
            let len = (page.len() - offset).min(into.len() - done);
            into[done..done + len].copy_from_slice(&page[offset..offset + len]);
            done += len;
        }
    }

    fn stored_spare(&self, page: u64, len: usize, offset: u64) -> Vec<u8> {
        let mut bytes = vec![0xFF; len];
        let _ = self.flash.read(Area::Spare, page * u64::from(self.facts.spare) + offset, &mut bytes);
        bytes
    }

    /// Puts the bit errors of a page into some of its bytes, the first of which is byte `first` of the page.
    fn flip(&self, page: u64, first: u32, bytes: &mut [u8], corrected: bool) {
        let here = || self.facts.bit_errors.iter().filter(|error| u64::from(error[0]) == page);
        for [_, byte, bit] in here() {
            let in_sector = || here().filter(|[_, other, _]| other / SECTOR == byte / SECTOR).count();
            if corrected && in_sector() <= CORRECTABLE {
                continue;
            }
            let place = byte.checked_sub(first).and_then(|at| bytes.get_mut(at as usize));
            if let Some(place) = place {
                *place ^= 1 << (bit & 7);
            }
        }
    }
}
