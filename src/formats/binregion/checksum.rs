//! The checksum over a BinRegion's data (ap-nvram.md 1.5): XOR and ADD by turns, the odd bytes added, then the length.

/// Returns the checksum of the data.
#[must_use]
pub fn data_checksum(data: &[u8]) -> u32 {
    let words = data.chunks_exact(4);
    let mut last = [0u8; 4];
    let rest = words.remainder();
    last[..rest.len()].copy_from_slice(rest);
    let mut sum = 0u32;
    for (index, four) in words.enumerate() {
        let word = four.first_chunk().map_or(0, |four| u32::from_le_bytes(*four));
        sum = if index % 2 == 0 { sum ^ word } else { sum.wrapping_add(word) };
    }
    // Added whatever its parity; without remainder it is zero. The length counts modulo 2^32.
    sum = sum.wrapping_add(u32::from_le_bytes(last));
    sum ^ u32::try_from(data.len() & 0xFFFF_FFFF).unwrap_or(0)
}
