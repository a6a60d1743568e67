//! Which entry of an agent file is taken for a phone, and the reason that is told (preloader-and-legacy-da.md 5.5).

use nvkeep::formats::da_container::{Chosen, DaContainer, DaError, Device};

use super::{Entry, container};

const PHONE: Device = Device { da_code: 0x6572, hw_sub_code: 0x8A00, hw_version: 0xCA01, sw_version: 1 };

fn choose(entries: &[Entry], device: Device) -> Result<Chosen, DaError> {
    let bytes = container("MTK_AllInOne_DA_v7.1320.0.0.983", entries);
    DaContainer::parse(&bytes)?.choose(device, &bytes)
}

#[test]
fn the_newest_that_is_not_newer_than_the_phone_is_taken() {
    let entries = [
        Entry::of(0x6582, 0xCA01, 1),
        Entry::of(0x6572, 0, 0),
        Entry::of(0x6572, 0xCA00, 1),
        Entry::of(0x6572, 0xCA01, 0),
        Entry::of(0x6572, 0xCA01, 2),
        Entry::of(0x6572, 0xCB00, 0),
    ];
    let chosen = choose(&entries, PHONE).unwrap();
    assert_eq!(chosen.index, 3);
    assert_eq!(
        chosen.reason,
        "entry 3 of 6: chip 6572, hardware version ca01 as the phone's, any software version; the newest of 3 that fit"
    );
    let older = choose(&entries, Device { hw_version: 0xCA00, ..PHONE }).unwrap();
    assert_eq!(older.index, 2);
    assert_eq!(choose(&entries, Device { sw_version: 2, ..PHONE }).unwrap().index, 4);
}

#[test]
fn an_entry_for_every_version_fits_a_phone_that_says_zero() {
    let chosen =
        choose(&[Entry::of(0x6572, 0, 0)], Device { hw_version: 0, sw_version: 0, ..PHONE }).unwrap();
    assert_eq!(chosen.reason, "entry 0 of 1: chip 6572, any hardware version, any software version");
}

#[test]
fn of_equal_entries_the_first_is_taken() {
    let entries = [Entry::of(0x6572, 0xCA00, 0), Entry::of(0x6572, 0xCA00, 0)];
    let chosen = choose(&entries, PHONE).unwrap();
    assert_eq!(chosen.index, 0);
    assert!(chosen.reason.contains("hardware version from ca00 on, the phone has ca01"), "{}", chosen.reason);
}

#[test]
fn a_sub_code_fits_when_it_is_zero_or_the_phones() {
    let with = |sub| Entry { sub, ..Entry::of(0x6572, 0xCA00, 0) };
    assert_eq!(choose(&[with(0x8B00), with(0x8A00)], PHONE).unwrap().index, 1);
    let error = choose(&[with(0x8B00)], PHONE).unwrap_err();
    assert_eq!(error.code(), "da-other-chip");
    assert!(error.to_string().contains("other sub codes than this phone's 8a00"), "{error}");
}

#[test]
fn the_agents_number_counts_not_the_phones_own() {
    // MT6735 calls itself 0321; its agents are filed under 6735 (chips.toml).
    let device = Device { da_code: 0x6735, ..PHONE };
    assert_eq!(choose(&[Entry::of(0x6572, 0, 0), Entry::of(0x6735, 0, 0)], device).unwrap().index, 1);
    let error = choose(&[Entry::of(0x0321, 0, 0)], device).unwrap_err();
    assert!(matches!(error, DaError::NoEntry { da_code: 0x6735, .. }), "{error}");
}
