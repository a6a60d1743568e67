//! READPAGE: pages of a raw NAND, main and spare bytes, read only (preloader-and-legacy-da.md 6.20). Pages of bad blocks are
//! left out. In the answer 69 asks for a packet again: the opposite of what it means when writing.

use super::commands;
use super::read::byte_sum;
use super::turn::{BLOCK_MOST, Turn, World};
use crate::simulator::board::{NandFacts, Storage};
use crate::simulator::flash::Area;
use crate::wire::agent::{error, reply};

/// What of a page is wanted.
#[derive(Debug, Clone, Copy)]
struct Wanted {
    main: bool,
    spare: bool,
}

/// A read of pages under way.
struct Job {
    wanted: Wanted,
    pages: Vec<u64>,
    sent: usize,
    packet: usize,
}

/// Takes READPAGE's arguments.
pub fn read_pages() -> Turn {
    Turn::scalars(1 + 1 + 8 + 8 + 4, |world, mut fields| {
        let (flag, _address_type, at, length) = (fields.u8(), fields.u8(), fields.u64(), fields.u64());
        let facts = world.board.nand.clone();
        let wanted = Wanted { main: flag != 2, spare: matches!(flag, 0 | 2) };
        let page = u64::from(facts.page.max(1));
        let code = match at.checked_add(length) {
            _ if world.board.storage != Storage::Nand => Some(error::NO_NAND),
            _ if world.facts().policy.no_read => Some(error::READ_FORBIDDEN),
            _ if flag > 4 => Some(error::BAD_ARGUMENT),
            _ if !at.is_multiple_of(page) => Some(error::MISALIGNED),
            Some(end) if length > 0 && end <= facts.bytes() => None,
            _ => Some(error::OUT_OF_RANGE),
        };
        if let Some(code) = code {
            world.refuse(code);
            return commands::idle();
        }
        let unit = wanted.bytes_of(&facts);
        world.ack();
        for number in [u32::from(facts.page), u32::from(facts.spare), unit] {
            world.say(&number.to_be_bytes());
        }
        let pages = (at / page..(at + length).div_ceil(page)).filter(|page| !is_bad(&facts, *page)).collect();
        Turn::scalars(4, move |world, mut count| begin(world, wanted, pages, count.u32(), unit))
    })
}

fn begin(world: &mut World<'_>, wanted: Wanted, pages: Vec<u64>, count: u32, unit: u32) -> Turn {
    let packet = count as usize;
    if packet == 0 || packet.saturating_mul(unit as usize) > BLOCK_MOST {
        return world.hang("READPAGE with a packet outside its buffer");
    }
    world.say_u64(pages.len() as u64 * u64::from(unit));
    Job { wanted, pages, sent: 0, packet }.next(world)
}

impl Job {
    /// Sends the next packet until the host has it.
    fn next(mut self, world: &mut World<'_>) -> Turn {
        let end = self.pages.len().min(self.sent + self.packet);
        let now = &self.pages[self.sent..end];
        if now.is_empty() {
            return commands::idle();
        }
        let mut bytes = Vec::new();
        for page in now {
            self.wanted.append(world, *page, &mut bytes);
        }
        let sum = byte_sum(&bytes);
        world.say_block(bytes, None);
        world.say(&sum.to_be_bytes());
        Turn::byte(move |world, answer| match answer {
            reply::CONT => self.next(world),
            reply::NACK | reply::STOP => commands::idle(),
            _ => {
                self.sent = end;
                self.next(world)
            }
        })
    }
}

impl Wanted {
    fn bytes_of(self, facts: &NandFacts) -> u32 {
        u32::from(self.main) * u32::from(facts.page) + u32::from(self.spare) * u32::from(facts.spare)
    }

    /// Appends a page. Nothing was ever written to spare bytes here.
    fn append(self, world: &World<'_>, page: u64, bytes: &mut Vec<u8>) {
        let facts = &world.board.nand;
        if self.main {
            let mut main = vec![0xFF; facts.page.into()];
            // Beyond the cells this phone was built with, the NAND is erased.
            let _ = world.soc.msdc.card.flash().read(Area::User, page * u64::from(facts.page), &mut main);
            bytes.append(&mut main);
        }
        if self.spare {
            bytes.resize(bytes.len() + usize::from(facts.spare), 0xFF);
        }
    }
}

fn is_bad(facts: &NandFacts, page: u64) -> bool {
    let block = page / u64::from(facts.pages_per_block.max(1));
    facts.bad_blocks.iter().any(|bad| u64::from(*bad) == block)
}
