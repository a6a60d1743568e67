//! Claims about repair: it heals from what survives or refuses whole, survives reboot and factory reset, brings in no
//! identity from nowhere, and writes nothing its plan does not list.

use nvkeep::app::archive::open_archive;
use nvkeep::app::journal::resume_at;
use nvkeep::app::repair::{RepairRequest, RepairResult, repair_at};
use nvkeep::app::{Exit, Failure};
use nvkeep::identity::{BootsFrom, Copies, FileCopy, Found};
use nvkeep::simulator::android::BootSource;
use nvkeep::simulator::{Area, Flash};
use nvkeep::transport::{Fault, Faults};
use nvkeep::vault::Journal;

use crate::support::boot::{copies, factory_reset, reboot, survey};
use crate::support::workbench::{Workbench, same};

const IMEI: &str = "md/NVRAM/NVD_IMEI/MP0B_001";
const WIFI: &str = "APCFG/APRDEB/WIFI";
/// IMEI 356938035643809 as a record of `MP0B_001` (modem-nvram.md 6.1, I2).
const OTHER: [u8; 12] = [0xf8, 0x36, 0xec, 0x1f, 0x7a, 0x2a, 0x92, 0x4c, 0x55, 0x8b, 0x45, 0x56];

fn repair(bench: &Workbench, request: &RepairRequest) -> Result<RepairResult, Failure> {
    let archive = request.archive.as_deref().map(|path| open_archive(path).unwrap());
    repair_at(&bench.context(), bench.port().as_mut(), archive.as_ref(), request, &mut |_| true)
}

/// Repairs, and checks everything that must hold after any repair that succeeds.
fn heals(bench: &Workbench, request: &RepairRequest) -> RepairResult {
    let (before, flash) = (copies(&bench.flash()), bench.flash());
    let result = repair(bench, request).unwrap_or_else(|failure| panic!("{}: {failure}", failure.code));
    let after = copies(&bench.flash());
    for (when, phone) in [
        ("as written", after.clone()),
        ("after a reboot", reboot(after.clone())),
        ("after a factory reset", factory_reset(after.clone())),
    ] {
        let survey = survey(&phone);
        assert_eq!(survey.verdict.symptoms, Vec::<String>::new(), "{when}");
    }
    // Values, not digests of whole files, are compared here: a mended IMEI file is a new arrangement of old numbers.
    let values = |copies: &Copies| {
        let mut values = survey(copies).identities;
        values.retain(|identity| identity.split_once(':').is_none_or(|(_, value)| value.len() != 64));
        values
    };
    if request.new_macs.is_none() {
        assert!(values(&after).is_subset(&values(&before)), "an identity came from nowhere");
    }
    assert_eq!(
        blocks_that_differ(&flash, &bench.flash()).len(),
        result.plan.blocks,
        "blocks outside the plan changed"
    );
    assert!(result.after.is_healthy());
    outlives_android(bench);
    result
}

/// The phone's own software starts on the repaired flash, and again after "erase all data": nothing is lost or defaulted,
/// and what Android shows is what nvkeep promised.
fn outlives_android(bench: &Workbench) {
    let repaired = bench.flash();
    let promised = bench.inspect().unwrap();
    let believed = match promised.survey.boots_from {
        BootsFrom::Live => promised.survey.layer("live").unwrap(),
        _ => promised.survey.layer("binregion").unwrap(),
    };
    let (reboot, reset) = (bench.reboot(), bench.factory_reset());
    for (when, shown) in [("reboot", &reboot), ("factory reset", &reset)] {
        // The modem makes its own book of versions anew; no backup of the phone's holds it (ap-nvram.md 1.3).
        let lost = shown.defaulted.iter().filter(|path| !path.starts_with("md/NVRAM/NVD_CORE/")).count();
        assert!(shown.asserts.is_empty() && lost == 0 && !shown.first_boot, "{when}: {shown:?}");
        assert_eq!(shown.imei[0], believed.imei[0].value, "{when}");
        let value = |value: &Option<nvkeep::identity::survey::Value>| value.clone().unwrap().value;
        assert_eq!(shown.wifi, value(&believed.wifi_mac), "{when}");
        assert_eq!(shown.bluetooth, value(&believed.bt_mac), "{when}");
    }
    assert_eq!(reset.source, BootSource::BinRegion, "a factory reset empties the live tree");
    assert!(bench.inspect().unwrap().is_healthy(), "after a factory reset");
    bench.change(|flash| *flash = repaired);
}

