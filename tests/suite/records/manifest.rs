//! MPA8 against files: modem-nvram.md 3.4.

use nvkeep::formats::lid::checksum2;
use nvkeep::formats::records::manifest::{EntryState, ManifestEntry, parse, prove};

use super::{decode, family, number, shown};

fn file(body: &[u8]) -> Vec<u8> {
    [body, &checksum2(body)].concat()
}

fn listing(entries: &[(u16, &[u8])]) -> Vec<u8> {
    let mut plain = vec![entries.len() as u8, 0];
    for (lid, body) in entries {
        plain.extend(lid.to_le_bytes());
        plain.extend(1u16.to_le_bytes());
        plain.extend(checksum2(body));
    }
    plain.resize(1352, 0);
    plain
}

const AFC: [u8; 8] = [1, 2, 3, 4, 5, 6, 7, 8];
const PATH_LOSS: [u8; 720] = [9; 720];
const CAP: [u8; 4] = [3, 0, 0, 0];

fn entries() -> Vec<ManifestEntry> {
    parse(&listing(&[(28, &AFC), (0x0B01, &PATH_LOSS)])).unwrap()
}

#[test]
fn lists_numbers_records_and_sums() {
    let record = decode("MPA8_000", &listing(&[(28, &AFC), (0x0B01, &PATH_LOSS)]));
    assert_eq!((number(&record, "entries"), number(&record, "entry 2 item")), (2, 0x0B01));
    assert_eq!((number(&record, "entry 1 record"), shown(&record, "entry 1 sum")), (1, "1014".into()));
    assert!(decode("MPA8_000", &[0; 1352]).notes[0].starts_with("empty"));
    let mut too_many = vec![0; 1352];
    too_many[0] = 226;
    assert!(parse(&too_many).is_none());
    assert!(parse(&[0; 1351]).is_none());
}

#[test]
fn proves_a_whole_set() {
    let (afc, loss) = (file(&AFC), file(&PATH_LOSS));
    let files = [("CALIBRAT/MT0I_002", &afc[..]), ("CALIBRAT/UL11_000", &loss[..])];
    let proof = prove(&entries(), &files, family("wr8"));
    assert!(proof.is_complete());
    assert_eq!(proof.entries[1].1, EntryState::Holds { file: "UL11_000".into() });
}

#[test]
fn an_empty_list_proves_nothing() {
    assert!(!prove(&[], &[], family("wr8")).is_complete());
}

#[test]
fn names_a_file_that_was_calibrated_anew_or_damaged() {
    let (afc, mut loss) = (file(&AFC), file(&[8; 720]));
    let other = checksum2(&[8; 720]);
    let proof = prove(&entries(), &[("MT0I_002", &afc[..]), ("UL11_000", &loss[..])], family("wr8"));
    assert!(!proof.is_complete());
    let broken: Vec<_> = proof.broken().map(|(_, state)| state.clone()).collect();
    assert_eq!(broken, [EntryState::Differs { file: "UL11_000".into(), found: Some(other) }]);
    loss[5] ^= 1;
    let proof = prove(&entries(), &[("MT0I_002", &afc[..]), ("UL11_000", &loss[..])], family("wr8"));
    assert_eq!(proof.entries[1].1, EntryState::Differs { file: "UL11_000".into(), found: None });
}

#[test]
fn misses_a_file() {
    let afc = file(&AFC);
    let proof = prove(&entries(), &[("MT0I_002", &afc[..])], family("wr8"));
    assert_eq!(proof.entries[1].1, EntryState::Missing);
}

#[test]
fn believes_sums_where_numbers_are_of_another_build() {
    // Another build counts these items from elsewhere: the numbers name the wrong files.
    let shifted = parse(&listing(&[(28, &CAP), (36, &AFC), (0x0B01, &PATH_LOSS)])).unwrap();
    let (afc, cap, loss) = (file(&AFC), file(&CAP), file(&PATH_LOSS));
    let files = [("MT0I_002", &afc[..]), ("MT0Q_002", &cap[..]), ("ULB0_000", &loss[..])];
    let proof = prove(&shifted, &files, family("wr8"));
    assert!(proof.is_complete());
    assert_eq!(proof.entries[0].1, EntryState::Holds { file: "MT0Q_002".into() });
    assert_eq!(proof.entries[2].1, EntryState::Holds { file: "ULB0_000".into() });
}
