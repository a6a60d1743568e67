//! Everything that can go wrong between host and phone, always with the place: which command, which byte, which LBA.
//! Each kind has a stable code; the sentence that helps at the bench is in `advice.rs`.

use thiserror::Error;

use super::card_trouble::CardTrouble;
use super::legacy::{AgentMode, AgentTrouble};
use crate::transport::LinkError;

/// A failed conversation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ProtocolError {
    /// The cable failed.
    #[error("{doing}: {cause}")]
    Link {
        /// What was being done.
        doing: String,
        /// The cable's error.
        cause: LinkError,
    },
    /// The phone did not complete the handshake.
    #[error("no handshake with the preloader: {what}")]
    HandshakeLost {
        /// How far it went and what came instead.
        what: String,
    },
    /// What is plugged in answers, but not as a MediaTek preloader does.
    #[error("this is not a MediaTek preloader: to the handshake byte a0 it answered {heard:02x?}")]
    NotAPreloader {
        /// The first bytes it said.
        heard: Vec<u8>,
    },
    /// The phone is in its boot ROM.
    #[error("the phone is in its boot ROM (BROM), not in its preloader")]
    Brom,
    /// A byte that must come back unchanged did not.
    #[error("{doing}: reply byte {at} is {got:02x}, expected {expected:02x}")]
    EchoMismatch {
        /// The command, with its address.
        doing: String,
        /// Index of the byte in the reply.
        at: usize,
        /// What must have come.
        expected: u8,
        /// What came.
        got: u8,
    },
    /// The phone answered a command with an error status.
    #[error("{doing}: the phone answered status {status:04x}")]
    Status {
        /// The command, with its address.
        doing: String,
        /// The status word.
        status: u16,
    },
    /// The phone refuses READ32 or WRITE32 as such.
    #[error("{doing}: this phone does not allow it (status {status:04x}, security bits {config:08x})")]
    Security {
        /// The command, with its address.
        doing: String,
        /// The status word.
        status: u16,
        /// Answer of GET_TARGET_CONFIG.
        config: u32,
    },
    /// An earlier failure left host and phone out of step; nothing more may be sent.
    #[error("{doing}: not sent, because host and phone are out of step since: {since}")]
    Desync {
        /// What was asked for.
        doing: String,
        /// The failure that broke the stream.
        since: String,
    },
    /// The request itself is wrong and was not sent.
    #[error("{doing}: refused before sending: {why}")]
    AddressRefused {
        /// The command, with its address.
        doing: String,
        /// Which rule it breaks.
        why: &'static str,
    },
    /// No chip description has this hardware code.
    #[error("chip {hw_code:04x} is not known to nvkeep")]
    UnknownChip {
        /// Answer of GET_HW_CODE.
        hw_code: u16,
    },
    /// The chip is described, but nobody has proved the description.
    #[error("{name} ({hw_code:04x}) is described but not verified{}", if *.writing { ": it is read-only" } else { "" })]
    ChipNotVerified {
        /// The chip's name.
        name: String,
        /// Answer of GET_HW_CODE.
        hw_code: u16,
        /// Whether a write was asked for.
        writing: bool,
    },
    /// The phone boots from raw NAND.
    #[error(
        "this phone stores data in raw NAND, and this method supports only eMMC phones; nothing has been written ({evidence})"
    )]
    NandBoot {
        /// Which registers say so.
        evidence: String,
    },
    /// The storage controller is not as an eMMC preloader leaves it.
    #[error("the storage controller is not as an eMMC preloader leaves it: {}", .deltas.join("; "))]
    Fingerprint {
        /// Each register that differs: name, found, expected.
        deltas: Vec<String>,
    },
    /// WRITE32 does not echo its data on this build.
    #[error("this preloader's WRITE32 does not echo its data (first byte back was {got:02x})")]
    SilentWrite32 {
        /// The first byte after the header.
        got: u8,
    },
    /// The card or the controller failed an operation.
    #[error("{doing}: {trouble}")]
    Card {
        /// Operation and LBA.
        doing: String,
        /// What failed.
        trouble: CardTrouble,
    },
    /// The Download Agent, or the phone that is given one, failed at an operation.
    #[error("{doing}: {trouble}")]
    Agent {
        /// Operation, with its LBA where it has one.
        doing: String,
        /// What failed.
        trouble: AgentTrouble,
    },
    /// The chip's agents speak a protocol that no engine of this program does.
    #[error("{name} needs the {} engine, which is not built yet", .mode.engine())]
    OtherAgent {
        /// The chip's name.
        name: String,
        /// What its agents speak.
        mode: AgentMode,
    },
    /// The card is of a kind whose layout cannot be trusted.
    #[error("this card is refused: {why}")]
    RefusedCard {
        /// Which property.
        why: String,
    },
    /// The storage is a raw NAND, which is never written.
    #[error(
        "this phone stores data in raw NAND, which nvkeep only reads: how an agent is told to write it is not known for certain"
    )]
    NandReadOnly,
    /// Blocks beyond the user area, or a buffer that is not whole blocks.
    #[error("LBA {lba} + {blocks} blocks does not lie in the user area of {sectors} sectors")]
    OutOfRange {
        /// First block.
        lba: u64,
        /// How many.
        blocks: u64,
        /// Size of the user area.
        sectors: u64,
    },
    /// Everything came, and so slowly that there would be no end.
    #[error(
        "the phone took {seconds} s for {blocks} blocks: it is far slower than any phone, and was given up"
    )]
    TooSlow {
        /// Blocks that came.
        blocks: u32,
        /// Time on the cable.
        seconds: u64,
    },
    /// The engine was already left; the phone boots.
    #[error("{doing}: the session has ended and the phone is booting")]
    Left {
        /// What was asked for.
        doing: String,
    },
}

