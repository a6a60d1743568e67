//! Claims about restore: the phone's own data, planned, bound, staged, journalled, written, read back. And every way it
//! must refuse.

use nvkeep::app::{Exit, Part, Selection};
use nvkeep::identity::VerdictCode;
use nvkeep::simulator::{Area, Flash};
use nvkeep::vault::{Archive, Draft, Existing, Journal};

use crate::support::hex;
use crate::support::workbench::Workbench;

/// Returns how many blocks of the user area differ.
fn differing(a: &Flash, b: &Flash, start: u64, len: u64) -> u64 {
    let (mut one, mut two) = (vec![0; 1 << 20], vec![0; 1 << 20]);
    let mut count = 0;
    let mut at = start;
    while at < start + len {
        let take = (start + len - at).min(1 << 20) as usize;
        a.read(Area::User, at, &mut one[..take]).unwrap();
        b.read(Area::User, at, &mut two[..take]).unwrap();
        count += one[..take].chunks(512).zip(two[..take].chunks(512)).filter(|(a, b)| a != b).count() as u64;
        at += take as u64;
    }
    count
}

fn round_trip(healthy: &str, data: Option<std::path::PathBuf>) {
    let bench = Workbench::with_data(healthy, data);
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    let lost = bench.inspect().unwrap();
    assert_eq!(lost.survey.verdict.code, VerdictCode::NeedsArchive, "{}", lost.survey.verdict.summary);
    let result = bench.restore("a.nvk").unwrap();
    assert!(result.written);
    let end = bench.inspect().unwrap();
    assert_eq!(end.survey.verdict.code, VerdictCode::Healthy, "{}", end.survey.verdict.summary);
    let value = serde_json::to_value(&end).unwrap();
    let layer = &value["layers"][0];
    assert_eq!(layer["name"], "binregion");
    assert_eq!(layer["state"], "valid");
    assert_eq!(layer["files"], 115);
    assert_eq!(layer["imei"][0]["value"], "490154203237518");
    assert_eq!(layer["wifi_mac"]["value"], "02:4e:56:4b:50:01");
    assert_eq!(layer["bt_mac"]["value"], "02:4e:56:4b:50:02");
    assert_eq!(value["boots_from"], "binregion");
    // Every kept byte of the raw regions is on the phone again.
    let mut archive = Archive::open(&bench.path("a.nvk")).unwrap();
    for region in archive.manifest().clone().regions {
        if !["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S"].contains(&region.name.as_str()) {
            continue;
        }
        let blob = archive.region(&region.name).unwrap();
        let mut at = 0;
        for range in &region.kept {
            let len = range.len as usize;
            assert_eq!(blob[at..at + len], bench.read(region.start + range.at, len), "{}", region.name);
            at += len;
        }
    }
}

#[test]
fn everything_lost_comes_back_on_an_sdr_phone() {
    round_trip("mt6572", None);
}

#[test]
fn everything_lost_comes_back_on_a_ddr_phone() {
    round_trip("mt6572-ddr", None);
}

#[test]
fn everything_lost_comes_back_on_real_data() {
    let Some(folder) = crate::support::real_data("restore::everything_lost_comes_back_on_real_data") else {
        return;
    };
    for phone in ["mt6572", "mt6572-ddr"] {
        round_trip(phone, Some(folder.join("mt6572-emmc-android44")));
    }
}

#[test]
fn pro_info_lost_too_comes_back_by_the_card_alone() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all-pro-info-lost");
    let result = bench.restore("a.nvk").unwrap();
    assert!(result.plan.binding.contains("same eMMC"), "{}", result.plan.binding);
    assert!(bench.inspect().unwrap().is_healthy());
}

#[test]
fn a_healthy_phone_needs_no_write() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let before = bench.flash();
    let result = bench.restore("a.nvk").unwrap();
    assert!(!result.written);
    assert_eq!(result.plan.blocks, 0);
    assert!(bench.flash() == before);
}

#[test]
fn a_live_tree_that_is_there_is_rewritten_in_place() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-imei-null");
    assert!(!bench.inspect().unwrap().is_healthy());
    bench.restore("a.nvk").unwrap();
    let end = bench.inspect().unwrap();
    assert!(end.is_healthy(), "{}", end.survey.verdict.summary);
    let value = serde_json::to_value(&end).unwrap();
    assert_eq!(value["boots_from"], "live");
    assert_eq!(value["layers"][1]["imei"][0]["value"], "490154203237518");
    assert_eq!(value["layers"][1]["imei"][0]["status"], "valid");
}

#[test]
fn a_restore_writes_only_identity_regions() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    let before = bench.flash();
    bench.restore("a.nvk").unwrap();
    let after = bench.flash();
    // PRO_INFO 0xC80000 up to the end of PROTECT_S 0x2880000 (msdc-direct.md 10, this card's prefix of 0x880000).
    assert!(differing(&before, &after, 0xC8_0000, 0x1C0_0000) > 0);
    assert_eq!(differing(&before, &after, 0, 0xC8_0000), 0, "before PRO_INFO");
    let rest = before.len(Area::User) - 0x288_0000;
    assert_eq!(differing(&before, &after, 0x288_0000, rest), 0, "behind PROTECT_S");
    for area in [Area::Boot1, Area::Boot2, Area::Rpmb] {
        let (mut one, mut two) = (vec![0; before.len(area) as usize], vec![0; before.len(area) as usize]);
        before.read(area, 0, &mut one).unwrap();
        after.read(area, 0, &mut two).unwrap();
        assert!(one == two, "{area:?}");
    }
}

