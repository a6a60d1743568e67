//! The encoder, which the suite cannot reach: vectors of modem-nvram.md 6.1, 6.3, 6.4, and what it refuses.

use super::{ReplaceError, replace_record};
use crate::formats::catalog::{Catalog, Family};
use crate::formats::derived_key::{DerivedKey, SEEDS};
use crate::formats::key_probe::ModemKey;
use crate::formats::lid::{DEFAULT_KEY, checksum2};

const I1: [u8; 10] = [0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0xF8, 0, 0];

fn hex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}

fn family(name: &str) -> Family {
    Catalog::builtin().unwrap().family(name).unwrap().clone()
}

fn g2() -> ModemKey {
    ModemKey::Table(DerivedKey::from_seed(&SEEDS[0].bytes))
}

#[test]
fn makes_the_slots_of_the_reference() {
    for (family_name, key, unset, slot) in [
        ("wr8", ModemKey::Rc4(DEFAULT_KEY), "545f90d0e0e1654aaa74d3ce", "3fb02a2d3c6d8f4d558b8922"),
        ("lr11", g2(), "e91a0b2e1795bd0f8b865372", "82f5b1d3cb1957087479c962"),
    ] {
        let file = hex(&unset.repeat(10));
        let made = replace_record("NVD_IMEI/MP0B_001", &file, 3, &I1, &family(family_name), Some(&key));
        let wanted = hex(&(unset.repeat(3) + slot + &unset.repeat(6)));
        assert_eq!(made, Ok(wanted.clone()));
        // A wrong sum in the place itself is what a repair mends.
        let mut damaged = file.clone();
        damaged[3 * 12] ^= 1;
        let made = replace_record("MP0B_001", &damaged, 3, &I1, &family(family_name), Some(&key));
        assert_eq!(made, Ok(wanted));
    }
}

#[test]
fn makes_a_slot_behind_a_header() {
    let unset = "4ab96d2f1a7925c700db7e7f217756793f086badd56d9fa38ebf8856d4aea0a7";
    let header =
        "4c44490010ef0a000a0000000a4000000020000000000000000000000000a244".to_owned() + &"00".repeat(32);
    let file = hex(&(header.clone() + &unset.repeat(10)));
    let key = ModemKey::Aes(DerivedKey::from_seed(&SEEDS[0].bytes).aes_key());
    let made = replace_record("LD0B_001", &file, 0, &I1, &family("lr12a"), Some(&key));
    let slot = "46bc72d9949242f370b016e45062c252f83f790592d758b993b306f2bd232914";
    assert_eq!(made, Ok(hex(&(header + slot + &unset.repeat(9)))));
    let made = replace_record("LD0B_001", &file, 0, &I1, &family("lr12a"), Some(&g2()));
    assert!(matches!(made, Err(ReplaceError::Ldi { .. })));
}

#[test]
fn refuses_what_rests_on_a_guess() {
    let unset = hex(&"545f90d0e0e1654aaa74d3ce".repeat(10));
    let key = ModemKey::Rc4(DEFAULT_KEY);
    let put = |name: &str, file: &[u8], plain: &[u8], family_name: &str, key: Option<&ModemKey>| {
        replace_record(name, file, 0, plain, &family(family_name), key)
    };
    assert!(matches!(put("MP0B_002", &unset, &I1, "wr8", Some(&key)), Err(ReplaceError::Unknown { .. })));
    assert!(matches!(put("nonsense", &unset, &I1, "wr8", Some(&key)), Err(ReplaceError::Unknown { .. })));
    assert!(matches!(put("MP0B_001", &unset, &I1, "wr8", None), Err(ReplaceError::NoKey { .. })));
    // The key of another generation makes no numbers of the other slots.
    assert!(matches!(put("MP0B_001", &unset, &I1, "wr8", Some(&g2())), Err(ReplaceError::NoKey { .. })));
    assert!(matches!(put("MP0B_001", &unset[..118], &I1, "wr8", Some(&key)), Err(ReplaceError::Size { .. })));
    assert!(matches!(put("MP0B_001", &unset, &I1[..9], "wr8", Some(&key)), Err(ReplaceError::Record { .. })));
    let lock = put("ST33A004", &[0; 2060], &[0; 204], "wr8", Some(&key));
    assert!(matches!(lock, Err(ReplaceError::Verbatim { .. })));
    assert!(matches!(put("CSSD_000", &[0; 99], &I1, "lr12a", None), Err(ReplaceError::Verbatim { .. })));
    let afc = [[1; 8].to_vec(), checksum2(&[1; 8]).to_vec()].concat();
    assert!(matches!(put("MT0I_002", &afc, &[2; 8], "lr9", None), Err(ReplaceError::Guessed { .. })));
    let made = put("MT0I_002", &afc, &[2; 8], "wr8", None).unwrap();
    assert_eq!(made, [[2; 8].to_vec(), checksum2(&[2; 8]).to_vec()].concat());
    let sections = replace_record("MP0B_001", &unset, 10, &I1, &family("wr8"), Some(&key));
    assert!(matches!(sections, Err(ReplaceError::Record { record: 11, count: 10, .. })));
}
