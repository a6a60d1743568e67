//! A user's description laid over the built-in ones.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::catalog::Catalog;

const NAMES: [&str; 5] = ["chips", "partitions", "nvram/wr8", "nvram/x", "other"];

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().expect("built in"));

fuzz_target!(|bytes: &[u8]| {
    let Some((flag, text)) = bytes.split_first() else { return };
    let Ok(text) = std::str::from_utf8(&text[..text.len().min(32 << 10)]) else { return };
    let name = NAMES[usize::from(*flag) % NAMES.len()];
    if let Ok(catalog) = BUILT_IN.clone().with_overlay(name, text) {
        assert!(catalog.is_overlaid(name));
        for chip in catalog.chips() {
            assert_eq!(catalog.family_of(&chip.name).name, chip.family);
        }
        for kind in catalog.partitions() {
            assert_eq!(catalog.canonical_partition(&kind.name), kind.name);
        }
        let family = catalog.family_of("MT6572");
        assert!(family.mac_templates().len() < 1 << 14);
        assert!(family.lids.iter().all(|lid| family.lid(&lid.prefix).is_some()));
    }
});
