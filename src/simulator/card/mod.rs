//! An eMMC card: its states, its answers, its data. Promises what JEDEC says as far as a phone uses it (msdc-direct.md
//! 3, 8); refuses to know the controller in front of it.

mod identity;
mod switch;

use super::board::{CardFacts, Pace};
use super::faults::{CardFault, Leaves};
use super::flash::{Area, Flash};
use crate::wire::emmc::{BLOCK, op, state, status};

use identity::{csd, ext_csd, words};

/// Bytes of a block, as an argument holds them.
const BLOCK_U32: u32 = 512;

/// What comes back on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reply {
    /// No answer.
    None,
    /// 48 bits; the 32 in the middle.
    Short(u32),
    /// 136 bits, least significant word first.
    Long([u32; 4]),
}

/// What follows on the data lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Nothing.
    None,
    /// Blocks from the card.
    FromCard,
    /// Blocks to the card.
    ToCard,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// It went over.
    Whole,
    /// It failed its CRC.
    Crc,
    /// It never came.
    Never,
    /// The phone lost power.
    PowerLost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Source {
    Register,
    Blocks(u64),
}

/// The card.
#[derive(Debug)]
pub struct Card {
    facts: CardFacts,
    faults: Vec<CardFault>,
    pace: Pace,
    flash: Flash,
    state: u32,
    rca: u32,
    errors: u32,
    ext_csd: Box<[u8; BLOCK]>,
    source: Source,
    busy: u32,
    stuck: bool,
    commands: u64,
    data_commands: u64,
    written: u64,
    spoiled: Option<Moved>,
    read_before: Vec<u64>,
    absent: bool,
}

impl Card {
    /// Powers a card up and leaves it as the preloader does: identified, selected, fast (msdc-direct.md 1.2).
    pub fn as_preloader_leaves_it(
        facts: CardFacts,
        pace: Pace,
        faults: Vec<CardFault>,
        flash: Flash,
    ) -> Self {
        let ext_csd = ext_csd(&facts);
        Self {
            facts,
            faults,
            pace,
            flash,
            state: state::TRAN,
            rca: 1,
            errors: 0,
            ext_csd,
            source: Source::Register,
            busy: 0,
            stuck: false,
            commands: 0,
            data_commands: 0,
            written: 0,
            spoiled: None,
            read_before: Vec::new(),
            absent: false,
        }
    }

    /// Takes the card off the bus: nothing answers any more.
    pub fn remove(&mut self) {
        self.absent = true;
    }

    /// Gives the cells back, and what the card keeps without power.
    pub fn power_off(self) -> (CardFacts, Flash) {
        let mut facts = self.facts;
        facts.partition_config = self.ext_csd[crate::wire::emmc::ext_csd::PARTITION_CONFIG] & !7;
        (facts, self.flash)
    }

    /// Returns the cells.
    pub fn flash(&self) -> &Flash {
        &self.flash
    }

    /// Erases blocks of the area that is accessed (CMD35, CMD36, CMD38 in one). Returns whether it obeyed: not outside the
    /// area, and not where a block is protected.
    pub fn erase(&mut self, first: u64, count: u64) -> bool {
        let Some(area) = self.area().filter(|area| *area != Area::Rpmb && !self.absent && !self.stuck) else {
            return false;
        };
        let end = first.saturating_add(count);
        let protected = |fault: &CardFault| match fault {
            CardFault::WriteProtected { first: start, count } => {
                area == Area::User && *start < end && start.saturating_add(*count) > first
            }
            _ => false,
        };
        if self.state != state::TRAN || self.faults.iter().any(protected) {
            return false;
        }
        let block = BLOCK as u64;
        let (Some(at), Some(len)) = (first.checked_mul(block), count.checked_mul(block)) else {
            return false;
        };
        self.flash.fill(area, at, len, 0).is_ok()
    }

    /// Returns whether DAT0 is held low.
    pub fn is_busy(&self) -> bool {
        self.stuck || self.busy > 0
    }

    /// Lets the time of one register read pass.
    pub fn tick(&mut self) {
        if self.busy > 0 && !self.stuck {
            self.busy -= 1;
            if self.busy == 0 && self.state == state::PRG {
                self.state = state::TRAN;
            }
        }
    }

    /// Returns whether data on a bus of `width` bits, at double rate or not, would arrive whole.
    pub fn hears(&self, width: u32, double: bool) -> bool {
        let (own, ddr) = match self.ext_csd[crate::wire::emmc::ext_csd::BUS_WIDTH] {
            1 => (4, false),
            2 => (8, false),
            5 => (4, true),
            6 => (8, true),
            _ => (1, false),
        };
        own == width && ddr == double
    }

    /// Answers a command. `None` as reply with no phase means that the command was not for this card in this state.
    /// The second value says that the response will fail its CRC.
    pub fn command(&mut self, opcode: u8, argument: u32) -> (Reply, Phase, bool) {
        self.commands += 1;
        let nth = self.commands;
        if self.absent || self.faults.contains(&CardFault::NoResponse { nth }) {
            return (Reply::None, Phase::None, false);
        }
        let bad = self.faults.contains(&CardFault::BadResponse { nth });
        let (reply, phase) = self.obey(opcode, argument);
        (reply, if bad { Phase::None } else { phase }, bad)
    }

