//! Claims about backup: the whole identity set, checked, archived, nothing partial left behind.

use std::time::Duration;

use nvkeep::app::archive::open_archive;
use nvkeep::app::backup::{BackupRequest, backup_at};
use nvkeep::app::{Exit, ranges};
use nvkeep::simulator::Area;
use nvkeep::vault::Archive;

use crate::support::workbench::Workbench;

#[test]
fn an_archive_holds_what_lies_on_the_phone() {
    let bench = Workbench::with("mt6572");
    let result = bench.backup("a.nvk").unwrap();
    assert!(result.warnings.is_empty(), "{:?}", result.warnings);
    let mut archive = Archive::open(&bench.path("a.nvk")).unwrap();
    let manifest = archive.manifest().clone();
    let names: Vec<&str> = manifest.regions.iter().map(|region| region.name.as_str()).collect();
    for name in ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S", "USRDATA", "MBR", "EBR1", "PMT"] {
        assert!(names.contains(&name), "{name} is missing of {names:?}");
    }
    for region in &manifest.regions {
        let blob = archive.region(&region.name).unwrap();
        let mut at = 0;
        for range in &region.kept {
            let len = range.len as usize;
            assert_eq!(
                blob[at..at + len],
                bench.read(region.start + range.at, len),
                "{} {:#x}",
                region.name,
                range.at
            );
            at += len;
        }
    }
}

#[test]
fn every_byte_of_a_region_is_kept_or_has_a_reason() {
    let bench = Workbench::with("mt6572");
    bench.backup("a.nvk").unwrap();
    let archive = Archive::open(&bench.path("a.nvk")).unwrap();
    for region in &archive.manifest().regions {
        let mut all: Vec<(u64, u64)> = region.kept.iter().map(|range| (range.at, range.len)).collect();
        all.extend(region.not_kept.iter().map(|gap| (gap.at, gap.len)));
        assert_eq!(ranges::join(all, region.len), [(0, region.len)], "{}", region.name);
        assert!(region.not_kept.iter().all(|gap| !gap.reason.is_empty()), "{}", region.name);
    }
}

#[test]
fn full_keeps_every_byte_of_the_identity_partitions() {
    let bench = Workbench::with("mt6572");
    let request = BackupRequest { output: Some(bench.path("a.nvk")), full: true, ..BackupRequest::default() };
    backup_at(&bench.context(), bench.port().as_mut(), &request).unwrap();
    let archive = Archive::open(&bench.path("a.nvk")).unwrap();
    assert!(archive.manifest().full);
    for name in ["NVRAM", "PRO_INFO", "PROTECT_F", "PROTECT_S"] {
        let region = archive.manifest().regions.iter().find(|region| region.name == name).unwrap();
        assert_eq!(region.blob_len(), Some(region.len), "{name}");
    }
}

#[test]
fn an_archive_tells_the_same_as_the_phone() {
    for scenario in
        ["mt6572", "mt6572-ddr", "mt6572-dirty-journal", "mt6572-imei-null", "mt6572-torn-binregion"]
    {
        let bench = Workbench::with(scenario);
        let result = bench.backup("a.nvk").unwrap();
        let open = open_archive(&bench.path("a.nvk")).unwrap();
        let archived =
            nvkeep::app::Report::of(&bench.context(), open.facts, &open.copies, "phone".into()).unwrap();
        assert_eq!(
            serde_json::to_value(&archived.survey).unwrap(),
            serde_json::to_value(&result.report.survey).unwrap(),
            "{scenario}"
        );
    }
}

#[test]
fn a_backup_made_after_the_loss_says_so() {
    for scenario in ["mt6572-format-all", "mt6572-imei-null", "mt6572-default-mac", "mt6572-torn-binregion"] {
        let bench = Workbench::with(scenario);
        let result = bench.backup("a.nvk").unwrap();
        assert!(!result.warnings.is_empty(), "{scenario}");
        assert!(!bench.warnings().is_empty(), "{scenario}: not told");
        let archive = Archive::open(&bench.path("a.nvk")).unwrap();
        assert_eq!(archive.manifest().warnings, result.warnings, "{scenario}: not kept");
    }
}

