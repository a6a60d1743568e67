//! The verdict of every scenario and of every single damage, and the words it is given in.

use nvkeep::formats::ap_file::trailer;
use nvkeep::formats::lid::{DEFAULT_KEY, checksum2, rc4_record};
use nvkeep::identity::{BootsFrom, Copies, Found, LayerState, Status, Survey, Tree, VerdictCode};
use nvkeep::simulator::{Scenario, TableKind};

use super::phones::{copies, live, live_file, replace_in_region, survey, told};

const IMEI: &str = "md/NVRAM/NVD_IMEI/MP0B_001";
const AFC: &str = "md/NVRAM/CALIBRAT/MT0I_002";
const WIFI: &str = "APCFG/APRDEB/WIFI";

fn expect(survey: &Survey, code: VerdictCode, boots: BootsFrom, words: &[&str]) {
    let told = told(survey);
    assert_eq!((survey.verdict.code, survey.boots_from), (code, boots), "{told}");
    for word in words {
        assert!(told.contains(word), "\"{word}\" is not in:\n{told}");
    }
}

#[test]
fn every_scenario_has_its_verdict() {
    use BootsFrom::{Binregion, Live, None};
    use VerdictCode::{Healthy, Lost, NeedsArchive, Repairable};
    let table: &[(&str, VerdictCode, BootsFrom, &[&str])] = &[
        ("mt6572", Healthy, Live, &["its live files, is valid"]),
        ("mt6572-ddr", Healthy, Live, &[]),
        ("mt6572-dirty-journal", Healthy, Live, &[]),
        ("mt6572-nand", Healthy, Live, &[]),
        ("mt6572-no-pmt", Healthy, Live, &[]),
        ("mt6572-other-phone", Healthy, Live, &[]),
        ("mt6572-pmt-disagree", Healthy, Live, &[]),
        ("mt6572-secured", Healthy, Live, &[]),
        ("mt6572-silent-write32", Healthy, Live, &[]),
        ("mt6572-userdata-wiped", Healthy, Binregion, &["rebuilds them from the BinRegion at its next boot"]),
        ("mt6572-imei-null", Repairable, Live, &["354648020000251", "IMEI in PRO_INFO", "nvkeep restore"]),
        (
            "mt6572-torn-binregion",
            Repairable,
            Live,
            &["BinRegion: its checksum is", "every file in the live files", "factory reset", "nvkeep backup"],
        ),
        (
            "mt6572-default-mac",
            NeedsArchive,
            Live,
            &["Err = 0x10", "00:00:46:65:72:01", "Wi-Fi address, Bluetooth address"],
        ),
        (
            "mt6572-format-all",
            NeedsArchive,
            None,
            &["IMEI in PRO_INFO", "RF calibration", "SIM lock", "nvkeep restore"],
        ),
        ("mt6572-format-all-pro-info-lost", Lost, None, &["very phone"]),
        ("mt6572-nvram-blank", Repairable, Live, &["every file in the live files", "factory reset"]),
        (
            "mt6572-live-broken-flag-valid",
            Repairable,
            Live,
            &["IMEI in the BinRegion", "RF calibration in the BinRegion"],
        ),
        (
            "mt6572-simlock-half-lost",
            Repairable,
            Live,
            &["SIM lock in its other copy", "PROTECT_S has no ST33 file"],
        ),
        ("mt6572-calibration-short-file", Repairable, Live, &["RF calibration in the BinRegion"]),
        ("mt6572-remnants", NeedsArchive, None, &["RF calibration"]),
    ];
    // Phones with a GPT are laid out otherwise: `families` judges them.
    let with_pmt = |name: &&str| Scenario::named(name).unwrap().modem.table == TableKind::Pmt;
    for name in Scenario::names().filter(with_pmt) {
        let (_, code, boots, words) = table
            .iter()
            .find(|(known, ..)| *known == name)
            .unwrap_or_else(|| panic!("scenario {name} has no expected verdict"));
        let survey = survey(&copies(name));
        eprintln!("{name}\n  {}", told(&survey));
        expect(&survey, *code, *boots, words);
        assert_eq!(
            survey.layers.iter().map(|layer| layer.name).collect::<Vec<_>>(),
            ["binregion", "live", "pro_info", "simlock"]
        );
    }
}

