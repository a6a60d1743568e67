//! How the agent's program is written: each step says its fields, then names what it waits for and what comes next.

use std::collections::BTreeMap;
use std::time::Duration;

use super::facts::{AgentFacts, Dialect};
use super::fifo::Fifo;
use crate::simulator::board::{Board, Storage};
use crate::simulator::nand::Nand;
use crate::simulator::phone::Departure;
use crate::simulator::soc::Soc;
use crate::wire::agent::reply;

/// Most bytes of a block; a longer one would run over the agent's buffer.
pub const BLOCK_MOST: usize = 1 << 20;

/// What a step waits for, after everything it said was collected.
#[derive(Debug, Clone, Copy)]
pub enum Until {
    /// Bytes through the scalar buffer.
    Scalars(usize),
    /// A block in packets of its own.
    Block(usize),
    /// Time.
    Time(Duration),
    /// Nothing ever again: the program hangs or halted.
    Never,
    /// The phone leaves.
    Gone(Departure),
}

/// What comes next; it is given the bytes that were waited for.
pub type Next = Box<dyn FnOnce(&mut World<'_>, &[u8]) -> Turn + Send>;

/// One step's outcome.
pub struct Turn {
    /// What it waits for.
    pub until: Until,
    /// What it does then.
    pub next: Next,
}

impl Turn {
    /// Waits for `count` bytes of scalars.
    pub fn scalars(
        count: usize,
        next: impl FnOnce(&mut World<'_>, Scalars<'_>) -> Self + Send + 'static,
    ) -> Self {
        Self { until: Until::Scalars(count), next: Box::new(|world, bytes| next(world, Scalars(bytes))) }
    }

    /// Waits for one byte.
    pub fn byte(next: impl FnOnce(&mut World<'_>, u8) -> Self + Send + 'static) -> Self {
        Self::scalars(1, |world, mut bytes| next(world, bytes.u8()))
    }

    /// Waits for a block of `count` bytes; one that is longer than the agent's buffer hangs it.
    pub fn block(count: usize, next: impl FnOnce(&mut World<'_>, &[u8]) -> Self + Send + 'static) -> Self {
        if count > BLOCK_MOST {
            return Self::never();
        }
        Self { until: Until::Block(count), next: Box::new(next) }
    }

    /// Lets time pass.
    pub fn after(time: Duration, next: impl FnOnce(&mut World<'_>) -> Self + Send + 'static) -> Self {
        Self { until: Until::Time(time), next: Box::new(|world, _| next(world)) }
    }

    /// Hangs.
    pub fn never() -> Self {
        Self { until: Until::Never, next: Box::new(|_, _| Self::never()) }
    }

    /// Leaves the bus, and goes on when it is back.
    pub fn away(why: Departure, next: impl FnOnce(&mut World<'_>) -> Self + Send + 'static) -> Self {
        Self { until: Until::Gone(why), next: Box::new(|world, _| next(world)) }
    }

    /// Leaves the bus for good.
    pub fn gone(why: Departure) -> Self {
        Self { until: Until::Gone(why), next: Box::new(|_, _| Self::never()) }
    }
}

/// Scalars in the order they came, big-endian.
#[derive(Debug, Clone, Copy)]
pub struct Scalars<'a>(&'a [u8]);

impl Scalars<'_> {
    /// Takes the next byte.
    pub fn u8(&mut self) -> u8 {
        self.take::<1>()[0]
    }
    /// Takes the next half-word.
    pub fn u16(&mut self) -> u16 {
        u16::from_be_bytes(self.take())
    }
    /// Takes the next word.
    pub fn u32(&mut self) -> u32 {
        u32::from_be_bytes(self.take())
    }
    /// Returns the bytes that were not taken yet.
    pub fn rest(&self) -> &[u8] {
        self.0
    }
    /// Takes the next double word.
    pub fn u64(&mut self) -> u64 {
        u64::from_be_bytes(self.take())
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk::<N>() {
            Some((bytes, rest)) => {
                self.0 = rest;
                *bytes
            }
            None => [0; N], // a step that reads more than it waited for
        }
    }
}

/// What the program remembers.
#[derive(Debug)]
pub struct Memory {
    /// How this agent speaks.
    pub dialect: Dialect,
    /// The first stage, as it was uploaded.
    pub first: Vec<u8>,
    /// The preloader's argument block was there: DRAM is set up.
    pub dram_ready: bool,
    /// NAND chip select of the configuration.
    pub nand_cs: u8,
    /// Blocks of the NAND's pool, as the configuration says.
    pub pool: u32,
    /// The eMMC answered.
    pub emmc: bool,
    /// The part of the eMMC the last SWITCH_PART chose.
    pub part: u8,
    /// Blocks read so far.
    pub blocks: u64,
    /// The watchdog was armed by the host, to fire at this moment.
    pub armed: Option<Duration>,
    /// Registers of the power chip that were written.
    pub power_chip: BTreeMap<u16, u16>,
    said: u64,
    acks: u64,
}

impl Memory {
    /// Starts with the uploaded first stage.
    pub fn new(dialect: Dialect, first: Vec<u8>, dram_ready: bool) -> Self {
        Self {
            dialect,
            first,
            dram_ready,
            nand_cs: 0,
            pool: 0,
            emmc: false,
            part: crate::wire::agent::part::USER,
            blocks: 0,
            armed: None,
            power_chip: BTreeMap::new(),
            said: 0,
            acks: 0,
        }
    }
}

/// What a step can reach.
pub struct World<'a> {
    /// The phone apart from its flash.
    pub board: &'a Board,
    /// The chip and the card.
    pub soc: &'a mut Soc,
    /// The bulk pipes.
    pub fifo: &'a mut Fifo,
    /// What is remembered.
    pub memory: &'a mut Memory,
    /// The moment.
    pub now: Duration,
    /// Misuses, in words.
    pub violations: &'a mut Vec<String>,
}

impl World<'_> {
    /// The agent's build and faults.
    pub fn facts(&self) -> &AgentFacts {
        &self.board.agent
    }

    /// Returns the NAND, on boards that have one.
    pub fn nand(&self) -> Option<Nand<'_>> {
        let flash = self.soc.msdc.card.flash();
        (self.board.storage == Storage::Nand).then(|| Nand::new(&self.board.nand, flash))
    }

    /// Notes that a host tried to change a NAND, on boards that have one: what it would have to send is not known.
    pub fn blame_nand_write(&mut self, what: &str) {
        if self.board.storage == Storage::Nand {
            self.violations.push(format!("agent: {what} on a NAND, which nobody knows how to write"));
        }
    }

    /// Says one field.
    pub fn say(&mut self, field: &[u8]) {
        if self.is_mute() {
            return;
        }
        self.begin_field();
        self.fifo.say(field);
        if self.facts().zlp_after_fields {
            self.fifo.say(&[]);
        }
    }

    /// Counts a field, with a burst of noise before it where the scenario has that.
    fn begin_field(&mut self) {
        self.memory.said += 1;
        let AgentFacts { noise, noise_every, .. } = self.facts();
        if *noise_every > 0 && self.memory.said.is_multiple_of(*noise_every) {
            self.fifo.say(&noise.clone());
        }
    }

    /// Says fields one after the other.
    pub fn say_all(&mut self, fields: &[&[u8]]) {
        for field in fields {
            self.say(field);
        }
    }

    /// Says `count` fields of up to eight bytes each, all zero.
    pub fn say_zeros(&mut self, width: usize, count: usize) {
        for _ in 0..count {
            self.say(&[0; 8][..width.min(8)]);
        }
    }

    /// Says a double word, as two words.
    pub fn say_u64(&mut self, value: u64) {
        let bytes = value.to_be_bytes();
        self.say_all(&[&bytes[..4], &bytes[4..]]);
    }

    /// Says a block, whole or in pieces.
    pub fn say_block(&mut self, bytes: Vec<u8>, piece: Option<usize>) {
        if !self.is_mute() {
            self.begin_field();
            self.fifo.say_block(bytes, piece);
        }
    }

    /// Acknowledges.
    pub fn ack(&mut self) {
        self.memory.acks += 1;
        self.say(&[reply::ACK]);
        if self.facts().duplicate_ack == Some(self.memory.acks) {
            self.say(&[reply::ACK]);
        }
    }

    /// Refuses with an error number, given as D19 counts.
    pub fn refuse(&mut self, code: u32) {
        self.say(&[reply::NACK]);
        let code = self.memory.dialect.number(code);
        self.say(&code.to_be_bytes());
    }

    /// Returns whether the agent has gone silent for ever.
    pub fn is_mute(&self) -> bool {
        self.facts().silent_after.is_some_and(|after| self.memory.said >= after)
    }

    /// Notes a misuse, and hangs.
    pub fn hang(&mut self, why: &str) -> Turn {
        self.violations.push(format!("agent: {why}"));
        Turn::never()
    }
}
