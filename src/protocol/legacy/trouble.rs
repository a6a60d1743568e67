//! How a Download Agent, or the preloader that is given one, fails; and the agents' error numbers in words, for both dialects
//! (preloader-and-legacy-da.md 6.9, 8.2). Values only.

use std::fmt;

use crate::wire::agent::error as number;

/// The two forms of the legacy protocol (section 0.2). Both call themselves 4.2; only what they send tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// Agents of the 5.x flash tools, about 2016 to 2019.
    D19,
    /// Agents of the 3.x flash tools, about 2013.
    D13,
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::D19 => "D19",
            Self::D13 => "D13",
        })
    }
}

/// What failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AgentTrouble {
    /// The agent answered an error number.
    Number {
        /// Whose numbering it is.
        dialect: Dialect,
        /// The number as sent.
        code: u32,
    },
    /// The preloader refused the agent (status of SEND_DA or JUMP_DA).
    Refused {
        /// The status word.
        status: u16,
    },
    /// The fuses close this phone for agents that nvkeep may send.
    Locked {
        /// Which fuse, and what it demands, as one sentence.
        what: &'static str,
    },
    /// The preloader received something else than was sent, every time.
    Upload {
        /// Checksum of what was sent.
        sent: u16,
        /// Checksum the preloader answered last.
        received: u16,
    },
    /// The second stage never spoke: the first one judged it foreign or damaged.
    Rejected,
    /// A byte that no agent says at this point.
    Unexpected {
        /// What may come here, in words.
        awaited: &'static str,
        /// What came.
        got: u8,
    },
    /// A count or length beyond what can be.
    Absurd {
        /// Which.
        what: &'static str,
        /// What was said.
        value: u64,
    },
    /// The agent wants the phone's memory parameters.
    DramNeeded,
    /// The agent does not know this chip.
    OtherChip,
    /// The phone has a card that is no eMMC, or none.
    NoCard {
        /// Whose numbering it is.
        dialect: Dialect,
        /// What the agent says of the eMMC.
        emmc: u32,
        /// What it says of NAND.
        nand: u32,
    },
    /// A block came with a wrong sum, every time.
    BlockSum {
        /// Sum of the bytes that came last.
        came: u16,
        /// Sum the agent gave for them.
        said: u16,
    },
    /// So many blocks of a NAND are called bad that they cannot all be.
    AllBad {
        /// Blocks that were called bad.
        bad: usize,
        /// Blocks that were read.
        good: usize,
    },
    /// A block that the agent would take for a sparse image, and no neighbour to hide it behind.
    LooksSparse,
    /// A neighbour that was sent unchanged came back changed.
    Neighbour {
        /// The first of them.
        lba: u64,
    },
}

