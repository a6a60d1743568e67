//! Wrong and damaged agent files: each kind its own sentence, and no input that panics.

use std::collections::BTreeSet;

use nvkeep::formats::da_container::{DaContainer, DaError, Device};

use super::{Entry, container};
use crate::support::Random;

const BUILD: &str = "MTK_AllInOne_DA_v3.3001.2019-12-31";
const PHONE: Device = Device { da_code: 0x6572, hw_sub_code: 0x8A00, hw_version: 0xCA01, sw_version: 1 };

fn good() -> Vec<u8> {
    container(
        BUILD,
        &[Entry::of(0x6571, 0xCA00, 0), Entry::of(0x6572, 0xCA00, 0), Entry::of(0x6582, 0xCA01, 1)],
    )
}

fn refusal(bytes: &[u8]) -> DaError {
    DaContainer::parse(bytes).and_then(|container| container.choose(PHONE, bytes)).unwrap_err()
}

#[test]
fn a_whole_file_is_read_with_its_description_and_entries() {
    let bytes = good();
    let read = DaContainer::parse(&bytes).unwrap();
    assert_eq!((read.description.as_str(), read.version, read.old), (BUILD, 4, false));
    let codes: Vec<u16> = read.entries.iter().map(|entry| entry.hw_code).collect();
    assert_eq!(codes, [0x6571, 0x6572, 0x6582]);
    let chosen = read.choose(PHONE, &bytes).unwrap();
    assert_eq!((chosen.index, chosen.first.address, chosen.second.address), (1, 0x0200_7000, 0x8000_0000));
    assert_eq!(chosen.first.of(&bytes).unwrap(), [0x72; 0x40]);
    assert_eq!(chosen.second.of(&bytes).unwrap().len(), 0x60);
    assert_eq!((chosen.first.signature_len, chosen.first.signature_at), (0x10, 0x30));
}

#[test]
fn a_very_old_file_has_shorter_entries_without_software_versions() {
    let bytes = good();
    let mut old = bytes[..0x6C].to_vec();
    for index in 0..3 {
        let entry = &bytes[0x6C + index * 0xDC..][..0xDC];
        old.extend(&entry[..8]);
        old.extend(&entry[0xC..]);
    }
    old.resize(0x6C + 3 * 0xDC, 0);
    old.extend(&bytes[0x6C + 3 * 0xDC..]);
    let read = DaContainer::parse(&old).unwrap();
    assert!(read.old);
    assert_eq!(read.entries[1].title(), "chip 6572 sub 0000 hardware ca00 software 0000");
    assert_eq!(
        read.entries,
        DaContainer::parse(&bytes)
            .unwrap()
            .entries
            .into_iter()
            .map(|entry| { nvkeep::formats::da_container::DaEntry { sw_version: 0, ..entry } })
            .collect::<Vec<_>>()
    );
    assert_eq!(read.choose(PHONE, &old).unwrap().first.of(&old).unwrap(), [0x72; 0x40]);
}

#[test]
fn every_wrong_kind_of_file_has_a_sentence_of_its_own() {
    let with = |at: usize, value: &[u8]| {
        let mut bytes = good();
        assert_ne!(bytes[at..at + value.len()], *value);
        bytes[at..at + value.len()].copy_from_slice(value);
        bytes
    };
    let entry = |index: usize| 0x6C + index * 0xDC;
    // The first stage of the entry that is for the phone.
    let stage = entry(1) + 0x14 + 20;
    let start = u32::from_le_bytes(*good()[stage..].first_chunk().unwrap()) as usize;
    let wrong: Vec<(&str, Vec<u8>, &str)> = vec![
        ("da-not-a-container", b"ANDROID!boot".to_vec(), "begins with"),
        ("da-not-a-container", Vec::new(), "begins with []"),
        ("da-truncated", good()[..0x50].to_vec(), "80 bytes, its header alone has 108"),
        ("da-truncated", good()[..entry(2) + 5].to_vec(), "cut short in entry 2 of 3"),
        ("da-truncated", good()[..start + 3].to_vec(), "cut short in region 1 of entry 1: 61 bytes"),
        ("da-encrypted", with(0x64, &0x5566_3388u32.to_le_bytes()), "magic 55663388"),
        ("da-xml", container("MTK_DA_v6 2023", &[Entry::of(0x6572, 0, 0)]), "XML kind"),
        ("da-damaged", with(0x68, &0u32.to_le_bytes()), "claims 0 entries"),
        ("da-damaged", with(0x68, &u32::MAX.to_le_bytes()), "claims 4294967295 entries"),
        (
            "da-damaged",
            with(entry(1), &[0, 0]),
            "entry 1 of the Download Agent file, at 0x148, begins with 0000",
        ),
        ("da-damaged", with(entry(1) + 0x12, &[11, 0]), "claims 11 regions"),
        ("da-damaged", with(stage, &0x00FF_0000u32.to_le_bytes()), "region 1 of entry 1 lies outside"),
        (
            "da-damaged",
            with(stage + 4, &u32::MAX.to_le_bytes()),
            "region 1 of entry 1 in the Download Agent file makes no",
        ),
        ("da-damaged", with(stage + 16, &0x40u32.to_le_bytes()), "64 bytes with a signature of 64"),
        ("da-single-region", with(entry(1) + 0x12, &[1, 0]), "has 1 region(s)"),
        ("da-single-region", with(entry(1) + 0x12, &[2, 0]), "has 2 region(s)"),
        ("da-other-chip", container(BUILD, &[Entry::of(0x6582, 0, 0)]), "it has chip 6582 sub 0000"),
        ("da-newer-revision", container(BUILD, &[Entry::of(0x6572, 0xCB00, 0)]), "only for newer revisions"),
    ];
    let mut sentences = BTreeSet::new();
    for (code, bytes, words) in wrong {
        let error = refusal(&bytes);
        let text = error.to_string();
        assert!(error.code() == code && text.contains(words), "{code}, {words}: {}: {text}", error.code());
        assert!(error.advice().len() > 20);
        sentences.insert(text);
    }
    assert_eq!(sentences.len(), 18);
}

#[test]
fn no_damage_panics_or_reaches_outside_the_file() {
    let bytes = good();
    let mut random = Random::new(6572);
    let mut chosen = 0;
    for _ in 0..20_000 {
        let damaged = random.damage(&bytes);
        let Ok(read) = DaContainer::parse(&damaged) else { continue };
        assert!(read.entries.len() <= 512);
        for da_code in [0x6571, 0x6572, 0x6582] {
            let device = Device { da_code, ..PHONE };
            match read.choose(device, &damaged) {
                Ok(found) => {
                    chosen += 1;
                    for stage in [found.first, found.second] {
                        assert_eq!(stage.of(&damaged).unwrap().len(), stage.len as usize);
                        assert!(stage.signature_len < stage.len);
                    }
                }
                Err(error) => assert!(!error.to_string().is_empty() && !error.advice().is_empty()),
            }
        }
    }
    assert!(chosen > 1000, "{chosen}");
}
