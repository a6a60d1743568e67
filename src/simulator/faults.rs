//! What a card can be told to get wrong, and when. Values only.

use serde::Deserialize;

/// What a block holds after power was lost while it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Leaves {
    /// The old content.
    Old,
    /// The new content.
    New,
    /// Half new, half garbage.
    Garbage,
}

/// One thing that goes wrong. Counts start at 1 and run from plug-in.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", deny_unknown_fields)]
pub enum CardFault {
    /// The data of the nth data command fails its CRC.
    DataCrc {
        /// Which data command.
        nth: u64,
    },
    /// The data of the nth data command never comes.
    DataTimeout {
        /// Which data command.
        nth: u64,
    },
    /// The card stays busy for ever after the nth block written.
    BusyForEver {
        /// Which written block.
        nth: u64,
    },
    /// The response to the nth command fails its CRC.
    BadResponse {
        /// Which command.
        nth: u64,
    },
    /// The nth command is not answered.
    NoResponse {
        /// Which command.
        nth: u64,
    },
    /// Writes to these blocks of the user area are refused.
    WriteProtected {
        /// First block.
        first: u64,
        /// Number of blocks.
        count: u64,
    },
    /// Writes to this block are acknowledged and forgotten.
    WriteDropped {
        /// The block.
        lba: u64,
    },
    /// From its second read on, this block has one bit more or less.
    ReadsDiffer {
        /// The block.
        lba: u64,
    },
    /// Reads of this block end with an internal ECC failure.
    Unreadable {
        /// The block.
        lba: u64,
    },
    /// Power is lost while the nth block is written.
    PowerLoss {
        /// Which written block.
        nth: u64,
        /// What the block then holds.
        leaves: Leaves,
    },
}
