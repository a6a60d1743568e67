//! The way back to `tran` after a failure, and slower clocks (msdc-direct.md 3.7). Bounded; says what the card said.

use std::time::Duration;

use super::command::{Controller, failed, word};
use crate::protocol::ProtocolError;
use crate::protocol::card_trouble::{CardTrouble, ERROR_BITS, state_of};
use crate::wire::emmc::{RCA_1, state, status};
use crate::wire::msdc::{self as reg, cfg, fifo, int, sdc_cfg};

/// Looks at the card after which it is given up.
const LOOKS: u32 = 12;
/// Time a programming card is given between two looks.
const PROGRAMMING: Duration = Duration::from_millis(100);
/// Polls after which a controller reset will never finish.
const RESET_POLLS: u32 = 1000;

impl Controller {
    /// Resets the controller and leads the card back to `tran`; returns the error bits the card showed on the way.
    pub fn abort(&mut self) -> Result<u32, ProtocolError> {
        let mut errors = 0;
        let mut last = 0;
        self.reset()?;
        for _ in 0..LOOKS {
            let found = match self.status() {
                Ok(found) => found,
                Err(error) if error.trouble().is_some() => {
                    self.reset()?;
                    continue;
                }
                Err(error) => return Err(error),
            };
            errors |= found & ERROR_BITS;
            last = found;
            match state_of(found) {
                state::TRAN if found & status::READY_FOR_DATA != 0 => {
                    return self.unchanged().map(|()| errors);
                }
                state::DATA | state::RCV => self.attempt(word::STOP_BUSY, 0)?,
                state::STBY => self.attempt(word::SELECT, RCA_1)?,
                _ => self.registers.preloader.pause(PROGRAMMING),
            }
        }
        if last == 0 {
            return Err(failed(word::STATUS, CardTrouble::NoResponse));
        }
        Err(failed(
            word::STATUS,
            CardTrouble::Stuck { register: "the card does not come back to tran", last },
        ))
    }

    /// Lowers the card clock to its last resort; true when it was not there yet.
    pub fn slow_down(&mut self) -> Result<bool, ProtocolError> {
        let divider = u32::from(self.registers.chip.ckdiv_slow) << cfg::CKDIV_SHIFT;
        if self.cfg & cfg::CKDIV == divider {
            return Ok(false);
        }
        self.set_clock(self.cfg & !cfg::CKDIV | divider)?;
        Ok(true)
    }

    /// Writes CFG with another clock and waits until it is stable.
    pub fn set_clock(&mut self, value: u32) -> Result<(), ProtocolError> {
        let value = value & !(cfg::RST | cfg::CKSTB);
        let plan = self.plan().write(reg::CFG, value);
        self.run(plan)?;
        let mut last = 0;
        for turn in 0..RESET_POLLS {
            let plan = self.plan().read(reg::CFG);
            last = self.run(plan)?[0];
            if last & cfg::CKSTB != 0 {
                self.cfg = last;
                return Ok(());
            }
            self.rest(turn);
        }
        Err(ProtocolError::card(
            "clock change",
            CardTrouble::Stuck { register: "CKSTB in CFG stays 0", last },
        ))
    }

    /// A command whose failure shows in the next look at the card.
    fn attempt(&mut self, raw: u32, argument: u32) -> Result<(), ProtocolError> {
        let outcome = self.command(raw, argument).and_then(|_| self.ready(raw));
        match outcome {
            Err(error) if error.trouble().is_none() => Err(error),
            _ => Ok(()),
        }
    }

    fn reset(&mut self) -> Result<(), ProtocolError> {
        let plan = self.plan().read(reg::CFG);
        let found = self.run(plan)?[0];
        let plan = self.plan().write(reg::CFG, found & !cfg::CKSTB | cfg::RST);
        self.run(plan)?;
        let mut last = found;
        for turn in 0..=RESET_POLLS {
            if turn == RESET_POLLS {
                let trouble = CardTrouble::Stuck { register: "RST in CFG stays 1", last };
                return Err(ProtocolError::card("controller reset", trouble));
            }
            let plan = self.plan().read(reg::CFG);
            last = self.run(plan)?[0];
            if last & cfg::RST == 0 {
                break;
            }
            self.rest(turn);
        }
        let plan = self.plan().write(reg::FIFOCS, fifo::CLR);
        self.run(plan)?;
        self.await_empty_fifo(word::STATUS)?;
        let plan = self.plan().write(reg::INT, int::ALL);
        self.run(plan)?;
        self.settled = false;
        Ok(())
    }

    /// A controller reset must leave clock and bus settings as they were; nobody has seen it on every chip.
    fn unchanged(&mut self) -> Result<(), ProtocolError> {
        let plan = self.plan().read(reg::CFG).read(reg::SDC_CFG);
        let words = self.run(plan)?;
        let kept = cfg::CKDIV | cfg::CKMOD | cfg::PIO | cfg::MODE;
        let trouble = if (words[0] ^ self.cfg) & kept != 0 {
            CardTrouble::Stuck { register: "CFG changed in a controller reset", last: words[0] }
        } else if (words[1] ^ self.sdc_cfg) & (sdc_cfg::BUSWIDTH | sdc_cfg::DTOC) != 0 {
            CardTrouble::Stuck { register: "SDC_CFG changed in a controller reset", last: words[1] }
        } else {
            return Ok(());
        };
        Err(ProtocolError::card("controller reset", trouble))
    }
}
