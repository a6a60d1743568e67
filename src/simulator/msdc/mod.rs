//! The storage controller: registers in front of a card (msdc-direct.md 2, 8). Promises to notice every misuse that
//! silicon would punish silently; refuses to know who reads its registers.

mod transfer;

use std::collections::VecDeque;
use std::time::Duration;

use super::board::{Board, Pace, Storage};
use super::card::{Card, Phase, Reply};
use super::chip;
use crate::wire::emmc::op;
use crate::wire::msdc::{self as reg, cfg, cmd, fifo, int, ps, sts};

use transfer::Transfer;

/// Registers that merely store, as words.
const WORDS: usize = (reg::END / 4) as usize;

/// The controller.
#[derive(Debug)]
pub struct Msdc {
    pub card: Card,
    pace: Pace,
    plain: [u32; WORDS],
    int: u32,
    fifo: VecDeque<u8>,
    transfer: Option<Transfer>,
    response: [u32; 4],
    auto_response: u32,
    clock_settling: u32,
    resetting: u32,
    clearing: u32,
    command_busy: u32,
    pending_int: u32,
    counts_when_stopped: bool,
    power_lost: bool,
    violations: Vec<String>,
}

impl Msdc {
    /// Makes a controller as the preloader leaves it (section 1.3), or at reset values on a NAND phone (section 7).
    pub fn new(board: &Board, card: Card) -> Self {
        let mut plain = [0; WORDS];
        let mut set = |offset: u32, value: u32| plain[offset as usize / 4] = value;
        set(reg::PATCH_BIT0, 0x403C_004F);
        set(reg::PATCH_BIT1, 0xFFFF_0009);
        set(reg::VERSION, 0x2012_0704);
        let mut response = [0; 4];
        if board.storage == Storage::Emmc {
            set(reg::CFG, if board.card.ddr { 0x0002_0019 } else { 0x0000_0119 });
            set(reg::INTEN, 0x0001_FF7B);
            set(reg::SDC_CFG, if board.card.ddr { 0x091A_0002 } else { 0x041A_0002 });
            set(reg::SDC_BLK_NUM, 0x20);
            set(reg::SDC_CMD, 0x0000_408C);
            response[0] = 0x0000_0B00;
        } else {
            set(reg::CFG, 0x0000_0019);
            set(reg::SDC_CFG, 0x0010_0000);
            set(reg::SDC_BLK_NUM, 1);
        }
        Self {
            card,
            pace: board.pace,
            plain,
            int: 0,
            fifo: VecDeque::new(),
            transfer: None,
            response,
            auto_response: 0,
            clock_settling: 0,
            resetting: 0,
            clearing: 0,
            command_busy: 0,
            pending_int: 0,
            counts_when_stopped: board.timeout_counts_when_stopped,
            power_lost: false,
            violations: Vec::new(),
        }
    }

    /// Returns whether power was lost during the last access.
    pub fn lost_power(&self) -> bool {
        self.power_lost
    }

    /// Takes the misuses noticed since the last call.
    pub fn take_violations(&mut self) -> Vec<String> {
        std::mem::take(&mut self.violations)
    }

    /// Reads a register; `offset` is a multiple of 4 below [`reg::END`].
    pub fn read(&mut self, offset: u32) -> u32 {
        self.tick();
        match offset {
            reg::CFG => {
                let reset = if step(&mut self.resetting) { cfg::RST } else { 0 };
                let stable = if step(&mut self.clock_settling) { 0 } else { cfg::CKSTB };
                self.stored(reg::CFG) | reset | stable
            }
            reg::PS => {
                let dat0 = if self.card.is_busy() { ps::DAT0 } else { 0 };
                (ps::DAT | ps::CMD) & !dat0 | self.stored(reg::PS) & 1
            }
            reg::INT => self.int,
            reg::FIFOCS => {
                let clear = if step(&mut self.clearing) { fifo::CLR } else { 0 };
                let level = u32::try_from(self.fifo.len()).unwrap_or(fifo::SIZE);
                let sending = self.transfer.as_ref().is_none_or(|transfer| transfer.to_card);
                clear | if sending { level << fifo::TXCNT_SHIFT } else { level }
            }
            reg::RXDATA => self.pop(),
            reg::TXDATA => 0,
            reg::SDC_STS => {
                let command = self.command_busy > 0;
                let busy = command || self.transfer.is_some() || self.card.is_busy();
                (u32::from(busy) * sts::SDCBUSY) | (u32::from(command) * sts::CMDBUSY)
            }
            reg::SDC_RESP0..=reg::SDC_RESP3 => self.response[(offset - reg::SDC_RESP0) as usize / 4],
            reg::SDC_ACMD_RESP => self.auto_response,
            _ => self.stored(offset),
        }
    }

