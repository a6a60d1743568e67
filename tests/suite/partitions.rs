//! Partition tables: vectors of the reference, the real MT6572, and damage.

use nvkeep::formats::mbr::{self, MbrError, MbrPartition};
use nvkeep::formats::partition::{
    AddressSpace, PartitionEntry, PartitionError, PartitionTable, logical_to_user, user_offset,
};
use nvkeep::formats::pmt::{self, PMT_LEN, PmtCopy, PmtError, PmtKind};
use nvkeep::formats::scatter::{Scatter, ScatterError, ScatterStorage};

use crate::support::{Random, real_data};

const PREFIX: u64 = 0x88_0000; // 4 MiB boot areas twice, 512 KiB RPMB

fn entry(name: &str, start: u64, size: u64) -> PartitionEntry {
    PartitionEntry { name: name.to_owned(), start, size }
}

fn table(entries: &[(&str, u64, u64)]) -> PartitionTable {
    let entries = entries.iter().map(|(name, start, size)| entry(name, *start, *size)).collect();
    PartitionTable { space: AddressSpace::Linear, entries, tail: Vec::new() }
}

const MOBIWIRE: [(&str, u64, u64); 5] = [
    ("PRELOADER", 0, 0x140_0000),
    ("MBR", 0x140_0000, 0x8_0000),
    ("NVRAM", 0x180_0000, 0x50_0000),
    ("BMTPOOL", 0xFFFF_00A8, 0x150_0000),
    ("USRDATA", 0x4CF4_0000 + 0x140_0000, 0),
];

fn pmt_bytes(signature: &[u8; 4], entries: &[(&str, u64, u64)]) -> Vec<u8> {
    let mut copy = vec![0u8; PMT_LEN];
    copy[..4].copy_from_slice(signature);
    copy[4..8].copy_from_slice(b"1.0\0");
    for (index, (name, start, size)) in entries.iter().enumerate() {
        let at = 8 + index * 88;
        copy[at..at + name.len()].copy_from_slice(name.as_bytes());
        copy[at + 64..at + 72].copy_from_slice(&size.to_le_bytes());
        copy[at + 72..at + 80].copy_from_slice(&start.to_le_bytes());
    }
    copy[0xFFC..].copy_from_slice(signature);
    copy
}

#[test]
fn the_worked_example_of_the_reference_comes_out() {
    assert_eq!(user_offset(0x180_0000, PREFIX).unwrap() / 512, 0x7C00);
    assert_eq!(user_offset(0x140_0000, PREFIX).unwrap() / 512, 0x5C00);
    assert_eq!(logical_to_user(0x40_0000, 0x140_0000, PREFIX).unwrap() / 512, 0x7C00);
}

#[test]
fn an_address_before_the_user_area_is_refused() {
    let wanted = PartitionError::BeforeUserArea { linear: 0x40_0000, prefix: PREFIX };
    assert_eq!(user_offset(0x40_0000, PREFIX), Err(wanted));
    assert!(logical_to_user(0, 0x60_0000, PREFIX).is_err());
    assert!(logical_to_user(u64::MAX, 0x140_0000, PREFIX).is_err());
}

#[test]
fn a_range_stays_inside_the_card() {
    let nvram = entry("NVRAM", 0x180_0000, 0x50_0000);
    assert_eq!(nvram.user_range(PREFIX, 0x200_0000).unwrap(), 0xF8_0000..0x148_0000);
    assert!(matches!(nvram.user_range(PREFIX, 0x147_FFFF), Err(PartitionError::OutOfBounds { .. })));
    let rest = entry("USRDATA", 0x180_0000, 0);
    assert_eq!(rest.user_range(PREFIX, 0x200_0000).unwrap(), 0xF8_0000..0x200_0000);
    assert!(matches!(rest.user_range(PREFIX, 0xF8_0000), Err(PartitionError::OutOfBounds { .. })));
    let huge = entry("X", u64::MAX, u64::MAX);
    assert!(matches!(huge.user_range(0, u64::MAX), Err(PartitionError::Overflow { .. })));
}

