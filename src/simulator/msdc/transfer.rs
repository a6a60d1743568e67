//! The data phase: blocks between FIFO and card. Promises that every byte is moved once, and that a host which does not
//! look at the FIFO's level is noticed.

use std::collections::VecDeque;
use std::time::Duration;

use super::Msdc;
use crate::simulator::card::{Moved, Phase, Reply};
use crate::wire::emmc::{BLOCK, op};
use crate::wire::msdc::{self as reg, cfg, cmd, fifo, int, sdc_cfg};

/// What an empty FIFO gives; recognisable in a dump.
const POISON: u32 = 0xDEAD_F1F0;
/// A data phase under way.
#[derive(Debug)]
pub(super) struct Transfer {
    pub(super) to_card: bool,
    open: bool,
    auto_stop: bool,
    blocks_left: u32,
    block: VecDeque<u8>,
    pub(super) failed: bool,
    pub(super) ending: bool,
    pub(super) waited: Duration,
}

impl Msdc {
    pub(super) fn start_data(&mut self, word: u32, phase: Phase, answered: bool) {
        let length = (word & cmd::BLKLEN) >> cmd::BLKLEN_SHIFT;
        if length as usize != BLOCK {
            self.blame(&format!("data command with blocks of {length} bytes"));
        }
        if self.stored(reg::CFG) & cfg::PIO == 0 {
            self.blame("data command in DMA mode, which this controller does not model");
        }
        let to_card = word & cmd::RW != 0;
        let open = (word & cmd::DTYPE) >> cmd::DTYPE_SHIFT != 1;
        let mut transfer = Transfer {
            to_card,
            open,
            auto_stop: (word & cmd::AUTOCMD) >> cmd::AUTOCMD_SHIFT == 1,
            blocks_left: if open { self.stored(reg::SDC_BLK_NUM).max(1) } else { 1 },
            block: VecDeque::new(),
            failed: false,
            ending: false,
            waited: Duration::ZERO,
        };
        let wanted = if to_card { Phase::ToCard } else { Phase::FromCard };
        // Without an answer, or with an error in it, the data never comes and SDCBUSY stays (section 3.2).
        transfer.failed = !answered || phase != wanted;
        self.transfer = Some(transfer);
        let width = match (self.stored(reg::SDC_CFG) & sdc_cfg::BUSWIDTH) >> sdc_cfg::BUSWIDTH_SHIFT {
            0 => 1,
            1 => 4,
            _ => 8,
        };
        let double = (self.stored(reg::CFG) & cfg::CKMOD) >> cfg::CKMOD_SHIFT == 2;
        if phase == wanted && answered && !self.card.hears(width, double) {
            self.fail(int::DATCRCERR);
        }
        self.refill();
    }

    fn fail(&mut self, event: u32) {
        if let Some(transfer) = self.transfer.as_mut() {
            transfer.failed = true;
        }
        self.int |= event;
    }

    /// Moves bytes from the card into the FIFO as far as there is room.
    fn refill(&mut self) {
        loop {
            let Some(transfer) = self.transfer.as_mut() else { return };
            if transfer.to_card || transfer.failed || transfer.ending {
                return;
            }
            while self.fifo.len() < fifo::SIZE as usize {
                match transfer.block.pop_front() {
                    Some(byte) => self.fifo.push_back(byte),
                    None => break,
                }
            }
            if !transfer.block.is_empty() || transfer.blocks_left == 0 {
                return;
            }
            match self.card.send_block() {
                (block, Moved::Whole) => {
                    transfer.block = block.into();
                    transfer.blocks_left -= 1;
                }
                (_, Moved::Crc) => return self.fail(int::DATCRCERR),
                _ => {
                    transfer.ending = true; // the clock runs and nothing comes: the time-out counts
                    return;
                }
            }
        }
    }

    pub(super) fn pop(&mut self) -> u32 {
        let receiving = self.transfer.as_ref().is_some_and(|transfer| !transfer.to_card);
        if !receiving || self.fifo.len() < 4 {
            self.blame("RXDATA read from an empty FIFO");
            return POISON;
        }
        let mut word = [0; 4];
        for byte in &mut word {
            *byte = self.fifo.pop_front().unwrap_or(0);
        }
        if let Some(transfer) = self.transfer.as_mut() {
            transfer.waited = Duration::ZERO;
        }
        self.refill();
        let done = self
            .transfer
            .as_ref()
            .is_some_and(|t| !t.failed && !t.ending && t.blocks_left == 0 && t.block.is_empty());
        if done && self.fifo.is_empty() {
            self.complete();
        }
        u32::from_le_bytes(word)
    }

    pub(super) fn push(&mut self, value: u32) {
        if self.transfer.as_ref().is_some_and(|transfer| !transfer.to_card) {
            return self.blame("TXDATA written during a read");
        }
        if self.fifo.len() + 4 > fifo::SIZE as usize {
            return self.blame("TXDATA written to a full FIFO");
        }
        self.fifo.extend(value.to_le_bytes());
        if let Some(transfer) = self.transfer.as_mut() {
            transfer.waited = Duration::ZERO;
        }
    }

    /// Moves bytes from the FIFO to the card; slower than a burst of writes, so that a host must look at the level.
    pub(super) fn drain(&mut self) {
        loop {
            let Some(transfer) = self.transfer.as_mut() else { return };
            if !transfer.to_card || transfer.failed || transfer.ending || self.command_busy > 0 {
                return;
            }
            while transfer.block.len() < BLOCK {
                match self.fifo.pop_front() {
                    Some(byte) => transfer.block.push_back(byte),
                    None => return,
                }
            }
            let block: Vec<u8> = transfer.block.drain(..).collect();
            transfer.blocks_left -= 1;
            let (open, last) = (transfer.open, transfer.blocks_left == 0);
            match self.card.take_block(&block, open) {
                Moved::Whole if last => {
                    if let Some(transfer) = self.transfer.as_mut() {
                        transfer.ending = true;
                    }
                    return;
                }
                Moved::Whole => {}
                Moved::Crc => return self.fail(int::DATCRCERR),
                Moved::Never => {
                    if let Some(transfer) = self.transfer.as_mut() {
                        transfer.ending = true;
                        transfer.blocks_left = 1; // never finished: only the time-out ends it
                    }
                    return;
                }
                Moved::PowerLost => {
                    self.power_lost = true;
                    return;
                }
            }
        }
    }

    pub(super) fn finish_write(&mut self) {
        let ended =
            self.transfer.as_ref().is_some_and(|t| t.to_card && t.ending && !t.failed && t.blocks_left == 0);
        if ended && !self.card.is_busy() {
            self.complete();
        }
    }

    fn complete(&mut self) {
        let Some(transfer) = self.transfer.take() else { return };
        self.int |= int::XFER_COMPL;
        if !transfer.to_card {
            self.card.end_read(transfer.open);
        }
        if transfer.auto_stop {
            if let (Reply::Short(response), ..) = self.card.command(op::STOP_TRANSMISSION, 0) {
                self.auto_response = response;
                self.int |= int::ACMDRDY;
            } else {
                self.int |= int::ACMDTMO;
            }
        }
    }
}
