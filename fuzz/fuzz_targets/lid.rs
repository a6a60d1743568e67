//! Modem LID files; half of the inputs get right checksums.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::lid::{
    DEFAULT_KEY, LidName, barcode, checksum2, guess_records, imei_slots, key_is_proven, rc4_record, records,
    simlock_holds, system_record,
};

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let mut file = bytes[..bytes.len().min(8 << 10)].to_vec();
    let size = [10, 34, 64, 1 + usize::from(flag >> 3)][usize::from(flag >> 1 & 3)];
    if flag & 1 == 1 {
        file = file.chunks_exact(size).flat_map(|body| [body, &checksum2(body)].concat()).collect();
        assert_eq!(records(&file, size).is_some(), !file.is_empty());
    }
    if let Some(bodies) = records(&file, size) {
        assert_eq!(bodies.len() * (size + 2), file.len());
        assert!(bodies.iter().all(|body| body.len() == size));
    }
    for (count, size) in guess_records(&file) {
        assert_eq!(records(&file, size).map(|bodies| bodies.len()), Some(count));
    }
    assert_eq!(rc4_record(&rc4_record(&file, DEFAULT_KEY), DEFAULT_KEY), file);
    if let Some(name) = std::str::from_utf8(bytes).ok().and_then(LidName::parse) {
        assert_eq!(format!("{}{}{}", name.prefix, name.copy, name.version).as_bytes(), bytes);
    }
    let _ = (imei_slots(&file, DEFAULT_KEY), barcode(&file, DEFAULT_KEY), system_record(&file, DEFAULT_KEY));
    let _ = (key_is_proven(Some(&file), Some(&file), DEFAULT_KEY), simlock_holds(&file, DEFAULT_KEY));
});
