//! The eMMC as the agent's driver sees it: every byte goes through the card, block by block, so that what is wrong with the
//! card is wrong here too.

use super::facts::Dialect;
use super::turn::World;
use crate::simulator::board::Storage;
use crate::simulator::card::{Moved, Phase, Reply};
use crate::simulator::flash::Area;
use crate::simulator::soc::Soc;
use crate::wire::agent::{error, part};
use crate::wire::emmc::{BLOCK, ext_csd, op, state};

/// Ticks a driver waits for a busy card.
const PATIENCE: u32 = 10_000;
/// The address a card is given, where a command's argument holds it.
const ADDRESS: u32 = 1 << 16;
/// Bytes of a block.
pub const BLOCK_LEN: u64 = BLOCK as u64;

/// Why bytes did not move.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The card refused or failed.
    Failed,
    /// Power was lost.
    PowerLost,
}

/// What the probe found.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    /// An eMMC answers.
    pub emmc: bool,
    /// Its CID, zeros without one.
    pub cid: [u8; 16],
    /// A raw NAND is there.
    pub nand: bool,
    /// Its device codes.
    codes: [u16; 5],
}

impl Found {
    /// Probes, as the agent's driver does: the card is reset and identified anew.
    pub fn look(world: &mut World<'_>) -> Self {
        let emmc = world.board.storage == Storage::Emmc && !world.facts().emmc_missing && wake(world.soc);
        world.memory.emmc = emmc;
        world.memory.part = part::USER;
        let cid = if emmc { world.board.card.cid } else { [0; 16] };
        let codes = super::report::nand_ids(&world.board.nand);
        Self { emmc, cid, nand: world.board.storage == Storage::Nand, codes }
    }

    /// Returns NAND's result as the opening tells it: where it was not probed, the value it started with.
    pub fn nand_first(&self, dialect: Dialect) -> u32 {
        if self.nand { 0 } else { dialect.number(error::NOT_FOUND) }
    }

    /// Returns `count` NAND ids, zero where there are none.
    pub fn nand_ids(&self, count: u16) -> impl Iterator<Item = u16> + use<> {
        let (codes, nand) = (self.codes, self.nand);
        (0..usize::from(count)).map(move |at| codes.get(at).copied().filter(|_| nand).unwrap_or(0))
    }

    /// Returns the CID as the words the agent tells.
    pub fn cid_words(&self) -> impl Iterator<Item = [u8; 4]> + use<> {
        let cid = self.cid;
        (0..4).map(move |at| [cid[4 * at], cid[4 * at + 1], cid[4 * at + 2], cid[4 * at + 3]])
    }
}

/// Resets, identifies and selects the card. Returns whether it answered.
fn wake(soc: &mut Soc) -> bool {
    let card = &mut soc.msdc.card;
    let mut said = |opcode, argument| card.command(opcode, argument);
    said(op::GO_IDLE, 0);
    let steps = [
        (op::SEND_OP_COND, 0x40FF_8080),
        (op::ALL_SEND_CID, 0),
        (op::SET_RELATIVE_ADDR, ADDRESS),
        (op::SELECT, ADDRESS),
    ];
    steps.into_iter().all(|(opcode, argument)| {
        let (reply, _, bad) = said(opcode, argument);
        reply != Reply::None && !bad
    })
}

/// Returns the area behind a part's number; none for what this card does not have.
pub fn area(part: u8) -> Option<Area> {
    match part {
        part::BOOT1 => Some(Area::Boot1),
        part::BOOT2 => Some(Area::Boot2),
        part::RPMB => Some(Area::Rpmb),
        part::USER => Some(Area::User),
        _ => None,
    }
}

/// Returns a part's size in bytes.
pub fn capacity(soc: &Soc, part: u8) -> u64 {
    area(part).map_or(0, |area| soc.msdc.card.flash().len(area))
}

/// Chooses a part. Returns whether the card obeyed.
pub fn select(soc: &mut Soc, part: u8) -> bool {
    let access = match part {
        part::USER => 0,
        part::BOOT1..=part::RPMB => part,
        _ => return false,
    };
    let index = u8::try_from(ext_csd::PARTITION_CONFIG).unwrap_or(0);
    // Clear the access bits, then set the new ones.
    [(2, 7), (1, access)].into_iter().all(|(mode, value)| {
        let (reply, _, bad) = soc.msdc.card.command(op::SWITCH, u32::from_be_bytes([mode, index, value, 0]));
        matches!(reply, Reply::Short(_)) && !bad && settle(soc)
    })
}

/// Reads `into.len()` bytes at a block's start of the chosen part.
pub fn read(soc: &mut Soc, at: u64, into: &mut [u8]) -> Result<(), Trouble> {
    for (number, piece) in (at / BLOCK_LEN..).zip(into.chunks_mut(BLOCK)) {
        begin(soc, op::READ_SINGLE, number, Phase::FromCard)?;
        let (block, moved) = soc.msdc.card.send_block();
        match moved {
            Moved::Whole => soc.msdc.card.end_read(false),
            other => return Err(fail(soc, other)),
        }
        piece.copy_from_slice(&block[..piece.len()]);
    }
    Ok(())
}

/// Writes bytes at a block's start of the chosen part; what the last block keeps is read first.
pub fn write(soc: &mut Soc, at: u64, bytes: &[u8]) -> Result<(), Trouble> {
    for (number, piece) in (at / BLOCK_LEN..).zip(bytes.chunks(BLOCK)) {
        let mut tail = [0; BLOCK];
        let block = if piece.len() == BLOCK {
            piece
        } else {
            read(soc, number * BLOCK_LEN, &mut tail)?;
            tail[..piece.len()].copy_from_slice(piece);
            &tail
        };
        begin(soc, op::WRITE_SINGLE, number, Phase::ToCard)?;
        match soc.msdc.card.take_block(block, false) {
            Moved::Whole if settle(soc) => {}
            other => return Err(fail(soc, other)),
        }
    }
    Ok(())
}

/// Erases blocks of the chosen part, as a card does that can. Returns whether it obeyed.
pub fn erase(soc: &mut Soc, at: u64, length: u64) -> bool {
    soc.msdc.card.erase(at / BLOCK_LEN, length.div_ceil(BLOCK_LEN)) && settle(soc)
}

/// Starts a one-block transfer.
fn begin(soc: &mut Soc, opcode: u8, number: u64, wanted: Phase) -> Result<(), Trouble> {
    let by_block = soc.msdc.card.is_addressed_by_block();
    let argument = if by_block { number } else { number * BLOCK_LEN };
    let argument = u32::try_from(argument).map_err(|_| Trouble::Failed)?;
    match soc.msdc.card.command(opcode, argument) {
        (Reply::Short(_), phase, false) if phase == wanted => Ok(()),
        _ => Err(fail(soc, Moved::Never)),
    }
}

/// Brings the card back after a failure, as far as it comes.
fn fail(soc: &mut Soc, moved: Moved) -> Trouble {
    if moved == Moved::PowerLost {
        return Trouble::PowerLost;
    }
    soc.msdc.card.command(op::STOP_TRANSMISSION, 0);
    settle(soc);
    Trouble::Failed
}

/// Waits while the card is busy. Returns whether it is ready for the next transfer.
fn settle(soc: &mut Soc) -> bool {
    for _ in 0..PATIENCE {
        if !soc.msdc.card.is_busy() {
            break;
        }
        soc.msdc.card.tick();
    }
    match soc.msdc.card.command(op::SEND_STATUS, ADDRESS) {
        (Reply::Short(status), _, false) => status >> 9 & 0xF == state::TRAN,
        _ => false,
    }
}
