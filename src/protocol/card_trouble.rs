//! How a card or its controller fails, in words: the bits of a status, the missing answer, the wrong checksum
//! (msdc-direct.md 3.1, 3.7). Values only.

use std::fmt;

use crate::wire::emmc::{state, status};

/// What failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CardTrouble {
    /// The card did not answer a command (CMDTMO).
    NoResponse,
    /// Its answer failed the checksum (RSPCRCERR).
    ResponseCrc,
    /// The data failed its checksum (DATCRCERR), with the lanes of register 60.
    DataCrc {
        /// Failing lanes: rising edge in bits 7:0, falling edge in 15:8.
        lanes: u32,
    },
    /// The data did not come, or was not taken, in time.
    DataTimeout {
        /// Whether the controller said so (DATTMO), or the host gave up waiting.
        reported: bool,
    },
    /// The card answered with error bits or in an unexpected state.
    Status(u32),
    /// A register never showed what it must.
    Stuck {
        /// Which one, and what was awaited.
        register: &'static str,
        /// What it showed last.
        last: u32,
    },
}

/// The error bits of a status and their words, most severe first.
const ERRORS: [(u32, &str); 10] = [
    (status::OUT_OF_RANGE, "address out of range"),
    (status::ADDRESS_ERROR, "address misaligned"),
    (status::BLOCK_LEN_ERROR, "wrong block length"),
    (status::WP_VIOLATION, "write-protected"),
    (status::ECC_FAILED, "uncorrectable block"),
    (status::CC_ERROR, "card controller error"),
    (status::ERROR, "general error"),
    (status::COM_CRC_ERROR, "command checksum"),
    (status::ILLEGAL_COMMAND, "illegal command"),
    (status::SWITCH_ERROR, "switch refused"),
];

/// Every error bit of a status.
pub(super) const ERROR_BITS: u32 = {
    let mut all = 0;
    let mut at = 0;
    while at < ERRORS.len() {
        all |= ERRORS[at].0;
        at += 1;
    }
    all
};

/// Returns the state field of a status.
#[must_use]
pub(super) fn state_of(word: u32) -> u32 {
    (word & status::STATE) >> status::STATE_SHIFT
}

/// Returns a status in words: `uncorrectable block, state tran`.
#[must_use]
pub fn status_in_words(word: u32) -> String {
    let name = match state_of(word) {
        state::IDLE => "idle",
        state::READY => "ready",
        state::IDENT => "ident",
        state::STBY => "stby",
        state::TRAN => "tran",
        state::DATA => "data",
        state::RCV => "rcv",
        state::PRG => "prg",
        state::DIS => "dis",
        _ => "reserved",
    };
    let mut words: Vec<&str> =
        ERRORS.iter().filter(|(bit, _)| word & bit != 0).map(|(_, words)| *words).collect();
    let state = format!("state {name}");
    words.push(&state);
    words.join(", ")
}

impl CardTrouble {
    /// Returns the stable code of this kind of failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoResponse => "card-no-response",
            Self::ResponseCrc | Self::DataCrc { .. } => "card-crc",
            Self::DataTimeout { .. } | Self::Stuck { .. } => "card-timeout",
            Self::Status(word) if word & status::WP_VIOLATION != 0 => "write-protected",
            Self::Status(_) => "card-status",
        }
    }

    /// Returns whether trying again can help. What the card itself refuses stays refused.
    pub(super) fn may_pass(&self) -> bool {
        const FINAL: u32 =
            status::OUT_OF_RANGE | status::ADDRESS_ERROR | status::BLOCK_LEN_ERROR | status::WP_VIOLATION;
        !matches!(self, Self::Status(word) if word & FINAL != 0)
    }
}

impl fmt::Display for CardTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoResponse => f.write_str("the card does not answer"),
            Self::ResponseCrc => f.write_str("the card's answer failed its checksum"),
            Self::DataCrc { lanes } => write!(f, "the data failed its checksum (lanes {lanes:04x})"),
            Self::DataTimeout { reported: true } => f.write_str("the data did not come in time"),
            Self::DataTimeout { reported: false } => {
                f.write_str("the data did not move within the host's patience")
            }
            Self::Status(word) => write!(f, "card status {word:08x}: {}", status_in_words(*word)),
            Self::Stuck { register, last } => write!(f, "{register} (last {last:08x})"),
        }
    }
}
