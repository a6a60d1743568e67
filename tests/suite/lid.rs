//! G1 LID files against the vectors of modem-nvram.md 2.2, 2.4, 2.8, 6.1, 6.2.

use nvkeep::formats::imei::{Imei, ImeiField};
use nvkeep::formats::lid::{self, DEFAULT_KEY, LidName};

use md5::{Digest, Md5};
use proptest::prelude::*;

use crate::support::Random;
use crate::support::hex;

#[test]
fn sums_even_and_odd_bytes_apart() {
    for (body, sum) in [
        ("112233445566", "99cc"),
        ("01ff02ff", "03fe"),
        ("804080c0", "efcd"),
        ("000000", "efcd"),
        ("d211a1040c020000", "7f17"),
    ] {
        assert_eq!(lid::checksum2(&hex(body)).to_vec(), hex(sum), "{body}");
    }
}

#[test]
fn produces_the_key_stream_of_the_default_key() {
    let stream = hex(
        "aba06f2f1f1e9ab5558bc86c1b34eab7c2aa1636d327cb6a5777deb1108ec3f9a257ecd9a62abd727469ba285c5c52cf477ea361a966fff4ccb00475eb2fa551",
    );
    assert_eq!(lid::rc4_record(&[0; 64], DEFAULT_KEY), stream);
}

#[test]
fn decodes_two_numbers_and_eight_unset_slots() {
    for two in [
        "3fb02a2d3c6d8f4d558b8922f836ec1f7a2a924c558b4556",
        "3fb02a2d3c6d8f4daa74de0bf836ec1f7a2a924caa749a3f",
        "3fb02a2d3c6d8f4d57db8b72f836ec1f7a2a924c57db47a6",
    ] {
        let file = hex(&(two.to_string() + &"545f90d0e0e1654aaa74d3ce".repeat(8)));
        let slots = lid::imei_slots(&file, DEFAULT_KEY).unwrap();
        assert_eq!(slots[0], ImeiField::Digits(Imei::parse("490154203237518").unwrap()));
        assert_eq!(slots[1], ImeiField::Digits(Imei::parse("356938035643809").unwrap()));
        assert!(slots[2..].iter().all(|slot| *slot == ImeiField::Unset));
        assert!(lid::key_is_proven(None, Some(&file), DEFAULT_KEY));
        assert!(!lid::key_is_proven(None, Some(&file), [1, 2, 3, 4]));
    }
}

#[test]
fn refuses_a_slot_whose_sum_is_wrong() {
    let mut file = hex(&"545f90d0e0e1654aaa74d3ce".repeat(10));
    assert!(lid::imei_slots(&file, DEFAULT_KEY).is_some());
    file[0] ^= 1;
    assert!(lid::imei_slots(&file, DEFAULT_KEY).is_none());
}

#[test]
fn reads_the_barcode_and_its_calibration_mark() {
    let file = hex(
        "ffe53c7b2f2fa88661befe5b230dabf581ee5370f307eb4a7757fe9130aee3d98277ccf9860a9d5254499a087c7c72ef675e83418946dfd4ec902455da1ff551f7e4",
    );
    let barcode = lid::barcode(&file, DEFAULT_KEY).unwrap();
    assert_eq!((barcode.text.as_str(), barcode.calibrated), ("TEST0123456789ABCDEF", Some(true)));
}

#[test]
fn masks_a_number_and_checks_its_last_digit() {
    let imei = Imei::parse("490154203237518").unwrap();
    assert_eq!(imei.masked(), "49015420****518");
    assert_eq!(format!("{imei:?}"), "49015420****518");
    assert!(imei.check_digit_holds());
    assert!(!Imei::parse("490154203237519").unwrap().check_digit_holds());
}

#[test]
fn knows_a_file_name_by_its_grammar() {
    assert_eq!(LidName::parse("ST33A004").unwrap().copy, 'A');
    for wrong in ["MP0B_01", "mp0b_001", "MP0BC001", "MP0B_00X", "MP0B\u{e9}01"] {
        assert!(LidName::parse(wrong).is_none(), "{wrong}");
    }
}

#[test]
fn survives_damage() {
    let mut random = Random::new(7);
    let sample = hex(&"545f90d0e0e1654aaa74d3ce".repeat(10));
    for _ in 0..5000 {
        let file = random.damage(&sample);
        let _ = (
            lid::imei_slots(&file, DEFAULT_KEY),
            lid::barcode(&file, DEFAULT_KEY),
            lid::guess_records(&file),
        );
        let _ = (lid::system_record(&file, DEFAULT_KEY), lid::simlock_holds(&file, DEFAULT_KEY));
    }
}

