//! The first bytes of something, and how many there were: what may be shown of it, at a bounded cost.

use std::fmt::Write;

/// Most bytes kept.
const MOST: usize = 64;

/// A beginning of at most 64 bytes.
#[derive(Debug, Clone)]
pub(super) struct Kept {
    bytes: [u8; MOST],
    len: usize,
    total: u64,
}

impl Kept {
    /// Starts with nothing.
    pub fn new() -> Self {
        Self { bytes: [0; MOST], len: 0, total: 0 }
    }

    /// Adds bytes; those that do not fit are counted.
    pub fn push(&mut self, bytes: &[u8]) {
        let fit = bytes.len().min(MOST - self.len);
        self.bytes[self.len..self.len + fit].copy_from_slice(&bytes[..fit]);
        self.len += fit;
        self.total = self.total.saturating_add(bytes.len() as u64);
    }

    /// Counts bytes that come behind a beginning that is full.
    pub fn count(&mut self, more: u64) {
        self.total = self.total.saturating_add(more);
    }

    /// Returns the bytes that were kept.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Returns how many bytes there were.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// Returns the kept bytes as hex, with an ellipsis where some are missing; none when there were none.
    pub fn hex(&self) -> Option<String> {
        if self.total == 0 {
            return None;
        }
        let mut text = String::with_capacity(self.len * 2 + 4);
        for byte in self.bytes() {
            let _ = write!(text, "{byte:02x}");
        }
        if self.total > self.len as u64 {
            text.push('…');
        }
        Some(text)
    }
}

/// Returns `1 byte`, `12 bytes`.
pub(super) fn bytes(count: u64) -> String {
    if count == 1 { "1 byte".to_owned() } else { format!("{count} bytes") }
}
