//! What several modules of the suite share: the real sample when it is there, seeded random bytes.

pub mod boot; // the boot decision of ap-nvram.md 2.2, played
#[cfg(unix)]
pub mod cable; // TCP that can be pulled
pub mod e2fsprogs; // the real mke2fs, e2fsck and debugfs
#[cfg(target_os = "linux")]
pub mod fake_usb; // a pretend usbfs with a device model behind it
pub mod golden; // text that is read in the diff
pub mod in_process;
pub mod program; // the real program as a child
#[cfg(unix)]
pub mod pty; // a terminal for the real program
pub mod served; // a phone on TCP that tells when it has heard enough
pub mod workbench; // use cases on simulated phones

use std::path::PathBuf;

/// Returns the folder of real data that `NVKEEP_REAL_DATA` names, or says on stderr that the caller skips.
pub fn real_data(claim: &str) -> Option<PathBuf> {
    match std::env::var_os("NVKEEP_REAL_DATA").map(PathBuf::from) {
        Some(folder) if folder.is_dir() => Some(folder),
        _ => {
            eprintln!("SKIPPED {claim}: NVKEEP_REAL_DATA names no folder");
            None
        }
    }
}

/// A small seeded generator (xorshift64*), so that hostile tests are the same on every run.
pub struct Random(u64);

impl Random {
    /// Starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    /// Returns the next 64 bits.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        if end == 0 { 0 } else { self.next() % end }
    }

    /// Returns `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Vec<u8> {
        (0..len).map(|_| self.next() as u8).collect()
    }

    /// Damages a copy of `sample`: flips, overwrites, cuts or stretches it in one to eight places.
    pub fn damage(&mut self, sample: &[u8]) -> Vec<u8> {
        let mut bytes = sample.to_vec();
        for _ in 0..=self.below(8) {
            let len = bytes.len() as u64;
            match self.below(6) {
                0 | 1 if len > 0 => {
                    let at = self.below(len) as usize;
                    bytes[at] ^= 1 << self.below(8);
                }
                2 if len > 0 => {
                    let at = self.below(len) as usize;
                    let value = [0x00, 0xFF, 0x7F, 0x80][self.below(4) as usize];
                    let end = (at + 1 + self.below(8) as usize).min(bytes.len());
                    bytes[at..end].fill(value);
                }
                3 => bytes.truncate(self.below(len + 1) as usize),
                4 => {
                    let more = self.below(64) as usize;
                    bytes.extend(std::iter::repeat_n(0u8, more));
                }
                _ if len > 0 => {
                    let at = self.below(len) as usize;
                    bytes[at] = self.next() as u8;
                }
                _ => {}
            }
        }
        bytes
    }
}

/// Reads bytes written as hexadecimal digits.
pub fn hex(text: &str) -> Vec<u8> {
    let pair = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    text.as_bytes().chunks(2).map(pair).collect()
}
