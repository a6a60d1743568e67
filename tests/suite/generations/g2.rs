//! The derived keys and G2: modem-nvram.md 2.5-2.7, 6.3.

use md5::{Digest, Md5};
use nvkeep::formats::catalog::Catalog;
use nvkeep::formats::imei::{Imei, ImeiField};
use nvkeep::formats::key_probe::{Generation, ModemKey};
use nvkeep::formats::lid::checksum2;
use nvkeep::formats::lid_g2;
use nvkeep::formats::modem_file::{self, Records, SizeFrom};
use proptest::prelude::*;
use sha2::Sha256;

use super::{hex, key, shown};

#[test]
fn derives_the_table_of_the_default_seed() {
    let sum = Sha256::digest(key(0).table());
    assert_eq!(shown(&sum), "4d72f053de56f2611c22126863eb48511bab4efba3ee66b2fd211aa92dc94fa3");
    assert_eq!(
        shown(&key(0).table()[..32]),
        "3f06bd14d45fa985dd027410f0214d22e316bfcc6f4764e7ddee72bf1961555b"
    );
}

#[test]
fn derives_the_keys_of_every_known_seed() {
    for (seed, aes, stream, unset) in [
        (0, "3f06bd14d45fa985dd027410f0214d22", "16e5f4d1e86a42f07479", "e91a0b2e1795bd0f8b865372"),
        (1, "a919ccf53eb4ccac3fe5b0a714fd4ab3", "85a5b4e9b4ed15b15f00", "7a5a4b164b12ea4ea0ff9acf"),
        (2, "db0eec7b716d8998b6b54c964126e272", "27ec6979b487fadb5a6a", "d81396864b780524a59563ca"),
    ] {
        assert_eq!(shown(&key(seed).aes_key()), aes);
        assert_eq!(shown(&lid_g2::apply(&[0; 10], &key(seed))), stream);
        let slot = lid_g2::apply(&[0xFF; 10], &key(seed));
        assert_eq!(shown(&slot) + &shown(&checksum2(&slot)), unset);
    }
}

#[test]
fn runs_the_output_stage_on_the_derived_table() {
    let stream = "16e5f4d1e86a42f07479086025aeb9b5020fff3db136c93261a8428360f0b907";
    assert_eq!(shown(&lid_g2::apply(&[0; 32], &key(0))), stream);
}

#[test]
fn opens_the_g2_records_of_the_public_generators() {
    let plain_1 = hex("94104502237315f8");
    let plain_2 = hex("53968330653408f9");
    for (stored, plain, tail) in [
        ("82f5b1d3cb1957087479c962", &plain_1, "0000"),
        ("82f5b1d3cb1957088b86e06f", &plain_1, "ffff"),
        ("457377e18d5e4a0974790734", &plain_2, "0000"),
        ("457377e18d5e4a098b861e41", &plain_2, "ffff"),
        ("82f5b1d3cb195708f3784861", &plain_1, "8701"),
        ("457377e18d5e4a09f3788633", &plain_2, "8701"),
    ] {
        let stored = hex(stored);
        assert_eq!(checksum2(&stored[..10]), stored[10..]);
        let opened = lid_g2::apply(&stored[..10], &key(0));
        assert_eq!((&opened[..8], shown(&opened[8..])), (&plain[..], tail.to_string()));
    }
    // The MT6735 generator leaves the sixteenth nibble zero.
    for (stored, byte) in [("82f5b1d3cb1957f8f3784851", 0x08), ("457377e18d5e4af9f3788623", 0x09)] {
        let stored = hex(stored);
        assert_eq!(checksum2(&stored[..10]), stored[10..]);
        assert_eq!(lid_g2::apply(&stored[..10], &key(0))[7], byte);
    }
}

#[test]
fn builds_the_g2_imei_files_of_the_reference() {
    for (one, two, sum) in [
        ("82f5b1d3cb1957087479c962", "457377e18d5e4a0974790734", "e9a0dcc3dead9bd306db75abe284812f"),
        ("82f5b1d3cb1957088b86e06f", "457377e18d5e4a098b861e41", "ddae785fe1d131b736446b19311602a9"),
    ] {
        let file = hex(&(one.to_string() + two + &"e91a0b2e1795bd0f8b865372".repeat(8)));
        assert_eq!(shown(&Md5::digest(&file)), sum);
        let family = Catalog::builtin().unwrap();
        let g2 = ModemKey::Table(key(0));
        let opened =
            modem_file::open("md/NVRAM/NVD_IMEI/MP0B_001", &file, family.family_of("MT6572"), Some(&g2));
        let opened = opened.unwrap();
        assert_eq!((opened.generation, opened.size_from), (Some(Generation::G2), SizeFrom::Table));
        let Records::Plain(records) = opened.records else { panic!("kept") };
        assert_eq!(Imei::from_bcd(records[0].first_chunk().unwrap()), digits("490154203237518"));
        assert_eq!(Imei::from_bcd(records[1].first_chunk().unwrap()), digits("356938035643809"));
        assert_eq!(Imei::from_bcd(records[9].first_chunk().unwrap()), ImeiField::Unset);
    }
}

fn digits(text: &str) -> ImeiField {
    ImeiField::Digits(Imei::parse(text).unwrap())
}

#[test]
fn opens_the_g2_barcode() {
    let file = hex(
        "42a0a785d85b70c3404c3e571d97f8f7414bba7b9116e912418862a340d0992712a3e2a63ac03bdb2bd9ad427da63b2b96c157d403e27860c473754049132fa4c795",
    );
    assert_eq!(checksum2(&file[..64]), file[64..]);
    let plain = lid_g2::apply(&file[..64], &key(0));
    assert_eq!(&plain[..20], b"TEST0123456789ABCDEF");
    assert!(plain[20..60].iter().all(|byte| *byte == b' '));
    assert_eq!(&plain[60..], b"10P\0");
}

proptest! {
    #[test]
    fn a_g2_record_deciphers_to_itself(record in proptest::collection::vec(any::<u8>(), 0..300)) {
        let key = key(1);
        prop_assert_eq!(lid_g2::apply(&lid_g2::apply(&record, &key), &key), record);
    }
}
