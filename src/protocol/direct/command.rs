//! One command to the card, from "is the bus free" to its response (msdc-direct.md 2.3, 3.1). Every wait is bounded by the
//! link's clock and by a count.

use std::time::Duration;

use super::registers::{Plan, Registers};
use crate::protocol::ProtocolError;
use crate::protocol::card_trouble::{CardTrouble, ERROR_BITS, state_of};
use crate::wire::emmc::{RCA_1, op, state, status};
use crate::wire::msdc::{self as reg, cmd, fifo, int, ps, sts};

/// Ready-made SDC_CMD words (msdc-direct.md 2.2).
pub(super) mod word {
    pub const SWITCH: u32 = 0x0000_0386;
    pub const SELECT: u32 = 0x0000_0387;
    pub const DESELECT: u32 = 0x0000_0007;
    pub const EXT_CSD: u32 = 0x0200_0888;
    pub const CID: u32 = 0x0000_010A;
    pub const STOP_BUSY: u32 = 0x0000_438C;
    pub const STATUS: u32 = 0x0000_008D;
    pub const BLOCK_LENGTH: u32 = 0x0000_0090;
    pub const READ: u32 = 0x0200_0891;
    pub const WRITE: u32 = 0x0200_2898;
}

/// A command's answer comes within microseconds; this long without one means that the controller is stuck.
const ANSWER: Duration = Duration::from_millis(500);
/// Longest busy time that is believed; CMD6 can take 800 ms.
const BUSY: Duration = Duration::from_secs(3);
/// Most polls of one wait, whatever the clock says.
const POLLS: u32 = 20_000;
/// Polls after which the host begins to pause between them.
const EAGER: u32 = 8;

/// What the last poll of INT, INTEN and FIFOCS showed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub int: u32,
    pub fifo: u32,
}

impl Seen {
    /// Takes the last poll of a batch whose last access it was.
    pub fn last(words: &[u32]) -> Self {
        match words {
            [.., int, _, fifo] => Self { int: *int, fifo: *fifo },
            _ => Self { int: 0, fifo: 0 },
        }
    }
    pub fn received(self) -> u32 {
        self.fifo & fifo::RXCNT
    }
    pub fn sending(self) -> u32 {
        (self.fifo & fifo::TXCNT) >> fifo::TXCNT_SHIFT
    }
}

/// The controller and the card behind it.
pub(super) struct Controller {
    pub registers: Registers,
    /// The last command was seen to end, so CMDBUSY cannot be set.
    pub settled: bool,
    /// CFG and SDC_CFG as they must be after a controller reset.
    pub cfg: u32,
    pub sdc_cfg: u32,
}

impl Controller {
    pub fn plan(&self) -> Plan {
        self.registers.plan()
    }

    pub fn run(&mut self, plan: Plan) -> Result<Vec<u32>, ProtocolError> {
        self.registers.run(plan)
    }

    /// Sends a command without data and returns the first response word.
    pub fn command(&mut self, raw: u32, argument: u32) -> Result<u32, ProtocolError> {
        let plan = self.plan().read(reg::SDC_STS).write(reg::INT, int::ALL).write(reg::SDC_ARG, argument);
        let words = self.run(plan)?;
        self.free(raw, words[0])?;
        self.start(raw).map(|(response, _)| response)
    }

    /// CMD13: asks for the card's status. One batch when the bus is known to be free.
    pub fn status(&mut self) -> Result<u32, ProtocolError> {
        if !self.settled {
            return self.command(word::STATUS, RCA_1);
        }
        let plan = self.plan().write(reg::INT, int::ALL).write(reg::SDC_ARG, RCA_1);
        self.start_after(plan, word::STATUS).map(|(response, _)| response)
    }

    /// Starts a command whose argument is set; returns its response and what the FIFO showed then.
    pub fn start(&mut self, raw: u32) -> Result<(u32, Seen), ProtocolError> {
        let plan = self.plan();
        self.start_after(plan, raw)
    }