#[test]
fn a_locked_phone_is_backed_up_all_the_same() {
    let bench = Workbench::with("mt6572-secured");
    let result = bench.backup("a.nvk").unwrap();
    assert!(result.report.is_healthy());
}

#[test]
fn a_phone_without_a_table_asks_for_its_scatter_file() {
    let bench = Workbench::with("mt6572-no-pmt");
    let failure = bench.backup("a.nvk").unwrap_err();
    assert_eq!((failure.code, failure.exit), ("no-pmt", Exit::ReadIncomplete));
    assert!(failure.advice.unwrap().contains("--scatter"));
    assert!(bench.files().is_empty());
}

#[test]
fn two_tables_that_disagree_are_told_and_kept_in_the_archive() {
    let bench = Workbench::with("mt6572-pmt-disagree");
    let result = bench.backup("a.nvk").unwrap();
    assert!(result.warnings.iter().any(|warning| warning.contains("disagree")), "{:?}", result.warnings);
}

#[test]
fn nand_and_silent_phones_are_refused_each_with_its_own_sentence() {
    for (scenario, code) in [("mt6572-nand", "nand-boot"), ("mt6572-silent-write32", "silent-write32")] {
        let bench = Workbench::with(scenario);
        let failure = bench.backup("a.nvk").unwrap_err();
        assert_eq!((failure.code, failure.exit), (code, Exit::Refused), "{failure}");
        assert!(failure.advice.is_some(), "{scenario}");
        assert!(bench.files().is_empty(), "{scenario}");
    }
}

#[test]
fn an_existing_file_is_not_replaced() {
    let bench = Workbench::with("mt6572");
    std::fs::write(bench.path("a.nvk"), "precious").unwrap();
    let failure = bench.backup("a.nvk").unwrap_err();
    assert_eq!(failure.code, "target-exists");
    assert_eq!(std::fs::read(bench.path("a.nvk")).unwrap(), b"precious");
}

#[test]
fn a_backup_into_a_folder_that_is_not_there_leaves_nothing() {
    let bench = Workbench::with("mt6572");
    let failure = bench.backup("no/such/folder/a.nvk").unwrap_err();
    assert_ne!(failure.exit, Exit::Done);
    assert!(bench.files().is_empty());
}

#[test]
fn reading_changes_no_byte_of_the_flash() {
    let bench = Workbench::with("mt6572");
    let before = bench.flash();
    bench.backup("a.nvk").unwrap();
    bench.inspect().unwrap();
    assert!(bench.flash() == before);
    assert_eq!(before.len(Area::User) % 512, 0);
}

#[test]
fn zero_ff_and_random_content_in_every_region_is_archived_and_called_damaged() {
    let layout = [
        ("NVRAM", 0xF8_0000, 0x50_0000),
        ("PRO_INFO", 0xC8_0000, 0x30_0000),
        ("PROTECT_F", 0x148_0000, 0xA0_0000),
    ];
    for (name, start, len) in layout {
        for (kind, fill) in [("zero", Some(0x00)), ("ff", Some(0xFF)), ("random", None)] {
            let bench = Workbench::with("mt6572");
            bench.change(|flash| match fill {
                Some(byte) => flash.fill(Area::User, start, len, byte).unwrap(),
                None => {
                    let bytes = crate::support::Random::new(len).bytes(0x4_0000);
                    flash.write(Area::User, start, &bytes).unwrap();
                }
            });
            let result = bench.backup("a.nvk").unwrap_or_else(|failure| panic!("{name} {kind}: {failure}"));
            if name == "NVRAM" {
                assert!(
                    !result.report.is_healthy(),
                    "{name} {kind}: {}",
                    result.report.survey.verdict.summary
                );
            }
            open_archive(&bench.path("a.nvk")).unwrap();
        }
    }
}

#[test]
fn a_default_backup_stays_within_its_time_on_the_cable() {
    let bench = Workbench::with("mt6572");
    let result = bench.backup("a.nvk").unwrap();
    let time = Duration::from_secs_f64(result.cable_seconds);
    println!("default backup: {} blocks, {time:.1?} on the cable", result.blocks);
    assert!(time < Duration::from_secs(90), "{time:?}");
}
