//! The command loop (preloader-and-legacy-da.md 3). Each step takes what it needs from the host, or sends one field.

use std::time::Duration;

use super::{Place, Preloader, brom};
use crate::simulator::agent::container;
use crate::simulator::board::Board;
use crate::simulator::phone::{Departure, Return};
use crate::simulator::preloader::registers::{self, Access};
use crate::simulator::soc::Soc;
use crate::wire::preloader::{command, status, target_config};

/// Longest I2C transfer, bytes, exclusive (section 3.6).
const I2C_MOST: u32 = 32;
/// Most bytes of a DA that are kept, bytes; what a longer one overwrites is not modelled.
const AGENT_MOST: usize = 1 << 20;
/// Longest DA that a verifying preloader can move, bytes (section 3.7).
const VERIFIED_MOST: u32 = 30_000;

/// Where the command loop is.
#[derive(Debug, Clone)]
pub enum Step {
    /// Waiting for a command byte.
    Idle,
    /// Waiting for an argument of a command; those before it are kept.
    Argument { op: u8, width: u8, wanted: u8, got: Vec<u32> },
    /// All arguments are there and echoed.
    Act { op: u8, got: Vec<u32> },
    /// Fields to send one after the other, then the next step.
    Send { fields: Vec<Vec<u8>>, then: Box<Step> },
    /// Reading registers, a field each.
    Read(Access),
    /// Waiting for a value to write.
    Write(Access),
    /// Storing a value that has been echoed.
    Store(Access, u32),
    /// Taking raw bytes of an I2C write.
    I2cData { left: u32 },
    /// Taking a Download Agent.
    Agent { left: u32, length: u32, sum: u16, odd: Option<u8> },
    /// The error handler.
    Assert,
    /// A jump was asked for.
    Jump,
    /// Control is with the agent.
    Away,
    /// The CPU hangs on the bus.
    Hang,
}

impl Preloader {
    /// Goes one step in the command loop. Returns whether there may be more to do at once.
    pub(super) fn obey(&mut self, board: &Board, soc: &mut Soc, now: Duration) -> Result<bool, Departure> {
        let Place::Commands(step) = std::mem::replace(&mut self.place, Place::Commands(Step::Idle)) else {
            return Ok(false);
        };
        let (next, went_on) = match step {
            Step::Idle => match self.pipe.take::<1>() {
                Some([op]) => (self.begin(board, op, now), true),
                None => (Step::Idle, false),
            },
            Step::Argument { op, width, wanted, mut got } => {
                let taken = match width {
                    2 => self.pipe.take::<2>().map(|bytes| u32::from(u16::from_be_bytes(bytes))),
                    _ => self.pipe.take::<4>().map(u32::from_be_bytes),
                };
                match taken {
                    None => (Step::Argument { op, width, wanted, got }, false),
                    Some(value) => {
                        let bytes = value.to_be_bytes();
                        self.put(board, &bytes[4 - usize::from(width)..], now);
                        got.push(value);
                        let complete = got.len() == usize::from(wanted);
                        let more = Step::Argument { op, width, wanted, got: got.clone() };
                        (if complete { Step::Act { op, got } } else { more }, true)
                    }
                }
            }
            Step::Act { op, got } => {
                if op == command::SEND_DA {
                    self.agent.clear();
                    self.agent_at = got.first().copied().unwrap_or(0);
                }
                let refusal = board.is_brom().then(|| self.brom_refuses(board, op, &got)).flatten();
                (refusal.unwrap_or_else(|| act(op, &got, soc, !board.is_brom())), true)
            }
            Step::Send { mut fields, then } => {
                if fields.is_empty() {
                    (*then, true)
                } else {
                    let field = fields.remove(0);
                    self.put(board, &field, now);
                    (Step::Send { fields, then }, true)
                }
            }
            Step::Read(access) => self.read(board, soc, access, now)?,
            Step::Write(access) => self.write(board, access, now),
            Step::Store(access, value) => registers::store(soc, access, value)?,
            Step::I2cData { left } => match self.pipe.take::<1>() {
                None => (Step::I2cData { left }, false),
                Some(_) if left > 1 => (Step::I2cData { left: left - 1 }, true),
                Some(_) => (words(&[status::OK], Step::Idle), true),
            },
            Step::Agent { left, length, sum, odd } => self.take_agent(board, left, length, sum, odd),
            Step::Assert => {
                if board.emergency_download {
                    return Err(Departure::Asserted(Return::Brom));
                }
                self.place = Place::Hung { asserted: true };
                return Ok(false);
            }
            Step::Jump if self.agent_accepted => (words(&[status::OK], Step::Away), true),
            Step::Jump => (words(&[status::DA_REFUSED], Step::Assert), true),
            Step::Away => {
                self.kicked = now;
                soc.disarm_download();
                self.place = Place::InAgent;
                return Ok(false);
            }
            Step::Hang => {
                self.place = Place::Hung { asserted: false };
                return Ok(false);
            }
        };
        self.place = Place::Commands(next);
        Ok(went_on)
    }
}

