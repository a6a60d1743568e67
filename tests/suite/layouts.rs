//! Layouts besides the MT6572's own: scatter files of every form, the PMT of NAND (ap-nvram.md 5.5, 5.7).

use std::fs;

use nvkeep::formats::partition::AddressSpace;
use nvkeep::formats::pmt::PmtKind;
use nvkeep::formats::pmt_nand::{NandPmt, NandPmtError, SpareView};
use nvkeep::formats::scatter::ScatterError;
use nvkeep::formats::scatter_any::{AnyScatterError, FlashKind, ScatterForm, parse};
use nvkeep::formats::scatter_text::PlainError;

use crate::support::{Random, real_data};

const PLAIN: &str = "PRELOADER 0x0\n{\n}\nMBR 0x600000\n{\n}\n__NODL_PRO_INFO 0x700000\n{\n}\n__NODL_NVRAM 0xA00000\n{\n}\n\
                     USRDATA 0xF00000\n{\n}\n__NODL_BMTPOOL 0xFFFF00A8\n{\n}\n";

fn entry(indent: &str, name: &str, start: u64, size: u64, region: &str, operation: &str) -> String {
    let mut text = String::new();
    for (key, value) in [
        ("partition_index", "SYS0".to_owned()),
        ("partition_name", name.to_owned()),
        ("file_name", if operation == "UPDATE" { format!("{name}.img") } else { "NONE".into() }),
        ("is_download", (operation == "UPDATE").to_string()),
        ("type", "NORMAL_ROM".to_owned()),
        ("linear_start_addr", format!("{start:#x}")),
        ("physical_start_addr", format!("{start:#x}")),
        ("partition_size", format!("{size:#x}")),
        ("region", region.to_owned()),
        ("operation_type", operation.to_owned()),
    ] {
        let lead = if key == "partition_index" { "- " } else { "  " };
        text += &format!("{indent}{lead}{key}: {value}\n");
    }
    text
}

fn flat() -> String {
    "- general: MTK_PLATFORM_CFG\n  info:\n    - config_version: V1.1.2\n      platform: MT6765\n      project: demo\n      \
     storage: EMMC\n      boot_channel: MSDC_0\n      block_size: 0x20000\n"
        .to_owned()
        + &entry("", "preloader", 0, 0x40000, "EMMC_BOOT1_BOOT2", "BOOTLOADERS")
        + &entry("", "pgpt", 0, 0x8000, "EMMC_USER", "INVISIBLE")
        + &entry("", "nvram", 0x380000, 0x500000, "EMMC_USER", "BINREGION")
        + &entry("", "boot", 0x880000, 0x1000000, "EMMC_USER", "UPDATE")
        + &entry("", "flashinfo", 0xFFFF_0080, 0x1000000, "EMMC_USER", "RESERVED")
        + &entry("", "bmtpool", 0xFFFF_00A8, 0x1500000, "EMMC_USER", "RESERVED")
}

fn nested() -> String {
    let mut text =
        "- general: MTK_PLATFORM_CFG\n  info:\n  - config_version: V2.1.0\n    platform: MT6768\n    project: demo\n"
            .to_owned();
    for (storage, boot, user) in [("EMMC", "EMMC_BOOT1_BOOT2", "EMMC_USER"), ("UFS", "UFS_LU0", "UFS_LU2")] {
        text += &format!(
            "- storage_type: {storage}\n  description:\n  - general: MTK_STORAGE_CFG\n    info:\n    - storage: {storage}\n      \
             boot_channel: X\n      block_size: 0x20000\n"
        );
        text += &entry("  ", "preloader", 0, 0x40000, boot, "BOOTLOADERS");
        text += &entry("  ", "pgpt", 0, 0x8000, user, "INVISIBLE");
        text += &entry("  ", "nvram", 0x1000000, 0x4000000, user, "BINREGION");
    }
    text
}

#[test]
fn the_plain_form_gives_sizes_by_the_next_start() {
    let layouts = parse(PLAIN).unwrap();
    let [layout] = &layouts[..] else { panic!("one layout") };
    assert_eq!(
        (layout.form, layout.storage, layout.table.space),
        (ScatterForm::Plain, None, AddressSpace::Linear)
    );
    let nvram = layout.table.find(&["NVRAM"]).unwrap();
    assert_eq!((nvram.start, nvram.size), (0xA00000, 0x500000));
    assert_eq!(layout.table.find(&["USRDATA"]).unwrap().size, 0);
    assert_eq!(layout.table.tail[0].blocks_before_end, 0xA8);
    let downloaded: Vec<&str> =
        layout.entries.iter().filter(|entry| entry.is_download).map(|entry| entry.name.as_str()).collect();
    assert_eq!(downloaded, ["PRELOADER", "MBR", "USRDATA"]);
}

