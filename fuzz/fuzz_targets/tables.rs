//! Partition tables of later phones and of NAND: GPT with its sums put right on demand, the PMT of NAND, every form of
//! scatter file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::pmt_nand::{NandPmt, SpareView};
use nvkeep::formats::{gpt, scatter_any, scatter_text};
use nvkeep_fuzz::source::Headed;

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 4 {
        0 => {
            let head = &bytes[..bytes.len().min(64 << 10)];
            let _ = gpt::read(&mut Headed { head, len: 68 * 512 });
        }
        1 => {
            let (spare, page) = bytes.split_at(bytes.len().min(16));
            for view in [SpareView::Raw, SpareView::User] {
                let _ = NandPmt::parse(page, spare, view);
            }
        }
        _ => {
            let Ok(text) = std::str::from_utf8(bytes) else { return };
            let _ = (scatter_any::parse(text), scatter_text::parse(text));
        }
    }
});