    fn obey(&mut self, opcode: u8, argument: u32) -> (Reply, Phase) {
        let addressed = argument >> 16 == self.rca;
        match (opcode, self.state) {
            (op::GO_IDLE, _) => {
                self.reset();
                (Reply::None, Phase::None)
            }
            (op::SEND_OP_COND, state::IDLE | state::READY) => {
                self.state = state::READY;
                (Reply::Short(if self.by_block() { 0xC0FF_8080 } else { 0x80FF_8080 }), Phase::None)
            }
            (op::ALL_SEND_CID, state::READY) => {
                self.state = state::IDENT;
                (Reply::Long(words(&self.facts.cid)), Phase::None)
            }
            (op::SET_RELATIVE_ADDR, state::IDENT) => {
                let reply = self.status();
                self.rca = argument >> 16;
                self.state = state::STBY;
                (Reply::Short(reply), Phase::None)
            }
            (op::SELECT, state::STBY) if addressed => {
                let reply = self.status();
                self.state = state::TRAN;
                (Reply::Short(reply), Phase::None)
            }
            (op::SELECT, state::TRAN | state::DATA | state::STBY) if !addressed => {
                self.state = state::STBY;
                (Reply::None, Phase::None)
            }
            (op::SEND_CSD, state::STBY) if addressed => (Reply::Long(words(&csd(&self.facts))), Phase::None),
            (op::SEND_CID, state::STBY) if addressed => (Reply::Long(words(&self.facts.cid)), Phase::None),
            (op::SEND_CSD | op::SEND_CID, state::STBY) => (Reply::None, Phase::None),
            (op::SEND_STATUS, state::STBY..=state::DIS) => match addressed {
                true => (Reply::Short(self.status()), Phase::None),
                false => (Reply::None, Phase::None),
            },
            (op::STOP_TRANSMISSION, state::DATA | state::RCV) => {
                let reply = self.status();
                self.stop();
                (Reply::Short(reply), Phase::None)
            }
            (_, state::TRAN) => self.obey_in_tran(opcode, argument),
            _ => self.illegal(),
        }
    }

    fn obey_in_tran(&mut self, opcode: u8, argument: u32) -> (Reply, Phase) {
        match opcode {
            op::SWITCH => {
                let reply = self.status();
                if !self.switch(argument) {
                    self.errors |= status::SWITCH_ERROR;
                }
                self.start_busy();
                (Reply::Short(reply), Phase::None)
            }
            op::SEND_EXT_CSD => self.start_data(Source::Register, Phase::FromCard),
            op::SET_BLOCKLEN => {
                if matches!(self.ext_csd[crate::wire::emmc::ext_csd::BUS_WIDTH], 5 | 6) {
                    return self.illegal();
                }
                if argument != BLOCK_U32 {
                    self.errors |= status::BLOCK_LEN_ERROR;
                }
                (Reply::Short(self.status()), Phase::None)
            }
            op::SET_BLOCK_COUNT => (Reply::Short(self.status()), Phase::None),
            op::READ_SINGLE | op::READ_MULTIPLE => self.start_blocks(argument, Phase::FromCard),
            op::WRITE_SINGLE | op::WRITE_MULTIPLE => self.start_blocks(argument, Phase::ToCard),
            _ => self.illegal(),
        }
    }

    fn start_blocks(&mut self, argument: u32, phase: Phase) -> (Reply, Phase) {
        let Some(area) = self.area().filter(|area| *area != Area::Rpmb) else {
            return self.illegal();
        };
        let lba = if self.by_block() {
            u64::from(argument)
        } else if argument.is_multiple_of(BLOCK_U32) {
            u64::from(argument) / BLOCK as u64
        } else {
            self.errors |= status::ADDRESS_ERROR;
            return (Reply::Short(self.status()), Phase::None);
        };
        if (lba + 1) * BLOCK as u64 > self.flash.len(area) {
            self.errors |= status::OUT_OF_RANGE;
            return (Reply::Short(self.status()), Phase::None);
        }
        if phase == Phase::ToCard && self.is_protected(area, lba) {
            self.errors |= status::WP_VIOLATION;
            return (Reply::Short(self.status()), Phase::None);
        }
        self.start_data(Source::Blocks(lba), phase)
    }

    fn start_data(&mut self, source: Source, phase: Phase) -> (Reply, Phase) {
        let reply = self.status();
        self.data_commands += 1;
        let nth = self.data_commands;
        self.spoiled = self.faults.iter().find_map(|fault| match fault {
            CardFault::DataCrc { nth: at } if *at == nth => Some(Moved::Crc),
            CardFault::DataTimeout { nth: at } if *at == nth => Some(Moved::Never),
            _ => None,
        });
        self.source = source;
        self.state = if phase == Phase::ToCard { state::RCV } else { state::DATA };
        (Reply::Short(reply), phase)
    }