impl ProtocolError {
    /// Makes a cable failure.
    pub(super) fn link(doing: impl Into<String>, cause: LinkError) -> Self {
        Self::Link { doing: doing.into(), cause }
    }

    /// Puts the larger operation before what was being done: `reading LBA 5: CMD17`.
    pub(super) fn within(mut self, place: &str) -> Self {
        if let Self::Link { doing, .. }
        | Self::EchoMismatch { doing, .. }
        | Self::Status { doing, .. }
        | Self::Desync { doing, .. }
        | Self::AddressRefused { doing, .. }
        | Self::Agent { doing, .. }
        | Self::Card { doing, .. } = &mut self
        {
            *doing = format!("{place}: {doing}");
        }
        self
    }

    /// Returns the stable code of this kind of failure.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Link { cause, .. } => match cause {
                LinkError::Gone => "cable-gone",
                LinkError::Timeout { .. } => "cable-timeout",
                LinkError::NoPhone { .. } => "no-phone",
                LinkError::Busy { .. } => "port-busy",
                LinkError::Denied { .. } => "no-permission",
                LinkError::NotAPhone { .. } => "not-a-phone",
                LinkError::Replay { .. } => "replay",
                LinkError::Io { .. } => "cable",
            },
            Self::HandshakeLost { .. } => "handshake-lost",
            Self::NotAPreloader { .. } => "not-a-preloader",
            Self::Brom => "brom",
            Self::EchoMismatch { .. } => "echo-mismatch",
            Self::Status { .. } => "status",
            Self::Security { .. } => "security",
            Self::Desync { .. } => "desync",
            Self::AddressRefused { .. } => "address-refused",
            Self::UnknownChip { .. } => "unknown-chip",
            Self::ChipNotVerified { .. } => "chip-not-verified",
            Self::NandBoot { .. } => "nand-boot",
            Self::Fingerprint { .. } => "fingerprint",
            Self::SilentWrite32 { .. } => "silent-write32",
            Self::Card { trouble, .. } => trouble.code(),
            Self::Agent { trouble, .. } => trouble.code(),
            Self::OtherAgent { .. } => "engine-not-built",
            Self::RefusedCard { .. } => "refused-card",
            Self::NandReadOnly => "nand-read-only",
            Self::OutOfRange { .. } => "out-of-range",
            Self::TooSlow { .. } => "too-slow",
            Self::Left { .. } => "session-over",
        }
    }

    /// Makes an agent's failure.
    pub(super) fn agent(doing: impl Into<String>, trouble: AgentTrouble) -> Self {
        Self::Agent { doing: doing.into(), trouble }
    }

    /// Returns whether an agent answered an error number: then it waits for its next command.
    pub(super) fn is_agent_number(&self) -> bool {
        matches!(self, Self::Agent { trouble: AgentTrouble::Number { .. }, .. })
    }

    /// Makes a card failure.
    pub(super) fn card(doing: impl Into<String>, trouble: CardTrouble) -> Self {
        Self::Card { doing: doing.into(), trouble }
    }

    /// Returns what the card or controller failed at, if that is what went wrong: only such failures may be retried.
    pub(super) fn trouble(&self) -> Option<&CardTrouble> {
        match self {
            Self::Card { trouble, .. } => Some(trouble),
            _ => None,
        }
    }
}
