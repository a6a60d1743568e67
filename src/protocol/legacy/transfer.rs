//! Blocks of the user area in and out: READ (D6) with every block's sum verified, WRITE_DATA (62) with its rules for answers and
//! its trap (preloader-and-legacy-da.md 6.11, 6.12). READ and WRITE_DATA give 69 and 5A different meanings; they share nothing.

use super::line::{LATER, Line, SOON};
use super::trouble::{AgentTrouble, Dialect};
use crate::protocol::ProtocolError;
use crate::wire::agent::{command, error as number, part, reply, storage};
use crate::wire::emmc::BLOCK;

/// How often a block with a wrong sum is asked for again.
const REPEATS: u32 = 3;
/// How often a packet is sent again that the agent summed otherwise, and one it could not write.
const RESENDS: u32 = 3;
const REWRITES: u32 = 1;
/// WRITE_DATA: the agent is to compare sums.
const COMPARE: u8 = 1;

/// Returns the sum agents give for a block: all bytes, modulo 65536.
#[must_use]
pub fn byte_sum(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |sum: u16, byte| sum.wrapping_add(u16::from(*byte)))
}

/// Selects the user area for the commands that act on "the current part".
pub fn select_user(line: &mut Line, dialect: Dialect) -> Result<(), ProtocolError> {
    const DOING: &str = "selecting the user area";
    line.say(&[command::SWITCH_PART, part::USER], DOING)?;
    line.ack(dialect, LATER, DOING)
}

/// How READ is asked.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    pub dialect: Dialect,
    /// The host's system, which only D19 asks for.
    pub host_os: u8,
    /// Bytes of a block.
    pub packet: u32,
}

/// Reads whole blocks of the chosen part of the card from `lba` on.
pub fn read(line: &mut Line, how: Reading, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError> {
    read_storage(line, how, storage::EMMC, address(lba), into, &format!("reading LBA {lba}"))
}

/// Reads bytes of a kind of storage from the byte `at` on.
pub fn read_storage(
    line: &mut Line,
    how: Reading,
    kind: u8,
    at: u64,
    into: &mut [u8],
    place: &str,
) -> Result<(), ProtocolError> {
    let mut header = vec![command::READ];
    if how.dialect == Dialect::D19 {
        header.push(how.host_os);
    }
    header.push(kind);
    header.extend(at.to_be_bytes());
    header.extend((into.len() as u64).to_be_bytes());
    line.say(&header, place)?;
    line.ack(how.dialect, LATER, place)?;
    line.say(&how.packet.to_be_bytes(), place)?;
    let packet = usize::try_from(how.packet).unwrap_or(usize::MAX).max(BLOCK);
    for (index, block) in into.chunks_mut(packet).enumerate() {
        block_of(line, block, || format!("{place}, block {index}"))?;
    }
    Ok(())
}

fn block_of(line: &mut Line, block: &mut [u8], place: impl Fn() -> String) -> Result<(), ProtocolError> {
    let mut repeats = 0;
    loop {
        line.hear(block, LATER, &place())?;
        let said = line.half(SOON, &place())?;
        let came = byte_sum(block);
        if came == said {
            return line.say(&[reply::ACK], &place());
        }
        if repeats == REPEATS {
            // There is no byte that ends a read: the agent would repeat for ever.
            let trouble = AgentTrouble::BlockSum { came, said };
            return Err(line.broken_by(ProtocolError::agent(place(), trouble)));
        }
        repeats += 1;
        line.say(&[reply::NACK], &place())?;
    }
}

/// Writes whole blocks from `lba` on, as one packet: the agent programs it only when all of it has come and its sum is right.
pub fn write(line: &mut Line, dialect: Dialect, lba: u64, bytes: &[u8]) -> Result<(), ProtocolError> {
    let place = format!("writing LBA {lba}");
    let length = bytes.len() as u64;
    let mut header = vec![command::WRITE_DATA, COMPARE, part::USER];
    header.extend(address(lba).to_be_bytes());
    header.extend(length.to_be_bytes());
    header.extend(u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes());
    line.say(&header, &place)?;
    line.ack(dialect, LATER, &place)?;
    let (mut resends, mut rewrites) = (0, 0);
    loop {
        line.say(&[reply::ACK], &place)?;
        line.say(bytes, &place)?;
        line.say(&byte_sum(bytes).to_be_bytes(), &place)?;
        let code = match line.byte(LATER, &place)? {
            reply::CONT => return Ok(()),
            reply::NACK => line.number(SOON, &place)?,
            got => return Err(line.unexpected("69 or a5", got, &place)),
        };
        let trouble = AgentTrouble::Number { dialect, code };
        let again = match trouble.number() {
            Some(number::WRONG_SUM) if resends < RESENDS => {
                resends += 1;
                true
            }
            Some(number::WRITE_FAILED) if rewrites < REWRITES => {
                rewrites += 1;
                true
            }
            _ => false,
        };
        if !again {
            // The agent waits for 5A or 96, and for nothing else (section 6.12).
            line.say(&[reply::STOP], &place)?;
            return Err(ProtocolError::agent(place, trouble));
        }
    }
}

fn address(lba: u64) -> u64 {
    lba.saturating_mul(BLOCK as u64)
}
