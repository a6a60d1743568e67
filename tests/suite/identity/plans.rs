//! What a restore would write, on whole simulated phones: every fate of the live files, every narrow selection.

use nvkeep::formats::ap_file::RESTORE_FLAG;
use nvkeep::formats::binregion::data_checksum;
use nvkeep::identity::{
    Copies, Edit, Found, LiveOutcome, Part, Plan, Refusal, Selection, check_outcome, plan_restore,
};

use super::phones::{copies, live, live_file, replace_in_region, survey};

const IMEI: &str = "md/NVRAM/NVD_IMEI/MP0B_001";
const BARCODE: &str = "md/NVRAM/CALIBRAT/MP09_001";
const AFC: &str = "md/NVRAM/CALIBRAT/MT0I_002";
const WIFI: &str = "APCFG/APRDEB/WIFI";
const BT: &str = "APCFG/APRDEB/BT_Addr";
const SECOND_LOCK: &str = "md/NVRAM/NVD_IMEI/ST6TA001";

fn all(phone: &Copies) -> Result<Plan, Refusal> {
    plan_restore(phone, &copies("mt6572"), &Selection::All)
}

fn only(phone: &Copies, part: Part) -> Result<Plan, Refusal> {
    plan_restore(phone, &copies("mt6572"), &Selection::Only([part].into()))
}

/// Flips a byte of a file in the live tree and in the BinRegion, whose checksum is mended.
fn spoil(phone: &mut Copies, path: &str) {
    let mut bytes = live_file(phone, path).bytes.clone();
    bytes[1] ^= 0x40;
    live_file(phone, path).bytes = bytes.clone();
    replace_in_region(phone, path, &bytes);
}

fn spoiled(paths: &[&str]) -> Copies {
    let mut phone = copies("mt6572");
    paths.iter().for_each(|path| spoil(&mut phone, path));
    phone
}

fn whats(edits: &[Edit]) -> Vec<String> {
    let mut whats: Vec<String> = edits.iter().map(|edit| format!("{} {}", edit.layer, edit.what)).collect();
    whats.sort();
    whats.dedup();
    whats
}

#[test]
fn equal_phones_need_no_edit() {
    let plan = all(&copies("mt6572")).unwrap();
    assert_eq!((plan.edits.len(), plan.live), (0, LiveOutcome::Rewritten));
    for part in [Part::Imei, Part::Wifi, Part::Bt, Part::Calibration, Part::Simlock] {
        assert_eq!(only(&copies("mt6572"), part).unwrap().edits, [], "{part:?}");
    }
}

#[test]
fn live_files_that_fit_are_overwritten_in_place() {
    let mut phone = copies("mt6572");
    live_file(&mut phone, IMEI).bytes[5] ^= 1;
    let place = live_file(&mut phone, IMEI).extents[0].at;
    let plan = all(&phone).unwrap();
    assert_eq!(plan.live, LiveOutcome::Rewritten);
    let [edit] = &plan.edits[..] else { panic!("{:?}", plan.edits) };
    assert_eq!((edit.at, &edit.bytes), (place, &live_file(&mut copies("mt6572"), IMEI).bytes));
}

fn invalidated(phone: &mut Copies, reason: &str) {
    let flag = live_file(phone, "RestoreFlag").extents[0].at;
    let plan = all(phone).unwrap();
    assert!(matches!(&plan.live, LiveOutcome::Invalidated { why } if why.contains(reason)), "{}", plan.live);
    let [edit] = &plan.edits[..] else { panic!("only the flag may change: {:?}", plan.edits) };
    assert_eq!((edit.at, &edit.bytes[..]), (flag, &[0; 4][..]));
    assert_ne!(edit.bytes, RESTORE_FLAG);
}

#[test]
fn live_files_that_do_not_fit_are_invalidated() {
    let mut phone = copies("mt6572");
    live(&mut phone).remove(IMEI);
    invalidated(&mut phone, "missing");
    let mut phone = copies("mt6572");
    live_file(&mut phone, IMEI).bytes.truncate(60);
    invalidated(&mut phone, "another size");
    let mut phone = copies("mt6572");
    let file = live_file(&mut phone, IMEI);
    file.bytes[5] ^= 1;
    file.extents.clear();
    invalidated(&mut phone, "cannot be overwritten in place");
}

#[test]
fn a_file_without_a_place_needs_none_when_it_is_right_already() {
    let mut phone = copies("mt6572");
    live(&mut phone).values_mut().for_each(|file| file.extents.clear());
    let plan = all(&phone).unwrap();
    assert_eq!((plan.edits.len(), plan.live), (0, LiveOutcome::Rewritten));
}

