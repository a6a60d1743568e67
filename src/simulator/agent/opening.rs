//! The first stage's opening and the host's configuration block (preloader-and-legacy-da.md 6.3, 6.4).

use std::time::Duration;

use super::facts::Dialect;
use super::turn::{Turn, World};
use super::{dram, storage};
use crate::wire::agent::{error, reply};

/// DA version, both dialects.
const VERSION: [u8; 2] = [0x04, 0x02];

/// Says the first byte and goes on in its dialect; `known` is whether the agent was built for this chip.
pub fn begin(known: bool) -> Turn {
    Turn::after(Duration::ZERO, move |world| {
        world.say(&[reply::SYNC]);
        match world.memory.dialect {
            Dialect::D13 => version(world, known),
            Dialect::D19 => {
                let probing = Duration::from_millis(world.facts().probe_ms);
                Turn::after(probing, move |world| {
                    let found = storage::Found::look(world);
                    say_ids(world, &found);
                    Turn::byte(move |world, _| version(world, known))
                })
            }
        }
    })
}

/// NAND result, counted ids, eMMC result, CID: the order of the opening.
fn say_ids(world: &mut World<'_>, found: &storage::Found) {
    world.say(&found.nand_first(world.memory.dialect).to_be_bytes());
    world.say(&world.facts().nand_ids.to_be_bytes());
    for id in found.nand_ids(world.facts().nand_ids) {
        world.say(&id.to_be_bytes());
    }
    let emmc = if found.emmc { 0 } else { error::NOT_FOUND };
    world.say(&emmc.to_be_bytes());
    for word in found.cid_words() {
        world.say(&word);
    }
}

fn version(world: &mut World<'_>, known: bool) -> Turn {
    let chip = if known { world.facts().chip } else { reply::CHIP_UNKNOWN };
    world.say_all(&[&VERSION[..1], &VERSION[1..], &[chip]]);
    if chip == reply::CHIP_UNKNOWN {
        return halt_after_status();
    }
    let fields = match world.memory.dialect {
        Dialect::D19 => 18,
        Dialect::D13 => 15,
    };
    Turn::scalars(fields + extra_fields(world.board.hw_code), |world, mut fields| {
        let [_, _, _, _, nand_cs] = std::array::from_fn(|_| fields.u8());
        world.memory.nand_cs = nand_cs;
        let _timing = fields.u32();
        if world.memory.dialect == Dialect::D19 {
            let _table_wanted = fields.u8();
        }
        world.memory.pool = fields.u32();
        dram::begin(world)
    })
}

/// The agent does not know the chip: it takes a status, acknowledges it and stops.
pub fn halt_after_status() -> Turn {
    Turn::scalars(4, |world, _| {
        world.ack();
        Turn::never()
    })
}

/// Bytes other chips' agents want behind the configuration (section 6.4).
fn extra_fields(hw_code: u16) -> usize {
    match hw_code {
        0x6580 => 4 + 16 + 4,
        0x6592 | 0x6582 | 0x6583 | 0x6589 | 0x8127 => 4,
        _ => 0,
    }
}