/// A healthy phone with one damage.
fn damaged(damage: impl FnOnce(&mut Copies)) -> Survey {
    let mut copies = copies("mt6572");
    assert_eq!(survey(&copies).verdict.code, VerdictCode::Healthy);
    damage(&mut copies);
    survey(&copies)
}

#[test]
fn broken_live_files_are_repairable_while_the_region_is_whole() {
    let seen = damaged(|phone| live_file(phone, IMEI).bytes[3] ^= 0x10);
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Live,
        &["MP0B_001 has a wrong checksum", "IMEI in the BinRegion"],
    );
    let seen = damaged(|phone| drop(live(phone).remove(AFC)));
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Live,
        &["missing: MT0I_002", "RF calibration in the BinRegion"],
    );
}

#[test]
fn a_calibration_file_of_another_length_is_damaged_even_when_its_sums_hold() {
    let body = [0xD2, 0x11, 0xA1, 0x04];
    let cut = [&body[..], &checksum2(&body)].concat();
    let seen = damaged(|phone| live_file(phone, AFC).bytes = cut);
    let layer = seen.layer("live").unwrap();
    assert_eq!(layer.state, LayerState::Corrupt);
    assert_eq!(layer.calibration.as_ref().unwrap().corrupt, ["MT0I_002"]);
    expect(&seen, VerdictCode::Repairable, BootsFrom::Live, &["MT0I_002 has 6 bytes instead of 10"]);
}

#[test]
fn a_file_cut_at_a_record_boundary_is_damaged() {
    for len in [12, 24, 60, 108] {
        let seen = damaged(|phone| live_file(phone, IMEI).bytes.truncate(len));
        let layer = seen.layer("live").unwrap();
        assert_eq!((layer.state, layer.imei[0].status), (LayerState::Corrupt, Status::Invalid), "{len}");
        expect(
            &seen,
            VerdictCode::Repairable,
            BootsFrom::Live,
            &[&format!("has {len} bytes instead of 120")],
        );
    }
    // Without the region's copy the family's table still knows five records for a cut.
    let seen = damaged(|phone| {
        phone.binregion = Found::Absent("not on this source".into());
        live_file(phone, IMEI).bytes.truncate(60);
    });
    assert_eq!(seen.layer("live").unwrap().state, LayerState::Corrupt);
}

#[test]
fn one_lost_lock_is_repairable_and_both_need_the_archive() {
    let seen = damaged(|phone| phone.protect_s = Found::Blank);
    assert_eq!(seen.layer("simlock").unwrap().state, LayerState::Corrupt);
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Live,
        &["PROTECT_S holds only zeros or FF", "SIM lock in its other copy"],
    );
    let lose = |found: &mut Found<Tree>| match found {
        Found::Present(tree) => tree.retain(|path, _| !path.contains("/ST33")),
        _ => panic!("no volume"),
    };
    let seen = damaged(|phone| lose(&mut phone.protect_f));
    expect(&seen, VerdictCode::Repairable, BootsFrom::Live, &["PROTECT_F has no ST33 file"]);
    let seen = damaged(|phone| {
        lose(&mut phone.protect_f);
        lose(&mut phone.protect_s);
    });
    expect(
        &seen,
        VerdictCode::NeedsArchive,
        BootsFrom::Live,
        &["No valid copy is left on the phone of: SIM lock"],
    );
    let seen = damaged(|phone| (phone.protect_f, phone.protect_s) = (Found::Blank, Found::Blank));
    assert_eq!(seen.layer("simlock").unwrap().state, LayerState::Blank);
    expect(&seen, VerdictCode::NeedsArchive, BootsFrom::Live, &["SIM lock"]);
}