fn refuses(bench: &Workbench, request: &RepairRequest) -> Failure {
    let before = bench.flash();
    let failure = repair(bench, request).unwrap_err();
    assert_eq!(failure.exit, Exit::Forbidden, "{failure}");
    assert!(same(&bench.flash(), &before), "a refusal wrote something");
    assert!(open_journals(bench).is_empty());
    failure
}

/// Where two flashes differ: block numbers, for reading when a claim fails.
fn blocks_that_differ(one: &Flash, other: &Flash) -> Vec<u64> {
    let mut chunks: Vec<u64> =
        one.written_chunks(Area::User).chain(other.written_chunks(Area::User)).collect();
    chunks.sort_unstable();
    chunks.dedup();
    let read = |flash: &Flash, lba: u64| {
        let mut bytes = [0; 512];
        flash.read(Area::User, lba * 512, &mut bytes).unwrap();
        bytes
    };
    let blocks = chunks.into_iter().flat_map(|chunk| chunk * 8..chunk * 8 + 8);
    blocks.filter(|lba| read(one, *lba) != read(other, *lba)).collect()
}

/// Every byte of the NV files is again what it was before the damage.
fn is_as_new(bench: &Workbench) {
    let (now, new) = (copies(&bench.flash()), copies(&Workbench::with("mt6572").flash()));
    let region = |copies: &Copies| copies.binregion.present().unwrap().region.clone();
    for (a, b) in region(&now).files.iter().zip(&region(&new).files) {
        assert_eq!(a.bytes, b.bytes, "{} in the BinRegion", a.name);
    }
    assert_eq!(region(&now).stored_checksum, region(&new).stored_checksum);
    // AllFile and AllMap are the daemon's work copies of an earlier region; nothing reads them again.
    let files = new.live.present().unwrap().iter().filter(|(path, _)| !path.starts_with("All"));
    for (path, file) in files {
        assert_eq!(now.live.present().unwrap()[path].bytes, file.bytes, "{path} live");
    }
}

fn open_journals(bench: &Workbench) -> Vec<Journal> {
    let cid = bench.inspect().unwrap().phone.cid;
    Journal::open_for(&bench.path("journals"), &cid).unwrap()
}

fn live_file(bench: &Workbench, path: &str) -> FileCopy {
    match copies(&bench.flash()).live {
        Found::Present(tree) => tree[path].clone(),
        other => panic!("{other:?}"),
    }
}

/// Overwrites a file where it lies, from `offset` on.
fn overwrite(bench: &Workbench, file: &FileCopy, offset: usize, bytes: &[u8]) {
    let extent = file.extents[0];
    assert!(offset + bytes.len() <= extent.len as usize);
    assert_ne!(&file.bytes[offset..offset + bytes.len()], bytes, "no damage");
    bench.change(|flash| flash.write(Area::User, extent.at + offset as u64, bytes).unwrap());
}

fn lock_file(bench: &Workbench, first: bool) -> FileCopy {
    let found = copies(&bench.flash());
    let tree = if first { found.protect_f } else { found.protect_s };
    let name = if first { "ST33A" } else { "ST33B" };
    tree.present().unwrap().iter().find(|(path, _)| path.contains(name)).unwrap().1.clone()
}

#[test]
fn a_healthy_phone_needs_nothing() {
    for scenario in ["mt6572", "mt6572-userdata-wiped"] {
        let bench = Workbench::with(scenario);
        let before = bench.flash();
        let result = heals(&bench, &RepairRequest::default());
        assert!(!result.written);
        assert!(same(&bench.flash(), &before));
    }
}

#[test]
fn a_healthy_phone_of_real_data_needs_nothing() {
    let Some(folder) = crate::support::real_data("repair::a_healthy_phone_of_real_data_needs_nothing") else {
        return;
    };
    let bench = Workbench::with_data("mt6572", Some(folder.join("mt6572-emmc-android44")));
    assert_eq!(repair(&bench, &RepairRequest::default()).unwrap().plan.blocks, 0);
}