impl Preloader {
    /// Answers a command byte.
    fn begin(&mut self, board: &Board, op: u8, now: Duration) -> Step {
        self.commands += 1;
        let echo = match op {
            command::GET_BL_VER if !board.is_brom() => board.bl_version,
            command::GET_VERSION if board.is_brom() => board.brom_version,
            _ => op,
        };
        self.put(board, &[echo], now);
        let argument = |width, wanted| Step::Argument { op, width, wanted, got: Vec::new() };
        match op {
            command::READ16
            | command::READ32
            | command::LEGACY_READ16
            | command::WRITE16
            | command::LEGACY_WRITE16
            | command::WRITE16_SILENT
            | command::WRITE32
            | command::I2C_WRITE8
            | command::I2C_READ8
            | command::I2C_SPEED
            | command::PWR_INIT => argument(4, 2),
            command::SEND_DA => argument(4, 3),
            command::JUMP_DA => argument(4, 1),
            command::PWR_READ16 => argument(2, 1),
            command::PWR_WRITE16 => argument(2, 2),
            command::I2C_INIT | command::I2C_DEINIT | command::PWR_DEINIT | command::UART1_LOG_EN => {
                words(&[status::OK], Step::Idle)
            }
            command::GET_TARGET_CONFIG => Step::Send {
                fields: vec![board.target_config.to_be_bytes().to_vec(), status::OK.to_be_bytes().to_vec()],
                then: Box::new(Step::Idle),
            },
            command::GET_HW_CODE => words(&[board.hw_code, status::OK], Step::Idle),
            command::GET_HW_SW_VER => {
                let [sub, hardware, software] = board.versions;
                words(&[sub, hardware, software, status::OK], Step::Idle)
            }
            command::GET_ME_ID | command::GET_SOC_ID if board.is_brom() => brom::id(board, op),
            _ => Step::Idle, // unknown: the echo was all
        }
    }

    /// Takes the bytes of a Download Agent; the preloader only sums them (section 3.7).
    fn take_agent(
        &mut self,
        board: &Board,
        mut left: u32,
        length: u32,
        mut sum: u16,
        mut odd: Option<u8>,
    ) -> (Step, bool) {
        while left > 0 {
            let Some([byte]) = self.pipe.take::<1>() else {
                return (Step::Agent { left, length, sum, odd }, false);
            };
            left -= 1;
            if self.agent.len() < AGENT_MOST {
                self.agent.push(byte);
            }
            match odd.take() {
                None => odd = Some(byte),
                Some(low) => sum ^= u16::from_le_bytes([low, byte]),
            }
        }
        sum ^= odd.map_or(0, u16::from);
        let secure = board.always_verify_da || board.target_config & target_config::SBC != 0;
        let verdict = match secure {
            _ if board.is_brom() => brom::verdict(board, &self.agent),
            false => status::OK,
            true if length > VERIFIED_MOST => status::DA_TOO_LONG,
            true if container::is_signed(&self.agent) => status::OK,
            true => status::DA_REFUSED,
        };
        self.agent_accepted = verdict == status::OK;
        let stays = self.agent_accepted || board.is_brom();
        let then = if stays { Step::Idle } else { Step::Assert };
        (words(&[sum, verdict], then), true)
    }
}

/// What follows once all arguments are echoed.
fn act(op: u8, got: &[u32], soc: &mut Soc, asserts: bool) -> Step {
    let first = got.first().copied().unwrap_or(0);
    let second = got.get(1).copied().unwrap_or(0);
    match op {
        command::SEND_DA => {
            let signature = got.get(2).copied().unwrap_or(0);
            soc.note_agent(second << 10 | signature);
            words(&[status::OK], Step::Agent { left: second, length: second, sum: 0, odd: None })
        }
        command::JUMP_DA => Step::Jump,
        command::I2C_WRITE8 if second >= I2C_MOST => words(&[status::I2C_WRITE_TOO_LONG], Step::Idle),
        command::I2C_WRITE8 if second == 0 => words(&[status::OK, status::OK], Step::Idle),
        command::I2C_WRITE8 => words(&[status::OK], Step::I2cData { left: second }),
        command::I2C_READ8 if second >= I2C_MOST => words(&[status::I2C_READ_TOO_LONG], Step::Idle),
        command::I2C_READ8 => {
            let mut fields = vec![status::OK.to_be_bytes().to_vec(), status::OK.to_be_bytes().to_vec()];
            fields.extend((0..second).map(|_| vec![0]));
            Step::Send { fields, then: Box::new(Step::Idle) }
        }
        command::I2C_SPEED if first > 3 => words(&[status::I2C_BAD_SPEED], Step::Idle),
        command::I2C_SPEED | command::PWR_WRITE16 => words(&[status::OK, status::OK], Step::Idle),
        command::PWR_INIT => words(&[status::OK], Step::Idle),
        command::PWR_READ16 => words(&[status::OK, status::OK, 0], Step::Idle),
        _ => Access::new(op, first, second).check(asserts),
    }
}

/// Sends 16-bit words, a field each, then goes on.
pub fn words(values: &[u16], then: Step) -> Step {
    Step::Send {
        fields: values.iter().map(|value| value.to_be_bytes().to_vec()).collect(),
        then: Box::new(then),
    }
}