#[test]
fn locks_that_differ_are_told_apart_from_a_broken_one() {
    let change = |phone: &mut Copies, both: bool| {
        let Found::Present(tree) = &mut phone.protect_s else { panic!() };
        let file = &mut tree.get_mut("md/ST33B004").unwrap().bytes;
        file[100] ^= 1;
        if both {
            let sum = checksum2(&file[..204]);
            file[204..206].copy_from_slice(&sum);
        }
    };
    let seen = damaged(|phone| change(phone, false));
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Live,
        &["md/ST33B004 in PROTECT_S has a wrong checksum"],
    );
    let seen = damaged(|phone| change(phone, true));
    expect(&seen, VerdictCode::Repairable, BootsFrom::Live, &["both whole, and differ"]);
}

#[test]
fn a_blank_region_or_an_unreadable_volume_is_told_and_repairable() {
    let seen = damaged(|phone| phone.binregion = Found::Blank);
    expect(&seen, VerdictCode::Repairable, BootsFrom::Live, &["BinRegion: it holds only zeros or FF"]);
    let seen = damaged(|phone| phone.live = Found::Corrupt("superblock checksum".into()));
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Binregion,
        &["file system cannot be read: superblock checksum"],
    );
}

#[test]
fn the_next_boot_follows_the_flag_and_not_the_files() {
    let seen = damaged(|phone| live_file(phone, "RestoreFlag").bytes[0] ^= 1);
    expect(&seen, VerdictCode::Healthy, BootsFrom::Binregion, &["There are no valid live files"]);
    // A wrong trailer inside a region whose data checksum holds does not keep the phone from using it.
    let mut phone = copies("mt6572-userdata-wiped");
    let mut wifi = live_file(&mut copies("mt6572"), WIFI).bytes.clone();
    wifi[513] ^= 1;
    replace_in_region(&mut phone, WIFI, &wifi);
    let seen = survey(&phone);
    assert_eq!(seen.layer("binregion").unwrap().state, LayerState::Corrupt);
    expect(
        &seen,
        VerdictCode::NeedsArchive,
        BootsFrom::Binregion,
        &["WIFI has a wrong trailer", "Wi-Fi address"],
    );
}

#[test]
fn an_address_out_of_a_broken_file_is_not_valid() {
    let seen = damaged(|phone| live_file(phone, WIFI).bytes[513] ^= 1);
    assert_eq!(seen.layer("live").unwrap().wifi_mac.as_ref().unwrap().status, Status::Invalid);
    expect(&seen, VerdictCode::Repairable, BootsFrom::Live, &["Wi-Fi address in the BinRegion"]);
    let short = [vec![2u8; 100], trailer(&[2; 100]).to_vec()].concat();
    let seen = damaged(|phone| {
        phone.binregion = Found::Absent("not on this source".into());
        live_file(phone, WIFI).bytes = short;
    });
    assert_eq!(seen.layer("live").unwrap().wifi_mac.as_ref().unwrap().status, Status::Invalid);
    assert!(told(&seen).contains("WIFI has 102 bytes instead of 514"));
}

#[test]
fn missing_transmit_power_is_told_in_the_words_the_phone_shows() {
    let mut without = live_file(&mut copies("mt6572"), WIFI).bytes.clone();
    without[0xC4] = 0;
    let sum = trailer(&without[..512]);
    without[512..].copy_from_slice(&sum);
    let seen = damaged(|phone| live_file(phone, WIFI).bytes = without.clone());
    assert_eq!(seen.layer("live").unwrap().state, LayerState::Valid);
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Live,
        &["Err = 0x04", "Wi-Fi transmit power in the BinRegion"],
    );
    let seen = damaged(|phone| {
        live_file(phone, WIFI).bytes = without.clone();
        replace_in_region(phone, WIFI, &without);
    });
    expect(&seen, VerdictCode::NeedsArchive, BootsFrom::Live, &["Err = 0x04"]);
}