/// Every number that has a meaning here: as D19 counts, name, kind.
const NUMBERS: &[(u32, &str, &str)] = &[
    (number::BAD_ARGUMENT, "bad storage or argument", "agent-argument"),
    (number::NO_TABLE, "no valid partition table", "agent-no-table"),
    (number::UNSUPPORTED, "operation not supported", "agent-argument"),
    (0xBC0, "DRAM failed", "dram-needed"),
    (0xBC1, "DRAM failed", "dram-needed"),
    (0xBC2, "DRAM failed", "dram-needed"),
    (number::DRAM_NEEDED, "DRAM parameters needed, or RAM failed", "dram-needed"),
    (number::NOT_FOUND, "device not found", "agent-no-storage"),
    (number::NO_NOR, "NOR not found", "agent-no-storage"),
    (number::NO_NAND, "NAND not found", "agent-no-storage"),
    (number::TIMED_OUT, "the storage did not answer in time", "agent-storage-timeout"),
    (number::IN_PROGRESS, "still in progress", "agent-argument"),
    (number::MISALIGNED, "address not a multiple of 512, or beyond the card", "agent-range"),
    (number::OUT_OF_RANGE, "length zero, or range outside the card", "agent-range"),
    (number::NAND_FAILED, "NAND program or erase failed", "agent-storage"),
    (number::BAD_BLOCK, "bad block", "agent-storage"),
    (number::WRONG_SUM, "checksum of the data wrong", "agent-sum"),
    (number::BLANK_FLASH, "blank flash", "agent-storage"),
    (number::BEYOND_CONTAINER, "beyond the container", "agent-range"),
    (number::END_OF_FLASH, "end of the flash", "agent-range"),
    (number::NO_EMMC, "eMMC not found", "agent-no-storage"),
    (number::NO_SD, "SD card not found", "agent-no-storage"),
    (number::NO_PART, "part of the eMMC could not be selected", "agent-storage"),
    (number::READ_FAILED, "read failed", "agent-storage"),
    (number::WRITE_FAILED, "write failed", "agent-storage"),
    (number::NOT_ON_PART, "operation not supported on this part", "agent-argument"),
    (number::NO_INFORMATION, "information not available", "agent-argument"),
    (number::NO_SUCH_STORAGE, "storage type not supported", "agent-argument"),
    (number::WRITE_FORBIDDEN, "writing forbidden by the phone's security", "agent-forbidden"),
    (number::READ_FORBIDDEN, "reading back forbidden by the phone's security", "agent-forbidden"),
    (number::FORMAT_FORBIDDEN, "formatting forbidden by the phone's security", "agent-forbidden"),
];

/// Returns a D19 number as a dialect sends it: the enumeration grew between the two (section 6.9).
#[must_use]
pub const fn in_dialect(dialect: Dialect, code: u32) -> u32 {
    match (dialect, code) {
        (Dialect::D19, _) => code,
        (Dialect::D13, 0xBBF..=0xBF9) => code - 4,
        (Dialect::D13, 0xBFA..=0xC60) => code - 5,
        (Dialect::D13, 0xC61..=0xCFF) => code - 0x10,
        (Dialect::D13, _) => code,
    }
}

fn known(dialect: Dialect, code: u32) -> Option<&'static (u32, &'static str, &'static str)> {
    NUMBERS.iter().find(|(number, _, _)| in_dialect(dialect, *number) == code)
}

impl AgentTrouble {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Number { dialect, code } => known(*dialect, *code).map_or("agent-error", |known| known.2),
            Self::Refused { .. } => "da-refused",
            Self::Locked { .. } => "da-security",
            Self::Upload { .. } => "da-upload",
            Self::Rejected => "da2-rejected",
            Self::Unexpected { .. } | Self::Absurd { .. } => "agent-foreign",
            Self::DramNeeded => "dram-needed",
            Self::OtherChip => "da-other-chip",
            Self::NoCard { .. } => "agent-no-storage",
            Self::BlockSum { .. } => "agent-sum",
            Self::AllBad { .. } => "nand-unreadable",
            Self::LooksSparse => "agent-sparse",
            Self::Neighbour { .. } => "agent-storage",
        }
    }

    /// Returns the number as D19 counts it, if this is a known one.
    pub(super) fn number(&self) -> Option<u32> {
        match self {
            Self::Number { dialect, code } => known(*dialect, *code).map(|known| known.0),
            _ => None,
        }
    }

    /// Returns what a technician should do about it, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self.code() {
            "da-refused" => {
                "This phone only accepts a Download Agent signed by its maker: give the maker's own with --da, or use --engine \
                 direct where it is allowed; the phone restarts by itself."
            }
            "da-security" => {
                "Give the maker's own signed Download Agent with --da where the phone's fuses allow one; nvkeep breaks no lock."
            }
            "da-upload" => "Try another cable or USB port, without a hub; nothing was started on the phone.",
            "da2-rejected" => {
                "The file's second stage is damaged or not of its first: take the file from the flash package again. Hold the \
                 power key for 15 s or take the battery out."
            }
            "agent-foreign" => {
                "Hold the power key for 15 s or take the battery out and try again; if it repeats, use another Download Agent \
                 file and report this one's build."
            }
            "dram-needed" => {
                "Start the phone so that its preloader answers: release keys and test points, and plug it in switched off. From \
                 the boot ROM nvkeep cannot set the phone's memory up."
            }
            "da-other-chip" => "Use the Download Agent file of a flash package for this phone's chip.",
            "agent-no-storage" => {
                "Restart the phone; if it repeats, the storage or its solder joints have failed, or the Download Agent is of another \
                 phone."
            }
            "agent-forbidden" => {
                "The phone's maker forbids this to Download Agents; it will not help to repeat it."
            }
            "agent-sum" => {
                "Try another cable or USB port, without a hub. Hold the power key for 15 s first, or take the battery out."
            }
            "nand-unreadable" => {
                "Try another Download Agent file of this phone's firmware: this one may count otherwise than nvkeep asks. Nothing was \
                 kept of this reading."
            }
            "agent-range" => {
                "The range is not one of this storage: if a partition table names it, the table belongs to another phone."
            }
            "agent-sparse" => "Use --engine direct for this phone, or report this.",
            _ => {
                "Restart the phone and try again; if it stops at the same place, the storage is failing: save what can be read."
            }
        }
    }
}