#[test]
fn names_match_without_case_marker_and_by_alias() {
    let table = table(&[("__NODL_NVRAM", 1, 1), ("__nodl_rsv_bmtpool", 2, 1), ("protect1", 3, 1)]);
    assert_eq!(table.find(&["nvram"]).unwrap().start, 1);
    assert_eq!(table.find(&["BMTPOOL"]).unwrap().start, 2);
    assert_eq!(table.find(&["PROTECT_F", "PROTECT1"]).unwrap().start, 3);
    assert_eq!(table.find(&["PRO_INFO"]), None);
}

#[test]
fn overlaps_and_ends_are_checked() {
    assert_eq!(table(&[("A", 0, 10), ("C", 20, 10), ("B", 10, 10)]).check(Some(30)), Ok(()));
    let overlap = PartitionError::Overlap { first: "A".into(), second: "B".into(), at: 9 };
    assert_eq!(table(&[("B", 9, 10), ("A", 0, 10)]).check(None), Err(overlap));
    let outside = PartitionError::OutOfBounds { name: "A".into(), end: 31, limit: 30 };
    assert_eq!(table(&[("A", 0, 31)]).check(Some(30)), Err(outside));
    assert!(table(&[("A", 31, 0)]).check(Some(30)).is_err());
    assert!(
        table(&[("A", 0, 0), ("B", 5, 1)]).check(None).is_err(),
        "nothing follows the rest of the device"
    );
}

#[test]
fn a_pmt_copy_is_read() {
    let copy = PmtCopy::parse(&pmt_bytes(b"1vTP", &MOBIWIRE)).unwrap();
    assert_eq!(copy.kind, PmtKind::Main);
    assert_eq!(copy.table.find(&["nvram"]), Some(&entry("NVRAM", 0x180_0000, 0x50_0000)));
    assert_eq!(copy.table.entries.len(), 4);
    assert_eq!(copy.table.tail[0].blocks_before_end, 0xA8);
    assert_eq!(PmtCopy::parse(&pmt_bytes(b"1TPM", &MOBIWIRE)).unwrap().kind, PmtKind::Mirror);
}

#[test]
fn size_zero_ends_the_pmt() {
    let copy = pmt_bytes(b"1vTP", &[("MBR", 0, 5), ("USRDATA", 5, 0), ("GHOST", 9, 9)]);
    assert_eq!(PmtCopy::parse(&copy).unwrap().table.entries, [entry("MBR", 0, 5), entry("USRDATA", 5, 0)]);
}

#[test]
fn a_full_pmt_of_forty_entries_is_read() {
    let names: Vec<String> = (0..40).map(|index| format!("P{index}")).collect();
    let entries: Vec<_> = names.iter().zip(0..).map(|(name, at)| (name.as_str(), at * 16, 16)).collect();
    assert_eq!(PmtCopy::parse(&pmt_bytes(b"1vTP", &entries)).unwrap().table.entries.len(), 40);
}

#[test]
fn a_pmt_that_is_not_whole_is_refused() {
    let good = pmt_bytes(b"1vTP", &MOBIWIRE);
    let change = |at: usize, to: u8| {
        let mut copy = good.clone();
        assert_ne!(copy[at], to);
        copy[at] = to;
        PmtCopy::parse(&copy)
    };
    assert_eq!(PmtCopy::parse(&good[..PMT_LEN - 1]), Err(PmtError::Short { len: PMT_LEN - 1 }));
    assert_eq!(PmtCopy::parse(&[0xFF; PMT_LEN]), Err(PmtError::Blank { byte: 0xFF }));
    assert!(matches!(change(0, b'3'), Err(PmtError::Signature { .. })));
    assert!(matches!(change(4, b'2'), Err(PmtError::Version { .. })));
    assert!(matches!(change(0xFFF, 0), Err(PmtError::Tail { .. })));
    assert_eq!(change(8 + 88, 0x07), Err(PmtError::Name { index: 1, at: 96 }));
    assert_eq!(PmtCopy::parse(&pmt_bytes(b"1vTP", &[])), Err(PmtError::Empty));
}

