//! The first stage's half of the conversation: its opening, the configuration block, memory, and the upload of the second stage
//! (preloader-and-legacy-da.md 6.3 to 6.7). The dialect is told by the byte behind C0, never by a version.

use std::time::Duration;

use super::chip::{AgentChip, Stage};
use super::line::{LATER, Line, SOON, is_silence};
use super::trouble::{AgentTrouble, Dialect, in_dialect};
use crate::protocol::ProtocolError;
use crate::wire::agent::{BAD_BLOCK_POOL, UPLOAD_PACKET, error as number, reply};

/// Time until a first stage speaks, and from its first byte to its second: it probes the eMMC in between.
const FIRST_BYTE: Duration = Duration::from_secs(5);
/// Most NAND ids an opening may count; seven and four were seen.
const MOST_IDS: u16 = 32;
/// First byte of either dialect behind C0: the version, or a NAND error number below 01000000.
const VERSION: u8 = 0x04;
const NUMBER: u8 = 0x00;
/// "Not available", for the version of a boot ROM that no preloader tells.
const NO_BROM: u8 = 0xFF;

/// What an opening told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opening {
    /// Which dialect.
    pub dialect: Dialect,
    /// NAND ids it counts; the later report counts alike. None where the dialect does not count them.
    pub nand_ids: Option<u16>,
    /// The number the agent gives the chip.
    pub chip: u8,
    /// A NAND was found and no eMMC: only the newer dialect tells it here.
    pub nand: bool,
}

/// Listens to the opening and answers it with the configuration block; returns when memory is set up.
pub fn open(line: &mut Line, chip: &AgentChip, bl_version: u8) -> Result<Opening, ProtocolError> {
    const DOING: &str = "the agent's opening";
    match line.byte(FIRST_BYTE, "the agent's first byte")? {
        reply::SYNC => {}
        got => return Err(line.unexpected("c0", got, DOING)),
    }
    let opening = match line.byte(FIRST_BYTE, DOING)? {
        VERSION => {
            line.byte(SOON, DOING)?;
            Opening { dialect: Dialect::D13, nand_ids: None, chip: line.byte(SOON, DOING)?, nand: false }
        }
        NUMBER => identified(line)?,
        got => return Err(line.unexpected("04 or 00", got, DOING)),
    };
    if opening.chip == reply::CHIP_UNKNOWN {
        return Err(line.broken_by(ProtocolError::agent(DOING, AgentTrouble::OtherChip)));
    }
    line.say(&configuration(opening, chip, bl_version), "the configuration block")?;
    memory(line, opening.dialect)?;
    Ok(opening)
}

/// The rest of a D19 opening, whose first byte was the top of the NAND result.
fn identified(line: &mut Line) -> Result<Opening, ProtocolError> {
    const DOING: &str = "the agent's opening, storage ids";
    let mut rest = [0; 3];
    line.hear(&mut rest, FIRST_BYTE, DOING)?;
    let found = rest == [0; 3];
    let count = line.half(SOON, DOING)?;
    if count > MOST_IDS {
        return Err(line.absurd("number of NAND ids", count.into(), DOING));
    }
    let mut ids = vec![0; usize::from(count) * 2];
    line.hear(&mut ids, SOON, DOING)?;
    let emmc = line.word(FIRST_BYTE, DOING)?;
    let mut cid = [0; 16];
    line.hear(&mut cid, SOON, DOING)?;
    line.say(&[reply::ACK], DOING)?;
    let mut version = [0; 3];
    line.hear(&mut version, SOON, "the agent's version")?;
    Ok(Opening { dialect: Dialect::D19, nand_ids: Some(count), chip: version[2], nand: found && emmc != 0 })
}

/// Returns the configuration block (section 6.4).
#[must_use]
pub fn configuration(opening: Opening, chip: &AgentChip, bl_version: u8) -> Vec<u8> {
    /// No NOR on either chip select, NAND on the first, and the usual NAND timing.
    const FLASH: [u8; 7] = [0x08, 0x08, 0x00, 0x70, 0x07, 0xFF, 0xFF];
    let Opening { dialect, nand, .. } = opening;
    let mut block = vec![NO_BROM, bl_version];
    block.extend(FLASH);
    if dialect == Dialect::D19 {
        block.push(1); // bad-block management table wanted
    }
    // The size of the bad-block pool matters only where there is a NAND.
    block.extend(if nand { BAD_BLOCK_POOL } else { 0 }.to_be_bytes());
    if dialect == Dialect::D19 {
        block.extend([2, 1]); // charging: automatic; reset key: default
    }
    block.extend([2, 0]); // clock: 26 MHz; storage channel 0
    block.extend(&chip.configuration);
    block
}

/// The DRAM step: nothing to do where a preloader was there (section 6.5).
fn memory(line: &mut Line, dialect: Dialect) -> Result<(), ProtocolError> {
    const DOING: &str = "memory setup";
    match line.number(LATER, DOING)? {
        0 => Ok(()),
        code if code == in_dialect(dialect, number::DRAM_NEEDED) || code == number::DRAM_NEEDED => {
            Err(line.broken_by(ProtocolError::agent(DOING, AgentTrouble::DramNeeded)))
        }
        code => Err(line.broken_by(ProtocolError::agent(DOING, AgentTrouble::Number { dialect, code }))),
    }
}

/// Sends the second stage and waits until it speaks (sections 6.6, 6.7).
pub fn load(line: &mut Line, dialect: Dialect, second: &Stage) -> Result<(), ProtocolError> {
    const DOING: &str = "sending the second stage";
    let length = u32::try_from(second.bytes.len()).unwrap_or(u32::MAX);
    let mut header = second.address.to_be_bytes().to_vec();
    header.extend(length.to_be_bytes());
    header.extend(UPLOAD_PACKET.to_be_bytes());
    line.say(&header, DOING)?;
    line.ack(dialect, LATER, DOING).map_err(|error| line.broken_by(error))?;
    let (packets, rest) = second.bytes.as_chunks::<{ UPLOAD_PACKET as usize }>();
    for packet in packets {
        line.say(packet, DOING)?;
        line.ack(dialect, SOON, DOING).map_err(|error| line.broken_by(error))?;
    }
    if !rest.is_empty() {
        line.say(rest, DOING)?;
    }
    // One more, even where no bytes were left.
    line.ack(dialect, LATER, DOING).map_err(|error| line.broken_by(error))?;
    match line.byte(FIRST_BYTE, "the second stage's first byte") {
        Ok(reply::ACK) => line.say(&[reply::ACK], "the second stage's first byte"),
        Ok(got) => Err(line.unexpected("5a", got, "the second stage's first byte")),
        // A first stage that finds its second changed halts for ever (section 6.7).
        Err(error) if is_silence(&error) => Err(ProtocolError::agent(DOING, AgentTrouble::Rejected)),
        Err(error) => Err(error),
    }
}
