//! Snapshots of a simulated flash: what is loaded and saved is loaded the same.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::simulator::{Area, Flash};

fuzz_target!(|bytes: &[u8]| {
    let bytes = &bytes[..bytes.len().min(64 << 10)];
    let Ok(mut flash) = Flash::load(&mut &bytes[..]) else { return };
    let mut saved = Vec::new();
    flash.save(&mut saved).expect("into memory");
    assert_eq!(Flash::load(&mut &saved[..]).expect("was saved"), flash);
    for area in [Area::User, Area::Boot1, Area::Boot2, Area::Rpmb] {
        let len = flash.len(area);
        let mut block = [0; 512];
        for at in [0, len / 2, len.wrapping_sub(512), len.wrapping_sub(1), len, u64::MAX] {
            let fits = at.checked_add(512).is_some_and(|end| end <= len);
            assert_eq!(flash.read(area, at, &mut block).is_ok(), fits);
        }
        if len >= 512 {
            flash.write(area, len - 512, &[0x5A; 512]).expect("inside");
            flash.read(area, len - 512, &mut block).expect("inside");
            assert_eq!(block, [0x5A; 512]);
        }
    }
});