#[test]
fn copies_that_differ_are_named() {
    let main = table(&MOBIWIRE);
    assert_eq!(pmt::agree(&main, &main).unwrap(), main);
    let mut mirror = main.clone();
    mirror.entries[2].start += 512;
    let said = pmt::agree(&main, &mirror).unwrap_err().to_string();
    assert!(said.contains("entry 2") && said.contains("NVRAM"), "{said}");
    mirror.entries.truncate(2);
    let said = pmt::agree(&main, &mirror).unwrap_err().to_string();
    assert!(said.contains("entry 2"), "{said}");
}

fn record(slots: &[(usize, u8, u32, u32)]) -> Vec<u8> {
    let mut sector = vec![0u8; 512];
    for (slot, kind, start, sectors) in slots {
        let at = 0x1BE + slot * 16;
        sector[at + 4] = *kind;
        sector[at + 8..at + 12].copy_from_slice(&start.to_le_bytes());
        sector[at + 12..at + 16].copy_from_slice(&sectors.to_le_bytes());
    }
    sector[510..].copy_from_slice(&[0x55, 0xAA]);
    sector
}

/// The records of `ap-nvram` 5.4 in a user area whose MBR lies at `base`.
fn mt6572(base: usize) -> Vec<u8> {
    let mut image = vec![0u8; base + 0x8_0200];
    let mbr = [(0, 5, 0x400, u32::MAX), (1, 0x83, 0x4800, 0x5000), (2, 0x83, 0x9800, 0x5000)];
    image[base..base + 512].copy_from_slice(&record(&[&mbr[..], &[(3, 0x83, 0x1_BA00, 0x1D_B000)]].concat()));
    let ebr = record(&[(0, 0x83, 0x1F_6600, 0x7_1000), (1, 0x83, 0x26_7600, 0xFFD9_89FF)]);
    image[base + 0x8_0000..base + 0x8_0200].copy_from_slice(&ebr);
    image
}

fn mt6572_partitions() -> Vec<MbrPartition> {
    [
        (2, 0x90_0000, 0xA0_0000),
        (3, 0x130_0000, 0xA0_0000),
        (4, 0x374_0000, 0x3B60_0000),
        (5, 0x3ED4_0000, 0xE20_0000),
        (6, 0x4CF4_0000, 0),
    ]
    .map(|(number, start, size)| MbrPartition { number, kind: 0x83, start, size })
    .to_vec()
}

#[test]
fn the_mbr_chain_of_the_reference_is_found_and_read() {
    let mut image = mt6572(0xB8_0000);
    let found = mbr::find_mbr(&mut image, u64::MAX).unwrap();
    assert_eq!(found, Some(0xB8_0000));
    let chain = mbr::read_chain(&mut image, 0xB8_0000).unwrap();
    assert_eq!(chain.records, [0, 0x8_0000]);
    assert_eq!(chain.partitions, mt6572_partitions());
}

#[test]
fn no_mbr_is_found_behind_the_limit_or_with_another_pattern() {
    let mut image = mt6572(0xB8_0000);
    assert_eq!(mbr::find_mbr(&mut image, 0xB8_0000), Ok(None));
    image[0xB8_0000 + 0x1BE + 8] ^= 1;
    assert_eq!(mbr::find_mbr(&mut image, u64::MAX), Ok(None));
}

#[test]
fn a_second_link_counts_from_the_first_extended_record() {
    let mut image = vec![0u8; 0x4000];
    image[..512].copy_from_slice(&record(&[(0, 5, 4, u32::MAX)]));
    image[4 * 512..5 * 512].copy_from_slice(&record(&[(0, 0x83, 10, 2), (3, 5, 8, 8)]));
    image[12 * 512..13 * 512].copy_from_slice(&record(&[(0, 0x83, 10, 2)]));
    let chain = mbr::read_chain(&mut image, 0).unwrap();
    assert_eq!(chain.records, [0, 4 * 512, 12 * 512]);
    let starts: Vec<_> = chain.partitions.iter().map(|p| (p.number, p.start / 512)).collect();
    assert_eq!(starts, [(5, 14), (6, 22)]);
}