    /// Writes a register; `offset` is a multiple of 4 below [`reg::END`].
    pub fn write(&mut self, offset: u32, value: u32) {
        match offset {
            reg::CFG => {
                let old = self.stored(reg::CFG);
                if (old ^ value) & (cfg::CKDIV | cfg::CKMOD) != 0 {
                    self.clock_settling = self.pace.clock;
                }
                self.store(reg::CFG, value & !(cfg::RST | cfg::CKSTB));
                if value & cfg::RST != 0 {
                    self.resetting = self.pace.reset;
                    self.abort();
                }
            }
            reg::INT => self.int &= !(value & !int::CSTA),
            reg::FIFOCS => {
                if value & fifo::CLR != 0 {
                    self.clearing = self.pace.reset;
                    if self.transfer.as_ref().is_some_and(|transfer| !transfer.failed) {
                        self.blame("FIFO cleared in the middle of a transfer");
                    }
                    self.fifo.clear();
                }
            }
            reg::TXDATA => self.push(value),
            reg::SDC_CMD => {
                self.store(offset, value);
                self.start(value);
            }
            reg::PS => self.store(offset, value & 1),
            reg::RXDATA
            | reg::SDC_STS
            | reg::SDC_RESP0..=reg::SDC_RESP3
            | reg::SDC_ACMD_RESP
            | reg::VERSION
            | reg::DMA_CA
            | reg::SDC_DCRC_STS
            | reg::SDC_CSTS => {}
            _ => self.store(offset, value),
        }
    }

    /// Lets time pass: the data time-out counts emulated card clocks.
    pub fn pass(&mut self, time: Duration) {
        let limit = (u64::from(self.stored(reg::SDC_CFG) >> 24) + 1) << 20;
        let hz = self.card_hz();
        let Some(transfer) = self.transfer.as_mut() else {
            return;
        };
        if transfer.failed {
            return;
        }
        // A full receive FIFO and an empty send FIFO stop the card clock; a card that says nothing does not.
        let stopped = !transfer.ending;
        if stopped && !self.counts_when_stopped {
            return;
        }
        transfer.waited = transfer.waited.saturating_add(time);
        if transfer.waited.as_micros() * u128::from(hz) / 1_000_000 >= u128::from(limit) {
            transfer.failed = true;
            self.int |= int::DATTMO;
        }
    }

    fn card_hz(&self) -> u64 {
        let word = self.stored(reg::CFG);
        let divider = u64::from((word & cfg::CKDIV) >> cfg::CKDIV_SHIFT);
        let source = chip::MSDC_SOURCE_HZ;
        match ((word & cfg::CKMOD) >> cfg::CKMOD_SHIFT, divider) {
            (0, 0) => source / 2,
            (0, n) => source / (4 * n),
            (1, _) => source,
            (_, 0) => source / 4,
            (_, n) => source / (4 * n) / 2,
        }
    }

    fn tick(&mut self) {
        if self.command_busy > 0 {
            self.command_busy -= 1;
            if self.command_busy == 0 {
                self.int |= std::mem::take(&mut self.pending_int);
            }
        }
        self.card.tick();
        self.drain();
        self.finish_write();
    }

    fn start(&mut self, word: u32) {
        let opcode = u8::try_from(word & cmd::OPCODE).unwrap_or(0);
        let argument = self.stored(reg::SDC_ARG);
        let free = matches!(opcode, op::SEND_STATUS | op::STOP_TRANSMISSION | op::GO_IDLE);
        let occupied = self.command_busy > 0 || (!free && (self.transfer.is_some() || self.card.is_busy()));
        if occupied {
            self.blame(&format!("CMD{opcode} started while the controller was busy"));
        }
        if self.clock_settling > 0 {
            self.blame(&format!("CMD{opcode} started before the clock was stable"));
        }
        if opcode == op::STOP_TRANSMISSION && word & cmd::STOP == 0 {
            self.blame("CMD12 without the stop bit");
        }
        let (reply, phase, bad) = self.card.command(opcode, argument);
        let expects = (word & cmd::RSPTYP) >> cmd::RSPTYP_SHIFT;
        let event = match reply {
            _ if expects == 0 => int::CMDRDY,
            Reply::None => int::CMDTMO,
            _ if bad => int::RSPCRCERR,
            Reply::Short(response) if expects != 2 => {
                self.response[0] = response;
                int::CMDRDY
            }
            Reply::Long(response) if expects == 2 => {
                self.response = response;
                int::CMDRDY
            }
            _ => int::RSPCRCERR, // a response of another length than expected
        };
        self.command_busy = self.pace.command;
        if self.command_busy > 0 {
            self.pending_int |= event;
        } else {
            self.int |= event;
        }
        if opcode == op::STOP_TRANSMISSION && reply != Reply::None {
            self.transfer = None;
        }
        let wants_data = word & cmd::DTYPE != 0;
        if wants_data {
            self.start_data(word, phase, event == int::CMDRDY);
        } else if phase != Phase::None {
            self.blame(&format!("CMD{opcode} moves data, and DTYPE says none"));
        }
    }

    fn abort(&mut self) {
        self.transfer = None;
        self.fifo.clear();
        self.command_busy = 0;
        self.pending_int = 0;
    }

    fn blame(&mut self, what: &str) {
        self.violations.push(format!("msdc: {what}"));
    }

    fn stored(&self, offset: u32) -> u32 {
        self.plain.get(offset as usize / 4).copied().unwrap_or(0)
    }

    fn store(&mut self, offset: u32, value: u32) {
        if let Some(word) = self.plain.get_mut(offset as usize / 4) {
            *word = value;
        }
    }
}

/// Counts a delay down by one read; returns whether it still lasts.
fn step(delay: &mut u32) -> bool {
    let lasts = *delay > 0;
    *delay = delay.saturating_sub(1);
    lasts
}
