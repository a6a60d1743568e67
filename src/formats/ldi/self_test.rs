//! The two G3 files that exist to try keys on (modem-nvram.md 2.8): `NV0S_000`, whose halves are each other's complement,
//! and `NV01_000`, whose text is the NVRAM lock. Says what a key opens; does not choose one.

use super::{Content, HEADER, Header, decipher, open, unseal};

/// Plain length of a record of `NV0S_000`.
const RECORD: usize = 32;
/// Stored length: the item itself is not confidential.
const STRIDE: usize = RECORD + 8;
/// Patterns of the lock, off and on.
const LOCK: [&[u8; 16]; 2] = [b"__NVRAM_LOCK_NO_", b"_NVRAM_LOCK_YES_"];

/// What `NV0S_000` says about a chip cipher.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChipCipher {
    /// Record 1 is plain: the build has none (inferred in the reference).
    Absent,
    /// Record 1 is under a cipher of the chip.
    Present,
}

/// What `NV0S_000` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SelfTest {
    /// Whether the build binds records to its chip.
    pub chip: ChipCipher,
    /// Whether the key opens record 2.
    pub key_fits: bool,
}

/// Tries a software key on `NV0S_000`; `None` when the file is not whole.
#[must_use]
pub fn self_test(file: &[u8], key: &[u8; 16]) -> Option<SelfTest> {
    Header::parse(file).ok()?;
    let body = file.get(HEADER..).filter(|body| body.len() == 2 * STRIDE)?;
    let (first, second) = (unseal(&body[..STRIDE], RECORD)?, unseal(&body[STRIDE..], RECORD)?);
    let chip = if is_complement(first) { ChipCipher::Absent } else { ChipCipher::Present };
    Some(SelfTest { chip, key_fits: is_complement(&decipher(second, key)) })
}

/// Returns whether the NVRAM lock of `NV01_000` is on; `None` when the key does not open it or it is not whole.
#[must_use]
pub fn lock_state(file: &[u8], key: &[u8; 16]) -> Option<bool> {
    let Content::Records(records) = open(file, Some(key)).ok()?.content else { return None };
    let record = records.first()?;
    LOCK.iter().position(|pattern| record == *pattern).map(|index| index == 1)
}

fn is_complement(record: &[u8]) -> bool {
    let (first, second) = record.split_at(record.len() / 2);
    first.iter().zip(second).all(|(a, b)| *a == !*b)
}
