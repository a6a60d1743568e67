//! Scatter files.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::scatter::Scatter;

fuzz_target!(|text: &str| {
    if text.len() > 64 << 10 {
        return;
    }
    if let Ok(scatter) = Scatter::parse(text) {
        assert_eq!(scatter.entries.len(), scatter.table.entries.len() + scatter.table.tail.len());
        let _ = scatter.table.check(None);
        let _ = scatter.table.check(Some(1 << 32));
    }
});
