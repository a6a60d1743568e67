//! Writing, and comparing what was written (preloader-and-legacy-da.md 6.12 to 6.14): packet by packet, each with a sum and
//! an answer; a wrong go-ahead byte hangs the agent for ever.

use std::time::Duration;

use super::storage::{self, BLOCK_LEN, Trouble, area};
use super::turn::{BLOCK_MOST, Turn, World};
use super::{commands, read::byte_sum};
use crate::simulator::flash::Area;
use crate::simulator::phone::Departure;
use crate::wire::agent::{DATA_PACKET, SPARSE_MAGIC, error, part, reply};

/// Distance of DL_INFO from the end of the user area, and its length, bytes.
const DL_INFO: u64 = 0x800;

/// A write under way.
struct Job {
    checked: bool,
    part: u8,
    at: u64,
    left: u64,
    packet: u64,
    sparse: Option<bool>,
    /// WRITE_IMAGE: sum of the packets' sums so far, and its bits.
    image: Option<(u16, u8)>,
}

/// WRITE_DATA.
pub fn data() -> Turn {
    Turn::scalars(1 + 1 + 8 + 8 + 4, |world, mut fields| {
        let job = Job {
            checked: fields.u8() != 0,
            part: fields.u8(),
            at: fields.u64(),
            left: fields.u64(),
            packet: u64::from(fields.u32()),
            sparse: None,
            image: None,
        };
        if let Some(code) = refusal(world, job.part, job.at, job.left) {
            world.refuse(code);
            return commands::idle();
        }
        if job.packet == 0 || job.packet > BLOCK_MOST as u64 {
            return world.hang("WRITE_DATA with a packet length outside its buffer");
        }
        world.ack();
        job.next()
    })
}

/// WRITE_IMAGE: the same with the agent's packet length, a sum over everything, and notes in DL_INFO.
pub fn image() -> Turn {
    Turn::scalars(1 + 1 + 8 + 8 + 1 + 1, |world, mut fields| {
        let (checked, part, at, left) = (fields.u8() != 0, fields.u8(), fields.u64(), fields.u64());
        let (_index, bits) = (fields.u8(), fields.u8());
        world.say(&DATA_PACKET.to_be_bytes());
        if let Some(code) = refusal(world, part, at, left) {
            world.refuse(code);
            return commands::idle();
        }
        if bits & 1 != 0 {
            note(world, "download started");
        }
        world.ack();
        let packet = u64::from(DATA_PACKET);
        Job { checked, part, at, left, packet, sparse: None, image: Some((0, bits)) }.next()
    })
}

/// Returns why a write is refused, and chooses the part if it is not.
fn refusal(world: &mut World<'_>, part: u8, at: u64, length: u64) -> Option<u32> {
    if world.facts().policy.no_write {
        return Some(error::WRITE_FORBIDDEN);
    }
    if !world.memory.emmc {
        world.blame_nand_write("writing of bytes");
        return Some(error::NO_SD); // "storage": the agent looks for the card it has not
    }
    match area(part) {
        None => return Some(error::NO_PART),
        Some(Area::Rpmb) => return Some(error::NOT_ON_PART),
        Some(_) => {}
    }
    let size = storage::capacity(world.soc, part);
    if !at.is_multiple_of(BLOCK_LEN) || at >= size {
        return Some(error::MISALIGNED);
    }
    if length == 0 || length > size - at {
        return Some(error::OUT_OF_RANGE);
    }
    (!storage::select(world.soc, part)).then_some(error::NO_PART)
}

impl Job {
    /// Waits for the go-ahead of the next packet.
    fn next(self) -> Turn {
        if self.left == 0 {
            return self.end();
        }
        Turn::byte(move |world, go| match go {
            reply::ACK => self.take(),
            reply::STOP => commands::idle(),
            _ => world.hang("a packet to write began with a wrong byte"),
        })
    }