impl fmt::Display for AgentTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { dialect, code } => {
                let words = known(*dialect, *code).map_or("unknown", |known| known.1);
                write!(f, "the agent answered error {code:x}: {words} (dialect {dialect})")
            }
            Self::Refused { status } => {
                write!(f, "the phone refused the Download Agent with status {status:04x}: {}", of_status(*status))
            }
            Self::Locked { what } => f.write_str(what),
            Self::Upload { sent, received } => write!(
                f,
                "the phone received other bytes than were sent: checksum {received:04x} instead of {sent:04x}"
            ),
            Self::Rejected => {
                f.write_str("the second stage never answered: it is damaged or does not belong to the first")
            }
            Self::Unexpected { awaited, got } => write!(f, "the agent said {got:02x} where {awaited} must come"),
            Self::Absurd { what, value } => write!(f, "the agent gave {value:#x} as {what}, which cannot be"),
            Self::DramNeeded => f.write_str(
                "the agent was started without a preloader and needs memory parameters only this phone's own firmware has",
            ),
            Self::OtherChip => f.write_str("the agent does not know this chip: its file is for other phones"),
            Self::NoCard { dialect, emmc, nand } => {
                let words = |code: u32| known(*dialect, code).map_or("unknown error", |known| known.1);
                write!(
                    f,
                    "the agent found no eMMC (error {emmc:x}: {}; NAND error {nand:x}: {}; dialect {dialect})",
                    words(*emmc),
                    words(*nand)
                )
            }
            Self::BlockSum { came, said } => {
                write!(f, "a block arrived damaged every time: its sum is {came:04x}, the agent gave {said:04x}")
            }
            Self::AllBad { bad, good } => {
                write!(f, "the agent calls {bad} blocks of the NAND bad and gave only {good}: they cannot all be bad")
            }
            Self::Neighbour { lba } => {
                write!(f, "the blocks from LBA {lba} on, written with what they held, do not hold it any more")
            }
            Self::LooksSparse => f.write_str(
                "the block begins like a sparse image, which an agent would unpack, and no neighbour can be sent before it",
            ),
        }
    }
}

/// Statuses of SEND_DA and JUMP_DA (section 3.14).
fn of_status(status: u16) -> &'static str {
    match status {
        0x2001 => "its signature is not the maker's",
        0x2003 => "the phone could not set up its keys",
        0x2006 => "it is longer than the phone can verify",
        0x1D0D => "the serial link must be authorised first (SLA)",
        0x1D0E => "it overlaps an earlier one",
        0x1D12 => "address or length is invalid",
        0x1D14 => "its signature is longer than itself",
        0x1D15 => "it must be signed (DAA)",
        0x1D16 => "none was sent",
        0x1D21 => "its version is not supported",
        0x5A5B => "it is on the phone's revocation list",
        0x7015 | 0x7024 => "its signature is not accepted (DAA)",
        _ => "no meaning is known for this",
    }
}
