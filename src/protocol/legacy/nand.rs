//! A raw NAND through the agent (preloader-and-legacy-da.md 6.20; for D13 the storage number of 6.11): read, one erase block at
//! a time, so that a bad block can never shift what lies behind it. Never writes: the arguments of the write command are in no
//! reference.

use std::collections::BTreeSet;

use super::line::{LATER, Line, SOON};
use super::transfer::{self, Reading};
use super::trouble::{AgentTrouble, Dialect};
use crate::protocol::{NandChip, ProtocolError};
use crate::wire::agent::{BAD_BLOCK_POOL, command, error as number, pages, reply, storage};
use crate::wire::emmc::BLOCK;

/// How addresses are meant: the first kind. No reference names the others; what is read is proven by what it holds.
const ADDRESS_TYPE: u8 = 0;
/// Repetitions of a packet whose sum is wrong.
const REPEATS: u32 = 3;
/// Bad blocks that are believed however small the chip is.
const FEW_BAD: u32 = 8;
/// One block in so many is bad at most when a chip is sold.
const ONE_IN: u32 = 50;
/// Most bytes of a packet, as hosts choose for every other read (section 6.11).
const MOST_PACKET: u64 = 0x10_0000;

/// What of each page is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    /// Main bytes, bit errors corrected.
    Main,
    /// Spare bytes.
    Spare,
}

/// A NAND and what is known of its bad blocks.
pub struct Nand {
    /// Its shape.
    pub chip: NandChip,
    bad: BTreeSet<u32>,
    good: BTreeSet<u32>,
}

impl Nand {
    pub fn new(chip: NandChip) -> Self {
        Self { chip, bad: BTreeSet::new(), good: BTreeSet::new() }
    }

    /// Returns the bad blocks that were met, ascending.
    pub fn bad_blocks(&self) -> Vec<u32> {
        self.bad.iter().copied().collect()
    }

    /// Reads whole blocks of 512 main bytes from `lba` on. A bad block reads as erased, and is remembered.
    pub fn read(
        &mut self,
        line: &mut Line,
        how: Reading,
        lba: u64,
        into: &mut [u8],
    ) -> Result<(), ProtocolError> {
        let erase_block = self.chip.erase_block();
        let mut at = lba * BLOCK as u64;
        let mut rest = into;
        while !rest.is_empty() {
            let left = erase_block - at % erase_block;
            let take = usize::try_from(left).unwrap_or(usize::MAX).min(rest.len());
            let (piece, behind) = rest.split_at_mut(take);
            if !self.within_block(line, how, at, piece)? {
                piece.fill(0xFF);
            }
            at += take as u64;
            rest = behind;
        }
        Ok(())
    }

    /// Reads the spare bytes of pages; none where their block is bad or the agent's dialect has no way to them.
    pub fn spare(
        &mut self,
        line: &mut Line,
        dialect: Dialect,
        first: u64,
        count: u32,
    ) -> Result<Option<Vec<u8>>, ProtocolError> {
        if dialect == Dialect::D13 {
            return Ok(None);
        }
        let per_block = u64::from(self.chip.pages_per_block);
        let mut all = Vec::new();
        let (mut page, end) = (first, first + u64::from(count));
        while page < end {
            let take = (per_block - page % per_block).min(end - page);
            let mut bytes = vec![0; usize::try_from(take * u64::from(self.chip.spare)).unwrap_or(0)];
            if !self.pages(line, Part::Spare, page, take, &mut bytes)? {
                return Ok(None);
            }
            all.append(&mut bytes);
            page += take;
        }
        Ok(Some(all))
    }

    /// Reads main bytes that lie in one erase block. Returns whether it is good.
    fn within_block(
        &mut self,
        line: &mut Line,
        how: Reading,
        at: u64,
        into: &mut [u8],
    ) -> Result<bool, ProtocolError> {
        if self.bad.contains(&self.block_of(at)) {
            return Ok(false);
        }
        if how.dialect == Dialect::D13 {
            return self.old_read(line, how, at, into);
        }
        let page = u64::from(self.chip.page);
        let (first, end) = (at / page, (at + into.len() as u64).div_ceil(page));
        let whole = first * page == at && (end - first) * page == into.len() as u64;
        if whole {
            return self.pages(line, Part::Main, first, end - first, into);
        }
        let mut bytes = vec![0; usize::try_from((end - first) * page).unwrap_or(0)];
        let good = self.pages(line, Part::Main, first, end - first, &mut bytes)?;
        let from = usize::try_from(at - first * page).unwrap_or(0);
        if let Some(wanted) = bytes.get(from..from + into.len()) {
            into.copy_from_slice(wanted);
        }
        Ok(good)
    }

    /// The older dialect reads a NAND as it reads a card, by another storage number; it has no words for spare bytes.
    fn old_read(
        &mut self,
        line: &mut Line,
        how: Reading,
        at: u64,
        into: &mut [u8],
    ) -> Result<bool, ProtocolError> {
        let place = format!("reading NAND at {at:#x}");
        match transfer::read_storage(line, how, storage::NAND, at, into, &place) {
            Ok(()) => Ok(self.remember_good(at)),
            Err(error) if is_bad_block(&error) => self.remember_bad(at, &place),
            Err(error) => Err(error),
        }
    }

