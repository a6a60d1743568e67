//! Sources of bytes for the parsers that read lazily: a short input stands for megabytes.

use std::borrow::Cow;

use nvkeep::formats::{ReadAt, ReadError};
use nvkeep::simulator::{Area, Flash};

/// Bytes of a sector.
const SECTOR: u64 = 512;
/// Most patches laid over a base.
const PATCHES: usize = 64;

/// The first bytes of a source; zeros follow up to its length.
pub struct Headed<'a> {
    /// The first bytes.
    pub head: &'a [u8],
    /// Length of the whole source.
    pub len: u64,
}

impl ReadAt for Headed<'_> {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        inside(at, into.len(), self.len)?;
        let start = usize::try_from(at).unwrap_or(usize::MAX).min(self.head.len());
        let piece = &self.head[start..];
        let len = piece.len().min(into.len());
        into[..len].copy_from_slice(&piece[..len]);
        into[len..].fill(0);
        Ok(())
    }
    fn len(&self) -> u64 {
        self.len
    }
}

/// A sound partition and where it is not blank: what patches should hit.
pub struct Base {
    flash: Flash,
    start: u64,
    len: u64,
    hot: Vec<u64>,
}

impl Base {
    /// Takes `len` bytes from `start` of the user area on; `start` is a multiple of 4 KiB.
    pub fn new(flash: Flash, start: u64, len: u64) -> Self {
        let places =
            flash.written_chunks(Area::User).flat_map(|chunk| (0..8).map(move |n| chunk * 4096 + n * 512));
        let holds = |place: &u64| {
            let mut sector = [0; 512];
            let inside = (start..start + len).contains(place);
            inside
                && flash.read(Area::User, *place, &mut sector).is_ok()
                && sector.iter().any(|byte| *byte != sector[0])
        };
        let hot = places.filter(holds).map(|place| place - start).collect();
        Self { flash, start, len, hot }
    }

    /// Lays the patches of an input over the image.
    ///
    /// Input: length in units of 4 KiB (u16, 0 for the whole image), then patches: a byte with the length in its low
    /// four bits and, in its top bit, whether the place is anywhere or in a sector that is not blank; a place (u24);
    /// the bytes. Little-endian.
    pub fn patched<'a>(&'a self, input: &'a [u8]) -> Patched<'a> {
        let (len, mut rest) = match input.split_first_chunk::<2>() {
            Some((units, rest)) => (u64::from(u16::from_le_bytes(*units)) * 4096, rest),
            None => (0, input),
        };
        let len = if len == 0 { self.len } else { len.min(self.len) };
        let mut patches = Vec::new();
        while let Some((head, after)) = rest.split_first_chunk::<4>() {
            if patches.len() == PATCHES {
                break;
            }
            let place = u64::from(u32::from_le_bytes([head[1], head[2], head[3], 0]));
            let hot = self.hot.get(index(place / SECTOR) % self.hot.len().max(1));
            let at = hot.filter(|_| head[0] & 0x80 == 0).map_or(place, |sector| sector + place % SECTOR);
            let (bytes, after) = after.split_at(after.len().min(usize::from(head[0] & 0x0F) + 1));
            patches.push((at, Cow::Borrowed(bytes)));
            rest = after;
        }
        Patched { base: self, len, patches }
    }
}

/// An image with patches laid over it.
#[derive(Clone)]
pub struct Patched<'a> {
    base: &'a Base,
    len: u64,
    patches: Vec<(u64, Cow<'a, [u8]>)>,
}

impl Patched<'_> {
    /// Lays one more patch over the others.
    pub fn lay(&mut self, at: u64, bytes: &[u8]) {
        self.patches.push((at, Cow::Owned(bytes.to_vec())));
    }
}

impl ReadAt for Patched<'_> {
    fn read_at(&mut self, at: u64, into: &mut [u8]) -> Result<(), ReadError> {
        inside(at, into.len(), self.len)?;
        let read = self.base.flash.read(Area::User, self.base.start + at, into);
        read.map_err(|error| ReadError::Device { code: "flash", what: error.to_string() })?;
        let end = at + into.len() as u64;
        for (place, bytes) in &self.patches {
            let (from, to) = (at.max(*place), end.min(place.saturating_add(bytes.len() as u64)));
            if from < to {
                into[index(from - at)..index(to - at)]
                    .copy_from_slice(&bytes[index(from - place)..index(to - place)]);
            }
        }
        Ok(())
    }
    fn len(&self) -> u64 {
        self.len
    }
}

fn index(place: u64) -> usize {
    usize::try_from(place).unwrap_or(usize::MAX)
}

fn inside(at: u64, len: usize, source_len: u64) -> Result<(), ReadError> {
    match at.checked_add(len as u64) {
        Some(end) if end <= source_len => Ok(()),
        _ => Err(ReadError::OutOfRange { at, len: len as u64, source_len }),
    }
}
