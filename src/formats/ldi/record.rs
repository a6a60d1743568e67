//! One record of an `LDI` file (modem-nvram.md 2.9): plain bytes, a folded MD5, zeros up to whole AES blocks. Knows
//! neither files nor which key is right.

use aes::Aes128;
use aes::cipher::{Array, BlockCipherDecrypt, BlockCipherEncrypt, KeyInit};
use md5::{Digest, Md5};

/// Length of the sum.
pub const SUM: usize = 8;
/// Length of an AES block.
pub(super) const BLOCK: usize = 16;

/// Returns the sum of a plain record: the halves of its MD5 over each other; EF CD and zeros when all bytes are zero.
#[must_use]
pub fn folded_md5(plain: &[u8]) -> [u8; SUM] {
    if plain.iter().all(|byte| *byte == 0) {
        return [0xEF, 0xCD, 0, 0, 0, 0, 0, 0];
    }
    let digest = Md5::digest(plain);
    let mut sum = [0; SUM];
    for (index, byte) in sum.iter_mut().enumerate() {
        *byte = digest[index] ^ digest[index + SUM];
    }
    sum
}

/// Deciphers whole blocks; a rest shorter than a block stays as it is.
#[must_use]
pub fn decipher(stored: &[u8], key: &[u8; BLOCK]) -> Vec<u8> {
    let mut bytes = stored.to_vec();
    let (blocks, _) = Array::slice_as_chunks_mut(&mut bytes);
    Aes128::new(&Array::from(*key)).decrypt_blocks(blocks);
    bytes
}

/// Returns the plain record when its sum holds.
#[must_use]
pub fn unseal(section: &[u8], size: usize) -> Option<&[u8]> {
    let (plain, rest) = section.split_at_checked(size)?;
    (rest.get(..SUM)? == folded_md5(plain)).then_some(plain)
}

/// Returns a record as the file stores it, `stride` bytes long; enciphered when there is a key.
pub(super) fn seal(plain: &[u8], stride: usize, key: Option<&[u8; BLOCK]>) -> Vec<u8> {
    let mut section = plain.to_vec();
    section.extend(folded_md5(plain));
    section.resize(stride.max(section.len()), 0);
    if let Some(key) = key {
        let (blocks, _) = Array::slice_as_chunks_mut(&mut section);
        Aes128::new(&Array::from(*key)).encrypt_blocks(blocks);
    }
    section
}
