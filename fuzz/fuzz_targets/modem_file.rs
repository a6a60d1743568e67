//! Modem files of every generation with headers, sums and keys: opened, probed, decoded to fields, and looked for inside
//! other bytes.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::key_probe::{known_keys, probe};
use nvkeep::formats::ldi::{self, Content, Header, InfoFile};
use nvkeep::formats::records::{cssd::Cssd, decode, manifest};
use nvkeep::formats::{modem_file, remnant};

static BUILT_IN: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().expect("built in"));
const NAMES: [&str; 12] = [
    "MP0B_001", "LD0B_001", "MP09_001", "ML09_001", "ST33A004", "MT00A000", "NV01_000", "NV0S_000",
    "MPA8_000", "CSSD_000", "UL11_000", "LA05_002",
];
const FAMILIES: [&str; 4] = ["wr8", "lr9", "lr11", "lr12a"];

fuzz_target!(|bytes: &[u8]| {
    let [name, family, flags, bytes @ ..] = bytes else { return };
    let name = NAMES[usize::from(*name) % NAMES.len()];
    let Some(family) = BUILT_IN.family(FAMILIES[usize::from(*family) % FAMILIES.len()]) else { return };
    let mut file = bytes[..bytes.len().min(8 << 10)].to_vec();
    if flags & 1 == 1 && file.len() >= ldi::HEADER {
        // A header whose sum is right, so that what lies behind it is reached.
        file[..4].copy_from_slice(b"LDI\0");
        let sum = file[..30].iter().fold(file[0], |sum, byte| sum.wrapping_add(*byte));
        (file[30], file[31]) = (sum, file[1]);
    }
    let finding = probe([(name, file.as_slice())]);
    for key in known_keys() {
        if let Ok(opened) = modem_file::open(name, &file, family, Some(&key.key))
            && let Some(plain) = opened.plain()
        {
            let _ = decode(name, &plain, family).map(|record| {
                assert!(record.fields.iter().all(|field| field.offset + field.len <= plain.len()), "{name}");
            });
            let _ =
                manifest::parse(&plain).map(|entries| manifest::prove(&entries, &[(name, &file)], family));
        }
    }
    let _ = (finding.key(), InfoFile::parse(&file), Cssd::parse(&file), ldi::file_list(&file));
    if let Ok(header) = Header::parse(&file) {
        assert_eq!(header.emit()[..], file[..ldi::HEADER]);
        if let Ok(ldi::LdiFile { content: Content::Records(records), .. }) = ldi::open(&file, None) {
            assert_eq!(records.len(), usize::from(header.records));
        }
    }
    for found in remnant::at_start(&file).into_iter().chain(remnant::within(&file[..file.len().min(512)])) {
        assert!(found.at + found.len <= file.len());
    }
});
