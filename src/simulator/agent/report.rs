//! The second stage's report on every kind of storage, and its trailer (preloader-and-legacy-da.md 6.8).

use super::facts::Dialect;
use super::storage::{Found, capacity};
use super::turn::World;
use crate::simulator::nand::NandFacts;
use crate::wire::agent::{error, part};

/// Returns the device codes of a NAND: the fourth tells page and block size, from 1 KiB and 64 KiB on.
pub fn nand_ids(facts: &NandFacts) -> [u16; 5] {
    let power = |bytes: u64, from: u64| u16::try_from((bytes / from).max(1).ilog2() & 3).unwrap_or(0);
    let fourth = 0x84 | power(facts.block_bytes(), 64 << 10) << 4 | power(facts.page.into(), 1 << 10);
    [0x2C, 0xDC, 0x90, fourth, 0x56]
}

/// Boot style: from NAND, from eMMC or SD, from nothing.
const FROM_NAND: u32 = 0x40B;
const FROM_EMMC: u32 = 0x409;
const FROM_NOTHING: u32 = 0xBFF;
/// Bytes of the chip's internal RAM.
const INTERNAL_RAM: u32 = 0x2_0000;

/// Says the report and the trailer, up to the byte for the chip.
pub fn say(world: &mut World<'_>, found: &Found) {
    let dialect = world.memory.dialect;
    let word = |code: u32| dialect.number(code).to_be_bytes();
    nor(world);
    nand(world, found);
    emmc(world, found);
    // No SD card is ever in.
    world.say(&word(error::NO_SD));
    world.say_u64(0);
    world.say_zeros(4, 4);
    ram(world);
    let random = world.facts().random_id;
    world.say(&random);
    world.ack();
    world.say(&word(error::BLANK_FLASH));
    let style = match (found.emmc, found.nand) {
        (_, true) => FROM_NAND,
        (true, _) => FROM_EMMC,
        _ => dialect.number(FROM_NOTHING),
    };
    world.say(&style.to_be_bytes());
}

fn nor(world: &mut World<'_>) {
    let ret = world.memory.dialect.number(error::NO_NOR);
    world.say_all(&[&ret.to_be_bytes(), &[0], &[8], &[0xFF, 0xFF], &[0; 4]]);
    world.say_zeros(2, 4);
    world.say_zeros(4, 2);
}

fn nand(world: &mut World<'_>, found: &Found) {
    let dialect = world.memory.dialect;
    let nand_cs = world.memory.nand_cs;
    let geometry = &world.board.nand;
    let (ret, id, size, shape, lines) = match found.nand {
        true => (
            0,
            nand_ids(geometry)[1],
            geometry.bytes(),
            [geometry.page, geometry.spare, geometry.pages_per_block],
            [geometry.io_width, geometry.address_cycles, 1],
        ),
        false => (dialect.number(error::NO_NAND), 0xFFFF, 0, [0; 3], [0; 3]),
    };
    let size = u32::try_from(size).unwrap_or(u32::MAX);
    world.say_all(&[&ret.to_be_bytes(), &[nand_cs], &id.to_be_bytes(), &size.to_be_bytes()]);
    let count = match dialect {
        Dialect::D19 => world.facts().nand_ids,
        Dialect::D13 => 5,
    };
    if dialect == Dialect::D19 {
        world.say(&count.to_be_bytes());
    }
    for id in found.nand_ids(count) {
        world.say(&id.to_be_bytes());
    }
    for number in shape {
        world.say(&number.to_be_bytes());
    }
    for number in lines {
        world.say(&[number]);
    }
}

fn emmc(world: &mut World<'_>, found: &Found) {
    let ret = if found.emmc { 0 } else { world.memory.dialect.number(error::NO_EMMC) };
    world.say(&ret.to_be_bytes());
    let size = |world: &World<'_>, part| if found.emmc { capacity(world.soc, part) } else { 0 };
    // Boot areas, replay-protected block, and four general-purpose parts this card does not have.
    let parts = [part::BOOT1, part::BOOT2, part::RPMB].map(|part| size(world, part));
    for bytes in parts.into_iter().chain([0; 4]) {
        match world.memory.dialect {
            Dialect::D19 => world.say_u64(bytes),
            Dialect::D13 => world.say(&u32::try_from(bytes).unwrap_or(u32::MAX).to_be_bytes()),
        }
    }
    let user = size(world, part::USER);
    world.say_u64(user);
    for word in found.cid_words() {
        world.say(&word);
    }
    let mut name = [0; 8];
    name[..6].copy_from_slice(&found.cid[3..9]);
    world.say(&name);
}

fn ram(world: &mut World<'_>) {
    let size = u64::from(world.facts().ram_mib) << 20;
    world.say_all(&[&[0; 4], &INTERNAL_RAM.to_be_bytes(), &[0; 4], &[2], &[0]]);
    match world.memory.dialect {
        Dialect::D19 => world.say_u64(size),
        Dialect::D13 => world.say(&u32::try_from(size).unwrap_or(u32::MAX).to_be_bytes()),
    }
}
