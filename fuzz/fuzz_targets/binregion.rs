//! The NVRAM partition of a simulated phone, damaged in up to 64 places (see `Base::patched`), or bytes on zeros.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::ReadAt;
use nvkeep::formats::binregion::{self, Area, Content, compose, journal_ranges};
use nvkeep_fuzz::phone::NVRAM;
use nvkeep_fuzz::source::Headed;

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    if flag & 1 == 0 {
        check(&mut NVRAM.patched(bytes));
    } else {
        check(&mut Headed { head: bytes, len: u64::from(*flag) << 16 });
    }
});

fn check(source: &mut dyn ReadAt) {
    let Ok(region) = binregion::parse(source) else { return };
    let len = source.len();
    let inside = |ranges: &[(u64, u64)]| ranges.iter().all(|(at, size)| at + size <= len);
    let total: u64 = region.data_extents.iter().map(|(_, size)| size).sum();
    assert!(total >= region.data.len() as u64 && inside(&region.data_extents));
    for file in &region.files {
        assert_eq!(file.bytes.len(), file.size);
        assert_eq!(file.bytes, region.data[file.start..file.start + file.size]);
        assert_eq!(file.extents.iter().map(|(_, size)| size).sum::<u64>(), file.size as u64);
        let mut again = Vec::new();
        for (at, size) in &file.extents {
            let mut piece = vec![0; usize::try_from(*size).expect("small")];
            source.read_at(*at, &mut piece).expect("extents lie in the source");
            again.extend(piece);
        }
        assert_eq!(again, file.bytes, "extents name the bytes of the file");
    }
    let mut used = region.used_ranges();
    used.extend(journal_ranges(source, &region).expect("such a source never fails"));
    assert!(inside(&used), "used ranges lie in the partition");
    let used = region.used_ranges();
    assert!(used.windows(2).all(|pair| pair[0].0 + pair[0].1 <= pair[1].0), "sorted, apart");
    if let Ok(content) = Content::from_work_copies(&region.map, &region.data) {
        let area = Area { partition_len: len, block_size: region.block_size, nv: region.nv };
        if let Ok(composed) = compose(&content, area) {
            assert!(composed.data == region.data, "the data come back as they were");
            assert_eq!(composed.map.len(), region.map.len());
        }
    }
    let _ = (region.checksum_valid(), region.tail_checksum_at(), region.file("md/NVRAM/NVD_IMEI/MP0B_001"));
}