#[test]
fn a_chain_in_a_circle_is_refused() {
    let mut image = vec![0u8; 0x4000];
    image[..512].copy_from_slice(&record(&[(0, 5, 4, u32::MAX)]));
    image[4 * 512..5 * 512].copy_from_slice(&record(&[(3, 5, 8, 8)]));
    image[12 * 512..13 * 512].copy_from_slice(&record(&[(3, 5, 0, 8)]));
    assert_eq!(mbr::read_chain(&mut image, 0), Err(MbrError::Endless { at: 4 * 512 }));
}

#[test]
fn a_record_without_signature_or_outside_is_refused() {
    let mut image = mt6572(0);
    image[0x8_0000 + 511] = 0;
    let wanted = MbrError::Signature { at: 0x8_0000, found: [0x55, 0] };
    assert_eq!(mbr::read_chain(&mut image, 0), Err(wanted));
    image.truncate(0x1000);
    assert!(matches!(mbr::read_chain(&mut image, 0), Err(MbrError::Read { at: 0x8_0000, .. })));
}

const SCATTER: &str = "\
# a comment with [ { & in it
- general: MTK_PLATFORM_CFG
  info:
    - config_version: V1.1.1
      platform: MT6572
      project: textbook
      storage: EMMC
      boot_channel: MSDC_0
      block_size: 0x20000

- partition_index: SYS0
  partition_name: PRELOADER
  file_name: preloader.bin
  is_download: true
  type: SV5_BL_BIN
  linear_start_addr: 0x0
  physical_start_addr: 0x0
  partition_size: 0xc00000
  region: EMMC_BOOT_1
  operation_type: BOOTLOADERS

- partition_index: SYS1
  partition_name: __NODL_NVRAM
  file_name: NONE
  is_download: false
  type: NONE
  linear_start_addr: 0x1000000
  physical_start_addr: 0x123
  partition_size: 0x500000
  region: EMMC_USER
  operation_type: BINREGION

- partition_index: SYS2
  partition_name: BMTPOOL
  file_name: NONE
  is_download: false
  type: NONE
  linear_start_addr: 0xFFFF00a8
  physical_start_addr: 0xFFFF00a8
  partition_size: 0x1500000
  region: EMMC_USER
  operation_type: RESERVED
";

#[test]
fn a_scatter_file_is_read() {
    let scatter = Scatter::parse(SCATTER).unwrap();
    assert_eq!(scatter.facts.platform, "MT6572");
    assert_eq!(scatter.facts.project, "textbook");
    assert_eq!((scatter.facts.storage, scatter.facts.block_size), (ScatterStorage::Emmc, 0x2_0000));
    assert_eq!(scatter.table.find(&["nvram"]).unwrap(), &entry("__NODL_NVRAM", 0x100_0000, 0x50_0000));
    assert_eq!(u64::from(scatter.table.tail[0].blocks_before_end) * scatter.facts.block_size, 0x150_0000);
    assert_eq!(scatter.entries[1].operation, "BINREGION");
    assert_eq!(scatter.entries[0].file_name.as_deref(), Some("preloader.bin"));
    assert_eq!(scatter.entries[1].file_name, None);
}

#[test]
fn other_scatter_forms_are_refused_in_words() {
    assert_eq!(Scatter::parse("PRELOADER 0x0\n{\n}\n"), Err(ScatterError::Plain));
    let later = SCATTER.replace("V1.1.1", "V2.1.0");
    assert_eq!(Scatter::parse(&later), Err(ScatterError::Version { found: "V2.1.0".into() }));
    let ufs = SCATTER.replace("storage: EMMC", "storage: UFS");
    assert_eq!(Scatter::parse(&ufs), Err(ScatterError::Storage { found: "UFS".into() }));
    let missing = SCATTER.replace("  partition_size: 0x500000\n", "");
    let said = Scatter::parse(&missing).unwrap_err().to_string();
    assert!(said.contains("partition 1") && said.contains("partition_size"), "{said}");
    let negative = SCATTER.replace("0x500000", "-5");
    assert!(matches!(Scatter::parse(&negative), Err(ScatterError::Field { .. })));
}