#[test]
fn live_files_that_can_neither_be_mended_nor_invalidated_are_a_refusal() {
    let mut phone = copies("mt6572");
    live(&mut phone).remove(IMEI);
    live_file(&mut phone, "RestoreFlag").extents.clear();
    let refusal = all(&phone).unwrap_err();
    assert_eq!((refusal.code(), &refusal), ("live-stuck", &Refusal::LiveStuck { path: IMEI.into() }));
    assert!(refusal.advice().contains("Boot the phone once"));
}

#[test]
fn live_files_the_phone_will_not_use_are_left_alone() {
    let absent = |phone: &Copies, reason: &str| {
        let plan = all(phone).unwrap();
        assert_eq!(plan.edits, []);
        assert!(matches!(&plan.live, LiveOutcome::Absent { why } if why.contains(reason)), "{}", plan.live);
    };
    let mut phone = copies("mt6572");
    live_file(&mut phone, "RestoreFlag").bytes[0] = 0;
    live_file(&mut phone, IMEI).bytes[5] ^= 1;
    absent(&phone, "not marked valid");
    absent(&copies("mt6572-userdata-wiped"), "no folder /nvram");
    phone.live = Found::Corrupt("bad superblock".into());
    absent(&phone, "bad superblock");
    phone.live = Found::Blank;
    absent(&phone, "blank");
}

#[test]
fn an_outcome_that_leans_on_a_broken_region_is_refused() {
    let phone = copies("mt6572");
    let rewritten = all(&phone).unwrap();
    let leaning = all(&copies("mt6572-userdata-wiped")).unwrap();
    assert_eq!(check_outcome(&leaning, &survey(&phone)), Ok(()));
    for scenario in ["mt6572-torn-binregion", "mt6572-format-all"] {
        let after = survey(&copies(scenario));
        assert_eq!(check_outcome(&rewritten, &after), Ok(()));
        assert_eq!(check_outcome(&leaning, &after).unwrap_err().code(), "region-not-valid");
    }
}

/// Carries out the edits of one layer on the BinRegion's data and returns them.
fn region_after(phone: &Copies, edits: &[Edit]) -> Vec<u8> {
    let copy = phone.binregion.present().unwrap();
    let start = copy.partition_at + copy.region.data_extents[0].0;
    let mut data = copy.region.data.clone();
    let end = start + data.len() as u64;
    for edit in edits.iter().filter(|edit| (start..end).contains(&edit.at)) {
        let at = (edit.at - start) as usize;
        data[at..at + edit.bytes.len()].copy_from_slice(&edit.bytes);
    }
    data
}

#[test]
fn every_part_brings_its_own_files_and_no_others() {
    let everything = [IMEI, BARCODE, WIFI, BT, AFC, SECOND_LOCK];
    let own = |part: Part| match part {
        Part::Imei => &[IMEI, BARCODE][..],
        Part::Wifi => &[WIFI],
        Part::Bt => &[BT],
        Part::Calibration => &[AFC],
        Part::Simlock => &[SECOND_LOCK],
    };
    for part in [Part::Imei, Part::Wifi, Part::Bt, Part::Calibration, Part::Simlock] {
        let phone = spoiled(&everything);
        let plan = only(&phone, part).unwrap();
        let whats = whats(&plan.edits);
        for path in everything {
            for layer in ["binregion", "live"] {
                let touched = whats.iter().any(|what| what.starts_with(layer) && what.ends_with(path));
                assert_eq!(touched, own(part).contains(&path), "{part:?} {layer} {path}: {whats:?}");
            }
        }
        // The region's data are now part archive, part phone, and the new checksum is that of exactly these.
        let data = region_after(&phone, &plan.edits);
        let expected = data_checksum(&data).to_le_bytes();
        let region = &phone.binregion.present().unwrap().region;
        let at = phone.binregion.present().unwrap().partition_at;
        for place in [region.checksum_at, region.tail_checksum_at().unwrap()] {
            let edit = plan.edits.iter().find(|edit| edit.at == at + place).unwrap();
            assert_eq!(edit.bytes, expected, "{part:?}");
        }
        assert_ne!(data, region.data);
    }
}