#[test]
fn a_null_imei_comes_back_from_pro_info() {
    let bench = Workbench::with("mt6572-imei-null");
    let result = heals(&bench, &RepairRequest::default());
    assert!(result.plan.changes.iter().any(|change| change.contains("IMEI") && change.contains("PRO_INFO")));
    let end = serde_json::to_value(bench.inspect().unwrap()).unwrap();
    for layer in [0, 1] {
        assert_eq!(end["layers"][layer]["imei"][0]["value"], "490154203237518");
        assert_eq!(end["layers"][layer]["imei"][0]["status"], "valid");
    }
}

#[test]
fn lost_addresses_are_refused_unless_new_ones_are_asked_for() {
    let bench = Workbench::with("mt6572-default-mac");
    let failure = refuses(&bench, &RepairRequest::default());
    assert_eq!(failure.code, "not-enough-evidence");
    assert!(failure.message.contains("Wi-Fi address"), "{failure}");
    // A vendor's prefix and a multicast bit among the random bytes must not survive.
    let new_macs = Some([[0x01, 0x0C, 0xE7, 1, 2, 3], [0xFD, 9, 8, 7, 6, 5]]);
    heals(&bench, &RepairRequest { new_macs, ..RepairRequest::default() });
    let end = serde_json::to_value(bench.inspect().unwrap()).unwrap();
    for layer in [0, 1] {
        assert_eq!(end["layers"][layer]["wifi_mac"]["value"], "02:0c:e7:01:02:03");
        assert_eq!(end["layers"][layer]["bt_mac"]["value"], "fe:09:08:07:06:05");
    }
}

#[test]
fn new_addresses_are_not_made_while_the_old_ones_survive() {
    let bench = Workbench::with("mt6572");
    let file = live_file(&bench, WIFI);
    overwrite(&bench, &file, 4, &[0; 6]);
    heals(&bench, &RepairRequest { new_macs: Some([[9; 6], [7; 6]]), ..RepairRequest::default() });
    is_as_new(&bench);
}

#[test]
fn lost_addresses_come_back_from_the_archive() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-default-mac");
    let archive = Some(bench.path("a.nvk"));
    let result = repair(&bench, &RepairRequest { archive, ..RepairRequest::default() }).unwrap();
    assert!(result.after.is_healthy());
    assert!(survey(&factory_reset(copies(&bench.flash()))).verdict.symptoms.is_empty());
    is_as_new(&bench);
}

#[test]
fn an_archive_of_another_phone_is_refused() {
    let bench = Workbench::with("mt6572-other-phone");
    bench.backup("a.nvk").unwrap();
    bench.phone_becomes("mt6572-default-mac");
    let archive = Some(bench.path("a.nvk"));
    let failure = refuses(&bench, &RepairRequest { archive, ..RepairRequest::default() });
    assert_eq!(failure.code, "other-phone");
}

#[test]
fn a_torn_region_is_mended_from_the_live_files() {
    let bench = Workbench::with("mt6572-torn-binregion");
    heals(&bench, &RepairRequest::default());
    is_as_new(&bench);
}

#[test]
fn what_nothing_on_the_phone_holds_is_refused_with_its_names() {
    let bench = Workbench::with("mt6572-format-all");
    let failure = refuses(&bench, &RepairRequest::default());
    assert_eq!(failure.code, "not-enough-evidence");
    for what in ["RF calibration", "Wi-Fi address", "SIM lock"] {
        assert!(failure.message.contains(what), "{failure}");
    }
    refuses(&bench, &RepairRequest { new_macs: Some([[2; 6], [6; 6]]), ..RepairRequest::default() });
    let bench = Workbench::with("mt6572-format-all-pro-info-lost");
    refuses(&bench, &RepairRequest::default());
}

#[test]
fn broken_live_files_that_are_marked_valid_are_mended_in_place() {
    for path in [IMEI, WIFI, "APCFG/APRDEB/BT_Addr"] {
        let bench = Workbench::with("mt6572");
        let file = live_file(&bench, path);
        overwrite(&bench, &file, 0, &[!file.bytes[0]]);
        heals(&bench, &RepairRequest::default());
        is_as_new(&bench);
    }
}

