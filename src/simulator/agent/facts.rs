//! Which Download Agent a phone is played with, and what goes wrong with it (preloader-and-legacy-da.md 0.2, 9.6). Values
//! only.

use serde::Deserialize;

use crate::wire::preloader::READY;

/// A generation of agents; both say that they are version 4.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Dialect {
    /// SP Flash Tool 5.x: seven NAND ids before the first word, and a digest over the second stage.
    #[default]
    D19,
    /// SP Flash Tool 3.x: nothing but version bytes, narrower report, other error numbers.
    D13,
}

impl Dialect {
    /// Returns an error number as this dialect counts it, from D19's (section 6.9).
    #[must_use]
    pub fn number(self, code: u32) -> u32 {
        match (self, code) {
            (Self::D19, _) => code,
            (Self::D13, 0xBBF..=0xBF9) => code - 4,
            (Self::D13, 0xBFA..=0xC60) => code - 5,
            (Self::D13, 0xC61..=0xCFF) => code - 0x10,
            (Self::D13, _) => code,
        }
    }

    /// Returns the other one.
    #[must_use]
    pub fn other(self) -> Self {
        match self {
            Self::D19 => Self::D13,
            Self::D13 => Self::D19,
        }
    }
}

/// What the phone's own rules forbid an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Policy {
    /// Writing: 177A.
    pub no_write: bool,
    /// Reading back: 177B.
    pub no_read: bool,
    /// Formatting: 177C.
    pub no_format: bool,
}

/// How an agent behaves on a phone: pace, build, faults.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct AgentFacts {
    /// How content that was not made here is played.
    pub dialect: Dialect,
    /// Plays the other dialect than the uploaded agent's.
    pub swap_dialect: bool,
    /// NAND ids the opening and the report tell: 7, or 4 in builds between the two dialects.
    pub nand_ids: u16,
    /// The byte for the chip in the opening; FF is an agent that does not know the chip.
    pub chip: u8,
    /// Time the first stage probes the storage, milliseconds.
    pub probe_ms: u64,
    /// Time the second stage prepares the storage before its report, milliseconds.
    pub init_ms: u64,
    /// Own work for each KiB read, microseconds.
    pub read_us_per_kib: u64,
    /// Own work for each block of 512 bytes written, microseconds.
    pub write_us_per_block: u64,
    /// Every reply comes this much later, milliseconds.
    pub reply_delay_ms: u64,
    /// Size of the RAM, MiB.
    pub ram_mib: u32,
    /// What the battery has, millivolt.
    pub battery_mv: u32,
    /// The random number of the report.
    pub random_id: [u8; 16],
    /// FORMAT writes FF, 64 KiB at a time, as an agent does on a card that cannot erase.
    pub format_in_pieces: bool,
    /// The eMMC is not found, though the board has one.
    pub emmc_missing: bool,
    /// After its report the agent does not accept the chip.
    pub soc_fails: bool,
    /// What is forbidden.
    pub policy: Policy,
    /// Every IN packet has one byte.
    pub one_byte_packets: bool,
    /// A zero-length packet follows every field.
    pub zlp_after_fields: bool,
    /// The acknowledgement before the restart is lost.
    pub drop_last_ack: bool,
    /// This acknowledgement (from 1) is sent twice.
    pub duplicate_ack: Option<u64>,
    /// The sum of this block read (from 1, repetitions counted) is wrong.
    pub wrong_sum: Option<u64>,
    /// After this many fields the agent says nothing more, for ever.
    pub silent_after: Option<u64>,
    /// Bytes thrown in before a field, every [`AgentFacts::noise_every`] fields, in packets of their own. READY, usually - which no
    /// real agent sends: READY comes from the loop in which a preloader listens (section 1.6), and that is over when an agent runs.
    /// The knob shows what a host makes of bytes that it did not ask for.
    pub noise: Vec<u8>,
    /// Fields between two bursts of noise; 0 is never.
    pub noise_every: u64,
    /// The cable is pulled after this many bytes with the agent, both directions counted.
    pub cut_after_bytes: Option<u64>,
}

impl Default for AgentFacts {
    fn default() -> Self {
        Self {
            dialect: Dialect::D19,
            swap_dialect: false,
            nand_ids: 7,
            chip: 0x88,
            probe_ms: 100,
            init_ms: 100,
            read_us_per_kib: 0,
            write_us_per_block: 0,
            reply_delay_ms: 0,
            ram_mib: 512,
            battery_mv: 3900,
            random_id: [0; 16],
            format_in_pieces: false,
            emmc_missing: false,
            soc_fails: false,
            policy: Policy::default(),
            one_byte_packets: false,
            zlp_after_fields: false,
            drop_last_ack: false,
            duplicate_ack: None,
            wrong_sum: None,
            silent_after: None,
            noise: READY.to_vec(),
            noise_every: 0,
            cut_after_bytes: None,
        }
    }
}
