//! The chip's address space as READ32 and WRITE32 see it: controller, clock gate, pins, watchdog, download flags.
//! Whatever else lies in the window reads as zero and swallows writes.

use std::time::Duration;

use super::board::{Board, Storage};
use super::card::Card;
use super::chip;
use super::flash::Flash;
use super::msdc::Msdc;
use crate::wire::msdc::END;
use crate::wire::soc::{rgu, usbdl};

/// What an access can do besides giving a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It came back.
    Done(u32),
    /// The bus hangs, and the CPU with it.
    Hung,
    /// The chip resets.
    Reset,
    /// Power is gone.
    PowerLost,
}

/// Everything on the bus.
#[derive(Debug)]
pub struct Soc {
    pub msdc: Msdc,
    pins: [u32; 3],
    gate: u32,
    mode: u32,
    usbdl: [u32; 2],
    da_note: u32,
}

impl Soc {
    /// Builds the chip around a card, as the preloader leaves it.
    pub fn new(board: &Board, flash: Flash) -> Self {
        let mut card =
            Card::as_preloader_leaves_it(board.card.clone(), board.pace, board.faults.clone(), flash);
        let emmc = board.storage == Storage::Emmc;
        if !emmc {
            card.remove();
        }
        Self {
            msdc: Msdc::new(board, card),
            pins: if emmc { [0x1111_0000, 0x0111_1111, 0] } else { [0x4444_0000, 0x0444_4444, 0] },
            gate: if emmc { 0 } else { chip::GATE_MSDC0 },
            mode: 0x51,
            usbdl: [0x15, usbdl::MAGIC_VALUE],
            da_note: 0,
        }
    }

    /// Returns whether the watchdog is enabled.
    pub fn watchdog_runs(&self) -> bool {
        self.mode & 1 != 0
    }

    /// Returns the download flags and the watchdog mode, which decide what happens after a reset.
    pub fn reset_flags(&self) -> ([u32; 2], u32) {
        (self.usbdl, self.mode)
    }

    /// Cancels the request for download mode, as the preloader does before it jumps anywhere (section 3.13).
    pub fn disarm_download(&mut self) {
        self.usbdl = [usbdl::CANCELLED, 0];
    }

    /// Leaves SEND_DA's note for later stages.
    pub fn note_agent(&mut self, word: u32) {
        self.da_note = word;
    }

    /// Reads a dword.
    pub fn read32(&mut self, address: u32) -> Outcome {
        if let Some(offset) = controller(address) {
            if self.gate & chip::GATE_MSDC0 != 0 {
                return Outcome::Hung;
            }
            let value = self.msdc.read(offset);
            return self.after(value);
        }
        Outcome::Done(match address {
            chip::CLOCK_MUX => 0x0000_1000,
            chip::GATE => self.gate,
            chip::PINS_5 => self.pins[0],
            chip::PINS_6 => self.pins[1],
            chip::PINS_7 => self.pins[2],
            chip::RGU => self.mode,
            chip::USBDL => self.usbdl[0],
            chip::DA_NOTE => self.da_note,
            _ if address == chip::USBDL + usbdl::MAGIC => self.usbdl[1],
            _ if address == chip::RGU + rgu::LENGTH => 0xFFE0,
            _ => 0,
        })
    }

    /// Writes a dword.
    pub fn write32(&mut self, address: u32, value: u32) -> Outcome {
        if let Some(offset) = controller(address) {
            if self.gate & chip::GATE_MSDC0 != 0 {
                return Outcome::Hung;
            }
            self.msdc.write(offset, value);
            return self.after(0);
        }
        match address {
            chip::GATE_SET => self.gate |= value,
            chip::GATE_CLEAR => self.gate &= !value,
            chip::PINS_5 => self.pins[0] = value,
            chip::PINS_6 => self.pins[1] = value,
            chip::PINS_7 => self.pins[2] = value,
            chip::RGU if value & 0xFF00_0000 == rgu::MODE_KEY => self.mode = value & 0xFF,
            chip::USBDL => self.usbdl[0] = value,
            chip::DA_NOTE => self.da_note = value,
            _ if address == chip::USBDL + usbdl::MAGIC => self.usbdl[1] = value,
            _ if address == chip::RGU + rgu::SWRST && value == rgu::SWRST_KEY => return Outcome::Reset,
            _ => {}
        }
        Outcome::Done(0)
    }

    /// Lets time pass.
    pub fn pass(&mut self, time: Duration) {
        self.msdc.pass(time);
    }

    fn after(&self, value: u32) -> Outcome {
        if self.msdc.lost_power() { Outcome::PowerLost } else { Outcome::Done(value) }
    }
}

/// Returns the offset of an address inside the storage controller.
fn controller(address: u32) -> Option<u32> {
    address.checked_sub(chip::MSDC0).filter(|offset| *offset < END).map(|offset| offset & !3)
}
