//! Loading the second stage, and its start up to the command loop (preloader-and-legacy-da.md 6.6, 6.7).

use std::time::Duration;

use sha1::{Digest, Sha1};

use super::facts::Dialect;
use super::turn::{BLOCK_MOST, Turn, World};
use super::{commands, opening, report, storage};
use crate::wire::agent::{AGENT2_ADDRESS, reply};

/// Bytes at the second stage's end that its digest leaves out.
const SIGNATURE: usize = 0x100;
/// Most bytes the second stage may have; real ones have a sixteenth.
const STAGE_MOST: u32 = 4 << 20;

/// Waits for the upload's three words.
pub fn begin() -> Turn {
    Turn::scalars(12, |world, mut words| {
        let (address, total, packet) = (words.u32(), words.u32(), words.u32());
        if packet == 0 || packet as usize > BLOCK_MOST || total > STAGE_MOST {
            return world.hang("second stage's length or packet length makes no sense");
        }
        if address != AGENT2_ADDRESS {
            world.violations.push(format!("agent: second stage loaded to {address:#x}"));
        }
        world.ack();
        let stage = Stage { bytes: Vec::new(), total: total as usize, packet: packet as usize };
        if address == AGENT2_ADDRESS { stage.next() } else { stage.lost() }
    })
}

/// The second stage as far as it has come.
struct Stage {
    bytes: Vec<u8>,
    total: usize,
    packet: usize,
}

impl Stage {
    /// Takes the next packet; the last one is the remainder, even where that is nothing.
    fn next(mut self) -> Turn {
        let left = self.total - self.bytes.len();
        let last = left < self.packet;
        Turn::block(if last { left } else { self.packet }, move |world, bytes| {
            self.bytes.extend_from_slice(bytes);
            world.ack();
            if last { start(world, &self.bytes) } else { self.next() }
        })
    }

    /// Takes everything, to somewhere it is not linked for: nothing starts.
    fn lost(mut self) -> Turn {
        let left = self.total - self.bytes.len();
        let last = left < self.packet;
        Turn::block(if last { left } else { self.packet }, move |world, bytes| {
            self.bytes.extend_from_slice(bytes);
            world.ack();
            if last { world.hang("second stage is not where it is linked for") } else { self.lost() }
        })
    }
}

/// Jumps into the second stage, if it is the one the first was built with.
fn start(world: &mut World<'_>, stage: &[u8]) -> Turn {
    if world.memory.dialect == Dialect::D19 && !belongs(&world.memory.first, stage) {
        return world.hang("second stage does not match the first stage's digest");
    }
    world.ack();
    Turn::byte(|world, _| {
        Turn::after(Duration::from_millis(world.facts().init_ms), |world| {
            let found = storage::Found::look(world);
            report::say(world, &found);
            if world.facts().soc_fails {
                world.say(&[reply::SOC_FAIL]);
                return opening::halt_after_status();
            }
            world.say(&[reply::SOC_OK]);
            commands::idle()
        })
    })
}

/// Returns whether the first stage holds the digest of this second stage.
fn belongs(first: &[u8], stage: &[u8]) -> bool {
    let body = &stage[..stage.len().saturating_sub(SIGNATURE)];
    let digest = Sha1::digest(body);
    first.windows(digest.len()).any(|window| window == digest.as_slice())
}
