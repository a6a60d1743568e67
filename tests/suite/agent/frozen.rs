//! The golden streams of preloader-and-legacy-da.md 9.7 and the ladder of section 7, byte for byte, both dialects. If one of
//! these fails, do not change the test: the phone's end does not change either.

use nvkeep::protocol::legacy::{byte_sum, xor16};
use nvkeep::protocol::{Card, Dialect, Engine};

use super::script::{Step, engine, finished, ladder, old_ladder, raw, step};

const CID: [u8; 16] =
    [0x90, 0x01, 0x4A, 0x48, 0x38, 0x47, 0x31, 0x65, 0x05, 0x07, 0x12, 0x34, 0x56, 0x78, 0xAB, 0x00];

fn card() -> Card {
    Card {
        cid: Some(CID),
        nand: None,
        ext_csd: None,
        sectors: 3_778_560 * 2,
        boot_bytes: 2 << 20,
        rpmb_bytes: 2 << 20,
        revision: None,
        general_purpose: false,
    }
}

fn block(seed: u8, len: usize) -> Vec<u8> {
    (0..len).map(|at| (at as u8).wrapping_mul(3).wrapping_add(seed)).collect()
}

fn summed(bytes: &[u8]) -> Vec<u8> {
    let sum = bytes.iter().map(|byte| u32::from(*byte)).sum::<u32>() as u16;
    [bytes, &sum.to_be_bytes()].concat()
}

#[test]
fn checksums_are_those_of_the_reference() {
    let all: Vec<u8> = (0..=255).collect();
    assert_eq!(byte_sum(&all), 0x7F80);
    assert_eq!(xor16(&[0x34, 0x12, 0x78, 0x56]), 0x444C);
    assert_eq!(xor16(&[0x01]), 0x0001);
}

#[test]
fn a_d19_agent_is_opened_as_the_ladder_says() {
    let steps = ladder(0);
    let count = steps.len();
    let (engine, ledger) = engine(steps, Vec::new());
    assert_eq!((engine.name(), engine.dialect(), engine.ram_bytes()), ("legacy", Dialect::D19, 512 << 20));
    assert_eq!((engine.card(), engine.card().prefix()), (&card(), 6 << 20));
    assert_eq!(engine.random_id(), None);
    assert!(engine.capabilities().write);
    finished(&ledger, count);
}

#[test]
fn a_d13_agent_is_opened_as_its_variant_says() {
    let steps = old_ladder();
    let count = steps.len();
    let (engine, ledger) = engine(steps, Vec::new());
    assert_eq!((engine.dialect(), engine.card()), (Dialect::D13, &card()));
    finished(&ledger, count);
}

#[test]
fn four_nand_ids_are_as_good_as_seven() {
    let mut steps = ladder(0);
    for step in &mut steps {
        // The opening: C0, NAND result, count 7, seven ids.
        if let Some(at) = step.phone.windows(6).position(|six| six == [0, 0, 0x0B, 0xC4, 0, 7]) {
            step.phone[at + 5] = 4;
            step.phone.drain(at + 6..at + 12);
        }
        // The report: size 0, count 7, seven ids.
        if let Some(at) =
            step.phone.windows(13).position(|part| part[..4] == [0, 0, 0x0B, 0xC8] && part[12] == 7)
        {
            step.phone[at + 12] = 4;
            step.phone.drain(at + 13..at + 19);
        }
    }
    let (engine, _) = engine(steps, Vec::new());
    assert_eq!(engine.card(), &card());
}

/// Section 9.7: 0x600 bytes with packet 0x400; host system 0B, which section 6.11 allows as well and which is faster.
#[test]
fn a_d19_read_is_that_of_the_reference() {
    let (first, second) = (block(1, 0x400), block(2, 0x200));
    let more = vec![
        step("D6 0B 02 0000000000400000 0000000000000600", "5A"),
        raw(&[0, 0, 4, 0], &summed(&first)),
        raw(&[0x5A], &summed(&second)),
        raw(&[0x5A], &[]),
    ];
    let (steps, count) = (ladder(0), ladder(0).len() + 4);
    let (mut engine, ledger) = engine(steps, more);
    let mut into = vec![0; 0x600];
    engine.read(0x2000, &mut into).unwrap();
    assert_eq!(into, [first, second].concat());
    finished(&ledger, count);
}

