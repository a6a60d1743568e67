//! Single words and half-words of the address space, with no check of the address (preloader-and-legacy-da.md 6.16): what is
//! not there stops the agent silently. The power chip's registers have a number instead of an address, and are all there.

use super::commands;
use super::turn::{Turn, World};
use crate::simulator::phone::Departure;
use crate::simulator::soc::Outcome;
use crate::wire::agent::command;

/// Where the chip's ids are: hardware version, software version, code, sub code (section 3.3).
const CHIP_ID: u32 = 0x0800_0000;
/// Peripherals.
const PERIPHERALS: std::ops::Range<u32> = 0x1000_0000..0x2000_0000;
/// First address of the DRAM.
const DRAM: u32 = 0x8000_0000;

/// One of the four register commands.
pub fn access(op: u8) -> Turn {
    let value = match op {
        command::WRITE32 => 4,
        command::WRITE16 => 2,
        _ => 0,
    };
    Turn::scalars(4 + value, move |world, mut fields| {
        let address = fields.u32();
        let outcome = match op {
            command::WRITE32 => write(world, address, fields.u32()),
            command::WRITE16 => write(world, address, u32::from(fields.u16())),
            _ => read(world, address),
        };
        match outcome {
            Outcome::Done(value) => {
                let bytes = value.to_be_bytes();
                match op {
                    command::READ32 => world.say(&bytes),
                    command::READ16 => world.say(&bytes[2..]),
                    _ => {}
                }
                world.ack();
                commands::idle()
            }
            Outcome::Hung => world.hang(&format!("access to {address:#x}, where nothing is")),
            Outcome::Reset => Turn::gone(super::ending::restarted(world.soc)),
            Outcome::PowerLost => Turn::gone(Departure::PowerLost),
        }
    })
}

/// One of the two commands for the power chip: registers that hold what was written, and 0 before.
pub fn power_chip(op: u8) -> Turn {
    let value = if op == command::PMIC_WRITE { 2 } else { 0 };
    Turn::scalars(2 + value, move |world, mut fields| {
        let register = fields.u16();
        if op == command::PMIC_WRITE {
            world.memory.power_chip.insert(register, fields.u16());
        } else {
            let value = world.memory.power_chip.get(&register).copied().unwrap_or(0);
            world.say(&value.to_be_bytes());
        }
        world.ack();
        commands::idle()
    })
}

fn read(world: &mut World<'_>, address: u32) -> Outcome {
    let [sub, hardware, software] = world.board.versions;
    let shift = 8 * (address & 2);
    let word = match address & !3 {
        CHIP_ID => Outcome::Done(hardware.into()),
        0x0800_0004 => Outcome::Done(software.into()),
        0x0800_0008 => Outcome::Done(world.board.hw_code.into()),
        0x0800_000C => Outcome::Done(sub.into()),
        word if PERIPHERALS.contains(&word) => world.soc.read32(word),
        word if is_dram(world, word) => Outcome::Done(0),
        _ => Outcome::Hung,
    };
    match word {
        Outcome::Done(value) => Outcome::Done(value >> shift),
        other => other,
    }
}

fn write(world: &mut World<'_>, address: u32, value: u32) -> Outcome {
    match address & !3 {
        word if PERIPHERALS.contains(&word) => world.soc.write32(word, value),
        word if is_dram(world, word) => Outcome::Done(0),
        _ => Outcome::Hung,
    }
}

fn is_dram(world: &World<'_>, address: u32) -> bool {
    address.checked_sub(DRAM).is_some_and(|at| u64::from(at) < u64::from(world.facts().ram_mib) << 20)
}