    /// Sends the next block of a read.
    pub fn send_block(&mut self) -> (Vec<u8>, Moved) {
        let mut block = vec![0; BLOCK];
        if let Some(moved) = self.spoiled {
            return (block, moved);
        }
        match self.source {
            Source::Register => {
                block.copy_from_slice(&self.ext_csd[..]);
                block[crate::wire::emmc::ext_csd::BUS_WIDTH] = 0; // write-only on real cards
            }
            Source::Blocks(lba) => {
                let area = self.area().unwrap_or(Area::User);
                if self.flash.read(area, lba * BLOCK as u64, &mut block).is_err() {
                    self.errors |= status::OUT_OF_RANGE;
                    return (block, Moved::Never);
                }
                if area == Area::User && self.faults.contains(&CardFault::Unreadable { lba }) {
                    self.errors |= status::ECC_FAILED;
                    return (block, Moved::Never);
                }
                if area == Area::User && self.faults.contains(&CardFault::ReadsDiffer { lba }) {
                    if self.read_before.contains(&lba) {
                        block[BLOCK / 2] ^= 0x10;
                    } else {
                        self.read_before.push(lba);
                    }
                }
                self.source = Source::Blocks(lba + 1);
            }
        }
        (block, Moved::Whole)
    }

    /// Ends a read whose blocks have all gone; a multi-block read stays in `data` until it is stopped.
    pub fn end_read(&mut self, open: bool) {
        if !open && self.state == state::DATA {
            self.state = state::TRAN;
        }
    }

    /// Takes a block of a write and programs it.
    pub fn take_block(&mut self, block: &[u8], open: bool) -> Moved {
        if let Some(moved) = self.spoiled {
            return moved;
        }
        let (Some(area), Source::Blocks(lba)) = (self.area(), self.source) else {
            return Moved::Crc;
        };
        self.written += 1;
        let nth = self.written;
        let loss = self.faults.iter().find_map(|fault| match fault {
            CardFault::PowerLoss { nth: at, leaves } if *at == nth => Some(*leaves),
            _ => None,
        });
        let stuck = self.faults.contains(&CardFault::BusyForEver { nth });
        let dropped = area == Area::User && self.faults.contains(&CardFault::WriteDropped { lba });
        let mut bytes = block.to_vec();
        if loss == Some(Leaves::Garbage) {
            for (at, byte) in bytes.iter_mut().enumerate().skip(BLOCK / 2) {
                *byte ^= 0xA5 ^ u8::try_from(at & 0xFF).unwrap_or(0);
            }
        }
        if loss != Some(Leaves::Old)
            && !dropped
            && self.flash.write(area, lba * BLOCK as u64, &bytes).is_err()
        {
            self.errors |= status::OUT_OF_RANGE;
            return Moved::Crc;
        }
        if loss.is_some() {
            return Moved::PowerLost;
        }
        self.source = Source::Blocks(lba + 1);
        self.stuck = stuck;
        if !open {
            self.start_busy();
        }
        Moved::Whole
    }

    /// Stops a transfer, as CMD12 does.
    pub fn stop(&mut self) {
        match self.state {
            state::RCV => self.start_busy(),
            _ => self.state = state::TRAN,
        }
    }

    fn start_busy(&mut self) {
        self.busy = self.pace.busy;
        self.state = if self.busy > 0 || self.stuck { state::PRG } else { state::TRAN };
    }

    fn illegal(&mut self) -> (Reply, Phase) {
        self.errors |= status::ILLEGAL_COMMAND;
        (Reply::None, Phase::None)
    }

    /// Returns the status word; error bits are shown once.
    fn status(&mut self) -> u32 {
        let ready = if self.is_busy() { 0 } else { status::READY_FOR_DATA };
        let word = self.errors | self.state << status::STATE_SHIFT | ready;
        self.errors = 0;
        word
    }

    /// Returns whether commands count in blocks; smaller cards count in bytes.
    pub fn is_addressed_by_block(&self) -> bool {
        self.by_block()
    }

    fn by_block(&self) -> bool {
        self.facts.sectors > 0x0040_0000
    }

    fn area(&self) -> Option<Area> {
        match self.ext_csd[crate::wire::emmc::ext_csd::PARTITION_CONFIG] & 7 {
            0 => Some(Area::User),
            1 => Some(Area::Boot1),
            2 => Some(Area::Boot2),
            3 => Some(Area::Rpmb),
            _ => None,
        }
    }

    fn is_protected(&self, area: Area, lba: u64) -> bool {
        area == Area::User
            && self.faults.iter().any(|fault| match fault {
                CardFault::WriteProtected { first, count } => {
                    (*first..first.saturating_add(*count)).contains(&lba)
                }
                _ => false,
            })
    }

    fn reset(&mut self) {
        self.state = state::IDLE;
        self.rca = 1;
        self.errors = 0;
        self.busy = 0;
        self.ext_csd[crate::wire::emmc::ext_csd::PARTITION_CONFIG] &= !7;
        self.ext_csd[crate::wire::emmc::ext_csd::BUS_WIDTH] = 0;
        self.ext_csd[crate::wire::emmc::ext_csd::HS_TIMING] = 0;
    }
}
