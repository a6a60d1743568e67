//! FORMAT: on a card that can erase one shot, told as nothing and then everything; else FF in pieces
//! (preloader-and-legacy-da.md 6.19).

use super::commands;
use super::storage::{self, BLOCK_LEN, Trouble};
use super::turn::{Turn, World};
use crate::simulator::phone::Departure;
use crate::wire::agent::{error, storage as kind};

/// Per cent done.
const ALL: u8 = 0x64;
/// Bytes of a piece.
const PIECE: u64 = 64 << 10;

/// FORMAT. The range is of the part chosen last.
pub fn begin() -> Turn {
    Turn::scalars(4 + 8 + 8, |world, mut fields| {
        let storage = fields.u8();
        let [_erase, _validation, _address_type] = std::array::from_fn(|_| fields.u8());
        let (at, length) = (fields.u64(), fields.u64());
        world.blame_nand_write("FORMAT");
        if let Some(code) = refusal(world, storage) {
            world.refuse(code);
            return commands::idle();
        }
        if !at.is_multiple_of(BLOCK_LEN) {
            world.refuse(error::MISALIGNED);
            return commands::idle();
        }
        world.ack();
        let part = world.memory.part;
        let size = storage::capacity(world.soc, part);
        if length == 0 || at.checked_add(length).is_none_or(|end| end > size) {
            world.refuse(error::OUT_OF_RANGE);
            return commands::idle();
        }
        world.ack();
        progress(world, world.memory.dialect.number(error::IN_PROGRESS), 0);
        Turn::byte(move |world, _| erase(world, at, length))
    })
}

fn refusal(world: &World<'_>, storage: u8) -> Option<u32> {
    if world.facts().policy.no_format {
        return Some(error::FORMAT_FORBIDDEN);
    }
    match storage {
        0 => Some(error::NO_NOR),
        kind::NAND if world.nand().is_some() => Some(error::UNSUPPORTED),
        kind::NAND => Some(error::NO_NAND),
        kind::EMMC if world.memory.emmc => None,
        kind::EMMC => Some(error::NO_EMMC),
        kind::SD => Some(error::NO_SD),
        _ => Some(error::BAD_ARGUMENT),
    }
}

/// In one shot, or piece by piece.
fn erase(world: &mut World<'_>, at: u64, length: u64) -> Turn {
    let part = world.memory.part;
    if !storage::select(world.soc, part) {
        return failed(world, at);
    }
    if world.facts().format_in_pieces {
        return piece(world, at, 0, length);
    }
    if storage::erase(world.soc, at, length) { done(world) } else { failed(world, at) }
}

/// Writes the next piece behind the first `over` of `length` bytes, and tells how much is done.
fn piece(world: &mut World<'_>, at: u64, over: u64, length: u64) -> Turn {
    let len = PIECE.min(length - over);
    let filled = vec![0xFF; usize::try_from(len).unwrap_or(0)];
    match storage::write(world.soc, at + over, &filled) {
        Ok(()) => {}
        Err(Trouble::PowerLost) => return Turn::gone(Departure::PowerLost),
        Err(Trouble::Failed) => return failed(world, at + over),
    }
    let over = over + len;
    if over == length {
        return done(world);
    }
    let percent = u8::try_from(u128::from(over) * 100 / u128::from(length)).unwrap_or(ALL);
    progress(world, world.memory.dialect.number(error::IN_PROGRESS), percent);
    Turn::byte(move |world, _| piece(world, at, over, length))
}

/// Ends well; DL_INFO is touched like by every change.
fn done(world: &mut World<'_>) -> Turn {
    super::write::note(world, "formatted");
    progress(world, 0, ALL);
    Turn::byte(|world, _| {
        world.ack();
        world.ack();
        commands::idle()
    })
}

/// Says where it failed, and ends.
fn failed(world: &mut World<'_>, at: u64) -> Turn {
    let code = world.memory.dialect.number(error::WRITE_FAILED);
    world.say(&code.to_be_bytes());
    world.say_u64(at);
    world.say(&[crate::wire::agent::reply::STOP]);
    world.ack();
    commands::idle()
}

fn progress(world: &mut World<'_>, code: u32, percent: u8) {
    world.say_all(&[&code.to_be_bytes(), &[percent]]);
}