fn md5(file: &[u8]) -> String {
    Md5::digest(file).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A record as the modem stores it (2.10).
fn pack(plain: &[u8]) -> Vec<u8> {
    let body = lid::rc4_record(plain, DEFAULT_KEY);
    let sum = lid::checksum2(&body);
    [body, sum.to_vec()].concat()
}

#[test]
fn packs_the_published_files_of_untouched_phones() {
    let unset = pack(&[0xFF; 10]);
    assert_eq!(unset, hex("545f90d0e0e1654aaa74d3ce"));
    let first = |tail: &str| pack(&hex(&format!("94104502237315f8{tail}")));
    let second = |tail: &str| pack(&hex(&format!("53968330653408f9{tail}")));
    for (tail, digest) in
        [("0000", "4eebd90abccd6a597e6ed48126ab85c1"), ("ffff", "d33c9bdac3bb910efab4f416189b5ba9")]
    {
        assert_eq!(md5(&[first(tail), second(tail), unset.repeat(8)].concat()), digest, "{tail}");
    }
    assert_eq!(md5(&unset.repeat(10)), "88285878f00f146021a72adc80ee9327");
    assert_eq!(md5(&pack(&[0; 64])), "ba1a97d784beb9056ba31cdb131dfe90", "a barcode never written");
    let counter = [&[0, 0][..], &lid::checksum2(&[0, 0])].concat();
    assert_eq!(md5(&counter), "239808745fdb8433320c63b8f0a8208f");
    let adc = [hex("d0040000").repeat(13), hex("01700000").repeat(13)].concat();
    assert_eq!(lid::checksum2(&adc).to_vec(), hex("9de4"));
    assert_eq!(md5(&[adc, hex("9de4")].concat()), "fd9b74c1c6cb91e127116d5c309028f4");
    assert_eq!(lid::checksum2(&[0; 1352]).to_vec(), hex("efcd"));
}

/// The lock every phone leaves the factory with (6.2).
fn default_lock() -> Vec<u8> {
    let codes = ["21436587", "65872143", "11112222", "33334444", "55556666", "77778888", "99990000"];
    let mut plain = hex(&format!("cc000000{}", "02050000".repeat(7)));
    plain.extend(codes.iter().flat_map(|code| hex(&format!("00{code}ffffffff"))));
    for (byte, used, blank) in
        [(0xC1, 3, 27), (0xC2, 4, 4), (0xC3, 4, 4), (0xC4, 5, 5), (0xC5, 8, 8), (0xC6, 5, 5), (0xC7, 10, 10)]
    {
        plain.extend([vec![byte; used], vec![0xFF; blank]].concat());
    }
    plain.extend(hex("ffff0088805926"));
    plain
}

#[test]
fn knows_the_default_lock_and_refuses_it_without_head_or_tail() {
    let plain = default_lock();
    let file = pack(&plain).repeat(10);
    assert_eq!((file.len(), md5(&file).as_str()), (2060, "aee4e34a7996e2fedc8d1f28087b5c31"));
    assert!(lid::simlock_holds(&file, DEFAULT_KEY));
    assert!(lid::simlock_holds(&pack(&plain).repeat(4), DEFAULT_KEY), "824 bytes, as on the MT6572");
    assert!(!lid::simlock_holds(&file, [1, 2, 3, 4]));
    for at in [0, 203] {
        let mut broken = plain.clone();
        broken[at] ^= 1;
        assert!(!lid::simlock_holds(&pack(&broken).repeat(10), DEFAULT_KEY), "{at}");
    }
    let mut torn = file.clone();
    torn[1000] ^= 1;
    assert!(!lid::simlock_holds(&torn, DEFAULT_KEY));
}

fn system(lock: &str) -> Vec<u8> {
    let text = |words: &[u8]| {
        let mut record = words.to_vec();
        record.resize(34, 0);
        let sum = lid::checksum2(&record);
        [record, sum.to_vec()].concat()
    };
    let first = [b"MD.WG.MP.V14.F1.P1".to_vec(), hex("00ddc5b9"), hex(lock)].concat();
    [text(&first), text(b"WR8.W1248.MD.WG.MP"), text(b"DEFAULT")].concat()
}

#[test]
fn probes_the_key_by_the_lock_pattern() {
    for (lock, locked) in [("8bff21794d5fd7ea0ac58733", false), ("f4ee397d5e53c5ea0cce9b33", true)] {
        let file = system(lock);
        let record = lid::system_record(&file, DEFAULT_KEY).unwrap();
        assert_eq!(
            (record.version.as_str(), record.branch.as_str()),
            ("MD.WG.MP.V14.F1.P1", "WR8.W1248.MD.WG.MP")
        );
        assert_eq!(record.locked, Some(locked));
        assert!(lid::key_is_proven(Some(&file), None, DEFAULT_KEY));
        assert!(!lid::key_is_proven(Some(&file), None, [0x12, 0xAB, 0xCD, 0xEE]));
    }
    // The patterns of the next generation's three known seeds prove nothing here.
    for lock in ["36baba87ba2b0faf2b37473f", "a5fafabfe6ac58ee004e237c", "07b3272fe6c6b78405247da4"] {
        assert_eq!(lid::system_record(&system(lock), DEFAULT_KEY).unwrap().locked, None);
        assert!(!lid::key_is_proven(Some(&system(lock)), None, DEFAULT_KEY));
    }
}

#[test]
fn a_barcode_never_written_is_empty_and_one_of_noise_shows_it() {
    let never = lid::barcode(&pack(&[0; 64]), DEFAULT_KEY).unwrap();
    assert_eq!((never.text.as_str(), never.calibrated), ("", None));
    let failed = [vec![b' '; 60], b"01F\0".to_vec()].concat();
    let failed = lid::barcode(&pack(&failed), DEFAULT_KEY).unwrap();
    assert_eq!((failed.text.as_str(), failed.calibrated), ("", Some(false)));
    let noise = lid::barcode(&pack(&[0x9C; 64]), DEFAULT_KEY).unwrap();
    assert!(noise.text.contains(char::REPLACEMENT_CHARACTER));
}

#[test]
fn finds_the_split_of_files_no_table_knows() {
    let record = [1u8, 2, 3, 4, 5, 6, 7];
    let section = [&record[..], &lid::checksum2(&record)].concat();
    assert!(lid::guess_records(&section.repeat(6)).contains(&(6, 7)));
    assert_eq!(lid::guess_records(&section), [(1, 7)]);
    let mut torn = section.repeat(6);
    torn[20] ^= 1;
    assert_eq!(lid::guess_records(&torn), []);
    for none in [&[][..], &[1], &[0, 0]] {
        assert_eq!(lid::guess_records(none), []);
    }
}

/// Writes digits as a modem does; apart from the decoder.
fn bcd(digits: &[u8], filler: u8) -> [u8; 8] {
    std::array::from_fn(|at| digits[2 * at] | digits.get(2 * at + 1).copied().unwrap_or(filler) << 4)
}

proptest! {
    #[test]
    fn the_cipher_is_its_own_inverse(record in proptest::collection::vec(any::<u8>(), 1..300), key: [u8; 4]) {
        let sealed = lid::rc4_record(&record, key);
        prop_assert_eq!(lid::rc4_record(&sealed, key), record);
    }

    #[test]
    fn records_give_back_what_was_packed(
        bodies in (1usize..80).prop_flat_map(|size| proptest::collection::vec(proptest::collection::vec(any::<u8>(), size), 1..12))
    ) {
        let file: Vec<u8> = bodies.iter().flat_map(|body| [&body[..], &lid::checksum2(body)].concat()).collect();
        prop_assert_eq!(lid::records(&file, bodies[0].len()).unwrap(), bodies.iter().map(Vec::as_slice).collect::<Vec<_>>());
        prop_assert!(lid::guess_records(&file).contains(&(bodies.len(), bodies[0].len())));
    }

    #[test]
    fn digits_survive_the_record(digits in proptest::collection::vec(0u8..10, 15), modem: bool) {
        let field = bcd(&digits, if modem { 0xF } else { 0 });
        let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        match Imei::from_bcd(&field) {
            ImeiField::Digits(imei) => prop_assert_eq!(imei.to_string(), text),
            other => prop_assert!(field == [0; 8], "{:?}", other),
        }
    }

    #[test]
    fn one_wrong_digit_never_passes_the_check(at in 0usize..15, more in 1u8..10) {
        let mut digits: Vec<u8> = "490154203237518".bytes().map(|digit| digit - b'0').collect();
        digits[at] = (digits[at] + more) % 10;
        let text: String = digits.iter().map(|digit| char::from(b'0' + digit)).collect();
        prop_assert!(!Imei::parse(&text).unwrap().check_digit_holds());
    }
}