#[test]
fn the_plain_form_is_refused_with_its_line() {
    let wrong = |from: &str, to: &str| match parse(&PLAIN.replacen(from, to, 1)) {
        Err(AnyScatterError::Plain(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(wrong("0x700000", "0x500000"), PlainError::Order { line: 7, start: 0x500000, .. }));
    assert!(matches!(wrong("0x700000", "700000"), PlainError::Line { line: 7, .. }));
    assert!(matches!(wrong("MBR 0x600000", "MBR"), PlainError::Line { line: 4, .. }));
    assert!(matches!(parse("{\n}\n"), Err(AnyScatterError::Plain(PlainError::Count { found: 0 }))));
}

#[test]
fn areas_of_the_gpt_era_count_from_their_own_start() {
    let layouts = parse(&flat()).unwrap();
    let [layout] = &layouts[..] else { panic!("one layout") };
    assert_eq!((layout.form, layout.storage), (ScatterForm::Flat, Some(FlashKind::Emmc)));
    assert_eq!((layout.platform.as_deref(), layout.block_size), (Some("MT6765"), Some(0x20000)));
    assert_eq!((layout.table.space, layout.entries.len()), (AddressSpace::User, 6));
    assert!(layout.table.find(&["preloader"]).is_none());
    assert_eq!(layout.table.find(&["nvram"]).unwrap().start, 0x380000);
    assert_eq!(layout.entries[2].operation, "BINREGION");
    assert_eq!(layout.entries[3].file_name.as_deref(), Some("boot.img"));
    assert_eq!(layout.table.tail.last().unwrap().blocks_before_end, 0xA8);
}

#[test]
fn a_nested_file_has_a_layout_for_each_storage() {
    let layouts = parse(&nested()).unwrap();
    let storages: Vec<_> = layouts.iter().map(|layout| layout.storage).collect();
    assert_eq!(storages, [Some(FlashKind::Emmc), Some(FlashKind::Ufs)]);
    for layout in &layouts {
        assert_eq!((layout.form, layout.table.space), (ScatterForm::Nested, AddressSpace::User));
        assert_eq!(layout.table.entries.len(), 2);
        assert_eq!(layout.table.find(&["nvram"]).unwrap().size, 0x4000000);
    }
}

#[test]
fn the_first_version_keeps_its_linear_addresses() {
    let Some(folder) = real_data("layouts::the_first_version_keeps_its_linear_addresses") else { return };
    let text = fs::read_to_string(folder.join("mt6572-emmc-android44/MT6572_Android_scatter.txt")).unwrap();
    let layouts = parse(&text).unwrap();
    let [layout] = &layouts[..] else { panic!("one layout") };
    assert_eq!((layout.form, layout.table.space), (ScatterForm::Flat, AddressSpace::Linear));
    assert_eq!(layout.table.find(&["NVRAM"]).unwrap().start, 0x1400000 + 0x400000);
}

#[test]
fn versions_and_fields_that_are_not_known_are_refused() {
    let other = flat().replace("V1.1.2", "V3.0.0");
    assert_eq!(parse(&other), Err(AnyScatterError::Version { found: "V3.0.0".into() }));
    let other = flat().replace("storage: EMMC", "storage: TAPE");
    assert!(matches!(parse(&other), Err(AnyScatterError::Yaml(ScatterError::Storage { .. }))));
    let other = flat().replace("region: EMMC_USER", "regio: EMMC_USER");
    assert!(matches!(parse(&other), Err(AnyScatterError::Yaml(ScatterError::Field { field: "region", .. }))));
    let other = nested().replace("description:", "descriptio:");
    assert!(matches!(
        parse(&other),
        Err(AnyScatterError::Yaml(ScatterError::Field { field: "description", .. }))
    ));
    assert!(parse(&flat().replace("preloader", "&anchor")).is_err());
}

fn nand_page(signature: &[u8; 4], len: usize) -> Vec<u8> {
    let mut page = signature.to_vec();
    for (name, size, start) in
        [("PRELOADER", 0x80000u32, 0u32), ("PRO_INFO", 0x100000, 0x80000), ("NVRAM", 0x180000, 0x180000)]
    {
        let mut entry = name.as_bytes().to_vec();
        entry.resize(64, 0);
        entry.extend(size.to_le_bytes());
        entry.extend(start.to_le_bytes());
        entry.extend(0u32.to_le_bytes());
        page.extend(entry);
    }
    page.resize(len, 0);
    page
}

#[test]
fn a_nand_table_is_marked_in_page_and_spare_area() {
    for (signature, kind) in [(b"1vTP", PmtKind::Main), (b"1TPM", PmtKind::Mirror)] {
        let page = nand_page(signature, 2048);
        let user = [&signature[..], &[9]].concat();
        let raw = [&[0xFF][..], &user].concat();
        for (spare, view) in [(&user, SpareView::User), (&raw, SpareView::Raw)] {
            let pmt = NandPmt::parse(&page, spare, view).unwrap();
            assert_eq!((pmt.kind, pmt.sequence, pmt.table.entries.len()), (kind, 9, 3));
            assert_eq!(pmt.table.find(&["NVRAM"]).unwrap().start, 0x180000);
        }
        assert_eq!(NandPmt::parse(&page, &user, SpareView::Raw), Err(NandPmtError::Spare));
        assert_eq!(NandPmt::parse(&page, b"1xTP\x09", SpareView::User), Err(NandPmtError::Spare));
    }
}

#[test]
fn a_nand_page_without_a_table_is_refused() {
    let spare = b"1vTP\x01";
    let parse = |page: &[u8]| NandPmt::parse(page, spare, SpareView::User);
    assert!(matches!(parse(&[0xFF; 2048]), Err(NandPmtError::Signature { .. })));
    assert_eq!(parse(&nand_page(b"1vTP", 2048)[..4]), Err(NandPmtError::Empty));
    let mut page = nand_page(b"1vTP", 2048);
    page[4 + 76] = 0;
    assert_eq!(parse(&page), Err(NandPmtError::Name { index: 1, at: 80 }));
}

#[test]
fn survives_damage() {
    let mut random = Random::new(23);
    let page = nand_page(b"1vTP", 2048);
    for _ in 0..2000 {
        let page = random.damage(&page);
        let _ = NandPmt::parse(&page, &random.damage(b"1vTP\x01"), SpareView::User);
    }
    let texts = [PLAIN.to_owned(), flat(), nested()];
    for round in 0..1500 {
        let bytes = random.damage(texts[round % 3].as_bytes());
        let _ = parse(&String::from_utf8_lossy(&bytes));
    }
}
