//! GPT against tables built here: sums, copies, bounds (ap-nvram.md 5.6).

use nvkeep::formats::gpt::{self, Gpt, GptError, GptKind};
use nvkeep::formats::partition::AddressSpace;
use proptest::prelude::*;

use crate::support::Random;

/// CRC-32 of IEEE 802.3, bit by bit, so that the suite does not believe the program's library.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |sum, byte| {
        (0..8).fold(
            sum ^ u32::from(*byte),
            |sum, _| if sum & 1 == 1 { sum >> 1 ^ 0xEDB8_8320 } else { sum >> 1 },
        )
    })
}

/// A disk with a GPT; partitions by name, first and last sector.
pub struct Disk {
    pub sector: usize,
    pub sectors: usize,
    pub partitions: Vec<(&'static str, u64, u64)>,
}

impl Disk {
    fn entries(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (name, first, last) in &self.partitions {
            let mut entry = vec![0xA2; 32];
            entry.extend(first.to_le_bytes());
            entry.extend(last.to_le_bytes());
            entry.extend([0; 8]);
            entry.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
            entry.resize(128, 0);
            bytes.extend(entry);
        }
        bytes.resize(128 * 128, 0);
        bytes
    }

    fn header(&self, own: u64, other: u64, entries_at: u64) -> Vec<u8> {
        let mut bytes = b"EFI PART".to_vec();
        for word in [0x1_0000_u32, 92, 0, 0] {
            bytes.extend(word.to_le_bytes());
        }
        for word in [own, other, 34, self.sectors as u64 - 34] {
            bytes.extend(word.to_le_bytes());
        }
        bytes.extend([7; 16]);
        bytes.extend(entries_at.to_le_bytes());
        for word in [128, 128, crc(&self.entries())] {
            bytes.extend(word.to_le_bytes());
        }
        let sum = crc(&bytes);
        bytes[16..20].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    /// Both copies and the protective boot record: first byte and bytes.
    pub fn pieces(&self) -> Vec<(u64, Vec<u8>)> {
        let entry_sectors = (128 * 128 / self.sector) as u64;
        let last = self.sectors as u64 - 1;
        let mut record = vec![0; 512];
        record[0x1C2] = 0xEE;
        record[510..].copy_from_slice(&[0x55, 0xAA]);
        let at = |sector: u64| sector * self.sector as u64;
        vec![
            (0, record),
            (at(1), self.header(1, last, 2)),
            (at(2), self.entries()),
            (at(last - entry_sectors), self.entries()),
            (at(last), self.header(last, 1, last - entry_sectors)),
        ]
    }

    fn image(&self) -> Vec<u8> {
        let mut image = vec![0; self.sector * self.sectors];
        for (at, bytes) in self.pieces() {
            image[at as usize..at as usize + bytes.len()].copy_from_slice(&bytes);
        }
        image
    }
}

fn disk() -> Disk {
    Disk {
        sector: 512,
        sectors: 512,
        partitions: vec![("proinfo", 0x40, 0x5F), ("nvram", 0x60, 0x9F), ("nvdata", 0xA0, 0xBF)],
    }
}

#[test]
fn crc_of_the_suite_is_the_standard_one() {
    assert_eq!(crc(b"123456789"), 0xCBF4_3926);
}

#[test]
fn lists_names_and_bytes() {
    let mut image = disk().image();
    let table = gpt::read(&mut image).unwrap();
    assert_eq!((table.kind, table.sector, table.disk), (GptKind::Primary, 512, [7; 16]));
    assert_eq!((table.table.space, table.table.entries.len()), (AddressSpace::User, 3));
    let nvram = table.table.find(&["NVRAM"]).unwrap();
    assert_eq!((nvram.name.as_str(), nvram.start, nvram.size), ("nvram", 0xC000, 0x8000));
    assert!(table.table.check(Some(image.len() as u64)).is_ok());
    let backup = Gpt::read(&mut image, 512, GptKind::Backup).unwrap();
    assert_eq!(backup.table, table.table);
}

#[test]
fn reads_the_sectors_of_ufs() {
    let mut image = Disk { sector: 4096, sectors: 64, ..disk() }.image();
    let table = gpt::read(&mut image).unwrap();
    assert_eq!((table.sector, table.table.entries[0].start), (4096, 0x40 * 4096));
}

#[test]
fn one_whole_copy_is_enough() {
    let whole = disk().image();
    for (at, kind) in
        [(512 + 40, GptKind::Backup), (1024 + 60, GptKind::Backup), (511 * 512 + 40, GptKind::Primary)]
    {
        let mut image = whole.clone();
        image[at] ^= 1;
        let table = gpt::read(&mut image).unwrap();
        assert_eq!((table.kind, table.table.entries.len()), (kind, 3));
    }
}

#[test]
fn two_whole_copies_that_differ_are_refused() {
    let mut image = disk().image();
    let other = Disk { partitions: vec![("proinfo", 0x40, 0x5F), ("nvram", 0x61, 0x9F)], ..disk() }.image();
    image[1024..512 * 34].copy_from_slice(&other[1024..512 * 34]);
    image[512..1024].copy_from_slice(&other[512..1024]);
    assert_eq!(gpt::read(&mut image), Err(GptError::Differ { index: 1 }));
}

#[test]
fn says_what_is_wrong_when_both_copies_are() {
    let broken = |at: usize, byte: u8| {
        let mut image = disk().image();
        image[511 * 512..].fill(0);
        assert_ne!(image[at], byte);
        image[at] = byte;
        gpt::read(&mut image)
    };
    assert!(matches!(broken(512 + 60, 1), Err(GptError::HeaderSum { at: 512, .. })));
    assert!(matches!(broken(1024, 1), Err(GptError::EntriesSum { at: 512, .. })));
    assert!(matches!(broken(512, b'X'), Err(GptError::Signature { at: 512 })));
    assert!(gpt::read(&mut vec![0; 4096]).is_err());
    assert!(gpt::read(&mut Vec::new()).is_err());
}

#[test]
fn bounds_are_checked_though_the_sums_hold() {
    // Offsets in the header: length 12, own sector 24, entries' sector 72, count 80, entry length 84.
    for (at, value, field) in [
        (12, 4096u32, "header length"),
        (12, 8, "header length"),
        (24, 2, "own sector"),
        (72, 0xFFFF_FFFF, "sector of the entries"),
        (80, 0, "number of entries"),
        (80, 0x4000_0000, "number of entries"),
        (84, 64, "entry length"),
        (84, 0x4000_0000, "entry length"),
    ] {
        let mut image = disk().image();
        image[511 * 512..].fill(0);
        let header = &mut image[512..1024];
        header[at..at + 4].copy_from_slice(&value.to_le_bytes());
        header[16..20].fill(0);
        let len = if at == 12 && value == 8 { 8 } else { 92 };
        let sum = crc(&header[..len]);
        header[16..20].copy_from_slice(&sum.to_le_bytes());
        match gpt::read(&mut image) {
            Err(GptError::Bounds { field: found, .. }) => assert_eq!(found, field),
            other => panic!("{field} {value:#x}: {other:?}"),
        }
    }
}

#[test]
fn entries_without_sectors_or_names_are_refused() {
    for partitions in [
        vec![("nvram", 0x60, 0x5E)],
        vec![("", 0x60, 0x61)],
        vec![("a\u{1}b", 0x60, 0x61)],
        vec![("nvram", 0, u64::MAX)],
    ] {
        let mut image = Disk { partitions, ..disk() }.image();
        assert!(matches!(gpt::read(&mut image), Err(GptError::Entry { index: 0, .. })));
    }
}

#[test]
fn survives_damage() {
    let mut random = Random::new(17);
    let sample = disk().image();
    for round in 0..400 {
        let mut image = random.damage(&sample);
        // Damage that the sums would catch at once never reaches the fields: mend the header's sum every other time.
        if round % 2 == 0 && image.len() > 1024 {
            let at = 512 + random.below(92) as usize;
            image[at] = random.next() as u8;
            image[528..532].fill(0);
            let sum = crc(&image[512..604]);
            image[528..532].copy_from_slice(&sum.to_le_bytes());
        }
        let _ = gpt::read(&mut image);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn a_table_reads_as_it_was_written(first in 34u64..200, len in 1u64..100) {
        let mut image = Disk { partitions: vec![("nvram", first, first + len - 1)], ..disk() }.image();
        let table = gpt::read(&mut image).unwrap();
        prop_assert_eq!(table.table.entries[0].start, first * 512);
        prop_assert_eq!(table.table.entries[0].size, len * 512);
    }
}
