//! The cells of a flash: areas of bytes, kept sparsely; four of an eMMC, two of a NAND. Knows no file format but its own snapshot, and no protocol.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};

use thiserror::Error;

/// Bytes kept together.
const CHUNK: usize = 4096;
/// First bytes of a snapshot: name and version. A flash without spare bytes is still written as it always was.
const MAGIC: &[u8; 8] = b"NVKFLSH1";
/// The same of a flash with spare bytes.
const MAGIC_WITH_SPARE: &[u8; 8] = b"NVKFLSH2";
/// Largest area a snapshot may declare, bytes.
const MAX_AREA: u64 = 1 << 40;
/// Most chunks a snapshot may hold: 4 GiB of content.
const MAX_CHUNKS: u64 = 1 << 20;

/// An area of the card, in the order of `EXT_CSD[179]`'s access field; then what only a NAND has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Area {
    /// The user area; on a NAND the main bytes of all its pages.
    User,
    /// The first boot area.
    Boot1,
    /// The second boot area.
    Boot2,
    /// The replay-protected area.
    Rpmb,
    /// The spare bytes of all pages, page after page.
    Spare,
}

impl Area {
    const ALL: [Self; 5] = [Self::User, Self::Boot1, Self::Boot2, Self::Rpmb, Self::Spare];
    /// Areas in a snapshot of a flash without spare bytes.
    const OF_A_CARD: usize = 4;

    fn index(self) -> usize {
        match self {
            Self::User => 0,
            Self::Boot1 => 1,
            Self::Boot2 => 2,
            Self::Rpmb => 3,
            Self::Spare => 4,
        }
    }
}

/// What is wrong with a request or a snapshot.
#[derive(Debug, Error)]
pub enum FlashError {
    /// The range does not lie in the area.
    #[error("{area:?}: {len} bytes at {at:#x} reach beyond its {size:#x} bytes")]
    Outside {
        /// The area.
        area: Area,
        /// First byte.
        at: u64,
        /// Bytes.
        len: usize,
        /// Size of the area.
        size: u64,
    },
    /// The snapshot is not one, or is damaged.
    #[error("snapshot: {what} at offset {at}")]
    Snapshot {
        /// What was expected.
        what: &'static str,
        /// Where in the file.
        at: u64,
    },
    /// The content is of another kind of phone than the scenario's.
    #[error("snapshot: {what}")]
    OtherPhone {
        /// What does not fit.
        what: &'static str,
    },
    /// The snapshot's file could not be read or written.
    #[error("snapshot: {0}")]
    Io(#[from] io::Error),
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Cells {
    len: u64,
    fill: u8,
    chunks: BTreeMap<u64, Vec<u8>>,
}

/// The content of a phone's flash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flash {
    areas: [Cells; 5],
}

impl Flash {
    /// Makes an unwritten flash whose areas have these sizes in bytes; unwritten bytes read as `fill`.
    #[must_use]
    pub fn new(user: u64, boot: u64, rpmb: u64, fill: u8) -> Self {
        let cells = |len| Cells { len, fill, chunks: BTreeMap::new() };
        Self { areas: [cells(user), cells(boot), cells(boot), cells(rpmb), cells(0)] }
    }

    /// Makes an erased NAND with these sizes in bytes; unwritten bytes read as FF.
    #[must_use]
    pub fn nand(main: u64, spare: u64) -> Self {
        let mut flash = Self::new(main, 0, 0, 0xFF);
        flash.areas[Area::Spare.index()].len = spare;
        flash
    }

    fn has_spare(&self) -> bool {
        self.len(Area::Spare) > 0
    }

    /// Returns an area's size in bytes.
    #[must_use]
    pub fn len(&self, area: Area) -> u64 {
        self.areas[area.index()].len
    }

    /// Returns how many bytes of an area were ever written, rounded up to what is kept together.
    #[must_use]
    pub fn written(&self, area: Area) -> u64 {
        self.areas[area.index()].chunks.len() as u64 * CHUNK as u64
    }

    /// Returns the numbers of the 4096-byte pieces of an area that were ever written, ascending.
    pub fn written_chunks(&self, area: Area) -> impl Iterator<Item = u64> {
        self.areas[area.index()].chunks.keys().copied()
    }

    /// Reads bytes of an area.
    ///
    /// # Errors
    /// [`FlashError::Outside`].
    pub fn read(&self, area: Area, at: u64, into: &mut [u8]) -> Result<(), FlashError> {
        let cells = self.inside(area, at, into.len())?;
        for (chunk, offset, range) in pieces(at, into.len()) {
            match cells.chunks.get(&chunk) {
                Some(bytes) => {
                    let len = range.len();
                    into[range].copy_from_slice(&bytes[offset..offset + len]);
                }
                None => into[range].fill(cells.fill),
            }
        }
        Ok(())
    }

    /// Writes bytes of an area.
    ///
    /// # Errors
    /// [`FlashError::Outside`].
    pub fn write(&mut self, area: Area, at: u64, bytes: &[u8]) -> Result<(), FlashError> {
        self.inside(area, at, bytes.len())?;
        let cells = &mut self.areas[area.index()];
        for (chunk, offset, range) in pieces(at, bytes.len()) {
            let piece = &bytes[range];
            if !cells.chunks.contains_key(&chunk) && piece.iter().all(|byte| *byte == cells.fill) {
                continue;
            }
            let kept = cells.chunks.entry(chunk).or_insert_with(|| vec![cells.fill; CHUNK]);
            kept[offset..offset + piece.len()].copy_from_slice(piece);
        }
        Ok(())
    }