fn record(plain: [u8; 10], key: [u8; 4]) -> Vec<u8> {
    let body = rc4_record(&plain, key);
    let sum = checksum2(&body);
    [body, sum.to_vec()].concat()
}

const FIRST: [u8; 10] = [0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0xF8, 0, 0];
const SECOND: [u8; 10] = [0x53, 0x96, 0x83, 0x30, 0x65, 0x34, 0x08, 0xF9, 0, 0];

#[test]
fn the_second_sim_is_shown_and_unset_slots_are_not() {
    let file =
        [record(FIRST, DEFAULT_KEY), record(SECOND, DEFAULT_KEY), record([0xFF; 10], DEFAULT_KEY).repeat(8)]
            .concat();
    let seen = damaged(|phone| {
        live_file(phone, IMEI).bytes = file.clone();
        replace_in_region(phone, IMEI, &file);
    });
    assert_eq!(seen.verdict.code, VerdictCode::Healthy, "{}", told(&seen));
    for name in ["live", "binregion"] {
        let slots = &seen.layer(name).unwrap().imei;
        let told: Vec<_> = slots.iter().map(|slot| (slot.slot, slot.value.as_deref(), slot.status)).collect();
        assert_eq!(
            told,
            [(1, Some("490154203237518"), Status::Valid), (2, Some("356938035643809"), Status::Valid)]
        );
    }
}

#[test]
fn numbers_nobody_was_given_are_never_valid() {
    for (plain, status) in [
        ([0x53, 0x64, 0x84, 0x20, 0x00, 0x00, 0x52, 0xF1, 0, 0], Status::Default),
        ([0; 10], Status::Null),
        ([0xFF; 10], Status::Null),
        ([0, 0, 0, 0, 0, 0, 0, 0xF0, 0, 0], Status::Null),
        ([0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0x11, 0xF1, 0, 0], Status::Null),
        ([0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0xF9, 0, 0], Status::Invalid),
        ([0x94, 0x10, 0x4A, 0x02, 0x23, 0x73, 0x15, 0xF8, 0, 0], Status::Invalid),
    ] {
        let file = record(plain, DEFAULT_KEY).repeat(10);
        let seen = damaged(|phone| live_file(phone, IMEI).bytes = file);
        assert_eq!(seen.layer("live").unwrap().imei[0].status, status, "{plain:02x?}");
        assert_eq!(seen.verdict.code, VerdictCode::Repairable, "{}", told(&seen));
    }
}

#[test]
fn the_modems_marker_of_an_unfinished_first_boot_is_told() {
    let seen = damaged(|phone| {
        let empty = live_file(phone, "RestoreFlag").clone();
        live(phone).insert("md/FAT3149C88D.log".into(), empty);
    });
    expect(&seen, VerdictCode::Repairable, BootsFrom::Live, &["md/FAT*.log", "empties its NVRAM"]);
}

#[test]
fn a_number_in_a_broken_file_is_part_of_the_closed_world() {
    let ours = survey(&copies("mt6572"));
    let theirs = damaged(|phone| {
        let file = &mut live_file(phone, IMEI).bytes;
        file[..12].copy_from_slice(&record(SECOND, DEFAULT_KEY));
        file[119] ^= 1;
    });
    assert!(
        !theirs.identities.contains("imei:356938035643809"),
        "the file is broken, so its numbers are not listed"
    );
    assert_eq!(nvkeep::identity::closed_world(&theirs, &[&ours]).unwrap_err().kind, "imei");
}

#[test]
fn two_valid_numbers_in_two_layers_are_told() {
    let file = [record(SECOND, DEFAULT_KEY), record([0xFF; 10], DEFAULT_KEY).repeat(9)].concat();
    let seen = damaged(|phone| live_file(phone, IMEI).bytes = file);
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Live,
        &["IMEI slot 1 is one number in the BinRegion and another in the live files"],
    );
}