    fn start_after(&mut self, before: Plan, raw: u32) -> Result<(u32, Seen), ProtocolError> {
        self.settled = false;
        let mut plan = before.write(reg::SDC_CMD, raw);
        let end = self.until(ANSWER);
        for turn in 0..POLLS {
            // INT before RESP0: a response read after CMDRDY was seen is the response.
            let words = self.run(plan.poll().read(reg::SDC_RESP0))?;
            let (response, seen) = match words.split_last() {
                Some((response, polled)) => (*response, Seen::last(polled)),
                None => (0, Seen::last(&[])),
            };
            self.settled = seen.int & int::COMMAND != 0;
            if seen.int & int::CMDTMO != 0 {
                return Err(failed(raw, CardTrouble::NoResponse));
            }
            if seen.int & int::RSPCRCERR != 0 {
                return Err(failed(raw, CardTrouble::ResponseCrc));
            }
            if seen.int & int::CMDRDY != 0 {
                return Ok((response, seen));
            }
            if self.registers.preloader.elapsed() >= end {
                break;
            }
            self.rest(turn);
            plan = self.plan();
        }
        Err(failed(raw, CardTrouble::Stuck { register: "INT shows no end of the command", last: 0 }))
    }

    /// Waits until a command may start: CMDBUSY for CMD12 and CMD13, SDCBUSY for the rest.
    pub fn free(&mut self, raw: u32, mut found: u32) -> Result<(), ProtocolError> {
        let urgent = matches!(u8::try_from(raw & cmd::OPCODE), Ok(op::SEND_STATUS | op::STOP_TRANSMISSION));
        let mask = if urgent { sts::CMDBUSY } else { sts::SDCBUSY };
        let end = self.until(ANSWER);
        for turn in 0..POLLS {
            if found & mask == 0 {
                return Ok(());
            }
            if self.registers.preloader.elapsed() >= end {
                break;
            }
            self.rest(turn);
            let plan = self.plan().read(reg::SDC_STS);
            found = self.run(plan)?[0];
        }
        Err(failed(raw, CardTrouble::Stuck { register: "SDC_STS stays busy", last: found }))
    }

    /// Waits until the card has let DAT0 go.
    pub fn ready(&mut self, raw: u32) -> Result<(), ProtocolError> {
        let end = self.until(BUSY);
        let mut found = 0;
        for turn in 0..POLLS {
            let plan = self.plan().read(reg::PS);
            found = self.run(plan)?[0];
            if found & ps::DAT0 != 0 {
                return Ok(());
            }
            if self.registers.preloader.elapsed() >= end {
                break;
            }
            self.rest(turn);
        }
        Err(failed(
            raw,
            CardTrouble::Stuck { register: "DAT0 in PS stays low: the card is busy", last: found },
        ))
    }

    /// CMD13 until the card is idle in `tran`; error bits count.
    pub fn settle(&mut self) -> Result<(), ProtocolError> {
        let end = self.until(BUSY);
        for turn in 0..POLLS {
            let found = self.status()?;
            if found & ERROR_BITS != 0 {
                return Err(failed(word::STATUS, CardTrouble::Status(found)));
            }
            if state_of(found) == state::TRAN && found & status::READY_FOR_DATA != 0 {
                return Ok(());
            }
            if self.registers.preloader.elapsed() >= end || state_of(found) < state::TRAN {
                return Err(failed(word::STATUS, CardTrouble::Status(found)));
            }
            self.rest(turn);
        }
        Err(failed(word::STATUS, CardTrouble::DataTimeout { reported: false }))
    }

    /// CMD6, its busy time, and the card's verdict.
    pub fn switch(&mut self, argument: u32) -> Result<(), ProtocolError> {
        self.command(word::SWITCH, argument)?;
        self.ready(word::SWITCH)?;
        self.settle()
    }

    /// Returns the moment `time` from now, on the link's clock.
    pub fn until(&self, time: Duration) -> Duration {
        self.registers.preloader.elapsed().saturating_add(time)
    }

    /// Lets a little time pass between two polls, once polling takes long.
    pub fn rest(&mut self, turn: u32) {
        if turn >= EAGER {
            self.registers.preloader.pause(Duration::from_millis(1));
        }
    }
}

/// Makes a card failure whose place is a command.
pub(super) fn failed(raw: u32, trouble: CardTrouble) -> ProtocolError {
    ProtocolError::card(format!("CMD{}", raw & cmd::OPCODE), trouble)
}
