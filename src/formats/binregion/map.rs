//! The map (`AllMap`): counters, then one title per file (ap-nvram.md 1.3). Believes only what adds up; ignores
//! `NameSize`, `iFileBufLen`, `BackupFlag` and whatever stands behind a name's NUL.

use binrw::BinRead;

use super::BinRegionError;
use crate::formats::fixed::shape;

/// Length of one title.
const TITLE: usize = 140;
/// Checksum and two counts before the title header.
const FRONT: usize = 12;

/// What the map starts with.
#[derive(BinRead)]
#[br(little)]
struct Front {
    _checksum: u32,
    common_lids: u32,
    custom_lids: u32,
}

/// One title as it is stored. The first word is 7 in everything seen, and no length.
#[derive(BinRead)]
#[br(little)]
struct RawTitle {
    _name_size: u32,
    start: u32,
    size: u32,
    name: [u8; 128],
}

/// Title headers by counter count and length (1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HeaderVariant {
    /// 2 counters, 12 bytes: AP files only.
    H0,
    /// 14 counters, 36 bytes: MD5 and VIA.
    H1,
    /// 13 counters, 36 bytes: MD5.
    H2,
    /// 11 counters, 32 bytes: VIA.
    H3,
    /// 10 counters, 28 bytes: MT6572 and its siblings.
    H4,
    /// 16 counters, 40 bytes.
    H5,
    /// 7 counters, 24 bytes.
    H7,
}

/// What a file belongs to: the order of titles in a map.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of ap-nvram.md 1.3, which tells the folder of each")]
pub enum Category {
    ApBoot,
    ApClean,
    MdBoot,
    MdClean,
    MdImportant,
    MdCore,
    MdData,
    Md2Boot,
    Md2Clean,
    Md2Important,
    Md5Boot,
    Md5Clean,
    Md5Important,
    Via,
    Md3Boot,
    Md3Clean,
    Md3Important,
}

use Category as C;

const ALL_BUT_VIA: [C; 13] = [
    C::ApBoot,
    C::ApClean,
    C::MdBoot,
    C::MdClean,
    C::MdImportant,
    C::MdCore,
    C::MdData,
    C::Md2Boot,
    C::Md2Clean,
    C::Md2Important,
    C::Md5Boot,
    C::Md5Clean,
    C::Md5Important,
];

impl HeaderVariant {
    /// Returns the header's length in bytes.
    #[must_use]
    pub fn len(self) -> usize {
        match self {
            Self::H0 => 12,
            Self::H7 => 24,
            Self::H4 => 28,
            Self::H3 => 32,
            Self::H1 | Self::H2 => 36,
            Self::H5 => 40,
        }
    }

    /// Returns whether the header has no bytes, which none has.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Returns the categories in counter order.
    #[must_use]
    pub fn categories(self) -> Vec<Category> {
        let with = |count: usize, more: &[C]| [&ALL_BUT_VIA[..count], more].concat();
        match self {
            Self::H0 => with(2, &[]),
            Self::H7 => with(7, &[]),
            Self::H4 => with(10, &[]),
            Self::H3 => with(10, &[C::Via]),
            Self::H2 => with(13, &[]),
            Self::H1 => with(13, &[C::Via]),
            Self::H5 => with(13, &[C::Md3Boot, C::Md3Clean, C::Md3Important]),
        }
    }
}

/// Returns the variants whose header leaves whole titles, the richer of two equal lengths first (1.7).
pub(super) fn variant_candidates(map_size: u64) -> &'static [HeaderVariant] {
    use HeaderVariant::{H0, H1, H2, H3, H4, H5, H7};
    match map_size.saturating_sub(FRONT as u64) % TITLE as u64 {
        12 => &[H0],
        24 => &[H7],
        28 => &[H4],
        32 => &[H3],
        36 => &[H1, H2],
        40 => &[H5],
        _ => &[],
    }
}

/// A title that was checked.
pub(super) struct Title {
    pub name: String,
    pub category: Category,
    pub start: usize,
    pub size: usize,
}

/// A map that adds up.
pub(super) struct Titles {
    pub variant: HeaderVariant,
    pub counters: Vec<u16>,
    /// Common and custom AP LIDs the writer knew.
    pub lid_counts: (u32, u32),
    pub files: Vec<Title>,
}

/// Parses a map; `at` is its place in the partition, for messages.
pub(super) fn parse(map: &[u8], data_size: u64, at: u64) -> Result<Titles, BinRegionError> {
    let broken = |field, offset: usize, what: String| BinRegionError::Structure {
        field,
        at: at + offset as u64,
        what,
    };
    let short = || broken("map", map.len(), "it ends too early".into());
    let front: Front = shape(map, 0).ok_or_else(short)?;
    let count = map.len().saturating_sub(FRONT) / TITLE;
    let mut sums = Vec::new();
    for variant in variant_candidates(map.len() as u64) {
        let categories = variant.categories();
        let counters: Vec<u16> = (0..categories.len())
            .map(|index| {
                map.get(FRONT + 2 * index..)
                    .and_then(|rest| rest.first_chunk())
                    .map_or(0, |two| u16::from_le_bytes(*two))
            })
            .collect();
        let sum: usize = counters.iter().map(|counter| usize::from(*counter)).sum();
        if sum != count {
            sums.push(sum);
            continue;
        }
        let categories =
            categories.iter().zip(&counters).flat_map(|(c, n)| std::iter::repeat_n(*c, usize::from(*n)));
        let mut files = Vec::with_capacity(count);
        let mut expected = 0u64;
        for (index, category) in categories.enumerate() {
            let offset = FRONT + variant.len() + index * TITLE;
            let title: RawTitle = shape(map, offset).ok_or_else(short)?;
            let (start, size) = (u64::from(title.start), u64::from(title.size));
            if start != expected {
                return Err(broken(
                    "file start",
                    offset + 4,
                    format!("title {index} starts at {start:#x} instead of {expected:#x}"),
                ));
            }
            expected += size;
            if size == 0 || expected > data_size {
                return Err(broken(
                    "file size",
                    offset + 8,
                    format!("title {index} has {size:#x} bytes, the data end at {data_size:#x}"),
                ));
            }
            let name = name(&title.name).ok_or_else(|| {
                broken("file name", offset + 12, format!("title {index} has no absolute printable path"))
            })?;
            let as_len = |value: u64| usize::try_from(value).unwrap_or(usize::MAX);
            files.push(Title { name, category, start: as_len(start), size: as_len(size) });
        }
        if expected != data_size {
            return Err(broken(
                "file sizes",
                FRONT,
                format!("they add up to {expected:#x}, the data have {data_size:#x} bytes"),
            ));
        }
        let lid_counts = (front.common_lids, front.custom_lids);
        return Ok(Titles { variant: *variant, counters, lid_counts, files });
    }
    Err(broken("counters", FRONT, format!("they add up to {sums:?}, the map has {count} titles")))
}

fn name(field: &[u8]) -> Option<String> {
    let end = field.iter().position(|byte| *byte == 0)?;
    let text = &field[..end];
    let sound = text.first() == Some(&b'/') && text.iter().all(|byte| (0x20..0x7F).contains(byte));
    sound.then(|| String::from_utf8_lossy(text).into_owned())
}
