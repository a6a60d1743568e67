//! Boot records: the raw bytes, or sixteen slots' worth of records with right signatures.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::mbr::{find_mbr, read_chain};
use nvkeep_fuzz::source::Headed;

/// Sectors of the source.
const LEN: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let mut image = bytes[..bytes.len().min(0x4000)].to_vec();
    if flag & 1 == 1 {
        image = bytes.chunks(64).take(32).flat_map(record).collect();
    }
    let mut source = Headed { head: &image, len: LEN };
    let base = u64::from(flag >> 1) * 512;
    let found = find_mbr(&mut source, LEN);
    for base in [base, found.ok().flatten().unwrap_or(0), u64::MAX - 511] {
        if let Ok(chain) = read_chain(&mut source, base) {
            assert!(chain.records.iter().all(|record| base + record + 512 <= LEN));
            let numbers: Vec<u32> = chain.partitions.iter().map(|partition| partition.number).collect();
            assert!(numbers.is_sorted_by(|a, b| a < b));
        }
    }
});

fn record(slots: &[u8]) -> [u8; 512] {
    let mut sector = [0; 512];
    sector[0x1BE..0x1BE + slots.len()].copy_from_slice(slots);
    sector[510..].copy_from_slice(&[0x55, 0xAA]);
    sector
}