    /// Reads pages of one erase block with READPAGE. Returns whether the block is good.
    fn pages(
        &mut self,
        line: &mut Line,
        part: Part,
        first: u64,
        count: u64,
        into: &mut [u8],
    ) -> Result<bool, ProtocolError> {
        let page = u64::from(self.chip.page);
        let (at, length) = (first * page, count * page);
        let place = format!("reading NAND at {at:#x}");
        if self.bad.contains(&self.block_of(at)) {
            return Ok(false);
        }
        let (flag, unit) = match part {
            Part::Main => (pages::CORRECTED, self.chip.page),
            Part::Spare => (pages::SPARE, self.chip.spare),
        };
        let mut order = vec![command::NAND_READ_PAGE, flag, ADDRESS_TYPE];
        order.extend(at.to_be_bytes());
        order.extend(length.to_be_bytes());
        // What is asked for lies in one block, and its room is that block's: what lies behind is never walked into.
        order.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
        line.say(&order, &place)?;
        match line.ack(Dialect::D19, LATER, &place) {
            Ok(()) => {}
            Err(error) if is_bad_block(&error) => return self.remember_bad(at, &place),
            Err(error) => return Err(error),
        }
        for (what, awaited) in
            [("page size", self.chip.page), ("spare size", self.chip.spare), ("bytes a page", unit)]
        {
            let said = line.word(SOON, &place)?;
            if said != awaited {
                return Err(line.absurd(what, said.into(), &place));
            }
        }
        let per_packet = (MOST_PACKET / u64::from(unit)).clamp(1, count);
        line.say(&u32::try_from(per_packet).unwrap_or(1).to_be_bytes(), &place)?;
        let mut total = [0; 8];
        line.hear(&mut total, LATER, &place)?;
        match u64::from_be_bytes(total) {
            // Bad blocks are left out, and nothing follows.
            0 => return self.remember_bad(at, &place),
            total if total == into.len() as u64 => {}
            total => return Err(line.absurd("length of its NAND pages", total, &place)),
        }
        let packet = usize::try_from(per_packet * u64::from(unit)).unwrap_or(usize::MAX);
        for (index, piece) in into.chunks_mut(packet).enumerate() {
            packet_of(line, piece, || format!("{place}, packet {index}"))?;
        }
        Ok(self.remember_good(at))
    }

    fn block_of(&self, at: u64) -> u32 {
        u32::try_from(at / self.chip.erase_block()).unwrap_or(u32::MAX)
    }

    fn remember_good(&mut self, at: u64) -> bool {
        self.good.insert(self.block_of(at));
        true
    }

    /// Remembers a bad block, unless there are so many that it is not the blocks that are bad. The pool that stands in for bad
    /// blocks is not counted: an agent may keep it to itself.
    fn remember_bad(&mut self, at: u64, place: &str) -> Result<bool, ProtocolError> {
        self.bad.insert(self.block_of(at));
        let usable = self.chip.blocks.saturating_sub(BAD_BLOCK_POOL);
        let (bad, good) = (self.bad.range(..usable).count(), self.good.len());
        let most = usize::try_from(FEW_BAD.max(self.chip.blocks / ONE_IN)).unwrap_or(usize::MAX);
        if bad > most && bad > good / 4 {
            return Err(ProtocolError::agent(place, AgentTrouble::AllBad { bad, good }));
        }
        Ok(false)
    }
}

/// Whether an agent's number says that a block is bad. A range inside one block, with no more room than itself, can be beyond its
/// container or the chip only where pages were passed over; an agent that counts otherwise says so of every block.
fn is_bad_block(error: &ProtocolError) -> bool {
    const BAD: [u32; 3] = [number::BAD_BLOCK, number::BEYOND_CONTAINER, number::END_OF_FLASH];
    matches!(error, ProtocolError::Agent { trouble, .. } if trouble.number().is_some_and(|code| BAD.contains(&code)))
}

/// Receives a packet and its sum. Here 69 asks for it again, and everything else that is no refusal goes on: the opposite of
/// what it means when writing.
fn packet_of(line: &mut Line, piece: &mut [u8], place: impl Fn() -> String) -> Result<(), ProtocolError> {
    let mut repeats = 0;
    loop {
        line.hear(piece, LATER, &place())?;
        let said = line.half(SOON, &place())?;
        let came = transfer::byte_sum(piece);
        if came == said {
            return line.say(&[reply::ACK], &place());
        }
        if repeats == REPEATS {
            // Unlike READ this one can be ended.
            line.say(&[reply::STOP], &place())?;
            return Err(ProtocolError::agent(place(), AgentTrouble::BlockSum { came, said }));
        }
        repeats += 1;
        line.say(&[reply::CONT], &place())?;
    }
}