#[test]
fn a_backup_of_another_phone_is_refused_and_not_one_block_written() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.phone_becomes("mt6572-other-phone");
    let before = bench.flash();
    let failure = bench.restore("a.nvk").unwrap_err();
    assert_eq!(failure.exit, Exit::Forbidden, "{failure}");
    assert!(bench.flash() == before);
    assert!(Journal::open_for(&bench.path("journals"), "").is_ok_and(|journals| journals.is_empty()));
}

#[test]
fn another_phone_that_was_wiped_is_refused_too() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.phone_becomes("mt6572-other-phone");
    bench.change(|flash| flash.fill(Area::User, 0xC8_0000, 0x1C0_0000, 0).unwrap());
    let before = bench.flash();
    let failure = bench.restore("a.nvk").unwrap_err();
    assert_eq!(failure.exit, Exit::Forbidden, "{failure}");
    assert!(bench.flash() == before);
}

#[test]
fn a_dry_run_plans_and_writes_nothing() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    let before = bench.flash();
    let result = bench.restore_with("a.nvk", Selection::All, true).unwrap();
    assert!(!result.written);
    assert!(result.plan.blocks > 0);
    assert!(result.after.is_healthy(), "the staged image is judged");
    assert!(bench.flash() == before);
}

#[test]
fn a_plan_that_is_not_confirmed_writes_nothing() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    let before = bench.flash();
    let context = bench.context();
    let archive = nvkeep::app::archive::open_archive(&bench.path("a.nvk")).unwrap();
    let request = nvkeep::app::restore::RestoreRequest {
        archive: bench.path("a.nvk"),
        dry_run: false,
        selection: Selection::All,
    };
    let failure =
        nvkeep::app::restore::restore_at(&context, bench.port().as_mut(), &archive, &request, &mut |_| false)
            .unwrap_err();
    assert_eq!((failure.code, failure.exit), ("not-confirmed", Exit::Forbidden));
    assert!(bench.flash() == before);
}

#[test]
fn only_imei_changes_nothing_but_imei_files_and_checksums() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-imei-null");
    let before = bench.flash();
    let result = bench.restore_with("a.nvk", Selection::Only([Part::Imei].into()), false).unwrap();
    let after = bench.flash();
    assert!(bench.inspect().unwrap().is_healthy());
    let changed = differing(&before, &after, 0, before.len(Area::User));
    assert!((2..=8).contains(&changed), "{changed} blocks changed");
    assert_eq!(changed as usize, result.plan.blocks);
}

#[test]
fn an_identity_from_nowhere_is_refused_before_the_first_write() {
    // An archive whose NVRAM lacks the sector of the IMEI record: what is staged would mix this phone's old bytes into it.
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let mut archive = Archive::open(&bench.path("a.nvk")).unwrap();
    let manifest = archive.manifest().clone();
    let mut draft = Draft::new(manifest.clone());
    for region in &manifest.regions {
        let blob = archive.region(&region.name).unwrap();
        let mut kept = region.kept.clone();
        let mut bytes = blob.clone();
        if region.name == "NVRAM" {
            // Data start at 0x20000; MP0B_001 lies at 0x1036 in them (ap-nvram.md 1.4), that is in sector 0x21000.
            let hole = 0x2_1000u64;
            let (mut at, mut cut) = (0u64, Vec::new());
            for range in &region.kept {
                for block in 0..range.len / 512 {
                    let place = range.at + block * 512;
                    if place != hole {
                        cut.push((place, blob[(at + block * 512) as usize..][..512].to_vec()));
                    }
                }
                at += range.len;
            }
            kept = cut.iter().map(|(at, _)| nvkeep::vault::Range { at: *at, len: 512 }).collect();
            bytes = cut.into_iter().flat_map(|(_, bytes)| bytes).collect();
        }
        draft.add_region(&region.name, (region.start, region.len), kept, Vec::new(), bytes).unwrap();
    }
    draft.save(&bench.path("holed.nvk"), Existing::Refuse).unwrap();
    bench.flash_becomes("mt6572-format-all");
    // The phone's own sector there holds a stranger's IMEI record, ciphered like any other (modem-nvram.md 6.1, I2).
    let stranger = hex("f836ec1f7a2a924c558b4556");
    bench.change(|flash| flash.write(Area::User, 0xF8_0000 + 0x2_1036, &stranger).unwrap());
    let before = bench.flash();
    let failure = bench.restore("holed.nvk").unwrap_err();
    assert_eq!(failure.exit, Exit::Forbidden, "{failure}");
    assert!(bench.flash() == before, "nothing may be written");
}

#[test]
fn tables_that_disagree_forbid_writing() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-pmt-disagree");
    let before = bench.flash();
    let failure = bench.restore("a.nvk").unwrap_err();
    assert_eq!((failure.code, failure.exit), ("layout-unproven", Exit::Forbidden), "{failure}");
    assert!(bench.flash() == before);
}

#[test]
fn the_journal_keeps_every_old_block() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-format-all");
    let before = bench.flash();
    let result = bench.restore("a.nvk").unwrap();
    let journal = Journal::open(&result.journal.unwrap()).unwrap();
    assert_eq!(journal.blocks().len(), result.plan.blocks);
    for block in journal.blocks() {
        let mut old = [0; 512];
        before.read(Area::User, block.lba * 512, &mut old).unwrap();
        assert_eq!(block.old, old, "block {:#x}", block.lba);
        assert_eq!(block.new, bench.read(block.lba * 512, 512)[..], "block {:#x}", block.lba);
    }
}
