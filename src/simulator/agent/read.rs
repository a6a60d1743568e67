//! Reading back (preloader-and-legacy-da.md 6.11, 6.20): blocks, each with a sum in two packets and as often as the host
//! wants it. There is no way to say that a block cannot be read: the agent falls back to its loop without a word.

use std::time::Duration;

use super::commands;
use super::facts::Dialect;
use super::storage::{self, BLOCK_LEN, Trouble};
use super::turn::{BLOCK_MOST, Turn, World};
use crate::simulator::phone::Departure;
use crate::wire::agent::{error, host_os, reply, storage as kind};

/// Bytes of a piece for hosts that are not Windows.
const PIECE: usize = 1024;
/// Fewest bytes of a block a host may ask for.
const BLOCK_LEAST: u32 = 0x400;

/// Returns the sum of bytes modulo 65536.
pub fn byte_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum, byte| sum.wrapping_add(u16::from(*byte)))
}

/// A read under way.
struct Job {
    nand: bool,
    at: u64,
    left: u64,
    packet: u64,
    pieces: Option<usize>,
}

/// Takes READ's arguments.
pub fn begin(world: &mut World<'_>) -> Turn {
    let dialect = world.memory.dialect;
    let os = usize::from(dialect == Dialect::D19);
    Turn::scalars(os + 1 + 8 + 8, move |world, mut fields| {
        let os = if os == 1 { fields.u8() } else { host_os::WINDOWS };
        let (storage, at, length) = (fields.u8(), fields.u64(), fields.u64());
        let job = Job {
            nand: storage == kind::NAND,
            at,
            left: length,
            packet: 0,
            pieces: (os != host_os::WINDOWS).then_some(PIECE),
        };
        if let Some(code) = refusal(world, storage, at, length) {
            world.refuse(code);
            return commands::idle();
        }
        world.ack();
        Turn::scalars(4, move |world, mut packet| {
            let packet = packet.u32();
            if packet < BLOCK_LEAST || packet as usize > BLOCK_MOST {
                return world.hang("READ with a packet length outside its buffer");
            }
            Job { packet: u64::from(packet), ..job }.next(world)
        })
    })
}

/// Returns why a read is refused.
fn refusal(world: &mut World<'_>, storage: u8, at: u64, length: u64) -> Option<u32> {
    if world.facts().policy.no_read {
        return Some(error::READ_FORBIDDEN);
    }
    let size = match storage {
        kind::NAND if world.memory.dialect == Dialect::D13 => {
            let Some(nand) = world.nand() else { return Some(error::NO_NAND) };
            nand.facts().bytes()
        }
        kind::EMMC if world.memory.emmc => storage::capacity(world.soc, world.memory.part),
        kind::EMMC => return Some(error::NO_EMMC),
        kind::SD => return Some(error::NO_SD),
        _ => return Some(error::BAD_ARGUMENT),
    };
    if !at.is_multiple_of(BLOCK_LEN) {
        return Some(error::MISALIGNED);
    }
    if length == 0 || at.checked_add(length).is_none_or(|end| end > size) {
        return Some(error::OUT_OF_RANGE);
    }
    if let Some(nand) = world.nand().filter(|_| storage == kind::NAND) {
        // The reference does not say what READ does with a bad block. That it refuses the whole range before it begins is a
        // reading: left out, or sent as it lies, nothing would tell it from content.
        let mut blocks = nand.block_of(at)..=nand.block_of(at + length - 1);
        return blocks.any(|block| nand.is_bad(block)).then_some(error::BAD_BLOCK);
    }
    (!storage::select(world.soc, world.memory.part)).then_some(error::NO_PART)
}

impl Job {
    /// Reads the next block, in its time.
    fn next(self, world: &mut World<'_>) -> Turn {
        if self.left == 0 {
            return commands::idle();
        }
        let length = self.packet.min(self.left);
        let work = Duration::from_micros(world.facts().read_us_per_kib.saturating_mul(length.div_ceil(1024)));
        Turn::after(work, move |world| {
            let mut bytes = vec![0; usize::try_from(length).unwrap_or(0)];
            let read = match world.nand().filter(|_| self.nand) {
                Some(nand) => {
                    nand.read(self.at, &mut bytes);
                    Ok(())
                }
                None => storage::read(world.soc, self.at, &mut bytes),
            };
            match read {
                Ok(()) => self.send(world, bytes),
                Err(Trouble::PowerLost) => Turn::gone(Departure::PowerLost),
                Err(Trouble::Failed) => commands::idle(),
            }
        })
    }

    /// Sends a block and its sum until the host has it.
    fn send(mut self, world: &mut World<'_>, bytes: Vec<u8>) -> Turn {
        world.memory.blocks += 1;
        let mut sum = byte_sum(&bytes);
        if world.facts().wrong_sum == Some(world.memory.blocks) {
            sum = sum.wrapping_add(1);
        }
        world.say_block(bytes.clone(), self.pieces);
        let [high, low] = sum.to_be_bytes();
        world.say_all(&[&[high], &[low]]);
        let length = bytes.len() as u64;
        listen(world.memory.dialect, move |world, again| {
            if again {
                return self.send(world, bytes);
            }
            self.at += length;
            self.left -= length;
            self.next(world)
        })
    }
}

/// Waits for the host's verdict on a block: D19 repeats on every byte but one, D13 on one alone and ignores the rest.
fn listen(dialect: Dialect, then: impl FnOnce(&mut World<'_>, bool) -> Turn + Send + 'static) -> Turn {
    Turn::byte(move |world, byte| match (dialect, byte) {
        (_, reply::ACK) => then(world, false),
        (Dialect::D19, _) | (Dialect::D13, reply::NACK) => then(world, true),
        (Dialect::D13, _) => listen(dialect, then),
    })
}
