//! One and two copies of the PMT. Half of the inputs get right signatures, so that the entries behind them are reached.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::pmt::{PMT_LEN, PmtCopy, agree};

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let mut copy = bytes[..bytes.len().min(2 * PMT_LEN)].to_vec();
    if flag & 1 == 1 {
        copy.resize(PMT_LEN, 0);
        copy[..8].copy_from_slice(b"1vTP1.0\0");
        copy[PMT_LEN - 4..].copy_from_slice(b"1vTP");
    }
    let Ok(one) = PmtCopy::parse(&copy) else { return };
    let table = &one.table;
    assert_eq!(agree(table, table).as_ref(), Ok(table));
    for limit in [None, Some(0), Some(0xEC00_0000), Some(u64::MAX)] {
        let _ = table.check(limit);
    }
    for entry in &table.entries {
        assert!(table.find(&[&entry.name]).is_some());
        if let Ok(range) = entry.user_range(0xA0_0000, 0xEC00_0000) {
            assert!(range.start < range.end && range.end <= 0xEC00_0000);
        }
        let _ = entry.user_range(u64::MAX, u64::MAX);
    }
});
