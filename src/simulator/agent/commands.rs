//! The second stage's command loop (preloader-and-legacy-da.md 6.10): which byte begins what. Most bytes begin nothing, and
//! nothing is said about that: 99 to 9E and B9 to BF too are in the real agent's list, and the reference tells nothing of them.

use super::facts::Dialect;
use super::turn::{Turn, World};
use super::{
    dram, ending, format, information, link, nand, read, registers, storage, table, table_write, write,
};
use crate::wire::agent::{command, error, reply};

/// Bytes D19 answers with a bare refusal.
const REFUSED: [u8; 3] = [0x52, 0x64, 0xD3];

/// Waits for a command.
pub fn idle() -> Turn {
    Turn::byte(obey)
}

fn obey(world: &mut World<'_>, op: u8) -> Turn {
    match op {
        command::SWITCH_PART => Turn::byte(switch),
        command::WRITE_IMAGE => write::image(),
        command::WRITE_DATA => write::data(),
        command::SD_STATUS => {
            world.refuse(error::NO_SD);
            idle()
        }
        command::USB_SETUP => link::usb_speed(),
        command::USB_STATUS => link::usb_status(world),
        command::USB_IDS => link::usb_ids(),
        command::UART_SPEED => link::uart_speed(),
        command::READ32 | command::WRITE32 | command::READ16 | command::WRITE16 => registers::access(op),
        command::PMIC_READ | command::PMIC_WRITE => registers::power_chip(op),
        command::WRITE_PMT => table_write::begin(world),
        command::READ_PMT => table::read(world),
        // What follows it is not known; the command itself is answered like the other one that changes a table.
        command::NAND_WRITE if world.nand().is_some() => {
            world.blame_nand_write("WRITE");
            world.refuse(error::UNSUPPORTED);
            idle()
        }
        command::VERIFY => write::verify(),
        command::FORMAT => format::begin(),
        command::READ => read::begin(world),
        command::NAND_READ_PAGE if world.memory.dialect == Dialect::D19 => nand::read_pages(),
        command::FINISH => ending::finish(world),
        command::WATCHDOG => ending::watchdog(world),
        command::SECURITY_INFO => information::security(),
        command::SECURITY_CHECK => information::security_check(world),
        command::DEVICE_INFO => information::device(world),
        command::STORAGE_INFO => information::storage(),
        command::BATTERY => information::battery(world),
        command::AREAS => information::areas(world),
        command::MEMORY_AGAIN => dram::again(),
        _ if REFUSED.contains(&op) && world.memory.dialect == Dialect::D19 => {
            world.say(&[reply::NACK]);
            idle()
        }
        _ => idle(),
    }
}

fn switch(world: &mut World<'_>, part: u8) -> Turn {
    if world.memory.emmc && storage::select(world.soc, part) {
        world.memory.part = part;
        world.ack();
    } else {
        world.refuse(error::NO_PART);
    }
    idle()
}
