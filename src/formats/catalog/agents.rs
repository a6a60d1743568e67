//! What `chips.toml` says of a chip as its Download Agent needs it (preloader-and-legacy-da.md 4.2, 5.5, 6.4). Numbers only.

use serde::Deserialize;

use super::Confidence;

/// Most bytes a chip wants behind the usual configuration block; 24 is the most known.
const MOST_CONFIGURATION: usize = 64;
/// Registers a preloader lets anybody reach.
const WINDOW: std::ops::Range<u32> = 0x1000_0000..0x2000_0000;

/// Which protocol a chip's agents speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DaMode {
    /// Bare bytes, big-endian.
    Legacy,
    /// Packets with headers (v5).
    XFlash,
    /// XML (v6).
    Xml,
}

/// A register write that stops the watchdog.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WatchdogWrite {
    /// Address.
    pub address: u32,
    /// Value.
    pub value: u32,
    /// Width of the register: 16 or 32.
    pub bits: u8,
}

/// A chip as its agent needs it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AgentRow {
    /// `MT6572`.
    pub name: String,
    /// Answer of GET_HW_CODE.
    pub hw_code: u16,
    /// What its agents speak.
    pub da_mode: DaMode,
    /// Number in agent files, where it is not the chip's own.
    #[serde(default)]
    da_code: Option<u16>,
    /// Writes that stop the watchdog, in order.
    #[serde(default)]
    pub watchdogs: Vec<WatchdogWrite>,
    /// Hexadecimal digits of what the configuration block ends with on this chip.
    #[serde(default)]
    configuration: String,
    /// Zero bytes behind the reset command.
    #[serde(default = "usual_reset")]
    pub reset_bytes: u8,
    /// Bytes of the NAND size in the report, where it is known.
    #[serde(default)]
    pub nand_size_bytes: Option<u8>,
    /// The reference is certain of every step: only then is anything written through an agent.
    #[serde(default)]
    pub verified: bool,
    /// Where it was learned.
    pub source: String,
    /// How sure.
    pub confidence: Confidence,
}

fn usual_reset() -> u8 {
    6
}

impl AgentRow {
    /// Returns the chip's number in agent files.
    #[must_use]
    pub fn da_code(&self) -> u16 {
        self.da_code.unwrap_or(self.hw_code)
    }

    /// Returns what the configuration block ends with on this chip.
    #[must_use]
    pub fn configuration(&self) -> Vec<u8> {
        let digits = self.configuration.as_bytes().chunks_exact(2);
        digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
    }

    /// Returns what is wrong with the row.
    pub(super) fn trouble(&self) -> Option<&'static str> {
        let reachable = |write: &WatchdogWrite| {
            let narrow = write.bits == 16 && write.value <= 0xFFFF && write.address.is_multiple_of(2);
            let wide = write.bits == 32 && write.address.is_multiple_of(4);
            WINDOW.contains(&write.address) && (narrow || wide)
        };
        let hexadecimal = self.configuration.bytes().all(|digit| digit.is_ascii_hexdigit());
        if !self.watchdogs.iter().all(reachable) {
            Some("a watchdog register must be 16 or 32 bits wide and within a preloader's reach")
        } else if !hexadecimal
            || !self.configuration.len().is_multiple_of(2)
            || self.configuration.len() > 2 * MOST_CONFIGURATION
        {
            Some("its configuration must be whole bytes in hexadecimal digits")
        } else if !(1..=16).contains(&self.reset_bytes) || !matches!(self.nand_size_bytes, None | Some(4 | 8))
        {
            Some("reset_bytes or nand_size_bytes cannot be")
        } else if self.da_mode == DaMode::Legacy && self.watchdogs.is_empty() {
            Some("a chip with a legacy agent needs its watchdog")
        } else if self.verified && (self.da_mode != DaMode::Legacy || self.confidence == Confidence::Guessed)
        {
            Some("only a legacy chip whose description is no guess may be written")
        } else {
            None
        }
    }
}
