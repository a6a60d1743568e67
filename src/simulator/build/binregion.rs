//! The raw NVRAM partition as the phone's daemon writes it (ap-nvram.md 1): header, map, data, tail, journal. The
//! simulator's own code, apart from the decoder it is used to test.

/// Bytes of a block on eMMC.
pub const BLOCK: usize = 0x2_0000;
/// Bytes written at once.
const UNIT: usize = 512;
/// Bytes of a title.
pub const TITLE: usize = 140;
/// Returns the bytes of a title header with so many counters: padded to words, two words behind (ap-nvram.md 1.3).
#[must_use]
pub const fn header_len(counters: usize) -> usize {
    (2 * counters).next_multiple_of(4) + 8
}

/// Blocks kept for journal, reserve and device management in the 2/2/1 layout (ap-nvram.md 1.6).
const LOG_BLOCKS: usize = 2;
const RESERVED_BLOCKS: usize = 2;
const DM_BLOCKS: usize = 1;

/// Map and data, and where each file is in the data.
#[derive(Debug, Clone)]
pub struct BinRegion {
    map: Vec<u8>,
    data: Vec<u8>,
    counters: usize,
    /// Files a newer build's journal keeps copies of.
    journal_copies: Vec<Vec<u8>>,
}

impl BinRegion {
    /// Packs files, in title order; each carries its category and its absolute path.
    #[must_use]
    pub fn pack(files: &[(usize, String, Vec<u8>)], counters: usize) -> Self {
        let kinds = counters;
        let mut counters = vec![0_u16; kinds];
        let mut last_sizes = vec![0_u32; kinds];
        let mut titles = Vec::new();
        let mut data = Vec::new();
        for (category, path, bytes) in files {
            let size = u32::try_from(bytes.len()).unwrap_or(0);
            counters[*category] += 1;
            last_sizes[*category] = size;
            titles.extend(7_u32.to_le_bytes());
            titles.extend(u32::try_from(data.len()).unwrap_or(0).to_le_bytes());
            titles.extend(size.to_le_bytes());
            let mut name = path.as_bytes().to_vec();
            name.resize(128, 0);
            titles.extend(name);
            data.extend(bytes);
        }
        let mut map = Vec::new();
        map.extend([0; 4]); // the checksum, below
        map.extend(26_u32.to_le_bytes());
        map.extend(19_u32.to_le_bytes());
        map.extend(counters.iter().flat_map(|count| count.to_le_bytes()));
        map.resize(12 + header_len(kinds) - 8, 0);
        map.extend(last_sizes.iter().sum::<u32>().to_le_bytes());
        map.extend([0; 4]); // BackupFlag
        map.extend(titles);
        let mut region = Self { map, data, counters: kinds, journal_copies: Vec::new() };
        region.sign();
        region
    }

    /// Takes a phone's own work copies, `AllMap` and `AllFile`; returns nothing when they are too short to be that.
    #[must_use]
    pub fn from_work_copies(map: Vec<u8>, data: Vec<u8>) -> Option<Self> {
        (map.len() >= 12 + header_len(10) && !data.is_empty() && data.len() < 16 << 20).then_some(Self {
            map,
            data,
            counters: 10,
            journal_copies: Vec::new(),
        })
    }

    /// Returns the map, as `AllMap` holds it.
    #[must_use]
    pub fn map(&self) -> &[u8] {
        &self.map
    }

    /// Returns the data, as `AllFile` holds them.
    #[must_use]
    pub fn data(&self) -> &[u8] {
        &self.data
    }

    /// Puts other content of the same length into the file whose path ends so; returns whether there was one.
    pub fn replace(&mut self, path_end: &str, bytes: &[u8]) -> bool {
        let mut found = false;
        for title in self.map[12 + header_len(self.counters)..].chunks_exact(TITLE) {
            let word = |at: usize| {
                u32::from_le_bytes([title[at], title[at + 1], title[at + 2], title[at + 3]]) as usize
            };
            let name = title[12..].split(|byte| *byte == 0).next().unwrap_or(&[]);
            let (start, size) = (word(4), word(8));
            if name.ends_with(path_end.as_bytes())
                && size == bytes.len()
                && let Some(place) = self.data.get_mut(start..start + size)
            {
                place.copy_from_slice(bytes);
                found = true;
            }
        }
        self.sign();
        found
    }

    /// Overwrites half a sector of the data without mending the checksum, as a torn write does.
    pub fn tear(&mut self) {
        let sector = (self.data.len() / 2) & !(UNIT - 1);
        for (at, byte) in self.data[sector..].iter_mut().take(UNIT / 2).enumerate() {
            *byte = !*byte ^ u8::try_from(at % 251).unwrap_or(0);
        }
    }

    /// Puts a copy of a file into the journal, in a record of its own.
    pub fn keep_journal_copy(&mut self, file: &[u8]) {
        self.journal_copies.push(file.to_vec());
    }

    fn sign(&mut self) {
        let sum = checksum(&self.data);
        self.map[..4].copy_from_slice(&sum.to_le_bytes());
    }

