//! READPAGE: pages of a raw NAND, main and spare bytes, read only (preloader-and-legacy-da.md 6.20). Pages of bad blocks are
//! left out. In the answer 69 asks for a packet again: the opposite of what it means when writing.

use std::ops::Range;
use std::time::Duration;

use super::commands;
use super::read::byte_sum;
use super::turn::{BLOCK_MOST, Turn, World};
use crate::simulator::nand::{BadBlockAnswer, Nand, NandFacts};
use crate::wire::agent::{error, pages, reply};

/// What of a page is wanted.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    main: bool,
    corrected: bool,
    spare: bool,
}

/// A read of pages under way.
struct Job {
    wanted: Wanted,
    unit: u32,
    /// The page looked at next, and the first that is not wanted.
    at: u64,
    end: u64,
    /// Pages of a packet.
    packet: usize,
}

/// Takes READPAGE's arguments.
pub fn read_pages() -> Turn {
    Turn::scalars(1 + 1 + 8 + 8 + 4, |world, mut fields| {
        // Whether the address type could mean anything but an address of the chip is not known.
        let (flag, _address_type) = (fields.u8(), fields.u8());
        let (at, length, container) = (fields.u64(), fields.u64(), fields.u32());
        let range = match range(world, flag, at, length, container) {
            Ok(range) => range,
            Err(code) => {
                world.refuse(code);
                return commands::idle();
            }
        };
        let facts = &world.board.nand;
        let wanted = Wanted::of(flag);
        let unit = wanted.bytes_of(facts);
        let numbers = [u32::from(facts.page), u32::from(facts.spare), unit];
        world.ack();
        for number in numbers {
            world.say(&number.to_be_bytes());
        }
        let job = Job { wanted, unit, at: range.start, end: range.end, packet: 0 };
        Turn::scalars(4, move |world, mut count| {
            let packet = count.u32() as usize;
            if packet == 0 || packet.saturating_mul(unit as usize) > BLOCK_MOST {
                return world.hang("READPAGE with a packet outside its buffer");
            }
            Job { packet, ..job }.begin(world)
        })
    })
}

/// Returns the pages to walk over, or why the read is refused.
fn range(world: &World<'_>, flag: u8, at: u64, length: u64, container: u32) -> Result<Range<u64>, u32> {
    let nand = world.nand().ok_or(error::NO_NAND)?;
    let facts = nand.facts();
    let page = u64::from(facts.page.max(1));
    if world.facts().policy.no_read {
        return Err(error::READ_FORBIDDEN);
    }
    if flag > pages::VERIFY {
        return Err(error::BAD_ARGUMENT);
    }
    if !at.is_multiple_of(page) {
        return Err(error::MISALIGNED);
    }
    let end = at.checked_add(length).filter(|end| length > 0 && *end <= facts.bytes());
    let range = at / page..end.ok_or(error::OUT_OF_RANGE)?.div_ceil(page);
    // The container bounds everything that is walked over, bad blocks too; that 0 is no bound is a reading.
    let bound = (container > 0).then(|| range.start + u64::from(container) / page);
    if bound.is_some_and(|bound| range.end > bound) {
        return Err(error::BEYOND_CONTAINER);
    }
    match facts.bad_block_answer {
        BadBlockAnswer::Refused if nand.is_bad(nand.block_of(at)) => Err(error::BAD_BLOCK),
        BadBlockAnswer::Skipped | BadBlockAnswer::Refused => Ok(range),
        BadBlockAnswer::Passed => passing(&nand, range, bound),
    }
}

/// Stretches a range until it has as many pages of good blocks as it had pages.
fn passing(nand: &Nand<'_>, range: Range<u64>, bound: Option<u64>) -> Result<Range<u64>, u32> {
    let per_block = u64::from(nand.facts().pages_per_block.max(1));
    let mut missing = range.end - range.start;
    let mut at = range.start;
    while missing > 0 {
        if at >= nand.facts().pages() {
            return Err(error::END_OF_FLASH);
        }
        let behind = (at / per_block + 1) * per_block;
        if !nand.is_bad(at / per_block) {
            let taken = missing.min(behind - at);
            missing -= taken;
            at += taken;
        } else {
            at = behind;
        }
        if bound.is_some_and(|bound| at > bound) {
            return Err(error::BEYOND_CONTAINER);
        }
    }
    Ok(range.start..at)
}

impl Job {
    /// Says how much will come. Where nothing will, the agent is back in its loop.
    fn begin(self, world: &mut World<'_>) -> Turn {
        let total = world.nand().map_or(0, |nand| self.good_pages(&nand)) * u64::from(self.unit);
        world.say_u64(total);
        if total == 0 { commands::idle() } else { self.next(world) }
    }

    /// Counts the wanted pages of good blocks.
    fn good_pages(&self, nand: &Nand<'_>) -> u64 {
        let per_block = u64::from(nand.facts().pages_per_block.max(1));
        let blocks = (self.at / per_block..self.end.div_ceil(per_block)).filter(|block| !nand.is_bad(*block));
        blocks.map(|block| self.end.min((block + 1) * per_block) - self.at.max(block * per_block)).sum()
    }

    /// Reads the next packet, in its time.
    fn next(mut self, world: &mut World<'_>) -> Turn {
        let mut bytes = Vec::new();
        if let Some(nand) = world.nand() {
            let per_block = u64::from(nand.facts().pages_per_block.max(1));
            let mut left = self.packet;
            while left > 0 && self.at < self.end {
                let block = self.at / per_block;
                if nand.is_bad(block) {
                    self.at = (block + 1) * per_block;
                    continue;
                }
                self.wanted.append(&nand, self.at, &mut bytes);
                self.at += 1;
                left -= 1;
            }
        }
        if bytes.is_empty() {
            return commands::idle();
        }
        let kib = (bytes.len() as u64).div_ceil(1024);
        let work = Duration::from_micros(world.facts().read_us_per_kib.saturating_mul(kib));
        Turn::after(work, move |world| self.send(world, bytes))
    }

    /// Sends a packet and its sum until the host has it.
    fn send(self, world: &mut World<'_>, bytes: Vec<u8>) -> Turn {
        world.memory.blocks += 1;
        let mut sum = byte_sum(&bytes);
        if world.facts().wrong_sum == Some(world.memory.blocks) {
            sum = sum.wrapping_add(1);
        }
        world.say_block(bytes.clone(), None);
        world.say(&sum.to_be_bytes());
        Turn::byte(move |world, answer| match answer {
            reply::CONT => self.send(world, bytes),
            reply::NACK | reply::STOP => commands::idle(),
            _ => self.next(world),
        })
    }
}

impl Wanted {
    fn of(flag: u8) -> Self {
        Self {
            main: !matches!(flag, pages::SPARE | pages::VERIFY),
            corrected: flag == pages::CORRECTED,
            spare: matches!(flag, pages::WITH_SPARE | pages::SPARE),
        }
    }

    fn bytes_of(self, facts: &NandFacts) -> u32 {
        u32::from(self.main) * u32::from(facts.page) + u32::from(self.spare) * u32::from(facts.spare)
    }

    fn append(self, nand: &Nand<'_>, page: u64, bytes: &mut Vec<u8>) {
        if self.main {
            bytes.append(&mut nand.main(page, self.corrected));
        }
        if self.spare {
            bytes.append(&mut nand.spare(page));
        }
    }
}
