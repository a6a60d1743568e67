//! READ16, READ32, WRITE16, WRITE32 and their old forms: argument rules, the address window, one field per item
//! (preloader-and-legacy-da.md 3.4, msdc-direct.md 4).

use std::time::Duration;

use super::Preloader;
use super::commands::{Step, words};
use crate::simulator::board::Board;
use crate::simulator::phone::Departure;
use crate::simulator::soc::{Outcome, Soc};
use crate::wire::preloader::{command, status};
use crate::wire::soc::{FORBIDDEN_PAGE, WINDOW_END, WINDOW_START};

/// A register access under way.
#[derive(Debug, Clone, Copy)]
pub struct Access {
    op: u8,
    address: u32,
    left: u32,
}

impl Access {
    /// Starts an access from a command's arguments.
    pub fn new(op: u8, address: u32, count: u32) -> Self {
        Self { op, address, left: count }
    }

    /// Checks arguments, then the region, and says how to go on.
    pub fn check(self, asserts: bool) -> Step {
        let silent = self.op == command::LEGACY_READ16;
        let then = if self.writes() { Step::Write(self) } else { Step::Read(self) };
        match self.arguments() {
            status::OK if asserts && !self.is_allowed() => Step::Assert,
            status::OK if silent => then,
            status::OK => words(&[status::OK], then),
            _ if silent => Step::Idle,
            wrong => words(&[wrong], Step::Idle),
        }
    }

    /// Goes on to the next item, or to the closing status.
    fn next(mut self, step: fn(Self) -> Step) -> Step {
        self.address = self.address.wrapping_add(self.width());
        self.left -= 1;
        match self.left {
            0 if self.op == command::LEGACY_READ16 => Step::Idle,
            0 => words(&[status::OK], Step::Idle),
            _ => step(self),
        }
    }

    fn width(self) -> u32 {
        if matches!(self.op, command::READ32 | command::WRITE32) { 4 } else { 2 }
    }
    fn writes(self) -> bool {
        matches!(
            self.op,
            command::WRITE16 | command::LEGACY_WRITE16 | command::WRITE16_SILENT | command::WRITE32
        )
    }
    /// The status of the arguments alone, in the firmware's order (msdc-direct.md 4.1).
    fn arguments(self) -> u16 {
        if !self.address.is_multiple_of(self.width()) {
            status::MISALIGNED
        } else if self.left == 0 {
            status::ZERO_COUNT
        } else if self.left.wrapping_mul(self.width()) <= self.left {
            status::OVERFLOW
        } else {
            status::OK
        }
    }
    /// Whether the region check lets it pass.
    fn is_allowed(self) -> bool {
        let len = self.left.wrapping_mul(self.width());
        let end = self.address.wrapping_add(len);
        let window = WINDOW_START..WINDOW_END;
        len < WINDOW_END - WINDOW_START
            && window.contains(&self.address)
            && window.contains(&end)
            && (end <= FORBIDDEN_PAGE.start || self.address >= FORBIDDEN_PAGE.end)
    }
}

impl Preloader {
    /// Reads and sends one item; the read happens only after the field before was collected.
    pub(super) fn read(
        &mut self,
        board: &Board,
        soc: &mut Soc,
        access: Access,
        now: Duration,
    ) -> Result<(Step, bool), Departure> {
        let word = match soc.read32(access.address & !3) {
            Outcome::Done(word) => word,
            other => return stopped(other),
        };
        let bytes = word.to_be_bytes();
        match (access.width(), access.address & 2) {
            (4, _) => self.put(board, &bytes, now),
            (_, 0) => self.put(board, &bytes[2..], now),
            _ => self.put(board, &bytes[..2], now),
        }
        Ok((access.next(Step::Read), true))
    }

    /// Takes one item from the host and echoes it; it is stored after the echo was collected.
    pub(super) fn write(&mut self, board: &Board, access: Access, now: Duration) -> (Step, bool) {
        let value = match access.width() {
            4 => self.pipe.take::<4>().map(u32::from_be_bytes),
            _ => self.pipe.take::<2>().map(|bytes| u32::from(u16::from_be_bytes(bytes))),
        };
        let Some(value) = value else {
            return (Step::Write(access), false);
        };
        let silent =
            access.op == command::WRITE16_SILENT || access.op == command::WRITE32 && board.silent_write32;
        if !silent {
            let bytes = value.to_be_bytes();
            self.put(board, if access.width() == 4 { &bytes } else { &bytes[2..] }, now);
        }
        (Step::Store(access, value), true)
    }
}

/// Stores an item. A 16-bit item is stored in its half of the dword, the other half zero.
pub fn store(soc: &mut Soc, access: Access, value: u32) -> Result<(Step, bool), Departure> {
    let placed = if access.width() == 4 || access.address & 2 == 0 { value } else { value << 16 };
    match soc.write32(access.address & !3, placed) {
        Outcome::Done(_) => Ok((access.next(Step::Write), true)),
        other => {
            if other == Outcome::Reset {
                let ([flags, magic], mode) = soc.reset_flags();
                return Err(Departure::Reset {
                    download_cancelled: flags & 1 == 0 && magic != crate::wire::soc::usbdl::MAGIC_VALUE,
                    automatic: mode & crate::wire::soc::rgu::AUTO_RESTART != 0,
                });
            }
            stopped(other)
        }
    }
}

fn stopped(outcome: Outcome) -> Result<(Step, bool), Departure> {
    match outcome {
        Outcome::PowerLost => Err(Departure::PowerLost),
        _ => Ok((Step::Hang, true)),
    }
}
