//! Partition tables of an MT6572: PMT and its mirror, MBR, EBR1 (msdc-direct.md 10, ap-nvram.md 5).

use crate::simulator::scenario::Partition;

/// Bytes of a PMT.
pub const PMT_LEN: usize = 4096;
/// Distance of the PMT from the end of the user area, bytes; its mirror follows at once.
pub const PMT_FROM_END: u64 = 1 << 20;
/// Signature of the main copy.
pub const PMT_MAIN: u32 = 0x5054_7631;
/// Signature of the mirror.
pub const PMT_MIRROR: u32 = 0x4D50_5431;
/// Bytes of an entry.
const ENTRY: usize = 88;

/// Returns one copy of the PMT.
#[must_use]
pub fn pmt(signature: u32, layout: &[Partition]) -> Vec<u8> {
    let mut bytes = vec![0; PMT_LEN];
    bytes[..4].copy_from_slice(&signature.to_le_bytes());
    bytes[4..8].copy_from_slice(b"1.0\0");
    for (entry, partition) in bytes[8..PMT_LEN - 4].chunks_exact_mut(ENTRY).zip(layout) {
        let name = partition.name.as_bytes();
        let len = name.len().min(63);
        entry[..len].copy_from_slice(&name[..len]);
        entry[64..72].copy_from_slice(&partition.size.to_le_bytes());
        entry[72..80].copy_from_slice(&partition.linear.to_le_bytes());
    }
    bytes[PMT_LEN - 4..].copy_from_slice(&signature.to_le_bytes());
    bytes
}

/// Returns the MBR of the sample's layout.
#[must_use]
pub fn mbr() -> Vec<u8> {
    table(&[
        (0x05, 0x400, 0xFFFF_FFFF),
        (0x83, 0x4800, 0x5000),
        (0x83, 0x9800, 0x5000),
        (0x83, 0x1_BA00, 0x1D_B000),
    ])
}

/// Returns EBR1 of the sample's layout.
#[must_use]
pub fn ebr1() -> Vec<u8> {
    table(&[(0x83, 0x1F_6600, 0x7_1000), (0x83, 0x26_7600, 0xFFD9_89FF)])
}

fn table(slots: &[(u8, u32, u32)]) -> Vec<u8> {
    let mut sector = vec![0; 512];
    for (at, (kind, start, sectors)) in slots.iter().enumerate() {
        let slot = &mut sector[446 + 16 * at..446 + 16 * (at + 1)];
        slot[4] = *kind;
        slot[8..12].copy_from_slice(&start.to_le_bytes());
        slot[12..16].copy_from_slice(&sectors.to_le_bytes());
    }
    sector[510..].copy_from_slice(&[0x55, 0xAA]);
    sector
}
