//! What the legacy engine must know of a chip, and the agent it is given: plain values, filled by a room above.

/// Which protocol a chip's stock agent speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AgentMode {
    /// Bare bytes, big-endian: this engine.
    Legacy,
    /// Packets with headers, later chips.
    XFlash,
    /// XML, the latest chips.
    Xml,
}

impl AgentMode {
    /// Returns the name of the engine that speaks it.
    #[must_use]
    pub fn engine(self) -> &'static str {
        match self {
            Self::Legacy => "legacy",
            Self::XFlash => "xflash",
            Self::Xml => "xml",
        }
    }
}

/// A register write that stops the watchdog (section 4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watchdog {
    /// Address.
    pub address: u32,
    /// Value.
    pub value: u32,
    /// Whether the register takes 16 bits instead of 32.
    pub narrow: bool,
}

/// A chip as its agent sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentChip {
    /// Name for people: `MT6572`.
    pub name: String,
    /// Answer of GET_HW_CODE.
    pub hw_code: u16,
    /// Number in the agent file.
    pub da_code: u16,
    /// What its agent speaks.
    pub mode: AgentMode,
    /// What to write before the agent is sent, in order. None where the chip's own way is not known.
    pub watchdogs: Vec<Watchdog>,
    /// Bytes behind the usual configuration block (section 6.4).
    pub configuration: Vec<u8>,
    /// Zero bytes behind the reset command: 6, on some chips 8 (section 6.21).
    pub reset_bytes: u8,
    /// Bytes of the NAND size in the report: 4 or 8; none where it must be seen from the report (section 6.8).
    pub nand_size_bytes: Option<u8>,
    /// The reference is certain of every step, writing included.
    pub verified: bool,
}

/// One stage of an agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stage {
    /// Load address.
    pub address: u32,
    /// Its bytes, signature included.
    pub bytes: Vec<u8>,
    /// Bytes of the signature at its end.
    pub signature_len: u32,
}

/// Both stages, of one entry of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentImage {
    /// Runs in the chip's own memory.
    pub first: Stage,
    /// Runs in DRAM and speaks to the host.
    pub second: Stage,
}
