//! The engine behind the user's own legacy Download Agent (preloader-and-legacy-da.md 3.7 to 8): its two stages are sent, and
//! then asked for blocks. Promises that a phone whose fuses forbid it is sent nothing, that every block's sum is verified,
//! and that after a silence nothing more is said.

mod chip;
mod line;
mod load;
mod nand;
mod opening;
mod report;
mod table;
mod transfer;
mod trouble;

use std::time::Duration;

pub use self::chip::{AgentChip, AgentImage, AgentMode, Stage, Watchdog};
use self::line::{LATER, Line, SOON};
pub use self::load::{admit, xor16};
use self::nand::Nand;
use self::report::Report;
pub use self::table::parse as parse_table;
use self::transfer::Reading;
pub use self::transfer::byte_sum;
pub use self::trouble::{AgentTrouble, Dialect, in_dialect};
use super::session::PreloaderFacts;
use super::{Capabilities, Card, Engine, NamedRange, Preloader, ProtocolError};
use crate::transport::LinkError;
use crate::wire::agent::{DATA_PACKET, SPARSE_MAGIC, command, host_os, reply};
use crate::wire::emmc::BLOCK;

/// Speed on a USB 2.0 cable, bytes a second, for estimates before the first measurement.
const BYTES_PER_SECOND: u32 = 8 << 20;
/// Blocks worth asking for at once: four of the agent's own blocks.
const RUN_BLOCKS: u64 = 4 * DATA_PACKET as u64 / BLOCK as u64;
/// Most neighbours sent before a block that looks like a sparse image.
const MOST_NEIGHBOURS: u64 = 8;

/// How to drive the agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LegacyOptions {
    /// The user named this agent file for this phone, instead of the program having found it.
    pub given: bool,
    /// Bytes of the blocks that READ sends; 400 to 100000 (hex).
    pub packet: u32,
    /// The host's system as READ is told; decides how the agent cuts its blocks (section 6.11). Windows' way is the default
    /// on every system: a block comes in one piece, where the others' zero-length packets cost a third of the cable.
    pub host_os: u8,
}

impl Default for LegacyOptions {
    fn default() -> Self {
        Self { given: false, packet: DATA_PACKET, host_os: host_os::WINDOWS }
    }
}

/// A phone's eMMC or raw NAND, reached through an agent that runs on the phone.
pub struct LegacyEngine {
    line: Line,
    card: Card,
    chip: AgentChip,
    dialect: Dialect,
    report: Report,
    options: LegacyOptions,
    nand: Option<Nand>,
    left: bool,
}

impl LegacyEngine {
    /// Sends the agent, starts it, and hears its report.
    ///
    /// # Errors
    /// [`AgentTrouble::Locked`] before anything was sent; [`AgentTrouble::Refused`] and [`AgentTrouble::Upload`] while the phone
    /// judges the first stage; [`AgentTrouble::DramNeeded`], [`AgentTrouble::Rejected`], [`AgentTrouble::OtherChip`] from there
    /// on; [`ProtocolError::RefusedCard`] when the phone's storage cannot be worked with: then the phone was told to restart.
    pub fn open(
        preloader: Preloader,
        facts: PreloaderFacts,
        chip: AgentChip,
        image: &AgentImage,
        options: LegacyOptions,
    ) -> Result<Self, ProtocolError> {
        if chip.mode != AgentMode::Legacy {
            return Err(ProtocolError::OtherAgent { name: chip.name, mode: chip.mode });
        }
        load::admit(facts.target_config, options.given)?;
        let mut line = Line::new(load::start(preloader, &chip, &image.first)?);
        let opening = opening::open(&mut line, &chip, facts.bl_version)?;
        opening::load(&mut line, opening.dialect, &image.second)?;
        let report = report::hear(&mut line, opening, chip.nand_size_bytes)?;
        let dialect = opening.dialect;
        let ready = report.card(dialect).and_then(|card| match card.nand {
            // A NAND has no parts to choose from.
            Some(_) => Ok(card),
            None => transfer::select_user(&mut line, dialect).map(|()| card),
        });
        match ready {
            Ok(card) => {
                let nand = card.nand.clone().map(Nand::new);
                Ok(Self { line, card, chip, dialect, report, options, nand, left: false })
            }
            Err(error) => {
                // The agent obeys: a phone that cannot be worked with is at least left booting.
                let _ = reset(&mut line, &chip);
                Err(error)
            }
        }
    }

    /// Returns the chip's description.
    #[must_use]
    pub fn chip(&self) -> &AgentChip {
        &self.chip
    }

    /// Returns which dialect the agent speaks.
    #[must_use]
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// Returns the phone's DRAM in bytes, as the agent reports it.
    #[must_use]
    pub fn ram_bytes(&self) -> u64 {
        self.report.ram
    }

    fn present(&self, doing: &str) -> Result<(), ProtocolError> {
        if self.left { Err(ProtocolError::Left { doing: doing.to_owned() }) } else { Ok(()) }
    }

    fn inside(&self, lba: u64, bytes: usize) -> Result<(), ProtocolError> {
        let (blocks, sectors) = (bytes.div_ceil(BLOCK) as u64, self.card.sectors);
        let inside = lba.checked_add(blocks).is_some_and(|end| end <= sectors);
        if bytes.is_multiple_of(BLOCK) && inside {
            Ok(())
        } else {
            Err(ProtocolError::OutOfRange { lba, blocks, sectors })
        }
    }