#[test]
fn yaml_that_could_grow_is_refused_before_the_yaml_parser_sees_it() {
    for bomb in
        ["[".repeat(100_000), "- ".repeat(10_000), "a: &x [1]\n".into(), "? ".repeat(999), "\"a\":[[[".into()]
    {
        let refused = Scatter::parse(&bomb).unwrap_err();
        assert!(matches!(refused, ScatterError::Form { line: 1, .. }), "{refused}");
    }
    assert!(matches!(Scatter::parse(&"a".repeat(300_000)), Err(ScatterError::TooLong { .. })));
}

#[test]
fn damaged_tables_never_panic_or_loop() {
    let mut random = Random::new(72);
    let (copy, image) = (pmt_bytes(b"1vTP", &MOBIWIRE), mt6572(0x400));
    let records =
        [record(&[(0, 5, 1, 9), (3, 5, 2, 2)]), record(&[(0, 5, 1, 1)]), record(&[(1, 5, 1, 1)])].concat();
    for _ in 0..4000 {
        if let Ok(copy) = PmtCopy::parse(&random.damage(&copy)) {
            assert!(copy.table.entries.len() <= 40);
            let _ = copy.table.check(Some(1 << 32));
            for entry in &copy.table.entries {
                let _ = entry.user_range(PREFIX, 1 << 32);
            }
        }
        if let Ok(chain) = mbr::read_chain(&mut random.damage(&records), 0) {
            assert!(chain.records.len() <= 32);
        }
    }
    for _ in 0..200 {
        let mut damaged = random.damage(&image);
        let _ = mbr::find_mbr(&mut damaged, u64::MAX);
    }
    for _ in 0..2000 {
        let damaged = random.damage(SCATTER.as_bytes());
        if let Ok(scatter) = Scatter::parse(&String::from_utf8_lossy(&damaged)) {
            assert!(scatter.table.entries.len() <= 3);
        }
    }
}

#[test]
fn the_real_scatter_files_agree_with_the_real_phone() {
    let Some(folder) = real_data("partitions::the_real_scatter_files_agree_with_the_real_phone") else {
        return;
    };
    let phone = folder.join("mt6572-emmc-android44");
    let scatter =
        Scatter::parse(&std::fs::read_to_string(phone.join("MT6572_Android_scatter.txt")).unwrap()).unwrap();
    let mbr = scatter.table.find(&["MBR"]).unwrap().start;
    assert_eq!(mbr, 0x140_0000);
    let told = std::fs::read_to_string(phone.join("dumchar_info.txt")).unwrap();
    let mut compared = 0;
    for line in told.lines() {
        let words: Vec<_> = line.split_whitespace().collect();
        let number = |text: &str| u64::from_str_radix(text.trim_start_matches("0x"), 16).unwrap();
        if let Some(entry) = scatter.table.find(&[words[0]])
            && words[0] != "preloader"
        {
            assert_eq!(entry.start - mbr, number(words[2]), "{}", words[0]);
            compared += 1;
        }
    }
    assert!(compared >= 10, "{compared} partitions compared");
    let mut image = vec![0u8; 0x8_0200];
    let read = |name: &str| std::fs::read(phone.join("partitions").join(name)).unwrap();
    image[..512].copy_from_slice(&read("MBR.bin")[..512]);
    image[0x8_0000..].copy_from_slice(&read("EBR1.bin")[..512]);
    assert_eq!(mbr::read_chain(&mut image, 0).unwrap().partitions, mt6572_partitions());

    let fly = folder.join("scatter/fly-iq4407_MT6572_Android_scatter.txt");
    let fly = Scatter::parse(&std::fs::read_to_string(fly).unwrap()).unwrap();
    assert_eq!(fly.facts.project, "konka72_i128_emmc");
    assert_eq!(fly.table.find(&["NVRAM"]).unwrap().start, 0x100_0000);
    fly.table.check(None).unwrap();
}
