//! A GUID partition table: protective MBR, header and entries at the start, their backup at the end (ap-nvram.md 5.6).

use crc32fast::hash;

use crate::simulator::scenario::Partition;

const SECTOR: usize = 512;
/// Entries, and bytes of one.
const ENTRIES: usize = 128;
const ENTRY: usize = 128;
/// Sectors of all entries.
const TABLE: u64 = 32;
/// Basic data, mixed-endian as it is stored.
const KIND: [u8; 16] =
    [0xA2, 0xA0, 0xD0, 0xEB, 0xE5, 0xB9, 0x33, 0x44, 0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7];

/// Returns the pieces of the table of a disk of `sectors`: first byte and content.
#[must_use]
pub fn pieces(sectors: u64, layout: &[Partition]) -> Vec<(u64, Vec<u8>)> {
    let mut entries = vec![0; ENTRIES * ENTRY];
    for (number, (entry, partition)) in (1_u8..).zip(entries.chunks_exact_mut(ENTRY).zip(layout)) {
        entry[..16].copy_from_slice(&KIND);
        entry[16..32].fill(number);
        let (first, last) = (partition.linear / 512, (partition.linear + partition.size) / 512 - 1);
        entry[32..40].copy_from_slice(&first.to_le_bytes());
        entry[40..48].copy_from_slice(&last.to_le_bytes());
        for (at, unit) in partition.name.encode_utf16().take(35).enumerate() {
            entry[56 + 2 * at..58 + 2 * at].copy_from_slice(&unit.to_le_bytes());
        }
    }
    let last = sectors - 1;
    let mut mbr = vec![0; SECTOR];
    mbr[0x1BE..0x1CE]
        .copy_from_slice(&[0, 0, 2, 0, 0xEE, 0xFF, 0xFF, 0xFF, 1, 0, 0, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
    mbr[510..].copy_from_slice(&[0x55, 0xAA]);
    vec![
        (0, mbr),
        (512, header(&entries, (1, last), 2, sectors)),
        (1024, entries.clone()),
        ((last - TABLE) * 512, entries.clone()),
        (last * 512, header(&entries, (last, 1), last - TABLE, sectors)),
    ]
}

fn header(entries: &[u8], (own, other): (u64, u64), table: u64, sectors: u64) -> Vec<u8> {
    let mut head = b"EFI PART".to_vec();
    head.extend(0x0001_0000_u32.to_le_bytes());
    head.extend(92_u32.to_le_bytes());
    head.extend([0; 8]);
    for number in [own, other, 2 + TABLE, sectors - 2 - TABLE] {
        head.extend(number.to_le_bytes());
    }
    head.extend([0x4E; 16]);
    head.extend(table.to_le_bytes());
    head.extend(128_u32.to_le_bytes());
    head.extend(128_u32.to_le_bytes());
    head.extend(hash(entries).to_le_bytes());
    let sum = hash(&head);
    head[16..20].copy_from_slice(&sum.to_le_bytes());
    head.resize(SECTOR, 0);
    head
}