    /// Writes a block that begins like a sparse image: behind its unchanged neighbours, in the same packet, so that the packet
    /// does not begin with it. A packet that does not arrive whole is not programmed at all, so what is interrupted leaves
    /// either everything old or everything new, and the neighbours are the same in both.
    fn write_behind(&mut self, lba: u64, block: &[u8; BLOCK]) -> Result<(), ProtocolError> {
        let place = format!("writing LBA {lba}");
        let mut run = block.to_vec();
        let mut first = lba;
        while run.starts_with(&SPARSE_MAGIC) {
            if first == 0 || lba - first == MOST_NEIGHBOURS {
                return Err(ProtocolError::agent(place, AgentTrouble::LooksSparse));
            }
            first -= 1;
            let mut neighbour = [0; BLOCK];
            self.read(first, &mut neighbour)?;
            run.splice(0..0, neighbour);
        }
        let neighbours = run.len() - BLOCK;
        for _ in 0..2 {
            transfer::write(&mut self.line, self.dialect, first, &run)?;
            let mut now = vec![0; neighbours];
            self.read(first, &mut now)?;
            if now == run[..neighbours] {
                return Ok(());
            }
        }
        Err(ProtocolError::agent(place, AgentTrouble::Neighbour { lba: first }))
    }
}

impl Engine for LegacyEngine {
    fn name(&self) -> &'static str {
        "legacy"
    }

    fn capabilities(&self) -> Capabilities {
        Capabilities {
            write: self.chip.verified && self.nand.is_none(),
            bytes_per_second: BYTES_PER_SECOND,
            run_blocks: RUN_BLOCKS,
        }
    }

    fn card(&self) -> &Card {
        &self.card
    }

    fn read(&mut self, lba: u64, into: &mut [u8]) -> Result<(), ProtocolError> {
        self.present("read")?;
        self.inside(lba, into.len())?;
        if into.is_empty() {
            return Ok(());
        }
        let how =
            Reading { dialect: self.dialect, host_os: self.options.host_os, packet: self.options.packet };
        match &mut self.nand {
            Some(nand) => nand.read(&mut self.line, how, lba, into),
            None => transfer::read(&mut self.line, how, lba, into),
        }
    }

    fn write(&mut self, lba: u64, block: &[u8; BLOCK]) -> Result<(), ProtocolError> {
        self.present("write")?;
        if self.nand.is_some() {
            return Err(ProtocolError::NandReadOnly);
        }
        if !self.chip.verified {
            let (name, hw_code) = (self.chip.name.clone(), self.chip.hw_code);
            return Err(ProtocolError::ChipNotVerified { name, hw_code, writing: true });
        }
        self.inside(lba, block.len())?;
        if block.starts_with(&SPARSE_MAGIC) {
            return self.write_behind(lba, block);
        }
        transfer::write(&mut self.line, self.dialect, lba, block)
    }

    fn random_id(&self) -> Option<[u8; 16]> {
        Some(self.report.random).filter(|id| id.iter().any(|byte| *byte != 0))
    }

    fn read_spare(&mut self, first: u64, count: u32) -> Result<Option<Vec<u8>>, ProtocolError> {
        self.present("read")?;
        let Some(nand) = &mut self.nand else { return Ok(None) };
        let blocks = u64::from(nand.chip.page) / BLOCK as u64;
        let (lba, count_blocks) = (first.saturating_mul(blocks), u64::from(count).saturating_mul(blocks));
        if lba.checked_add(count_blocks).is_none_or(|end| end > self.card.sectors) {
            return Err(ProtocolError::OutOfRange { lba, blocks: count_blocks, sectors: self.card.sectors });
        }
        nand.spare(&mut self.line, self.dialect, first, count)
    }

    fn bad_blocks(&self) -> Vec<u32> {
        self.nand.as_ref().map(Nand::bad_blocks).unwrap_or_default()
    }

    fn outlives_a_cable(&self) -> bool {
        true
    }

    fn neighbours(&self, block: &[u8; BLOCK]) -> u64 {
        if block.starts_with(&SPARSE_MAGIC) { MOST_NEIGHBOURS } else { 0 }
    }

    fn partitions(&mut self) -> Result<Option<Vec<NamedRange>>, ProtocolError> {
        self.present("be asked for its partitions")?;
        table::read(&mut self.line, self.dialect)
    }

    fn is_there(&mut self) -> Result<(), ProtocolError> {
        const DOING: &str = "asking whether the agent is there";
        self.present("be asked")?;
        self.line.say(&[command::USB_STATUS], DOING)?;
        self.line.ack(self.dialect, LATER, DOING)?;
        self.line.byte(SOON, DOING).map(drop)
    }

    fn leave(&mut self) -> Result<(), ProtocolError> {
        self.present("leave")?;
        reset(&mut self.line, &self.chip)?;
        self.left = true;
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        self.line.elapsed()
    }
}

/// Arms the watchdog for a reset into a normal boot (section 6.21).
fn reset(line: &mut Line, chip: &AgentChip) -> Result<(), ProtocolError> {
    const DOING: &str = "leaving";
    let mut order = vec![command::WATCHDOG];
    order.resize(1 + usize::from(chip.reset_bytes), 0);
    line.say(&order, DOING)?;
    match line.byte(LATER, DOING) {
        Ok(reply::ACK) => Ok(()),
        Ok(got) => Err(line.unexpected("5a", got, DOING)),
        // The phone may be gone before its answer is.
        Err(ProtocolError::Link { cause: LinkError::Gone, .. }) => Ok(()),
        Err(error) => Err(error),
    }
}
