//! Layers, verdicts, binding and plans on a small synthetic phone with textbook identities.

pub mod phones; // whole simulated phones as copies
mod plans; // what a restore would write
mod verdicts; // every scenario, every damage

use nvkeep::formats::ap_file::{RESTORE_FLAG, trailer};
use nvkeep::formats::catalog::Catalog;
use nvkeep::identity::{
    BindingReason, BootsFrom, Copies, Extent, FileCopy, Found, LayerState, PhoneIds, Refusal, Selection,
    Status, Survey, Tree, VerdictCode, bind, closed_world, judge, plan_restore,
};

const UNSET: [u8; 12] = [0x54, 0x5F, 0x90, 0xD0, 0xE0, 0xE1, 0x65, 0x4A, 0xAA, 0x74, 0xD3, 0xCE];
const FIRST: [u8; 12] = [0x3F, 0xB0, 0x2A, 0x2D, 0x3C, 0x6D, 0x8F, 0x4D, 0x55, 0x8B, 0x89, 0x22];
const SECOND: [u8; 12] = [0xF8, 0x36, 0xEC, 0x1F, 0x7A, 0x2A, 0x92, 0x4C, 0x55, 0x8B, 0x45, 0x56];

fn file(bytes: Vec<u8>, at: u64) -> FileCopy {
    let len = bytes.len() as u64;
    FileCopy { bytes, extents: vec![Extent { at, len }] }
}

fn ap(len: usize, at: usize, mac: [u8; 6]) -> Vec<u8> {
    let mut body = vec![0; len];
    body[at..at + 6].copy_from_slice(&mac);
    if len == 512 {
        body[0xC4] = 1; // the transmit power is there
    }
    let end = trailer(&body);
    [body, end.to_vec()].concat()
}

fn phone(slot: [u8; 12], mac: [u8; 6]) -> Copies {
    let mut live = Tree::new();
    live.insert("RestoreFlag".into(), file(RESTORE_FLAG.to_vec(), 0x1000));
    live.insert("APCFG/APRDEB/WIFI".into(), file(ap(512, 4, mac), 0x2000));
    live.insert("APCFG/APRDEB/BT_Addr".into(), file(ap(64, 0, [2, 0, 0, 0, 0, 9]), 0x3000));
    live.insert("md/NVRAM/NVD_IMEI/MP0B_001".into(), file([slot.to_vec(), UNSET.repeat(9)].concat(), 0x4000));
    let afc = vec![0xD2, 0x11, 0xA1, 0x04, 0x0C, 0x02, 0, 0, 0x7F, 0x17];
    live.insert("md/NVRAM/CALIBRAT/MT0I_002".into(), file(afc, 0x5000));
    Copies {
        binregion: Found::Absent("not looked at".into()),
        live: Found::Present(live),
        pro_info: Found::Absent("not looked at".into()),
        protect_f: Found::Absent("not looked at".into()),
        protect_s: Found::Absent("not looked at".into()),
        remnants: Vec::new(),
    }
}

fn survey(copies: &Copies) -> Survey {
    judge(copies, Catalog::builtin().unwrap().family_of("MT6572"))
}

fn pro_info() -> Found<FileCopy> {
    let mut record = vec![0; 1024];
    record[0x40..0x48].copy_from_slice(&[0x94, 0x10, 0x45, 0x02, 0x23, 0x73, 0x15, 0xF8]);
    Found::Present(file(record, 0x8000))
}

fn ids(cid: &str) -> PhoneIds {
    PhoneIds { chip: "MT6572".into(), cid: cid.into(), soc_id: None, layout: vec![("NVRAM".into(), 0, 1)] }
}

const MAC: [u8; 6] = [2, 0, 0, 0, 0, 1];

#[test]
fn a_whole_live_tree_is_healthy() {
    let survey = survey(&phone(FIRST, MAC));
    assert_eq!(
        (survey.boots_from, survey.verdict.code),
        (BootsFrom::Live, VerdictCode::Healthy),
        "{survey:?}"
    );
    assert_eq!(survey.layer("live").unwrap().imei.len(), 1);
}

#[test]
fn a_null_number_is_repairable_while_pro_info_knows_it() {
    let mut copies = phone(UNSET, MAC);
    assert_eq!(survey(&copies).verdict.code, VerdictCode::NeedsArchive);
    copies.pro_info = pro_info();
    assert_eq!(survey(&copies).verdict.code, VerdictCode::Repairable);
}

#[test]
fn everything_formatted_needs_the_archive_and_nothing_left_is_lost() {
    let mut copies = phone(FIRST, MAC);
    (copies.binregion, copies.live) = (Found::Blank, Found::Blank);
    assert_eq!(survey(&copies).verdict.code, VerdictCode::Lost);
    copies.pro_info = pro_info();
    assert_eq!(survey(&copies).verdict.code, VerdictCode::NeedsArchive);
}

#[test]
fn a_default_address_is_never_valid() {
    let survey = survey(&phone(FIRST, [0, 8, 0x22, 1, 2, 3]));
    assert_eq!(survey.layer("live").unwrap().wifi_mac.as_ref().unwrap().status, Status::Default);
    assert_eq!(survey.verdict.code, VerdictCode::NeedsArchive);
}

#[test]
fn a_wrong_trailer_makes_the_live_layer_corrupt() {
    let mut copies = phone(FIRST, MAC);
    if let Found::Present(tree) = &mut copies.live {
        tree.get_mut("APCFG/APRDEB/WIFI").unwrap().bytes[100] ^= 1;
    }
    assert_eq!(survey(&copies).layer("live").unwrap().state, LayerState::Corrupt);
}

#[test]
fn a_number_from_nowhere_is_a_stranger() {
    let (ours, theirs) = (survey(&phone(FIRST, MAC)), survey(&phone(SECOND, MAC)));
    assert_eq!(closed_world(&ours, &[&ours]), Ok(()));
    assert_eq!(closed_world(&theirs, &[&ours]).unwrap_err().kind, "imei");
    assert_eq!(closed_world(&theirs, &[&ours, &theirs]), Ok(()));
}

#[test]
fn binds_by_card_then_by_surviving_copy_and_else_refuses() {
    let (ours, theirs) = (survey(&phone(FIRST, MAC)), survey(&phone(SECOND, MAC)));
    let blank = survey(&phone(UNSET, [0; 6]));
    assert_eq!(bind(&ids("a"), &ids("a"), &blank, &ours), Ok(BindingReason::SameCard));
    assert_eq!(bind(&ids("b"), &ids("a"), &ours, &ours), Ok(BindingReason::SurvivingCopyAgrees));
    for phone in [&theirs, &blank] {
        assert!(matches!(bind(&ids("b"), &ids("a"), phone, &ours), Err(Refusal::OtherPhone { .. })));
    }
    let moved = PhoneIds { layout: vec![("NVRAM".into(), 512, 1)], ..ids("a") };
    assert!(matches!(bind(&moved, &ids("a"), &ours, &ours), Err(Refusal::OtherLayout { region: "NVRAM" })));
}

#[test]
fn plans_nothing_from_an_archive_without_a_region() {
    let copies = phone(FIRST, MAC);
    assert_eq!(plan_restore(&copies, &copies, &Selection::All), Err(Refusal::NoSource));
}