#[test]
fn a_d13_read_names_no_host_system() {
    let content = block(9, 0x200);
    let more = vec![
        step("D6 02 0000000000000200 0000000000000200", "5A"),
        raw(&[0, 0, 4, 0], &summed(&content)),
        raw(&[0x5A], &[]),
    ];
    let count = old_ladder().len() + 3;
    let (mut engine, ledger) = engine(old_ladder(), more);
    let mut into = vec![0; 0x200];
    engine.read(1, &mut into).unwrap();
    assert_eq!(into, content);
    finished(&ledger, count);
}

fn written(lba: u64, content: &[u8]) -> Vec<Step> {
    let (address, len) = (lba * 512, content.len() as u64);
    let mut header = vec![0x62, 0x01, 0x08];
    header.extend(address.to_be_bytes());
    header.extend(len.to_be_bytes());
    header.extend((len as u32).to_be_bytes());
    let sum = &summed(content)[content.len()..];
    vec![raw(&header, &[0x5A]), raw(&[0x5A], &[]), raw(content, &[]), raw(sum, &[0x69])]
}

#[test]
fn a_block_is_written_as_the_ladder_says_in_both_dialects() {
    for ladder in [ladder(0), old_ladder()] {
        let content = block(77, 512);
        let count = ladder.len() + 4;
        let (mut engine, ledger) = engine(ladder, written(0x2000, &content));
        engine.write(0x2000, content.first_chunk().unwrap()).unwrap();
        finished(&ledger, count);
    }
}

#[test]
fn the_phone_is_left_with_the_watchdogs_order() {
    for ladder in [ladder(0), old_ladder()] {
        let count = ladder.len() + 2;
        let (mut engine, ledger) = engine(ladder, vec![step("72", "5A 01"), step("DB 0000 00000000", "5A")]);
        engine.is_there().unwrap();
        engine.leave().unwrap();
        assert_eq!(engine.read(0, &mut [0; 512]).unwrap_err().code(), "session-over");
        finished(&ledger, count);
    }
}

#[test]
fn the_partition_table_is_read_in_either_stride() {
    let entry = |name: &str, words: &[u64]| {
        let mut bytes = name.as_bytes().to_vec();
        bytes.resize(64, 0);
        words.iter().for_each(|word| bytes.extend(word.to_le_bytes()));
        bytes
    };
    let new = [
        entry("MBR", &[0x8_0000, 0xFF, 0x60_0000, 0]),
        entry("NVRAM", &[0x50_0000, 0xFF, 0xA0_0000, 2]),
        entry("", &[0; 4]),
    ]
    .concat();
    let old = [entry("MBR", &[0x8_0000, 0x60_0000, 0]), entry("NVRAM", &[0x50_0000, 0xA0_0000, 2])].concat();
    for (ladder, table) in [(ladder(0), new), (old_ladder(), old)] {
        let mut told = vec![0x5A];
        told.extend((table.len() as u32).to_be_bytes());
        let more = vec![raw(&[0xA5], &told), raw(&[0x5A], &table), raw(&[0x5A], &[])];
        let count = ladder.len() + 3;
        let (mut engine, ledger) = engine(ladder, more);
        let ranges = engine.partitions().unwrap().unwrap();
        let found: Vec<(&str, u64, u64)> =
            ranges.iter().map(|range| (range.name.as_str(), range.start, range.len)).collect();
        assert_eq!(found, [("MBR", 0x60_0000, 0x8_0000), ("NVRAM", 0xA0_0000, 0x50_0000)]);
        finished(&ledger, count);
    }
    let (mut engine, _) = engine(ladder(0), vec![step("A5", "A5 0000040D"), step("DB 0000 00000000", "5A")]);
    assert_eq!(engine.partitions().unwrap(), None);
    engine.leave().unwrap();
}
