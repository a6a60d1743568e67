//! SHA-256 in the only spelling the vault knows: 64 lower-case hex digits.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Read;
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

fn spell(digest: &[u8]) -> String {
    digest.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}"); // writing to a String cannot fail
        text
    })
}
