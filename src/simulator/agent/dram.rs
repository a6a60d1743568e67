//! The DRAM step: nothing after a preloader, a dialogue about the memory controller after a boot ROM
//! (preloader-and-legacy-da.md 6.5).

use super::facts::Dialect;
use super::turn::{Turn, World};
use super::{commands, storage, upload};
use crate::wire::agent::{error, reply};

/// The one table version these agents take.
const EMI_VERSION: u32 = 0x0B;
/// Asks for the table built into the agent.
const BUILT_IN: u32 = 0xFFFF_FFFF;
/// Bytes of a table of that version.
const TABLE_LEN: u32 = 0xA8;
/// Kind of RAM: dynamic.
const DRAM: u8 = 2;

/// Begins the step.
pub fn begin(world: &mut World<'_>) -> Turn {
    if world.memory.dram_ready {
        world.say(&0_u32.to_be_bytes());
        return upload::begin();
    }
    let wanted = world.memory.dialect.number(error::DRAM_NEEDED);
    world.say(&wanted.to_be_bytes());
    let found = storage::Found::look(world);
    let emmc = if found.emmc { 0 } else { world.memory.dialect.number(error::NOT_FOUND) };
    world.say(&emmc.to_be_bytes());
    world.say(&found.cid);
    world.say(&found.nand_first(world.memory.dialect).to_be_bytes());
    let ids = match world.memory.dialect {
        Dialect::D19 => world.facts().nand_ids,
        Dialect::D13 => 5,
    };
    if world.memory.dialect == Dialect::D19 {
        world.say(&ids.to_be_bytes());
    }
    for id in found.nand_ids(ids) {
        world.say(&id.to_be_bytes());
    }
    Turn::scalars(5, |world, mut fields| {
        let _command = fields.u8();
        dialogue(world, fields.u32(), upload::begin)
    })
}

/// MEMORY_AGAIN: the same in the second stage. The command is the dialogue's first byte, so its version comes next: the
/// reference says no more than that it is the same dialogue.
pub fn again() -> Turn {
    Turn::scalars(4, |world, mut version| dialogue(world, version.u32(), commands::idle))
}

/// From the version of the host's table on.
fn dialogue(world: &mut World<'_>, version: u32, then: fn() -> Turn) -> Turn {
    world.ack();
    if version == BUILT_IN {
        return confirm(None, then);
    }
    // Type, id and both ranks of the memory: this phone tells nothing about them.
    world.say(&[0; 16]);
    let len = if version == EMI_VERSION { TABLE_LEN } else { 0 };
    world.say(&len.to_be_bytes());
    Turn::byte(move |world, go_on| {
        if go_on != reply::ACK {
            return world.hang("the DRAM step was abandoned");
        }
        Turn::block(len as usize, move |world, table| {
            let sum = super::read::byte_sum(table);
            world.say(&sum.to_be_bytes());
            let table = table.to_vec();
            Turn::byte(move |_, _| confirm(Some(table), then))
        })
    })
}

/// Takes the last word, sets the memory up and says how that went. A table without content leaves it dead.
fn confirm(table: Option<Vec<u8>>, then: fn() -> Turn) -> Turn {
    Turn::scalars(4, move |world, _| {
        let works = table.as_ref().is_none_or(|table| table.iter().any(|byte| *byte != table[0]));
        if !works {
            let failed = world.memory.dialect.number(error::DRAM_NEEDED);
            world.say(&failed.to_be_bytes());
            return world.hang("the DRAM is not accessible");
        }
        let size = u64::from(world.facts().ram_mib) << 20;
        world.say_all(&[&0_u32.to_be_bytes(), &[DRAM], &[0]]);
        world.say_u64(size);
        then()
    })
}
