//! The partition table as the agent tells it: from the PMT on the flash, or its mirror (preloader-and-legacy-da.md 6.15,
//! ap-nvram.md 5.5).

use super::commands;
use super::facts::Dialect;
use super::storage;
use super::turn::{Turn, World};
use crate::simulator::nand::{Nand, USER_AT};
use crate::wire::agent::{OLD_TABLE_ENTRY_LEN, TABLE_ENTRIES, error, reply};

/// Distance of the PMT from the end of the part, bytes; its mirror follows at once.
pub const FROM_END: u64 = 1 << 20;
/// Bytes of one copy.
pub const LEN: usize = 4096;
/// Signatures of both copies, at the start and in the last word.
pub const SIGNATURES: [u32; 2] = [0x5054_7631, 0x4D50_5431];
/// What an agent tells as part id; on a NAND the reference is silent.
const PART_ID: u64 = 0xFF;
/// Bytes of a name.
const NAME_LEN: usize = 64;
/// Bytes of an entry in the table of a NAND: its numbers are words (ap-nvram.md 5.5).
const NAND_ENTRY_LEN: usize = 76;

/// A partition.
struct Entry {
    name: Vec<u8>,
    size: u64,
    offset: u64,
    flags: u64,
}

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

/// Returns the entries of the first valid copy.
fn find(world: &mut World<'_>) -> Option<Vec<Entry>> {
    if let Some(nand) = world.nand() {
        let facts = nand.facts();
        let pool = if facts.pool_from_host { world.memory.pool } else { facts.pool };
        return find_on_nand(&nand, facts.before_pool_of(pool));
    }
    let part = world.memory.part;
    if !world.memory.emmc || !storage::select(world.soc, part) {
        return None;
    }
    let start = storage::capacity(world.soc, part).checked_sub(FROM_END)?;
    let mut copies = SIGNATURES.iter().zip([start, start + LEN as u64]);
    let copy = copies.find_map(|(signature, at)| {
        let mut copy = vec![0; LEN];
        storage::read(world.soc, at, &mut copy).ok()?;
        let signature = signature.to_le_bytes();
        (copy.starts_with(&signature) && copy.ends_with(&signature)).then_some(copy)
    })?;
    let entries = copy[8..].chunks_exact(OLD_TABLE_ENTRY_LEN).take(TABLE_ENTRIES);
    let named = entries.take_while(|entry| entry[0] != 0);
    Some(named.map(|entry| Entry::read(entry, 8)).collect())
}

/// Looks through the first good block behind the usable area (from block `start` on) from its first page on, then through the next from its last
/// page back. A page is a copy where its bytes and its spare bytes say so.
fn find_on_nand(nand: &Nand<'_>, start: u64) -> Option<Vec<Entry>> {
    let facts = nand.facts();
    let per_block = u64::from(facts.pages_per_block);
    let pool = start..u64::from(facts.blocks);
    let mut blocks = pool.filter(|block| !nand.is_bad(*block)).map(|block| block * per_block);
    let first: Vec<u64> = blocks.next().map(|at| (at..at + per_block).collect()).unwrap_or_default();
    let second: Vec<u64> = blocks.next().map(|at| (at..at + per_block).rev().collect()).unwrap_or_default();
    let copy = SIGNATURES.iter().zip([first, second]).find_map(|(signature, pages)| {
        let signature = signature.to_le_bytes();
        let marked = |page: &u64| {
            let user = nand.spare(*page).split_off(USER_AT);
            user.starts_with(&signature) && nand.main(*page, true).starts_with(&signature)
        };
        pages.into_iter().find(marked).map(|page| nand.main(page, true))
    })?;
    let entries =
        copy[4..].chunks_exact(NAND_ENTRY_LEN).take(TABLE_ENTRIES).map(|entry| Entry::read(entry, 4));
    Some(entries.take_while(|entry| entry.size > 0 && entry.name[0] != 0).collect())
}

impl Entry {
    /// Reads a name, and three numbers of so many bytes.
    fn read(entry: &[u8], width: usize) -> Self {
        let (name, numbers) = entry.split_at(NAME_LEN);
        let mut numbers = numbers.chunks_exact(width).map(|number| {
            let mut bytes = [0; 8];
            bytes[..width].copy_from_slice(number);
            u64::from_le_bytes(bytes)
        });
        let [size, offset, flags] = std::array::from_fn(|_| numbers.next().unwrap_or(0));
        Self { name: name.to_vec(), size, offset, flags }
    }
}

/// Lays entries out as a dialect tells them.
fn tell(dialect: Dialect, entries: &[Entry]) -> Vec<u8> {
    let mut table = Vec::new();
    for Entry { name, size, offset, flags } in entries {
        table.extend_from_slice(name);
        table.extend(size.to_le_bytes());
        if dialect == Dialect::D19 {
            table.extend(PART_ID.to_le_bytes());
        }
        table.extend(offset.to_le_bytes());
        table.extend(flags.to_le_bytes());
    }
    table
}