#[test]
fn a_lost_simlock_copy_comes_back_from_its_twin() {
    for first in [true, false] {
        let bench = Workbench::with("mt6572");
        let file = lock_file(&bench, first);
        overwrite(&bench, &file, 10, &[!file.bytes[10]; 8]);
        heals(&bench, &RepairRequest::default());
        assert_eq!(lock_file(&bench, first).bytes, file.bytes);
    }
}

#[test]
fn a_simlock_without_a_twin_is_refused() {
    let bench = Workbench::with("mt6572");
    for first in [true, false] {
        let file = lock_file(&bench, first);
        overwrite(&bench, &file, 10, &[!file.bytes[10]; 8]);
    }
    assert!(refuses(&bench, &RepairRequest::default()).message.contains("SIM lock"));
}

#[test]
fn two_valid_numbers_stop_everything() {
    let bench = Workbench::with("mt6572");
    let file = live_file(&bench, IMEI);
    overwrite(&bench, &file, 0, &OTHER);
    let failure = refuses(&bench, &RepairRequest::default());
    assert_eq!(failure.code, "evidence-conflicts");
    assert!(failure.message.contains("49015420****518"), "{failure}");
    assert!(failure.message.contains("35693803****809"), "{failure}");
    assert!(!failure.message.contains("490154203237518"), "not masked: {failure}");
}

#[test]
fn the_label_only_confirms() {
    let label = |number: &str| RepairRequest { label: Some(number.into()), ..RepairRequest::default() };
    let bench = Workbench::with("mt6572-imei-null");
    assert_eq!(refuses(&bench, &label("356938035643809")).code, "label-differs");
    let failure = repair(&bench, &label("490154203237519")).unwrap_err();
    assert_eq!((failure.code, failure.exit), ("bad-label", Exit::Usage));
    heals(&bench, &label("490154203237518"));
    // Where no number survives, the label is not one.
    let bench = Workbench::with("mt6572-format-all-pro-info-lost");
    assert_eq!(refuses(&bench, &label("490154203237518")).code, "label-differs");
}

#[test]
fn a_dry_run_writes_nothing() {
    let bench = Workbench::with("mt6572-imei-null");
    let before = bench.flash();
    let result = repair(&bench, &RepairRequest { dry_run: true, ..RepairRequest::default() }).unwrap();
    assert!(!result.written && result.plan.blocks > 0 && result.after.is_healthy());
    assert!(same(&bench.flash(), &before));
}

#[test]
fn a_cable_cut_while_writing_is_finished_by_resume() {
    let quiet = Workbench::with("mt6572-imei-null");
    repair(&quiet, &RepairRequest::default()).unwrap();
    let total = quiet.faults.transfers();
    let mut resumed = 0;
    for before_end in [40, 150, 400, 900, 1600, 2500] {
        let mut bench = Workbench::with("mt6572-imei-null");
        bench.faults = Faults::at(total.saturating_sub(before_end), Fault::Cut);
        let failure = repair(&bench, &RepairRequest::default());
        bench.faults = Faults::none();
        let open = open_journals(&bench);
        if failure.is_ok() || open.is_empty() {
            continue;
        }
        resume_at(&bench.context(), bench.port().as_mut(), false, &mut |_| true).unwrap();
        assert!(same(&bench.flash(), &quiet.flash()), "cut {before_end} transfers before the end");
        resumed += 1;
    }
    assert!(resumed > 0, "no cut fell into the write");
}

#[test]
fn a_short_or_missing_live_calibration_file_makes_the_phone_rebuild() {
    let family = nvkeep::formats::catalog::Catalog::builtin().unwrap().family_of("MT6572").clone();
    for missing in [false, true] {
        let mut phone = copies(&Workbench::with("mt6572").flash());
        let Found::Present(tree) = &mut phone.live else { panic!("no live files") };
        let path = tree.keys().find(|path| path.starts_with("md/NVRAM/CALIBRAT/MT")).unwrap().clone();
        match missing {
            true => drop(tree.remove(&path)),
            false => tree.get_mut(&path).unwrap().bytes.truncate(4),
        }
        assert!(!survey(&phone).verdict.symptoms.is_empty(), "no damage");
        let flag = tree_flag(&phone);
        let wishes = nvkeep::identity::Wishes::default();
        let repair = nvkeep::identity::plan_repair(
            &phone,
            None,
            &family,
            &wishes,
            &nvkeep::identity::Ground::default(),
        )
        .unwrap();
        assert!(repair.plan.live.to_string().contains(&path), "{}", repair.plan.live);
        let places: Vec<u64> = repair.plan.edits.iter().map(|edit| edit.at).collect();
        assert_eq!(places, [flag], "only the mark is cleared");
        assert_eq!(repair.plan.edits[0].bytes, [0; 4]);
    }
}

