//! The agent's partition table as a second witness: it confirms or raises a doubt, and places nothing.

use nvkeep::protocol::NamedRange;
use nvkeep::storage::{Layout, Place, witness};

const PREFIX: u64 = 6 << 20;

fn layout(remarks: &[&str]) -> Layout {
    let place = |name: &str, start, len| Place { name: name.into(), start, len };
    Layout {
        places: vec![place("NVRAM", 0x40_0000, 0x50_0000), place("CACHE", 0x900_0000, 0x100_0000)],
        learned_from: "PMT".into(),
        remarks: remarks.iter().map(|text| (*text).to_owned()).collect(),
        doubts: Vec::new(),
        nand: false,
    }
}

fn told(name: &str, start: u64, len: u64) -> NamedRange {
    NamedRange { name: name.into(), start, len }
}

fn judged(mut layout: Layout, ranges: &[NamedRange]) -> Layout {
    let canonical = |name: &str| if name == "__NODL_NVRAM" { "NVRAM".to_owned() } else { name.to_owned() };
    witness::compare(&mut layout, ranges, PREFIX, &canonical);
    layout
}

#[test]
fn a_table_that_agrees_confirms_a_checked_layout_and_checks_none() {
    let ranges = [told("MBR", PREFIX, 0x8_0000), told("__NODL_NVRAM", PREFIX + 0x40_0000, 0x50_0000)];
    let checked = judged(layout(&["MBR in place"]), &ranges);
    assert!(checked.is_proven() && checked.remarks.len() == 2);
    assert!(!judged(layout(&[]), &ranges).is_proven());
}

#[test]
fn a_table_that_differs_on_an_identity_partition_stops_writes() {
    for range in [
        told("NVRAM", 0x40_0000, 0x50_0000),
        told("NVRAM", PREFIX + 0x40_0200, 0x50_0000),
        told("NVRAM", PREFIX + 0x40_0000, 0x4F_0000),
        told("NVRAM", 0, u64::MAX),
    ] {
        let doubted = judged(layout(&["MBR in place"]), &[range]);
        assert!(!doubted.is_proven() && doubted.doubts[0].contains("NVRAM"), "{:?}", doubted.doubts);
    }
    // What a restore never writes proves and disproves nothing.
    assert!(judged(layout(&["MBR in place"]), &[told("CACHE", 0, 1)]).is_proven());
}
