//! Records decoded to named fields: the layouts of modem-nvram.md 3 and 5 and ap-nvram.md 4, on built samples and on the
//! real phone.

mod ap; // APCFG, pro_info, flags
mod identity; // IMEI, barcode, SIM lock, MEID, CSSD
mod manifest; // MPA8 proves the calibration
mod radio; // 2G and 3G tables
mod real; // the MT6572 sample, whole

use std::sync::LazyLock;

use nvkeep::formats::catalog::{Catalog, Family};
use nvkeep::formats::records::{self, DecodedRecord, FieldValue};
use proptest::prelude::*;

use crate::support::Random;
use crate::support::hex;

/// The families of the built-in catalogue.
const FAMILIES: [&str; 4] = ["wr8", "lr9", "lr11", "lr12a"];
const AP_FILES: [&str; 14] = [
    "WIFI",
    "BT_Addr",
    "PRODUCT_INFO",
    "GPS",
    "AUXADC",
    "HWMON_ACC",
    "HWMON_GYRO",
    "HWMON_PS",
    "FILE_VER",
    "BackupFlag",
    "RestoreFlag",
    "Audio_Sph",
    "Hdcp_Key_Table",
    "nonsense",
];

fn family(name: &str) -> &'static Family {
    static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());
    CATALOG.family(name).unwrap()
}

fn decode(name: &str, plain: &[u8]) -> DecodedRecord {
    records::decode(name, plain, family("wr8")).unwrap_or_else(|| panic!("{name} is not decoded"))
}

#[track_caller]
fn number(record: &DecodedRecord, name: &str) -> i64 {
    match record.field(name).map(|field| &field.value) {
        Some(FieldValue::Number(number) | FieldValue::State { raw: number, .. }) => *number,
        other => panic!("{name}: {other:?}"),
    }
}

#[track_caller]
fn row(record: &DecodedRecord, name: &str) -> Vec<i64> {
    match record.field(name).map(|field| &field.value) {
        Some(FieldValue::Numbers(numbers)) => numbers.clone(),
        other => panic!("{name}: {other:?}"),
    }
}

#[track_caller]
fn shown(record: &DecodedRecord, name: &str) -> String {
    record.field(name).unwrap_or_else(|| panic!("no field {name}")).value.to_string()
}

/// Every field lies in the bytes it was read from.
fn in_bounds(record: &DecodedRecord, plain: &[u8]) -> bool {
    record
        .fields
        .iter()
        .all(|field| field.offset.checked_add(field.len).is_some_and(|end| end <= plain.len()))
}

/// Every name that some table or decoder knows, with the lengths its records may have.
fn names() -> Vec<(String, &'static Family, Vec<usize>)> {
    let mut names = Vec::new();
    for family in FAMILIES.map(family) {
        for lid in &family.lids {
            let version = if lid.version == "***" { "000" } else { &lid.version };
            let mut lengths: Vec<usize> = lid.sizes.iter().map(|size| size.record * size.count).collect();
            lengths.extend([
                0, 1, 4, 8, 16, 20, 32, 38, 64, 72, 96, 98, 102, 204, 260, 464, 664, 708, 720, 1352,
            ]);
            names.push((format!("{}_{version}", lid.prefix), family, lengths));
        }
    }
    for name in AP_FILES {
        let lengths = vec![0, 4, 5, 6, 8, 12, 30, 52, 64, 74, 76, 80, 104, 110, 148, 512, 1024, 2048, 3072];
        names.push((name.to_owned(), family("wr8"), lengths));
    }
    names
}

#[test]
fn hostile_bytes_never_leave_their_bounds() {
    let mut random = Random::new(99);
    let mut decoded = 0;
    for (name, family, lengths) in names() {
        for len in lengths {
            let bytes = random.bytes(len);
            for plain in [bytes.clone(), vec![0; len], vec![0xFF; len], random.damage(&bytes)] {
                let Some(record) = records::decode(&name, &plain, family) else { continue };
                assert!(in_bounds(&record, &plain), "{name} with {len} bytes");
                decoded += 1;
                let text: String = record.fields.iter().map(|field| field.value.to_string()).collect();
                assert!(text.len() <= 5 * plain.len() + 64 * record.fields.len());
            }
        }
    }
    assert!(decoded > 500, "{decoded}");
}

#[test]
fn an_unknown_item_or_version_is_not_guessed() {
    let wr8 = family("wr8");
    assert!(records::decode("MT0I_002", &[0; 8], wr8).is_some());
    assert!(records::decode("MT0I_003", &[0; 8], wr8).is_none());
    assert!(records::decode("ZZ0I_002", &[0; 8], wr8).is_none());
    assert!(records::decode("MT0I_002", &[0; 9], wr8).is_none());
    assert!(records::decode("NOT_A_FILE", &[0; 8], wr8).is_none());
}

#[test]
fn a_layout_of_another_family_is_called_a_guess() {
    let record = records::decode("LA0I_002", &[0; 8], family("lr12a")).unwrap();
    assert!(record.notes.iter().any(|note| note.starts_with("guessed")));
    let record = records::decode("LD0B_001", &[0xFF; 100], family("lr12a")).unwrap();
    assert!(record.notes.is_empty());
    // The path loss of this family has a version whose layout nobody gives.
    assert!(records::decode("UL11_001", &[0; 720], family("lr12a")).is_none());
}

#[test]
fn an_item_of_any_version_is_named_and_never_decoded() {
    let named = family("lr12a").lid("SL05").unwrap();
    assert!(named.has_version("000") && named.has_version("017"));
    assert!(records::decode("SL05_017", &[0; 204], family("lr12a")).is_none());
    let text = include_str!("../../../formats/nvram/lr12a.toml");
    let wrong = text.replacen("codec = \"simlock\"", "codec = \"imei\"", 1).replacen("\"004\"", "\"***\"", 1);
    assert_ne!(wrong, text);
    let error = Catalog::builtin().unwrap().with_overlay("nvram/lr12a", &wrong).unwrap_err();
    assert!(error.to_string().contains("any version"), "{error}");
}

#[test]
fn later_families_number_what_their_files_carry() {
    for (prefix, number) in
        [("LD0B", 0xEF10), ("CSSD", 0x08C1), ("NV01", 0xF006), ("NV0S", 0xF00A), ("CK17", 0xE42D)]
    {
        assert_eq!(family("lr12a").lid(prefix).unwrap().lid_number, Some(number));
    }
    assert!(FAMILIES.iter().all(|name| family(name).lids.iter().any(|lid| lid.role == "imei")));
}

#[test]
fn every_codec_of_every_family_is_a_decoder() {
    for name in FAMILIES {
        for lid in family(name).lids.iter().filter(|lid| lid.codec != "opaque") {
            let lengths = [
                2, 4, 8, 10, 16, 20, 32, 44, 64, 72, 96, 98, 102, 104, 130, 136, 244, 260, 312, 464, 664,
                708, 720,
            ];
            let zero = lengths.iter().any(|len| {
                records::decode(&format!("{}_{}", lid.prefix, lid.version), &vec![0; *len], family(name))
                    .is_some()
            });
            // These ask more of a record than its length.
            let strict =
                ["simlock", "cssd", "lock-pattern", "manifest", "ms-security"].contains(&lid.codec.as_str());
            assert!(zero || strict, "{name} {} names {}", lid.prefix, lid.codec);
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_decode_within_their_bounds(plain in proptest::collection::vec(any::<u8>(), 0..800), index in 0usize..14) {
        if let Some(record) = records::decode(AP_FILES[index], &plain, family("wr8")) {
            prop_assert!(in_bounds(&record, &plain));
        }
    }
}