    /// Takes a packet and its sum.
    fn take(mut self) -> Turn {
        let length = self.packet.min(self.left);
        Turn::block(usize::try_from(length).unwrap_or(usize::MAX), move |_, bytes| {
            let bytes = bytes.to_vec();
            Turn::scalars(2, move |world, mut sum| {
                let sum = sum.u16();
                if self.checked && sum != byte_sum(&bytes) {
                    world.refuse(error::WRONG_SUM);
                    return self.next();
                }
                if let Some((total, _)) = &mut self.image {
                    *total = total.wrapping_add(byte_sum(&bytes));
                }
                let blocks = length.div_ceil(BLOCK_LEN);
                let work = Duration::from_micros(world.facts().write_us_per_block.saturating_mul(blocks));
                Turn::after(work, move |world| self.program(world, bytes))
            })
        })
    }

    /// Writes a packet. Data that looks like a sparse image is not written as it is: its range is erased.
    fn program(mut self, world: &mut World<'_>, mut bytes: Vec<u8>) -> Turn {
        let sparse = *self.sparse.get_or_insert(bytes.starts_with(&SPARSE_MAGIC));
        if sparse {
            world
                .violations
                .push("agent: data that begins like a sparse image was not written raw".to_owned());
            bytes.fill(0);
        }
        match storage::write(world.soc, self.at, &bytes) {
            Ok(()) => {
                world.say(&[reply::CONT]);
                self.at += bytes.len() as u64;
                self.left -= bytes.len() as u64;
            }
            Err(Trouble::PowerLost) => return Turn::gone(Departure::PowerLost),
            Err(Trouble::Failed) => {
                world.refuse(error::WRITE_FAILED);
                if let Some((total, _)) = &mut self.image {
                    *total = total.wrapping_sub(byte_sum(&bytes));
                }
            }
        }
        self.next()
    }

    /// Ends: WRITE_DATA silently, WRITE_IMAGE with a sum over all sums.
    fn end(self) -> Turn {
        let Some((found, bits)) = self.image else { return commands::idle() };
        Turn::scalars(2, move |world, mut total| {
            if total.u16() == found {
                if bits & 2 != 0 {
                    note(world, "download done");
                }
                world.ack();
            } else {
                world.say_all(&[&[reply::NACK], &found.to_be_bytes()]);
            }
            commands::idle()
        })
    }
}

/// VERIFY: the sum of what a range holds; the agent also notes it in DL_INFO.
pub fn verify() -> Turn {
    Turn::scalars(1 + 1 + 8 + 8 + 2 + 1 + 1, |_, mut fields| {
        let (_storage, part, at, length) = (fields.u8(), fields.u8(), fields.u64(), fields.u64());
        let expected = fields.u16();
        Turn::block(16, move |world, _name| {
            let found = sum_of(world, part, at, length);
            if found == Some(expected) {
                note(world, "image verified");
                world.ack();
            } else {
                world.say_all(&[&[reply::NACK], &found.unwrap_or(0xDEAD).to_be_bytes()]);
            }
            commands::idle()
        })
    })
}

fn sum_of(world: &mut World<'_>, part: u8, mut at: u64, mut length: u64) -> Option<u16> {
    let end = at.checked_add(length)?;
    let fits = world.memory.emmc && at.is_multiple_of(BLOCK_LEN) && end <= storage::capacity(world.soc, part);
    if !fits || !storage::select(world.soc, part) {
        return None;
    }
    let mut sum = 0_u16;
    let mut buffer = vec![0; 1 << 16];
    while length > 0 {
        let len = usize::try_from(length).unwrap_or(buffer.len()).min(buffer.len());
        storage::read(world.soc, at, &mut buffer[..len]).ok()?;
        sum = sum.wrapping_add(byte_sum(&buffer[..len]));
        at += len as u64;
        length -= len as u64;
    }
    Some(sum)
}

/// Rewrites DL_INFO at the end of the user area, then chooses the part again that was chosen.
pub fn note(world: &mut World<'_>, text: &str) {
    let end = storage::capacity(world.soc, part::USER);
    let mut bytes = vec![0; 0x800];
    bytes[..22].copy_from_slice(b"DOWNLOAD INFORMATION!!");
    bytes[0x18..0x1C].copy_from_slice(b"V1.0");
    bytes[0x20..0x20 + text.len()].copy_from_slice(text.as_bytes());
    if storage::select(world.soc, part::USER) {
        let _ = storage::write(world.soc, end.saturating_sub(DL_INFO), &bytes); // the agent does not look either
    }
    let part = world.memory.part;
    storage::select(world.soc, part);
}
