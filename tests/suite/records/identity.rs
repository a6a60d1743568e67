//! Identity and security records: modem-nvram.md 3.4, 5, 6.1, 6.2.

use md5::{Digest, Md5};
use nvkeep::formats::lid::{self, DEFAULT_KEY, checksum2};
use nvkeep::formats::records::cssd::{Cssd, CssdError};
use nvkeep::formats::records::{self, FieldValue};

use super::{decode, family, hex, in_bounds, number, shown};
use crate::support::Random;

fn md5(bytes: &[u8]) -> String {
    Md5::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A confidential G1 record as its file stores it.
fn stored(plain: &[u8]) -> Vec<u8> {
    let cipher = lid::rc4_record(plain, DEFAULT_KEY);
    let sum = checksum2(&cipher);
    [cipher, sum.to_vec()].concat()
}

/// The default SIM lock of modem-nvram.md 6.2.
fn simlock() -> Vec<u8> {
    let mut text = "cc000000".to_owned() + &"02050000".repeat(7);
    for code in ["21436587", "65872143", "11112222", "33334444", "55556666", "77778888", "99990000"] {
        text += &format!("00{code}ffffffff");
    }
    for (byte, used, len) in [
        ("c1", 3, 30),
        ("c2", 4, 8),
        ("c3", 4, 8),
        ("c4", 5, 10),
        ("c5", 8, 16),
        ("c6", 5, 10),
        ("c7", 10, 20),
    ] {
        text += &(byte.repeat(used) + &"ff".repeat(len - used));
    }
    hex(&(text + "ffff00" + "88805926"))
}

#[test]
fn files_of_the_reference_come_out_byte_for_byte() {
    assert_eq!(md5(&stored(&simlock()).repeat(10)), "aee4e34a7996e2fedc8d1f28087b5c31");
    assert_eq!(md5(&stored(&[0xFF; 10]).repeat(10)), "88285878f00f146021a72adc80ee9327");
    assert_eq!(md5(&stored(&[0; 64])), "ba1a97d784beb9056ba31cdb131dfe90");
    assert_eq!(md5(&hex("0000efcd")), "239808745fdb8433320c63b8f0a8208f");
    let adc = [hex(&"d0040000".repeat(13)), hex(&"01700000".repeat(13))].concat();
    assert_eq!(checksum2(&adc).to_vec(), hex("9de4"));
    assert_eq!(md5(&[adc, hex("9de4")].concat()), "fd9b74c1c6cb91e127116d5c309028f4");
    assert_eq!(checksum2(&[0; 1352]).to_vec(), hex("efcd"));
    let slots = |one: &str, two: &str| [hex(one), hex(two), stored(&[0xFF; 10]).repeat(8)].concat();
    let zero = slots("3fb02a2d3c6d8f4d558b8922", "f836ec1f7a2a924c558b4556");
    let ones = slots("3fb02a2d3c6d8f4daa74de0b", "f836ec1f7a2a924caa749a3f");
    assert_eq!(md5(&zero), "4eebd90abccd6a597e6ed48126ab85c1");
    assert_eq!(md5(&ones), "d33c9bdac3bb910efab4f416189b5ba9");
}

#[test]
fn every_slot_shows_number_and_version() {
    let plain = [hex("94104502237315f80000"), hex("53968330653408f9ffff"), vec![0xFF; 80]].concat();
    let record = decode("MP0B_001", &plain);
    assert_eq!(shown(&record, "slot 1 IMEI"), "490154203237518");
    assert_eq!(shown(&record, "slot 2 IMEI"), "356938035643809");
    assert_eq!(shown(&record, "slot 10 IMEI"), "unset");
    assert_eq!(number(&record, "slot 2 software version"), 0xFF);
    assert_eq!(record.field("slot 2 IMEI").map(|field| (field.offset, field.len)), Some((10, 8)));
    let published = records::decode("LD0B_001", &hex("21436587092143f50000"), family("lr12a")).unwrap();
    assert_eq!(shown(&published, "slot 1 IMEI"), "123456789012345");
}

#[test]
fn the_barcode_says_what_the_line_recorded() {
    let with = |marks: &[u8]| {
        let mut plain = [b' '; 60];
        plain[..20].copy_from_slice(b"TEST0123456789ABCDEF");
        decode("MP09_001", &[&plain[..], marks].concat())
    };
    let record = with(b"10P\0");
    assert_eq!(shown(&record, "text"), "TEST0123456789ABCDEF");
    assert_eq!(shown(&record, "calibration"), "passed (10)");
    assert_eq!(shown(&record, "final test"), "passed (80)");
    let record = with(b"01F\0");
    assert_eq!(shown(&record, "calibration"), "failed (1)");
    assert_eq!(shown(&record, "final test"), "failed (70)");
    assert_eq!(shown(&with(&[0; 4]), "calibration"), "never recorded (0)");
}

#[test]
fn a_sim_lock_shows_states_and_counters_and_hides_keys() {
    let record = decode("ST33A004", &simlock().repeat(4));
    for category in ["N", "NS", "SP", "C", "SIM", "NS-SP", "SIM-C"] {
        assert_eq!(shown(&record, &format!("record 4 {category} state")), "unlocked (2)");
        assert_eq!(number(&record, &format!("record 4 {category} retries left")), 5);
        assert_eq!(number(&record, &format!("record 4 {category} items")), 0);
        assert_eq!(record.field(&format!("record 1 {category} key")).unwrap().value, FieldValue::Secret);
    }
    let codes = record.field("record 1 SIM-C codes").unwrap();
    assert_eq!((codes.offset, codes.len), (177, 20));
    assert_eq!(record.field("record 1 range flags").unwrap().offset, 197);
    let text: String = record.fields.iter().map(|field| field.value.to_string()).collect();
    assert!(!text.contains("21436587"));
    let mut broken = simlock();
    broken[200] ^= 1;
    assert!(records::decode("ST33A004", &broken, family("wr8")).is_none());
}

#[test]
fn a_longer_sim_lock_has_longer_keys() {
    let mut plain = vec![0xFF; 260];
    plain[..4].copy_from_slice(&260u32.to_le_bytes());
    plain[256..].copy_from_slice(&0x2659_8088_u32.to_le_bytes());
    plain[32 + 7 * 17] = 0xC1;
    let record = records::decode("ST33_005", &plain, family("lr12a")).unwrap();
    let codes = record.field("record 1 N codes").unwrap();
    assert_eq!((codes.offset, codes.len), (151, 30));
    let mut other = vec![0; 300];
    other[..4].copy_from_slice(&300u32.to_le_bytes());
    other[296..].copy_from_slice(&0x2659_8088_u32.to_le_bytes());
    let record = records::decode("ST33_006", &other, family("lr12a")).unwrap();
    assert_eq!(record.fields.len(), 2);
    assert!(record.notes.iter().any(|note| note.contains("300")));
}

#[test]
fn the_system_record_tells_version_branch_and_lock() {
    let record = |lock: &str| {
        let system = [b"MD.WG.MP.V14.F1.P1".to_vec(), hex("00ddc5b9"), hex(lock)].concat();
        let mut rest = vec![0; 68];
        rest[..9].copy_from_slice(b"WR8.W1248");
        rest[34..41].copy_from_slice(b"DEFAULT");
        decode("MT00A000", &[system, rest].concat())
    };
    let off = record("8bff21794d5fd7ea0ac58733");
    assert_eq!(shown(&off, "modem version, last 18 characters"), "MD.WG.MP.V14.F1.P1");
    assert_eq!((shown(&off, "branch"), shown(&off, "flavor")), ("WR8.W1248".into(), "DEFAULT".into()));
    assert_eq!(shown(&off, "NVRAM lock"), "off (0)");
    assert_eq!(shown(&record("49aba283a9271daf2d3c5b3f"), "NVRAM lock"), "on (1)");
    assert!(record("000102030405060708090a0b").field("NVRAM lock").is_none());
    let mut later = vec![0; 136];
    later[..5].copy_from_slice(b"MOLY.");
    later[102..106].copy_from_slice(b"2019");
    let later = records::decode("MT00A001", &later, family("lr12a")).unwrap();
    assert_eq!(shown(&later, "build time"), "2019");
    let lock = records::decode("NV01_000", b"_NVRAM_LOCK_YES_", family("lr12a")).unwrap();
    assert_eq!(shown(&lock, "lock"), "on (1)");
}

#[test]
fn ms_security_places_secrets_without_showing_them() {
    let mut plain = vec![0x11; 76];
    (plain[0], plain[26], plain[38]) = (3, 1, 4);
    let record = decode("MT6G_003", &plain);
    assert_eq!(number(&record, "SIM 1 security indication"), 3);
    assert_eq!(number(&record, "SIM 1 PIN 1 valid"), 1);
    assert_eq!(number(&record, "SIM 2 security indication"), 4);
    for (name, offset, len) in [("phone key", 1, 8), ("last IMSI", 9, 9), ("PIN 1", 18, 8), ("ICCID", 28, 10)]
    {
        let field = record.field(&format!("SIM 2 {name}")).unwrap();
        assert_eq!((field.offset, field.len, &field.value), (38 + offset, len, &FieldValue::Secret));
    }
}

#[test]
fn a_meid_is_fourteen_digits_under_its_mark() {
    let plain = [hex("0200000000000000"), 0xF2A0_0000_7D8E_567C_u64.to_le_bytes().to_vec()].concat();
    let record = records::decode("CK17_000", &plain, family("lr12a")).unwrap();
    assert_eq!(shown(&record, "MEID"), "A000007D8E567C");
    let record = records::decode("CK17_000", &[0; 16], family("lr12a")).unwrap();
    assert_eq!(shown(&record, "type"), "not written (0)");
    assert!(record.field("MEID").is_none());
}

#[test]
fn counters_and_flags_are_read() {
    assert_eq!(number(&decode("MP0D_000", &hex("3100")), "changes"), 0x31);
    let mut flags = vec![0; 312];
    (flags[0], flags[1], flags[2 + 31]) = (1, 2, 7);
    flags[34..37].copy_from_slice(b"TXP");
    let record = decode("MPA2_000", &flags);
    assert_eq!((number(&record, "all"), number(&record, "count")), (1, 2));
    assert_eq!((number(&record, "entry 2 flag"), shown(&record, "entry 2 text")), (7, "TXP".into()));
}

/// Signed data of textbook identities; the signatures are no signatures.
fn cssd(meid: bool) -> Vec<u8> {
    let mut list = Vec::new();
    let mut add = |tag: u8, text: &str| {
        list.extend([tag, text.len() as u8]);
        list.extend(text.bytes());
    };
    add(1, "0x000102030405060708090A0B0C0D0E0F");
    add(2, "490154203237518");
    add(3, "356938035643809");
    if meid {
        add(4, "A000007D8E567C");
    }
    add(5, "024E564B5001");
    add(6, "024E564B5002");
    let data = [&[0, 1][..], &(list.len() as u16).to_be_bytes(), &list].concat();
    let data: String = data.iter().map(|byte| format!("{byte:02X}")).collect();
    let text = format!(
        "devPubKeyModulus:{}\\ndevPubKeyExponent:10001\\ndevPubKeySign:{}\\ncriticalData:{data}\\ncrticalDataSign:{}\\n",
        "AB".repeat(128),
        "CD".repeat(256),
        "EF".repeat(128)
    );
    let mut plain = text.into_bytes();
    plain.resize(0x1000, 0);
    plain
}

#[test]
fn signed_identity_is_parsed_and_placed() {
    for (meid, len) in [(false, "0062"), (true, "0072")] {
        let plain = cssd(meid);
        let parsed = Cssd::parse(&plain).unwrap();
        assert_eq!((parsed.text(2), parsed.text(3)), (Some("490154203237518"), Some("356938035643809")));
        assert_eq!((parsed.text(5), parsed.text(6)), (Some("024E564B5001"), Some("024E564B5002")));
        assert_eq!(parsed.text(4), meid.then_some("A000007D8E567C"));
        let data = parsed.fields.iter().find(|field| field.0 == "criticalData").unwrap();
        assert_eq!(&plain[data.1 + 4..data.1 + 8], len.as_bytes());
        let record = records::decode("CSSD_000", &plain, family("lr12a")).unwrap();
        assert_eq!(shown(&record, "devPubKeyExponent"), "10001");
        let field = record.field("signed IMEI 1").unwrap();
        assert_eq!(plain[field.offset..field.offset + field.len], *b"343930313534323033323337353138");
        assert!(record.notes.iter().any(|note| note.contains("verbatim")));
    }
}

#[test]
fn signed_identity_that_breaks_off_is_refused_with_its_place() {
    let plain = cssd(true);
    let text = |from: &str, to: &str| {
        let whole = String::from_utf8(plain.clone()).unwrap();
        assert!(whole.contains(from));
        Cssd::parse(whole.replacen(from, to, 1).as_bytes())
    };
    assert_eq!(text("criticalData", "criticalDate"), Err(CssdError::NoData));
    assert!(matches!(text("criticalData:0001", "criticalData:0002"), Err(CssdError::Version { found: 2 })));
    assert!(matches!(text("criticalData:00010072", "criticalData:0001FFFF"), Err(CssdError::List { .. })));
    assert!(matches!(text("criticalData:00010072", "criticalData:00010071"), Err(CssdError::List { .. })));
    assert!(matches!(text("criticalData:0001", "criticalData:00+1"), Err(CssdError::Hex { .. })));
    assert!(matches!(text("devPubKeySign:", "devPubKeySign;"), Err(CssdError::Name { .. })));
    assert!(matches!(text("10001", "100\n1"), Err(CssdError::Text { byte: 10, .. })));
    assert_eq!(Cssd::parse(&[]), Err(CssdError::NoData));
}

#[test]
fn survives_damage() {
    let mut random = Random::new(5);
    let samples = [cssd(true), simlock().repeat(2)];
    for round in 0..3000 {
        let plain = random.damage(&samples[round % 2]);
        let _ = Cssd::parse(&plain);
        for (name, family_name) in [("CSSD_000", "lr12a"), ("ST33A004", "wr8")] {
            if round % 8 == 0
                && let Some(record) = records::decode(name, &plain, family(family_name))
            {
                assert!(in_bounds(&record, &plain));
            }
        }
    }
}