#[test]
fn numbers_include_pro_info_and_leave_its_other_fields() {
    let mut phone = spoiled(&[IMEI]);
    let Found::Present(record) = &mut phone.pro_info else { panic!() };
    record.bytes[0x40] ^= 1;
    record.bytes[3] ^= 1;
    record.bytes[0x142] = 0x77;
    let plan = only(&phone, Part::Imei).unwrap();
    let edit = plan.edits.iter().find(|edit| edit.layer == "pro_info").unwrap();
    let theirs = copies("mt6572");
    let theirs = &theirs.pro_info.present().unwrap().bytes;
    assert_eq!(edit.bytes[..0x68], theirs[..0x68]);
    assert_eq!((edit.bytes[0x142], theirs[0x142]), (0x77, 5));
    let plan = only(&phone, Part::Calibration).unwrap();
    assert!(plan.edits.iter().all(|edit| edit.layer != "pro_info"));
}

#[test]
fn locks_are_put_back_in_both_partitions() {
    let mut phone = copies("mt6572");
    for (found, path) in [(&mut phone.protect_f, "md/ST33A004"), (&mut phone.protect_s, "md/ST33B004")] {
        let Found::Present(tree) = found else { panic!() };
        tree.get_mut(path).unwrap().bytes[7] ^= 1;
    }
    let plan = only(&phone, Part::Simlock).unwrap();
    assert_eq!(whats(&plan.edits), ["simlock SIM lock: md/ST33A004", "simlock SIM lock: md/ST33B004"]);
    phone.protect_s = Found::Blank;
    assert!(matches!(only(&phone, Part::Simlock), Err(Refusal::OtherSize { path }) if path == "md/ST33B004"));
    let mut archive = copies("mt6572");
    archive.protect_f = Found::Absent("not kept".into());
    let locks = Selection::Only([Part::Simlock].into());
    let refusal = plan_restore(&copies("mt6572"), &archive, &locks).unwrap_err();
    assert_eq!(refusal, Refusal::NotInArchive { what: "the first SIM-lock copy" });
}

#[test]
fn a_part_cannot_be_put_where_it_does_not_fit() {
    assert_eq!(only(&copies("mt6572-format-all"), Part::Imei), Err(Refusal::NoTarget));
    assert_eq!(only(&copies("mt6572-torn-binregion"), Part::Imei), Err(Refusal::NoTarget));
    let mut phone = spoiled(&[IMEI]);
    live_file(&mut phone, IMEI).bytes.truncate(60);
    assert!(matches!(only(&phone, Part::Imei), Err(Refusal::OtherSize { path }) if path == IMEI));
    let mut phone = spoiled(&[IMEI]);
    live_file(&mut phone, IMEI).extents.clear();
    assert!(matches!(only(&phone, Part::Imei), Err(Refusal::NoPlace { path }) if path == IMEI));
    // Another part is not kept back by it.
    spoil(&mut phone, BT);
    assert_eq!(only(&phone, Part::Bt).unwrap().live, LiveOutcome::Rewritten);
}

#[test]
fn a_part_goes_into_the_region_alone_when_the_phone_rebuilds_the_rest() {
    let mut phone = spoiled(&[WIFI]);
    live_file(&mut phone, "RestoreFlag").bytes[0] = 0;
    let plan = only(&phone, Part::Wifi).unwrap();
    assert!(matches!(plan.live, LiveOutcome::Absent { .. }));
    assert!(plan.edits.iter().all(|edit| edit.layer == "binregion"));
    let mut phone = spoiled(&[AFC]);
    live(&mut phone).remove(AFC);
    let plan = only(&phone, Part::Calibration).unwrap();
    assert!(
        plan.notes
            .iter()
            .any(|note| note.contains("MT0I_002") && note.contains("fetches it from the BinRegion"))
    );
}

#[test]
fn an_archive_without_a_part_or_with_a_torn_region_is_refused() {
    let mut archive = copies("mt6572");
    let Found::Present(copy) = &mut archive.binregion else { panic!() };
    copy.region.files.retain(|file| !file.name.ends_with("/BT_Addr"));
    let part = Selection::Only([Part::Bt].into());
    let refusal = plan_restore(&copies("mt6572"), &archive, &part).unwrap_err();
    assert_eq!(refusal, Refusal::NotInArchive { what: "a Bluetooth file" });
    let torn = copies("mt6572-torn-binregion");
    assert_eq!(plan_restore(&copies("mt6572"), &torn, &Selection::All), Err(Refusal::NoSource));
}

#[test]
fn edits_name_no_identity() {
    let plan = only(&spoiled(&[IMEI, BARCODE]), Part::Imei).unwrap();
    assert!(!plan.edits.is_empty());
    for edit in &plan.edits {
        assert!(
            !edit.what.contains("490154203237518") && !edit.what.contains("NVKEEPSYNTHETIC"),
            "{}",
            edit.what
        );
    }
}
