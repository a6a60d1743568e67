//! Words out of a structure already in memory. The caller has checked the length.

/// Little-endian 16 bits at `at`.
pub(super) fn le16(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

/// Little-endian 32 bits at `at`.
pub(super) fn le32(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}

/// Two little-endian words far apart that make one number, as ext4 grew from 32 to 64 bits.
pub(super) fn le64_split(bytes: &[u8], low: usize, high: usize) -> u64 {
    u64::from(le32(bytes, high)) << 32 | u64::from(le32(bytes, low))
}

/// Big-endian 16 bits at `at` (the journal).
pub(super) fn be16(bytes: &[u8], at: usize) -> u16 {
    u16::from_be_bytes([bytes[at], bytes[at + 1]])
}

/// Big-endian 32 bits at `at` (the journal).
pub(super) fn be32(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
}
