//! Keeps a superblock's change within one sector, which a card writes whole or not at all. With metadata checksums the
//! counts lie in the first sector and their checksum in the second: a cut between the two would leave a volume that neither
//! the kernel nor e2fsck opens where no spare superblock exists. Offsets are those of the ext4 superblock.

use fs_ext4::checksum::linux_crc32c;

/// Where the checksum of all before it lies.
const CHECKSUM: usize = 0x3FC;
const READ_ONLY: usize = 0x64;
const METADATA_CSUM: u32 = 0x400;
/// How many errors were recorded; the fields behind are read only where this is not 0.
const ERROR_COUNT: usize = 0x194;
/// Low word of the block of the last error: says nothing while there was none.
const SPARE: usize = 0x1D8;

/// Chooses the spare word of `new` so that `new` has the checksum of `old`, when nothing else differs in the second sector.
/// Otherwise leaves it: it is right as it is, and takes two writes.
pub(super) fn keep_checksum(old: &[u8; 1024], new: &mut [u8; 1024]) {
    let same_behind = old[512..CHECKSUM] == new[512..CHECKSUM];
    let checked = le32(new, READ_ONLY) & METADATA_CSUM != 0;
    if !checked || !same_behind || le32(new, ERROR_COUNT) != 0 || old[CHECKSUM..] == new[CHECKSUM..] {
        return;
    }
    let mut with = |word: u32| {
        new[SPARE..SPARE + 4].copy_from_slice(&word.to_le_bytes());
        linux_crc32c(!0, &new[..CHECKSUM])
    };
    // A CRC is linear: each bit of the word flips the same bits of the sum, whatever the others are.
    let base = with(0);
    let effect = std::array::from_fn(|bit| with(1 << bit) ^ base);
    let wanted = le32(old, CHECKSUM);
    with(combination(effect, wanted ^ base).unwrap_or(0));
    let sum = linux_crc32c(!0, &new[..CHECKSUM]);
    new[CHECKSUM..].copy_from_slice(&sum.to_le_bytes());
}

/// Returns the bits whose effects together make `wanted`.
fn combination(effect: [u32; 32], wanted: u32) -> Option<u32> {
    // By leading bit: an effect, and the bits that make it.
    let mut basis = [None::<(u32, u32)>; 32];
    for (bit, sum) in effect.into_iter().enumerate() {
        let (rest, bits) = reduce(&basis, sum, 1 << bit);
        if let Some(lead) = rest.checked_ilog2() {
            basis[lead as usize] = Some((rest, bits));
        }
    }
    let (rest, bits) = reduce(&basis, wanted, 0);
    (rest == 0).then_some(bits)
}

/// Takes known effects away from `sum` while one has its leading bit; returns what is left, and the bits used.
fn reduce(basis: &[Option<(u32, u32)>; 32], mut sum: u32, mut bits: u32) -> (u32, u32) {
    while let Some((effect, made_of)) = sum.checked_ilog2().and_then(|lead| basis[lead as usize]) {
        sum ^= effect;
        bits ^= made_of;
    }
    (sum, bits)
}

fn le32(raw: &[u8; 1024], at: usize) -> u32 {
    u32::from_le_bytes([raw[at], raw[at + 1], raw[at + 2], raw[at + 3]])
}
