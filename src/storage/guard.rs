//! Promise 5 in one place: the list of byte ranges a write may touch. What is not on the list cannot be written.

use crate::formats::ReadError;

/// A range a write may touch.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Open {
    start: u64,
    end: u64,
}

/// The ranges of a phone's user area that may be written. Starts closed.
#[derive(Debug, Clone, Default)]
pub struct Guard {
    open: Vec<Open>,
    closed: Vec<Open>,
}

impl Guard {
    /// Makes a guard that lets nothing pass.
    #[must_use]
    pub fn closed() -> Self {
        Self::default()
    }

    /// Opens `[start, start+len)`.
    pub fn open(&mut self, start: u64, len: u64) {
        self.open.push(Open { start, end: start.saturating_add(len) });
    }

    /// Closes `[start, start+len)` for good, whatever is or will be opened: partition tables, boot chain.
    pub fn close(&mut self, start: u64, len: u64) {
        self.closed.push(Open { start, end: start.saturating_add(len) });
    }

    /// Checks a write of `len` bytes at byte `at`.
    ///
    /// # Errors
    /// [`ReadError::Refused`] when any byte of it lies outside the open ranges or inside a closed one.
    pub fn check(&self, at: u64, len: u64) -> Result<(), ReadError> {
        let refused = |rule: &str| Err(ReadError::Refused { at, rule: rule.into() });
        let Some(end) = at.checked_add(len) else {
            return refused("the range overflows");
        };
        if self.closed.iter().any(|range| at < range.end && range.start < end) {
            return refused("the range touches a partition table or boot area");
        }
        if self.open.iter().any(|range| range.start <= at && end <= range.end) {
            return Ok(());
        }
        refused("only identity regions are written")
    }
}