    /// Fills a range with one byte, cheaply where nothing was written.
    ///
    /// # Errors
    /// [`FlashError::Outside`].
    pub fn fill(&mut self, area: Area, at: u64, len: u64, byte: u8) -> Result<(), FlashError> {
        let size = self.len(area);
        if at.checked_add(len).is_none_or(|end| end > size) {
            return Err(FlashError::Outside {
                area,
                at,
                len: usize::try_from(len).unwrap_or(usize::MAX),
                size,
            });
        }
        let cells = &mut self.areas[area.index()];
        if byte == cells.fill {
            let whole = at.div_ceil(CHUNK as u64)..(at + len) / CHUNK as u64;
            if whole.start < whole.end {
                let mut tail = cells.chunks.split_off(&whole.start);
                let mut behind = tail.split_off(&whole.end);
                cells.chunks.append(&mut behind);
                let head = (whole.start * CHUNK as u64).saturating_sub(at);
                let end = whole.end * CHUNK as u64;
                self.fill_slowly(area, at, head, byte)?;
                return self.fill_slowly(area, end, (at + len).saturating_sub(end), byte);
            }
        }
        self.fill_slowly(area, at, len, byte)
    }

    fn fill_slowly(&mut self, area: Area, mut at: u64, mut len: u64, byte: u8) -> Result<(), FlashError> {
        let block = [byte; CHUNK];
        while len > 0 {
            let now = usize::try_from(len).unwrap_or(CHUNK).min(CHUNK);
            self.write(area, at, &block[..now])?;
            at += now as u64;
            len -= now as u64;
        }
        Ok(())
    }

    fn inside(&self, area: Area, at: u64, len: usize) -> Result<&Cells, FlashError> {
        let cells = &self.areas[area.index()];
        match at.checked_add(len as u64) {
            Some(end) if end <= cells.len => Ok(cells),
            _ => Err(FlashError::Outside { area, at, len, size: cells.len }),
        }
    }

    /// Writes everything to one self-describing snapshot.
    ///
    /// # Errors
    /// [`FlashError::Io`].
    pub fn save(&self, into: &mut dyn Write) -> Result<(), FlashError> {
        let (magic, areas) =
            if self.has_spare() { (MAGIC_WITH_SPARE, Area::ALL.len()) } else { (MAGIC, Area::OF_A_CARD) };
        into.write_all(magic)?;
        for cells in &self.areas[..areas] {
            into.write_all(&cells.len.to_le_bytes())?;
            into.write_all(&[cells.fill])?;
            into.write_all(&(cells.chunks.len() as u64).to_le_bytes())?;
            for (chunk, bytes) in &cells.chunks {
                into.write_all(&chunk.to_le_bytes())?;
                into.write_all(bytes)?;
            }
        }
        Ok(())
    }

    /// Reads a snapshot back. Sizes are checked before anything is allocated.
    ///
    /// # Errors
    /// [`FlashError::Snapshot`] with the place, [`FlashError::Io`].
    pub fn load(from: &mut dyn Read) -> Result<Self, FlashError> {
        let mut at = 0;
        let areas = match &read_array::<8>(from, &mut at)? {
            MAGIC => Area::OF_A_CARD,
            MAGIC_WITH_SPARE => Area::ALL.len(),
            _ => return Err(FlashError::Snapshot { what: "the name of a flash snapshot", at: 0 }),
        };
        let mut flash = Self::new(0, 0, 0, 0);
        for area in Area::ALL.into_iter().take(areas) {
            let place = at;
            let len = u64::from_le_bytes(read_array(from, &mut at)?);
            let [fill] = read_array(from, &mut at)?;
            let count = u64::from_le_bytes(read_array(from, &mut at)?);
            let empty_spare = area == Area::Spare && len == 0;
            if len > MAX_AREA || count > MAX_CHUNKS || count > len.div_ceil(CHUNK as u64) || empty_spare {
                return Err(FlashError::Snapshot { what: "an area of believable size", at: place });
            }
            let mut chunks = BTreeMap::new();
            for _ in 0..count {
                let place = at;
                let chunk = u64::from_le_bytes(read_array(from, &mut at)?);
                if chunk >= len.div_ceil(CHUNK as u64) {
                    return Err(FlashError::Snapshot { what: "a chunk inside its area", at: place });
                }
                let bytes = read_array::<CHUNK>(from, &mut at)?;
                if chunks.insert(chunk, bytes.to_vec()).is_some() {
                    return Err(FlashError::Snapshot { what: "each chunk once", at: place });
                }
            }
            flash.areas[area.index()] = Cells { len, fill, chunks };
        }
        if !flash.has_spare() {
            // So that a flash equals its snapshot, whatever it is filled with.
            flash.areas[Area::Spare.index()].fill = flash.areas[Area::User.index()].fill;
        }
        Ok(flash)
    }
}

fn read_array<const N: usize>(from: &mut dyn Read, at: &mut u64) -> Result<[u8; N], FlashError> {
    let mut bytes = [0; N];
    from.read_exact(&mut bytes)?;
    *at += N as u64;
    Ok(bytes)
}

/// Cuts a range into (chunk number, offset in the chunk, range in the caller's buffer).
fn pieces(at: u64, len: usize) -> impl Iterator<Item = (u64, usize, core::ops::Range<usize>)> {
    let mut done = 0;
    core::iter::from_fn(move || {
        if done >= len {
            return None;
        }
        let place = at + done as u64;
        let offset = usize::try_from(place % CHUNK as u64).unwrap_or(0);
        let now = (CHUNK - offset).min(len - done);
        let range = done..done + now;
        done += now;
        Some((place / CHUNK as u64, offset, range))
    })
}
