//! The engine that needs nothing from the vendor: it drives the storage controller through READ32 and WRITE32
//! (msdc-direct.md). Promises that no block is touched before chip, pins, clock, controller and card have been
//! recognised, and that every failure names its block.

mod block;
mod command;
mod fingerprint;
mod leave;
mod recovery;
mod registers;
mod setup;

use std::time::Duration;

use self::command::{Controller, word};
use self::registers::Registers;
use super::chip::ChipProfile;
use super::session::PreloaderFacts;
use super::{Capabilities, Card, Engine, Preloader, ProtocolError};
use crate::wire::emmc::BLOCK;

/// Speed of either pace on a USB 2.0 cable, bytes a second, for estimates (msdc-direct.md 5.2).
const BYTES_PER_SECOND: u32 = 20 * 1024;

/// Blocks worth asking for at once: each is a conversation of its own, so this only bounds what is lost with a failure.
const RUN_BLOCKS: u64 = 64;

/// How blocks are read (msdc-direct.md 5.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Pace {
    /// 128 bytes at a time, each seen in the FIFO before it is taken (recipe 3).
    #[default]
    Strict,
    /// A block at a time, trusting the card to keep up; any doubt reads the block again strictly (recipe 4).
    Fast,
}

/// How to drive the controller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DirectOptions {
    /// How blocks are read. Writes are always strict.
    pub pace: Pace,
}

/// A phone's eMMC, reached with nothing but register accesses.
pub struct DirectEngine {
    controller: Controller,
    card: Card,
    facts: PreloaderFacts,
    options: DirectOptions,
    left: bool,
}

impl DirectEngine {
    /// Examines the phone stage by stage and takes its card over.
    ///
    /// # Errors
    /// [`ProtocolError::Security`], [`ProtocolError::NandBoot`], [`ProtocolError::Fingerprint`] before anything was
    /// written; [`ProtocolError::SilentWrite32`] after one harmless write; [`ProtocolError::RefusedCard`] and
    /// [`ProtocolError::Card`] after commands that change no data.
    pub fn open(
        preloader: Preloader,
        facts: PreloaderFacts,
        chip: ChipProfile,
        options: DirectOptions,
    ) -> Result<Self, ProtocolError> {
        let mut registers = Registers::new(preloader, chip)?;
        let found = fingerprint::examine(&mut registers, facts.target_config)?;
        let mut controller = Controller::take_over(registers, found, facts.target_config)?;
        let card = controller.identify()?;
        Ok(Self { controller, card, facts, options, left: false })
    }

    /// Returns what the preloader told.
    #[must_use]
    pub fn facts(&self) -> &PreloaderFacts {
        &self.facts
    }

    /// Returns the chip's description.
    #[must_use]
    pub fn chip(&self) -> &ChipProfile {
        &self.controller.registers.chip
    }

    fn present(&self, doing: &str) -> Result<(), ProtocolError> {
        if self.left { Err(ProtocolError::Left { doing: doing.to_owned() }) } else { Ok(()) }
    }

    /// Returns how many blocks `bytes` are, if they lie in the user area.
    fn blocks(&self, lba: u64, bytes: usize) -> Result<u64, ProtocolError> {
        let blocks = bytes as u64 / BLOCK as u64;
        let sectors = self.card.sectors;
        let inside = lba.checked_add(blocks).is_some_and(|end| end <= sectors);
        if bytes.is_multiple_of(BLOCK) && inside {
            Ok(blocks)
        } else {
            Err(ProtocolError::OutOfRange { lba, blocks: bytes.div_ceil(BLOCK) as u64, sectors })
        }
    }

    fn argument(&self, lba: u64) -> Result<u32, ProtocolError> {
        let sectors = self.card.sectors;
        setup::address_of(lba, sectors).ok_or(ProtocolError::OutOfRange { lba, blocks: 1, sectors })
    }
}

impl Engine for DirectEngine {
    fn name(&self) -> &'static str {
        "direct"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            write: self.chip().verified,
            bytes_per_second: BYTES_PER_SECOND,
            run_blocks: RUN_BLOCKS,
        }
    }

    fn card(&self) -> &Card {
        &self.card
    }

    fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError> {
        self.present("read")?;
        self.blocks(lba, into.len())?;
        let (blocks, _) = into.as_chunks_mut::<BLOCK>();
        for (lba, block) in (lba..).zip(blocks) {
            let argument = self.argument(lba)?;
            let (mut pace, mut tries) = (self.options.pace, 0);
            self.controller.again(&format!("reading LBA {lba}"), |controller| {
                tries += 1;
                controller.read_block(word::READ, argument, std::mem::take(&mut pace), block)
            })?;
            if tries > 1 {
                self.options.pace = Pace::Strict; // one doubt is enough
            }
        }
        Ok(())
    }

    fn write(&mut self, lba: u64, block: &[u8; BLOCK]) -> Result<(), ProtocolError> {
        self.present("write")?;
        if !self.chip().verified {
            let (name, hw_code) = (self.chip().name.clone(), self.chip().hw_code);
            return Err(ProtocolError::ChipNotVerified { name, hw_code, writing: true });
        }
        self.blocks(lba, block.len())?;
        let argument = self.argument(lba)?;
        // The same block again is the right answer to a half-written one (section 3.7).
        self.controller
            .again(&format!("writing LBA {lba}"), |controller| controller.write_block(argument, block))
    }

    fn is_there(&mut self) -> Result<(), ProtocolError> {
        self.present("be asked")?;
        self.controller.registers.preloader.hw_code().map(drop)
    }

    fn leave(&mut self) -> Result<(), ProtocolError> {
        self.present("leave")?;
        self.controller.quieten().map_err(|error| error.within("leaving"))?;
        self.controller.registers.reboot().map_err(|error| error.within("leaving"))?;
        self.left = true;
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.controller.registers.preloader.elapsed()
    }
}
