//! WRITE_PMT: the host's table, entry by entry, and then both copies on the card (preloader-and-legacy-da.md 6.15). A NAND keeps
//! its table: nobody knows what the agent would write there.

use std::time::Duration;

use super::commands;
use super::facts::Dialect;
use super::storage::{self, Trouble};
use super::table::{FROM_END, LEN, SIGNATURES};
use super::turn::{Turn, World};
use crate::simulator::phone::Departure;
use crate::wire::agent::{OLD_TABLE_ENTRY_LEN, TABLE_ENTRIES, TABLE_ENTRY_LEN, error, part, reply};

/// Where a copy's state stands: four bytes, a sequence number first.
const STATE_AT: usize = 0xFF8;
/// Where an entry of D19 has the part id, which the card has not.
const PART_ID: std::ops::Range<usize> = 0x48..0x50;

/// WRITE_PMT.
pub fn begin(world: &mut World<'_>) -> Turn {
    if world.nand().is_some() {
        world.refuse(error::UNSUPPORTED);
        return commands::idle();
    }
    world.ack();
    Turn::scalars(4, |world, mut count| {
        let count = count.u32() as usize;
        if count > TABLE_ENTRIES {
            return world.hang("a partition table longer than its buffer");
        }
        world.ack();
        next(world.memory.dialect, count, Vec::new())
    })
}

/// Takes the next entry, through the scalar buffer, and keeps it in the form it has on the card.
fn next(dialect: Dialect, left: usize, mut entries: Vec<u8>) -> Turn {
    if left == 0 {
        // The reference names the flag and not its meaning: "do write" is a reading.
        return Turn::scalars(4, move |world, mut update| {
            world.ack();
            if update.u32() == 0 {
                world.ack();
                return commands::idle();
            }
            Turn::after(Duration::ZERO, move |world| put(world, &entries))
        });
    }
    Turn::scalars(entry_len(dialect), move |world, entry| {
        let mut entry = entry.rest().to_vec();
        if dialect == Dialect::D19 {
            entry.drain(PART_ID);
        }
        entries.extend(entry);
        world.say(&[reply::CONT]);
        next(dialect, left - 1, entries)
    })
}

/// Writes both copies.
fn put(world: &mut World<'_>, entries: &[u8]) -> Turn {
    let chosen = world.memory.part;
    let start = storage::capacity(world.soc, part::USER).saturating_sub(FROM_END);
    let mut done = if world.memory.emmc && storage::select(world.soc, part::USER) {
        Ok(())
    } else {
        Err(Trouble::Failed)
    };
    for (signature, at) in SIGNATURES.into_iter().zip([start, start + LEN as u64]) {
        done = done.and_then(|()| {
            let mut copy = vec![0; LEN];
            storage::read(world.soc, at, &mut copy)?;
            let state: [u8; 4] = std::array::from_fn(|byte| copy[STATE_AT + byte]);
            copy.fill(0);
            copy[..4].copy_from_slice(&signature.to_le_bytes());
            copy[4..8].copy_from_slice(b"1.0\0");
            copy[8..8 + entries.len()].copy_from_slice(entries);
            copy[STATE_AT..STATE_AT + 4].copy_from_slice(&state);
            copy[STATE_AT] = state[0].wrapping_add(1);
            copy[LEN - 4..].copy_from_slice(&signature.to_le_bytes());
            storage::write(world.soc, at, &copy)
        });
    }
    storage::select(world.soc, chosen);
    match done {
        Ok(()) => world.ack(),
        Err(Trouble::Failed) => world.refuse(error::TABLE_FAILED),
        Err(Trouble::PowerLost) => return Turn::gone(Departure::PowerLost),
    }
    commands::idle()
}

/// Bytes of an entry as a dialect has it.
fn entry_len(dialect: Dialect) -> usize {
    match dialect {
        Dialect::D19 => TABLE_ENTRY_LEN,
        Dialect::D13 => OLD_TABLE_ENTRY_LEN,
    }
}
