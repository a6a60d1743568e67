//! SHA-256 in the only spelling the vault knows: 64 lower-case hex digits.

use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use super::error::VaultError;

/// Returns the SHA-256 of `bytes`.
#[must_use]
pub fn sha256_hex(bytes: &[u8]) -> String {
    spell(&Sha256::digest(bytes))
}

/// Returns the SHA-256 of a whole file, read in pieces.
///
/// # Errors
/// [`VaultError::Io`] where the file cannot be read.
pub fn sha256_of_file(path: &Path) -> Result<String, VaultError> {
    let failed = |source| VaultError::io(path, source);
    let mut file = File::open(path).map_err(failed)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; 64 * 1024];
    loop {
        let got = file.read(&mut piece).map_err(failed)?;
        if got == 0 {
            return Ok(spell(&hash.finalize()));
        }
        hash.update(&piece[..got]);
    }
}

/// A writer that remembers the length and the digest of what went through it.
pub(super) struct Digesting<W> {
    below: W,
    hash: Sha256,
    len: u64,
}

impl<W: Write> Digesting<W> {
    pub(super) fn new(below: W) -> Self {
        Self { below, hash: Sha256::new(), len: 0 }
    }

    /// Returns length and digest, and closes what is below.
    pub(super) fn finish(self) -> (u64, String) {
        (self.len, spell(&self.hash.finalize()))
    }
}

impl<W: Write> Write for Digesting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let taken = self.below.write(bytes)?;
        self.hash.update(&bytes[..taken]);
        self.len += taken as u64;
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.below.flush()
    }
}

fn spell(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
