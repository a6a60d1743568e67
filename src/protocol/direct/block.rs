//! 512 bytes through a FIFO of 128 (msdc-direct.md 3.2, 3.4, 3.6, 5.3). Promises never to pop a word that was not seen in
//! the FIFO in strict pace, nor to push one without room; a failure leaves the controller for `recovery` to clear.

use std::time::Duration;

use super::Pace;
use super::command::{Controller, Seen, failed, word};
use crate::protocol::ProtocolError;
use crate::protocol::card_trouble::{CardTrouble, ERROR_BITS, state_of};
use crate::wire::emmc::{BLOCK, state, status};
use crate::wire::msdc::{self as reg, fifo, int, ps};

/// Bytes of one FIFO filling.
const CHUNK: usize = fifo::SIZE as usize;
/// Longest wait for data that is believed; the controller's own time-out is set to its longest, about 10 s at 25 MHz.
const DATA: Duration = Duration::from_secs(2);
const POLLS: u32 = 20_000;

impl Controller {
    /// Reads one block with the command `raw`.
    pub fn read_block(
        &mut self,
        raw: u32,
        argument: u32,
        pace: Pace,
        into: &mut [u8; BLOCK],
    ) -> Result<(), ProtocolError> {
        let mut seen = self.begin_data(raw, argument)?;
        if pace == Pace::Fast {
            self.await_data(raw, seen, |seen| seen.received() >= fifo::SIZE)?;
            let plan = self.plan().pop(BLOCK / 4).poll();
            let words = self.run(plan)?;
            seen = Seen::last(&words);
            store(&words, into);
            if seen.int & int::DATA != int::XFER_COMPL || seen.fifo != 0 {
                return Err(failed(raw, CardTrouble::DataTimeout { reported: false }));
            }
            return Ok(());
        }
        for chunk in into.chunks_mut(CHUNK) {
            self.await_data(raw, seen, |seen| seen.received() >= fifo::SIZE)?;
            let plan = self.plan().pop(CHUNK / 4).poll();
            let words = self.run(plan)?;
            seen = Seen::last(&words);
            store(&words, chunk);
        }
        let end = self.await_data(raw, seen, |seen| seen.int & int::XFER_COMPL != 0)?;
        if end.fifo != 0 {
            let trouble = CardTrouble::Stuck { register: "FIFOCS not empty after the block", last: end.fifo };
            return Err(failed(raw, trouble));
        }
        Ok(())
    }

    /// Writes one block and waits until the card has programmed it.
    pub fn write_block(&mut self, argument: u32, block: &[u8; BLOCK]) -> Result<(), ProtocolError> {
        let raw = word::WRITE;
        let found = self.status()?;
        if found != status::IDLE_IN_TRAN {
            return Err(failed(word::STATUS, CardTrouble::Status(found)));
        }
        let mut seen = self.begin_data(raw, argument)?;
        for chunk in block.chunks(CHUNK) {
            self.await_data(raw, seen, |seen| seen.sending() == 0)?;
            let plan = self.plan().push(chunk).poll();
            let words = self.run(plan)?;
            seen = Seen::last(&words);
        }
        self.await_data(raw, seen, |seen| seen.int & int::XFER_COMPL != 0)?;
        self.ready(raw)?;
        self.settle()
    }

    /// Frees bus and FIFO, starts a data command, and checks its response.
    fn begin_data(&mut self, raw: u32, argument: u32) -> Result<Seen, ProtocolError> {
        let plan = self
            .plan()
            .read(reg::SDC_STS)
            .read(reg::PS)
            .write(reg::FIFOCS, fifo::CLR)
            .read(reg::FIFOCS)
            .write(reg::SDC_BLK_NUM, 1)
            .write(reg::INT, int::ALL)
            .write(reg::SDC_ARG, argument);
        let words = self.run(plan)?;
        self.free(raw, words[0])?;
        if words[1] & ps::DAT0 == 0 {
            self.ready(raw)?;
        }
        if words[2] != 0 {
            self.await_empty_fifo(raw)?;
        }
        let (response, seen) = self.start(raw)?;
        if response & ERROR_BITS != 0 || state_of(response) != state::TRAN {
            return Err(failed(raw, CardTrouble::Status(response)));
        }
        Ok(seen)
    }

    /// Polls FIFOCS until its clear has finished.
    pub fn await_empty_fifo(&mut self, raw: u32) -> Result<(), ProtocolError> {
        let end = self.until(DATA);
        let mut last = 0;
        for turn in 0..POLLS {
            let plan = self.plan().read(reg::FIFOCS);
            last = self.run(plan)?[0];
            if last == 0 {
                return Ok(());
            }
            if self.registers.preloader.elapsed() >= end {
                break;
            }
            self.rest(turn);
        }
        Err(failed(raw, CardTrouble::Stuck { register: "FIFOCS never becomes empty", last }))
    }

    /// Polls until `done`, watching the data error bits.
    fn await_data(
        &mut self,
        raw: u32,
        mut seen: Seen,
        done: fn(Seen) -> bool,
    ) -> Result<Seen, ProtocolError> {
        let end = self.until(DATA);
        for turn in 0..POLLS {
            if seen.int & int::DATCRCERR != 0 {
                let plan = self.plan().read(reg::SDC_DCRC_STS);
                let lanes = self.run(plan)?[0];
                return Err(failed(raw, CardTrouble::DataCrc { lanes }));
            }
            if seen.int & int::DATTMO != 0 {
                return Err(failed(raw, CardTrouble::DataTimeout { reported: true }));
            }
            if done(seen) {
                return Ok(seen);
            }
            if self.registers.preloader.elapsed() >= end {
                break;
            }
            self.rest(turn);
            let plan = self.plan().poll();
            seen = Seen::last(&self.run(plan)?);
        }
        Err(failed(raw, CardTrouble::DataTimeout { reported: false }))
    }
}

/// Stores words as the card sent them: first byte in bits 7:0.
fn store(words: &[u32], into: &mut [u8]) {
    for (bytes, word) in into.chunks_exact_mut(4).zip(words) {
        bytes.copy_from_slice(&word.to_le_bytes());
    }
}
