//! The partition table as the agent tells it: from the PMT on the flash, or its mirror (preloader-and-legacy-da.md 6.15).

use super::commands;
use super::facts::Dialect;
use super::storage;
use super::turn::{Turn, World};
use crate::wire::agent::{OLD_TABLE_ENTRY_LEN, TABLE_ENTRIES, error, reply};

/// Distance of the PMT from the end of the part, bytes; its mirror follows at once.
const FROM_END: u64 = 1 << 20;
/// Bytes of one copy.
const LEN: usize = 4096;
/// Signatures of both copies, at the start and in the last word.
const SIGNATURES: [u32; 2] = [0x5054_7631, 0x4D50_5431];
/// What an eMMC agent tells as part id.
const PART_ID: u64 = 0xFF;

/// READ_PMT.
pub fn read(world: &mut World<'_>) -> Turn {
    let Some(entries) = find(world) else {
        world.refuse(error::NO_TABLE);
        return commands::idle();
    };
    let table = tell(world.memory.dialect, &entries);
    world.ack();
    world.say(&u32::try_from(table.len()).unwrap_or(0).to_be_bytes());
    Turn::byte(move |world, go| {
        if go != reply::ACK {
            return commands::idle();
        }
        world.say_block(table, None);
        Turn::byte(|_, _| commands::idle())
    })
}

/// WRITE_PMT: this phone keeps its table.
pub fn write(world: &mut World<'_>) -> Turn {
    world.refuse(error::UNSUPPORTED);
    commands::idle()
}

/// Returns the entries of the first valid copy on the chosen part.
fn find(world: &mut World<'_>) -> Option<Vec<u8>> {
    let part = world.memory.part;
    if !world.memory.emmc || !storage::select(world.soc, part) {
        return None;
    }
    let start = storage::capacity(world.soc, part).checked_sub(FROM_END)?;
    SIGNATURES.iter().zip([start, start + LEN as u64]).find_map(|(signature, at)| {
        let mut copy = vec![0; LEN];
        storage::read(world.soc, at, &mut copy).ok()?;
        let signature = signature.to_le_bytes();
        (copy.starts_with(&signature) && copy.ends_with(&signature))
            .then(|| copy[8..8 + TABLE_ENTRIES * OLD_TABLE_ENTRY_LEN].to_vec())
    })
}

/// Lays entries out as a dialect tells them, up to the first without a name.
fn tell(dialect: Dialect, entries: &[u8]) -> Vec<u8> {
    let named = entries.chunks_exact(OLD_TABLE_ENTRY_LEN).take_while(|entry| entry[0] != 0);
    let mut table = Vec::new();
    for entry in named {
        let (name_and_size, offset_and_flags) = entry.split_at(0x48);
        table.extend_from_slice(name_and_size);
        if dialect == Dialect::D19 {
            table.extend_from_slice(&PART_ID.to_le_bytes());
        }
        table.extend_from_slice(offset_and_flags);
    }
    table
}
