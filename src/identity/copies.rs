//! The raw material of every judgement: what was found in each place a phone keeps its identity. Gathered above this
//! room; here it is only a value. Knows where each byte lies, so that a plan can say where to write.

use std::collections::BTreeMap;

use crate::formats::binregion::BinRegion;
use crate::formats::remnant::RemnantKind;

/// A run of bytes in the card's user area. Bytes, not blocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Extent {
    /// First byte, counted from the start of the user area (of the image, for a source that is an image).
    pub at: u64,
    /// Length in bytes.
    pub len: u64,
}

/// One file as found in one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCopy {
    /// Its content.
    pub bytes: Vec<u8>,
    /// Where the content lies, in order; the lengths add up to `bytes.len()`. Empty when the source has no places (a
    /// folder of files) or when the file cannot be overwritten in place.
    pub extents: Vec<Extent>,
}

/// Files by path below the tree's root, without a leading slash: `md/NVRAM/NVD_IMEI/MP0B_001`, `RestoreFlag`.
pub type Tree = BTreeMap<String, FileCopy>;

/// What a look at one place found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found<T> {
    /// It is there and can be parsed.
    Present(T),
    /// The place holds only zeros or only FF.
    Blank,
    /// The place does not exist on this source, or was not looked at; the sentence says which.
    Absent(String),
    /// It is there, in a form that this program does not read; the sentence says which. Nothing is known of what it holds.
    Unread(String),
    /// There is something, but it cannot be parsed; the sentence says what is wrong and where.
    Corrupt(String),
}

impl<T> Found<T> {
    /// Returns whether nothing can be said of it: it is not there, was not looked at, or cannot be read here.
    #[must_use]
    pub fn is_out_of_sight(&self) -> bool {
        matches!(self, Self::Absent(_) | Self::Unread(_))
    }

    /// Returns the value when it is present.
    pub fn present(&self) -> Option<&T> {
        match self {
            Self::Present(value) => Some(value),
            _ => None,
        }
    }
}

/// Every copy of an identity that one source holds.
#[derive(Debug, Clone)]
pub struct Copies {
    /// The NVRAM partition's BinRegion with its files. Extents are relative to the user area, like all others.
    pub binregion: Found<BinRegionCopy>,
    /// The live tree: Android's `/data/nvram`, that is `/nvram` inside USRDATA. Keys are paths below it.
    pub live: Found<Tree>,
    /// The used start of PRO_INFO (at least 1024 bytes).
    pub pro_info: Found<FileCopy>,
    /// Files of PROTECT_F, keys such as `md/ST33A004`.
    pub protect_f: Found<Tree>,
    /// Files of PROTECT_S, keys such as `md/ST33B004`.
    pub protect_s: Found<Tree>,
    /// What is left of lost files; empty where nobody looked for it.
    pub remnants: Vec<Remnant>,
}

/// A modem file that is no file any more: a journal's copy, or the block of a deleted one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remnant {
    /// Where it was found, in words.
    pub origin: &'static str,
    /// What it is.
    pub kind: RemnantKind,
    /// Where it lies.
    pub place: Extent,
    /// Its content; its sums are right.
    pub bytes: Vec<u8>,
}

impl Remnant {
    /// Returns where it lies, for people.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} at {:#x}", self.origin, self.place.at)
    }
}

/// A parsed BinRegion and where it lies.
#[derive(Debug, Clone)]
pub struct BinRegionCopy {
    /// The parsed region; places inside are relative to the NVRAM partition.
    pub region: BinRegion,
    /// First byte of the NVRAM partition in the user area.
    pub partition_at: u64,
}
