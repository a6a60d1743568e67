//! Arithmetic of byte ranges: joined, cut to whole blocks, and what lies between them.

/// A range as first byte and length.
pub type Range = (u64, u64);

/// Returns ranges sorted, widened to whole blocks of 512 bytes, cut to `[0, end)` and joined where they touch.
#[must_use]
pub fn join(mut ranges: Vec<Range>, end: u64) -> Vec<Range> {
    ranges.retain(|(at, len)| *len > 0 && *at < end);
    for range in &mut ranges {
        let stop = range.0.saturating_add(range.1).min(end).next_multiple_of(512).min(end);
        range.0 -= range.0 % 512;
        range.1 = stop - range.0;
    }
    ranges.sort_unstable();
    let mut joined: Vec<Range> = Vec::new();
    for (at, len) in ranges {
        match joined.last_mut() {
            Some((start, span)) if *start + *span >= at => *span = (*span).max(at + len - *start),
            _ => joined.push((at, len)),
        }
    }
    joined
}

/// Returns what joined ranges leave of `[0, end)`.
#[must_use]
pub fn gaps(joined: &[Range], end: u64) -> Vec<Range> {
    let mut gaps = Vec::new();
    let mut free = 0;
    for (at, len) in joined {
        if *at > free {
            gaps.push((free, at - free));
        }
        free = at + len;
    }
    if free < end {
        gaps.push((free, end - free));
    }
    gaps
}

/// Returns the bytes of ranges together.
#[must_use]
pub fn total(ranges: &[Range]) -> u64 {
    ranges.iter().map(|(_, len)| len).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_widened_joined_and_cut() {
        assert_eq!(join(vec![(700, 10), (0, 1), (1024, 512), (5000, 9000)], 6000), [(0, 1536), (4608, 1392)]);
        assert_eq!(join(vec![(512, 0), (9000, 5)], 6000), []);
    }

    #[test]
    fn gaps_are_what_ranges_leave() {
        assert_eq!(gaps(&[(512, 512), (2048, 512)], 4096), [(0, 512), (1024, 1024), (2560, 1536)]);
        assert_eq!(gaps(&[], 10), [(0, 10)]);
        assert_eq!(gaps(&[(0, 10)], 10), []);
    }
}
