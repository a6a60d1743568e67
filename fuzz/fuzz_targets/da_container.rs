//! Download Agent files, the fixed head put right on demand so that the entries behind it are reached. What is chosen must lie in
//! the file.
#![no_main]

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::da_container::{DaContainer, Device};

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, bytes)) = bytes.split_first() else { return };
    let mut file = bytes.to_vec();
    if flag & 1 == 1 {
        file.resize(file.len().max(0x6C), 0);
        file[..32].fill(0);
        file[..18].copy_from_slice(b"MTK_DOWNLOAD_AGENT");
        file[0x64..0x68].copy_from_slice(&0x2266_8899u32.to_le_bytes());
        file[0x68..0x6C].copy_from_slice(&u32::from(flag >> 1).to_le_bytes());
    }
    let Ok(container) = DaContainer::parse(&file) else { return };
    assert_eq!(container.contents().len(), container.entries.len());
    for entry in &container.entries {
        for (hw_version, sw_version) in [(entry.hw_version, entry.sw_version), (0xFFFF, 0xFFFF), (0, 0)] {
            let device =
                Device { da_code: entry.hw_code, hw_sub_code: entry.hw_sub_code, hw_version, sw_version };
            let Ok(chosen) = container.choose(device, &file) else { continue };
            for stage in [chosen.first, chosen.second] {
                assert_eq!(stage.of(&file).map(<[u8]>::len), usize::try_from(stage.len).ok());
            }
        }
    }
});
