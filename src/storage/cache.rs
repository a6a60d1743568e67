//! Blocks that came from a phone, each kept once: long runs as they came, all else in lines of a page. What is released is
//! given back to the system, which memory in a thousand small pieces is not.

use std::collections::BTreeMap;

use super::BLOCK;

/// Blocks of a line: 4 KiB, the page of every file system this program meets.
const LINE_BLOCKS: u64 = 8;
/// A run of so many bytes is kept as it came; smaller ones would be many.
const LONG: usize = 256 << 10;
/// Bytes of a block, for slices.
const BYTES: usize = 512;

/// Eight blocks; bit *n* of `known` says that block *n* was read.
struct Line {
    known: u8,
    bytes: Box<[u8; 4096]>,
}

/// What is known of a card.
#[derive(Default)]
pub(super) struct Cache {
    lines: BTreeMap<u64, Line>,
    /// By first block. A block that is in a run is known in no line.
    runs: BTreeMap<u64, Vec<u8>>,
}

impl Cache {
    /// Returns a known block and as many behind it as lie side by side with it, none when the block is not known.
    pub fn from(&self, lba: u64) -> Option<&[u8]> {
        if let Some((first, run)) = self.run_with(lba) {
            return run.get(offset(lba - first)..);
        }
        let line = self.lines.get(&(lba / LINE_BLOCKS))?;
        let block = lba % LINE_BLOCKS;
        let count = u64::from((line.known >> block).trailing_ones());
        (count > 0).then(|| line.bytes.get(offset(block)..offset(block + count)))?
    }

    /// Returns how many blocks from `lba` on are not known, `most` when none of that many is.
    pub fn unknown(&self, lba: u64, most: u64) -> u64 {
        if self.run_with(lba).is_some() {
            return 0;
        }
        let mut end = lba.saturating_add(most);
        if let Some((first, _)) = self.runs.range(lba..end).next() {
            end = *first;
        }
        for (number, line) in self.lines.range(lba / LINE_BLOCKS..end.div_ceil(LINE_BLOCKS)) {
            let known = blocks_of(*number, line).find(|block| *block >= lba);
            if let Some(block) = known {
                return block.min(end) - lba;
            }
        }
        end - lba
    }

    /// Keeps whole blocks that were not known.
    pub fn keep(&mut self, lba: u64, bytes: Vec<u8>) {
        if bytes.len() >= LONG {
            self.runs.insert(lba, bytes);
            return;
        }
        for (lba, block) in (lba..).zip(bytes.as_chunks::<BYTES>().0) {
            self.put(lba, block);
        }
    }

    /// Keeps one block in the place of what was known of it.
    pub fn put(&mut self, lba: u64, block: &[u8; BYTES]) {
        let run = self.runs.range_mut(..=lba).next_back();
        let place = run.and_then(|(first, run)| run.get_mut(offset(lba - first)..)?.first_chunk_mut());
        if let Some(place) = place {
            *place = *block;
            return;
        }
        let new = || Line { known: 0, bytes: Box::new([0; 4096]) };
        let line = self.lines.entry(lba / LINE_BLOCKS).or_insert_with(new);
        let within = lba % LINE_BLOCKS;
        line.known |= 1 << within;
        if let Some(place) = line.bytes.get_mut(offset(within)..).and_then(<[u8]>::first_chunk_mut) {
            *place = *block;
        }
    }

    /// Knows nothing of a block any more.
    pub fn forget(&mut self, lba: u64) {
        if let Some(first) = self.run_with(lba).map(|(first, _)| first) {
            self.dissolve(first);
        }
        if let Some(line) = self.lines.get_mut(&(lba / LINE_BLOCKS)) {
            line.known &= !(1 << (lba % LINE_BLOCKS));
        }
    }

    /// Gives back the memory of `[first, end)`, whole lines only.
    pub fn release(&mut self, first: u64, end: u64) {
        let touched = |(start, run): (&u64, &Vec<u8>)| (*start + blocks(run) > first).then_some(*start);
        let runs: Vec<u64> = self.runs.range(..end).rev().map_while(touched).collect();
        for start in runs {
            let whole = self.runs.get(&start).is_some_and(|run| start >= first && start + blocks(run) <= end);
            if whole {
                self.runs.remove(&start);
            } else {
                self.dissolve(start);
            }
        }
        let lines = first.div_ceil(LINE_BLOCKS)..(end / LINE_BLOCKS).max(first.div_ceil(LINE_BLOCKS));
        let lines: Vec<u64> = self.lines.range(lines).map(|(number, _)| *number).collect();
        for number in lines {
            self.lines.remove(&number);
        }
    }

    /// Returns what is known of `[first, end)` as ascending runs `(lba, blocks)`, as long as can be.
    pub fn known(&self, first: u64, end: u64) -> Vec<(u64, u64)> {
        let mut pieces: Vec<(u64, u64)> = Vec::new();
        let mut add = |lba: u64, count: u64| match pieces.last_mut() {
            Some((start, length)) if *start + *length == lba => *length += count,
            _ => pieces.push((lba, count)),
        };
        for (number, line) in self.lines.range(first / LINE_BLOCKS..end.div_ceil(LINE_BLOCKS)) {
            blocks_of(*number, line).filter(|lba| (first..end).contains(lba)).for_each(|lba| add(lba, 1));
        }
        for (start, run) in self.runs.range(..end) {
            let (from, to) = ((*start).max(first), (start + blocks(run)).min(end));
            if from < to {
                add(from, to - from);
            }
        }
        pieces.sort_unstable();
        let mut known: Vec<(u64, u64)> = Vec::new();
        for (lba, count) in pieces {
            match known.last_mut() {
                Some((start, length)) if *start + *length == lba => *length += count,
                _ => known.push((lba, count)),
            }
        }
        known
    }

    /// Returns every block that is known, ascending.
    pub fn blocks(&self) -> impl Iterator<Item = (u64, &[u8; BYTES])> {
        let known = self.known(0, u64::MAX);
        let numbers = known.into_iter().flat_map(|(first, count)| first..first + count);
        numbers.filter_map(|lba| Some((lba, self.from(lba)?.first_chunk()?)))
    }

    /// Returns the run a block is in, and its first block.
    fn run_with(&self, lba: u64) -> Option<(u64, &[u8])> {
        let (first, run) = self.runs.range(..=lba).next_back()?;
        (lba - first < blocks(run)).then_some((*first, run.as_slice()))
    }

    /// Keeps a run in lines.
    fn dissolve(&mut self, first: u64) {
        let Some(run) = self.runs.remove(&first) else { return };
        for (lba, block) in (first..).zip(run.as_chunks::<BYTES>().0) {
            self.put(lba, block);
        }
    }
}

/// Returns the known blocks of a line.
fn blocks_of(number: u64, line: &Line) -> impl Iterator<Item = u64> {
    let known = line.known;
    (0..LINE_BLOCKS)
        .filter(move |block| known & (1 << block) != 0)
        .map(move |block| number * LINE_BLOCKS + block)
}

fn blocks(run: &[u8]) -> u64 {
    run.len() as u64 / BLOCK
}

/// Bytes of so many blocks that are in memory.
fn offset(blocks: u64) -> usize {
    usize::try_from(blocks * BLOCK).unwrap_or(usize::MAX)
}
