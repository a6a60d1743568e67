//! Which blocks of the partition carry the region, and where a run of its bytes lies on them (ap-nvram.md 1.1, 1.2).

/// Block size and good blocks of the NVRAM area.
#[derive(Debug, Clone)]
pub(super) struct Geometry {
    pub block_size: u64,
    pub nv: u64,
    pub good: Vec<u64>,
    pub bad: Vec<u64>,
}

impl Geometry {
    /// The area when nothing tells its length: the whole partition, no bad block (1.7).
    pub fn without_bitmap(block_size: u64, len: u64) -> Self {
        // No partition of this kind has more blocks than this; the list must not grow with a hostile length.
        let nv = (len / block_size).min(1 << 14);
        Self { block_size, nv, good: (0..nv).collect(), bad: Vec::new() }
    }

    /// The area as a bitmap describes it.
    pub fn from_bitmap(block_size: u64, bitmap: &[u8]) -> Self {
        let (mut good, mut bad) = (Vec::new(), Vec::new());
        for (index, state) in (0u64..).zip(bitmap) {
            if *state == 0 { good.push(index) } else { bad.push(index) }
        }
        Self { block_size, nv: bitmap.len() as u64, good, bad }
    }

    /// Returns the places of `len` bytes from `at` on, both counted on the good blocks; `None` when they end first.
    pub fn extents(&self, mut at: u64, mut len: u64) -> Option<Vec<(u64, u64)>> {
        let mut runs: Vec<(u64, u64)> = Vec::new();
        while len > 0 {
            let index = usize::try_from(at / self.block_size).ok()?;
            let inside = at % self.block_size;
            let take = len.min(self.block_size - inside);
            let place = self.good.get(index)? * self.block_size + inside;
            match runs.last_mut() {
                Some((start, run)) if *start + *run == place => *run += take,
                _ => runs.push((place, take)),
            }
            at += take;
            len -= take;
        }
        Some(runs)
    }
}

/// Widens ranges to whole sectors, sorts them and joins those that touch.
pub(super) fn join(mut ranges: Vec<(u64, u64)>) -> Vec<(u64, u64)> {
    for (at, len) in &mut ranges {
        let end = (*at + *len).next_multiple_of(super::SECTOR);
        *at -= *at % super::SECTOR;
        *len = end - *at;
    }
    ranges.sort_unstable();
    let mut joined: Vec<(u64, u64)> = Vec::new();
    for (at, len) in ranges {
        match joined.last_mut() {
            Some((start, run)) if at <= *start + *run => *run = (*run).max(at + len - *start),
            _ => joined.push((at, len)),
        }
    }
    joined
}