fn tree_flag(phone: &Copies) -> u64 {
    phone.live.present().unwrap()["RestoreFlag"].extents[0].at
}

#[test]
fn a_blank_nvram_gets_a_region_of_the_live_files() {
    let bench = Workbench::with("mt6572-nvram-blank");
    let result = heals(&bench, &RepairRequest::default());
    assert!(result.written);
    is_as_new(&bench);
    let regions: Vec<&str> = result.plan.regions.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(regions, ["NVRAM"]);
}

#[test]
fn a_blank_nvram_without_the_daemons_own_map_is_refused() {
    let bench = Workbench::with("mt6572-nvram-blank");
    let map = live_file(&bench, "AllMap");
    overwrite(&bench, &map, 0, &[0xFF; 16]);
    let failure = refuses(&bench, &RepairRequest::default());
    assert_eq!(failure.code, "no-pattern");
}

#[test]
fn live_files_broken_in_several_ways_come_back_from_the_region() {
    let bench = Workbench::with("mt6572-live-broken-flag-valid");
    assert!(heals(&bench, &RepairRequest::default()).written);
    is_as_new(&bench);
}

#[test]
fn a_simlock_partition_made_anew_gets_its_lock_from_its_twin() {
    let bench = Workbench::with("mt6572-simlock-half-lost");
    let twin = lock_file(&bench, true).bytes;
    let result = heals(&bench, &RepairRequest::default());
    assert_eq!(lock_file(&bench, false).bytes, twin);
    assert_eq!(result.plan.regions.len(), 1, "{:?}", result.plan.regions);
}

#[test]
fn calibration_files_of_a_wrong_length_come_back() {
    let bench = Workbench::with("mt6572-calibration-short-file");
    let report = bench.reboot();
    assert!(!report.asserts.is_empty(), "no damage: the modem starts");
    bench.phone_becomes("mt6572-calibration-short-file");
    let result = heals(&bench, &RepairRequest::default());
    assert!(result.plan.live.contains("rebuilds its live files"), "{}", result.plan.live);
}

#[test]
fn a_journals_copy_is_shown_as_evidence_and_is_not_enough() {
    let bench = Workbench::with("mt6572-remnants");
    let failure = refuses(&bench, &RepairRequest::default());
    assert_eq!(failure.code, "not-enough-evidence");
    assert!(failure.message.contains("IMEI in the journal of NVRAM at"), "{}", failure.message);
    assert!(failure.message.contains("RF calibration"), "{}", failure.message);
}

#[test]
fn a_lost_imei_comes_back_from_the_journal_of_nvram() {
    // Everything but the numbers is there: only their copies in the journal know them.
    let page = "base = \"mt6572\"\nname = \"x\"\nabout = \"x\"\n[[damage]]\nkind = \"journal-copies\"\n\
                [[damage]]\nkind = \"modem-default-imei\"\n\
                [[damage]]\nkind = \"erase\"\npartition = \"PRO_INFO\"\n";
    let scenario = nvkeep::simulator::Scenario::parse(page).unwrap();
    let (board, flash) = scenario.build(None).unwrap();
    let bench = Workbench::holding(board, flash, None);
    let result = repair(&bench, &RepairRequest::default()).unwrap();
    assert!(result.written && result.after.is_healthy());
    let from = &result.plan.evidence.iter().find(|line| line.what == "IMEI slot 1").unwrap();
    assert!(from.place.starts_with("a remnant: the journal of NVRAM"), "{from:?}");
    let layer = result.after.survey.layer("live").unwrap();
    assert_eq!(layer.imei[0].value.as_deref(), Some("490154203237518"));
}