/// A phone whose maker changed the modem's key: everything confidential is enciphered anew.
fn resealed(key: [u8; 4]) -> Copies {
    let mut phone = copies("mt6572");
    let reseal = |file: &[u8], size: usize| -> Vec<u8> {
        file.chunks(size + 2)
            .flat_map(|section| {
                let body = rc4_record(&rc4_record(&section[..size], DEFAULT_KEY), key);
                let sum = checksum2(&body);
                [body, sum.to_vec()].concat()
            })
            .collect()
    };
    let system = |file: &[u8]| {
        let mut file = file.to_vec();
        let lock = rc4_record(&rc4_record(&file[22..34], DEFAULT_KEY), key);
        file[22..34].copy_from_slice(&lock);
        let sum = checksum2(&file[..34]);
        file[34..36].copy_from_slice(&sum);
        file
    };
    for (path, file) in live(&mut phone) {
        let new = match path.rsplit('/').next().unwrap() {
            "MP0B_001" => reseal(&file.bytes, 10),
            "MP09_001" => reseal(&file.bytes, 64),
            "ST6TA001" | "ST6TB001" => reseal(&file.bytes, 204),
            "MT00A000" | "MT00B000" => system(&file.bytes),
            _ => continue,
        };
        file.bytes = new;
    }
    let tree = live(&mut phone).clone();
    for (path, file) in
        tree.iter().filter(|(path, _)| ["MP0B", "MP09", "ST6T"].iter().any(|name| path.contains(name)))
    {
        replace_in_region(&mut phone, path, &file.bytes);
    }
    for found in [&mut phone.protect_f, &mut phone.protect_s] {
        let Found::Present(tree) = found else { panic!() };
        for (_, file) in tree.iter_mut().filter(|(path, _)| path.contains("ST33")) {
            file.bytes = reseal(&file.bytes, 204);
        }
    }
    phone
}

#[test]
fn an_unknown_key_yields_no_identity_and_no_alarm() {
    let phone = resealed([1, 2, 3, 4]);
    let seen = survey(&phone);
    expect(&seen, VerdictCode::Healthy, BootsFrom::Live, &["this phone's key is unknown"]);
    for name in ["binregion", "live"] {
        let layer = seen.layer(name).unwrap();
        assert_eq!(layer.state, LayerState::Valid, "{:?}", layer.reason);
        assert!(layer.reason.as_ref().unwrap().contains("a key nvkeep does not know"));
        assert_eq!((layer.imei[0].value.as_ref(), layer.imei[0].status), (None, Status::Invalid));
        assert_eq!(layer.barcode.as_ref().unwrap().value, None);
        assert_eq!(layer.wifi_mac.as_ref().unwrap().status, Status::Valid);
    }
    assert_eq!(seen.layer("simlock").unwrap().state, LayerState::Valid);
    // The closed world still covers what cannot be read: another sealed file is a stranger.
    let mut other = phone.clone();
    let file = &mut live_file(&mut other, IMEI).bytes;
    file[0] ^= 1;
    let sum = checksum2(&file[..10]);
    file[10..12].copy_from_slice(&sum);
    assert_eq!(nvkeep::identity::closed_world(&survey(&other), &[&seen]).unwrap_err().kind, "imei");
}

#[test]
fn one_proof_of_the_key_outweighs_a_garbled_file() {
    let garbled = record([0x1A, 0x2B, 0x3C, 0x4D, 0x5E, 0x6F, 0x7A, 0x8B, 0, 0], DEFAULT_KEY).repeat(10);
    let seen = damaged(|phone| live_file(phone, IMEI).bytes = garbled);
    assert!(!seen.layer("live").unwrap().marks.sealed);
    expect(
        &seen,
        VerdictCode::Repairable,
        BootsFrom::Live,
        &["IMEI slot 1 in the live files holds no number"],
    );
}