    /// Returns the partition of an eMMC, `size` bytes, a multiple of the block; all zero where the region does not fit.
    #[must_use]
    pub fn image(&self, size: usize) -> Vec<u8> {
        let mut image = vec![0; size];
        let shape = Shape { block: BLOCK, unit: UNIT, blocks: size / BLOCK, bad: &[] };
        for (at, bytes) in self.pieces(&shape).unwrap_or_default() {
            image[at..at + bytes.len()].copy_from_slice(&bytes);
        }
        image
    }

    /// Returns what is written to a partition, and where; nothing where the region does not fit (ap-nvram.md 1.2).
    #[must_use]
    pub fn pieces(&self, shape: &Shape<'_>) -> Option<Vec<(usize, Vec<u8>)>> {
        let Shape { block, unit, blocks, bad } = *shape;
        let nv = blocks.checked_sub(LOG_BLOCKS + RESERVED_BLOCKS + DM_BLOCKS)?;
        let mut good: Vec<usize> = (0..nv).filter(|number| !bad.contains(number)).collect();
        let last_good = good.pop()?;
        let mut good = good.into_iter();
        let mut header = Vec::new();
        header.extend(u32::try_from(self.map.len()).unwrap_or(0).to_le_bytes());
        header.extend(u32::try_from(self.data.len()).unwrap_or(0).to_le_bytes());
        header.extend([0xFF; 4]); // clean flag: clear
        header.extend(&self.map);
        header.resize(header.len().next_multiple_of(unit), 0xFF);
        let mut pieces = Vec::new();
        for part in header.chunks(block) {
            pieces.push((good.next()? * block, part.to_vec()));
        }
        for part in self.data.chunks(block) {
            let mut part = part.to_vec();
            part.resize(block, 0xFF);
            pieces.push((good.next()? * block, part));
        }
        pieces.push((last_good * block, tail(&header, block, nv, bad)?));
        let [log, last] = self.journal(block, unit);
        pieces.extend([((blocks - 2) * block, log), ((blocks - 1) * block, last)]);
        Some(pieces)
    }

    /// The two blocks of the journal: a record in each write unit, and the super page.
    fn journal(&self, block: usize, unit: usize) -> [Vec<u8>; LOG_BLOCKS] {
        let mut log = vec![0xFF; block];
        let texts = [b"backup all".as_slice(), b"set clean flag"];
        let records = texts.into_iter().chain(self.journal_copies.iter().map(Vec::as_slice));
        let mut sequence = 0;
        for (slot, text) in log.chunks_exact_mut(unit).zip(records) {
            slot[..UNIT].copy_from_slice(&journal_record(1, sequence, text));
            sequence += 1;
        }
        let mut last = vec![0xFF; block];
        last[..UNIT].copy_from_slice(&journal_record(0, sequence, &[]));
        [log, last]
    }
}

/// How a partition is cut up.
#[derive(Debug, Clone, Copy)]
pub struct Shape<'a> {
    /// Bytes of a block: what is erased at once.
    pub block: usize,
    /// Bytes written at once, 512 or more.
    pub unit: usize,
    /// Blocks.
    pub blocks: usize,
    /// Blocks that were bad when the region was written.
    pub bad: &'a [usize],
}

/// The tail block: three bitmaps, a mark, and the header image as far as it fits.
fn tail(header: &[u8], block: usize, nv: usize, bad: &[usize]) -> Option<Vec<u8>> {
    let mut tail = vec![0_u8; 3 * nv];
    for number in bad.iter().filter(|number| **number < nv) {
        for copy in 0..3 {
            tail[copy * nv + number] = 1;
        }
    }
    tail.extend(0xAABB_CCDD_u32.to_le_bytes());
    let room = block.checked_sub(tail.len())?;
    tail.extend(&header[..header.len().min(room)]);
    tail.resize(block, 0xFF);
    Some(tail)
}

/// A 512-byte journal record of a 32-bit build (ap-nvram.md 1.2).
fn journal_record(kind: u32, sequence: u32, text: &[u8]) -> Vec<u8> {
    let mut record = vec![0x7B, 0x7B, 0x5A, 0x5A];
    record.extend(kind.to_le_bytes());
    record.extend(sequence.to_le_bytes());
    record.extend(1_388_534_400_u32.to_le_bytes());
    record.extend(b"NVM_FileOperation");
    record.resize(64, 0);
    record.extend(0_u32.to_le_bytes());
    record.extend(u32::try_from(text.len()).unwrap_or(0).to_le_bytes());
    record.extend(text);
    record.resize(UNIT, 0);
    record
}

/// The data checksum (ap-nvram.md 1.5): words xored and added in turn, the tail added, the length xored.
#[must_use]
pub fn checksum(data: &[u8]) -> u32 {
    let words = data.chunks_exact(4);
    let rest = words.remainder();
    let mut sum = words.enumerate().fold(0_u32, |sum, (at, word)| {
        let word = u32::from_le_bytes([word[0], word[1], word[2], word[3]]);
        if at % 2 == 0 { sum ^ word } else { sum.wrapping_add(word) }
    });
    if !rest.is_empty() {
        let mut tail = [0; 4];
        tail[..rest.len()].copy_from_slice(rest);
        sum = sum.wrapping_add(u32::from_le_bytes(tail));
    }
    sum ^ u32::try_from(data.len()).unwrap_or(0)
}
