//! Why a Download Agent file, or an entry of it, cannot be used: one sentence and one piece of advice for every wrong kind.

use thiserror::Error;

/// A refused Download Agent file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DaError {
    /// Something else than a container.
    #[error("this is no Download Agent container: it begins with {head:02x?}, not with MTK_DOWNLOAD_AGENT")]
    NotAContainer {
        /// Its first bytes.
        head: Vec<u8>,
    },
    /// A container that ends inside its header.
    #[error("the Download Agent file is cut short: {len} bytes, its header alone has 108")]
    ShortHeader {
        /// Bytes given.
        len: usize,
    },
    /// The magic word of a vendor's own, closed form.
    #[error("the Download Agent file is closed by its vendor (magic {magic:08x} instead of 22668899)")]
    Encrypted {
        /// The word found.
        magic: u32,
    },
    /// A file for chips whose agents speak XML.
    #[error("the Download Agent file is of the XML kind (v6: \"{description}\"), for later chips")]
    Xml {
        /// Its build description.
        description: String,
    },
    /// No entries, or more than any file has.
    #[error("the Download Agent file claims {count} entries, which no such file has")]
    Count {
        /// The number found.
        count: u32,
    },
    /// The file ends inside its entry table.
    #[error("the Download Agent file is cut short in entry {index} of {count}: it has {len} bytes")]
    EntryCut {
        /// Entry, from 0.
        index: usize,
        /// Entries claimed.
        count: usize,
        /// Bytes given.
        len: usize,
    },
    /// An entry does not begin as one.
    #[error("entry {index} of the Download Agent file, at {at:#x}, begins with {found:04x} instead of dada")]
    EntryMagic {
        /// Entry, from 0.
        index: usize,
        /// Its offset in the file.
        at: usize,
        /// The half-word found.
        found: u16,
    },
    /// An entry claims more regions than it has room for.
    #[error(
        "entry {index} of the Download Agent file claims {count} regions from {first} on; it has room for 10"
    )]
    RegionCount {
        /// Entry, from 0.
        index: usize,
        /// The number found.
        count: u16,
        /// The first region it names.
        first: u16,
    },
    /// No entry for the phone's chip.
    #[error("the Download Agent file has no entry for chip {da_code:04x}; it has {}", listed(.contents))]
    NoEntry {
        /// The chip, as agents number it.
        da_code: u16,
        /// What it has instead.
        contents: Vec<String>,
    },
    /// Entries for the chip, but for another sub code.
    #[error(
        "the Download Agent file has chip {da_code:04x} only for other sub codes than this phone's {hw_sub_code:04x}; \
         it has {}", listed(.contents)
    )]
    OtherSubCode {
        /// The chip, as agents number it.
        da_code: u16,
        /// The phone's sub code.
        hw_sub_code: u16,
        /// The chip's entries.
        contents: Vec<String>,
    },
    /// Entries for the chip, all for newer revisions.
    #[error(
        "the Download Agent file has chip {da_code:04x} only for newer revisions than this phone's (hardware {hw_version:04x}, \
         software {sw_version:04x}); it has {}", listed(.contents)
    )]
    NewerRevision {
        /// The chip, as agents number it.
        da_code: u16,
        /// The phone's hardware version.
        hw_version: u16,
        /// The phone's software version.
        sw_version: u16,
        /// The chip's entries.
        contents: Vec<String>,
    },
    /// The chosen entry has no second stage.
    #[error(
        "entry {index} of the Download Agent file has {count} region(s); a legacy agent has two stages in regions 1 and 2"
    )]
    FewRegions {
        /// Entry, from 0.
        index: usize,
        /// Its regions.
        count: usize,
    },
    /// A stage begins behind the end of the file.
    #[error(
        "region {region} of entry {index} lies outside the Download Agent file: it begins at {offset:#x} of {len:#x} bytes"
    )]
    RegionOutside {
        /// Entry, from 0.
        index: usize,
        /// Region, from 0.
        region: usize,
        /// Its first byte.
        offset: u32,
        /// Bytes of the file.
        len: u64,
    },
    /// The file ends inside a stage.
    #[error(
        "the Download Agent file is cut short in region {region} of entry {index}: {missing} bytes of it are missing"
    )]
    RegionCut {
        /// Entry, from 0.
        index: usize,
        /// Region, from 0.
        region: usize,
        /// Bytes that are not there.
        missing: u64,
    },
    /// A stage whose length or signature makes no sense.
    #[error(
        "region {region} of entry {index} in the Download Agent file makes no sense: {len} bytes with a signature of {signature_len}"
    )]
    RegionAbsurd {
        /// Entry, from 0.
        index: usize,
        /// Region, from 0.
        region: usize,
        /// Its length.
        len: u32,
        /// Its signature's length.
        signature_len: u32,
    },
}

impl DaError {
    /// Returns the stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::NotAContainer { .. } => "da-not-a-container",
            Self::ShortHeader { .. } | Self::EntryCut { .. } | Self::RegionCut { .. } => "da-truncated",
            Self::Encrypted { .. } => "da-encrypted",
            Self::Xml { .. } => "da-xml",
            Self::Count { .. }
            | Self::EntryMagic { .. }
            | Self::RegionCount { .. }
            | Self::RegionOutside { .. }
            | Self::RegionAbsurd { .. } => "da-damaged",
            Self::NoEntry { .. } | Self::OtherSubCode { .. } => "da-other-chip",
            Self::NewerRevision { .. } => "da-newer-revision",
            Self::FewRegions { .. } => "da-single-region",
        }
    }

    /// Returns what to do about it, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::NotAContainer { .. } => {
                "Give the file named like MTK_AllInOne_DA.bin from the flash package or flash tool of this phone."
            }
            Self::ShortHeader { .. } | Self::EntryCut { .. } | Self::RegionCut { .. } => {
                "The copy is incomplete: unpack the flash package again, or download it again."
            }
            Self::Encrypted { .. } => "Use the plain file of a flash tool; nvkeep opens no vendor's lock.",
            Self::Xml { .. } => {
                "Use the file of a flash tool of this chip's time, named like MTK_AllInOne_DA.bin."
            }
            Self::Count { .. }
            | Self::EntryMagic { .. }
            | Self::RegionCount { .. }
            | Self::RegionOutside { .. }
            | Self::RegionAbsurd { .. } => "The file is damaged: take it from the flash package again.",
            Self::NoEntry { .. } | Self::OtherSubCode { .. } => {
                "Use the Download Agent file of a flash package for this phone's chip."
            }
            Self::NewerRevision { .. } => {
                "Use an older Download Agent file: newer ones left this revision out."
            }
            Self::FewRegions { .. } => {
                "Use a later Download Agent file, whose entry for this chip has two stages."
            }
        }
    }
}

/// Entries in one line; a long list is cut.
fn listed(contents: &[String]) -> String {
    const SHOWN: usize = 12;
    let mut text = contents.iter().take(SHOWN).cloned().collect::<Vec<_>>().join("; ");
    if contents.len() > SHOWN {
        text.push_str(&format!("; and {} more", contents.len() - SHOWN));
    }
    if text.is_empty() { "nothing".into() } else { text }
}
