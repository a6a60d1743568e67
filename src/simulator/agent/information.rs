//! What the agent tells of the phone (preloader-and-legacy-da.md 6.18). Where the reference does not say what an answer holds,
//! the refusal is played that it gives, never an answer of our own.

use super::commands;
use super::turn::{Turn, World};
use crate::wire::agent::{error, reply};
use crate::wire::preloader::target_config;

/// Bytes of the preloader's argument block that DEVICE_INFO tells: IMEI, product id, software version (section 3.8).
const TOLD: [usize; 3] = [16, 64, 128];

/// SECURITY_INFO: takes a length and as many bytes, which mean nothing to it, and acknowledges.
pub fn security() -> Turn {
    Turn::scalars(4, |_, mut length| {
        let length = length.u32() as usize;
        Turn::block(length, |world, _| {
            world.ack();
            commands::idle()
        })
    })
}

/// SECURITY_CHECK: a number alone, no acknowledgement. It says "enabled" on phones with secure boot; which phones really say so,
/// the reference does not tell.
pub fn security_check(world: &mut World<'_>) -> Turn {
    let secure = world.board.always_verify_da || world.board.target_config & target_config::SBC != 0;
    let code = if secure { error::CHECK_ON } else { error::CHECK_OFF };
    world.say(&code.to_be_bytes());
    commands::idle()
}

/// DEVICE_INFO: tells the argument block of a preloader, whose version is 2. A boot ROM gives none. What this preloader writes
/// into it is not known; it is empty.
pub fn device(world: &mut World<'_>) -> Turn {
    if world.memory.dram_ready {
        world.ack();
        for length in TOLD {
            world.say(&[0; 128][..length]);
        }
    } else {
        world.refuse(error::NO_INFORMATION);
    }
    commands::idle()
}

/// STORAGE_INFO: what an agent tells of a storage it knows is nowhere described, so it knows none.
pub fn storage() -> Turn {
    Turn::byte(|world, _storage| {
        world.refuse(error::NO_SUCH_STORAGE);
        commands::idle()
    })
}

/// BATTERY: the acknowledgement is a word here.
pub fn battery(world: &mut World<'_>) -> Turn {
    let millivolt = world.facts().battery_mv;
    world.say_all(&[&u32::from(reply::ACK).to_be_bytes(), &millivolt.to_be_bytes()]);
    commands::idle()
}

/// AREAS: a status, and four words where it is 0. What they are is not known, so there are none.
pub fn areas(world: &mut World<'_>) -> Turn {
    let none = world.memory.dialect.number(error::NO_INFORMATION);
    world.say(&none.to_be_bytes());
    commands::idle()
}
