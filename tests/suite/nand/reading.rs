//! What is kept of a NAND, byte for byte, and what is said of it.

use nvkeep::app::archive::open_archive;
use nvkeep::app::diff::{DiffResult, of};
use nvkeep::app::source::{look, look_at};
use nvkeep::app::{BootsFrom, LayerState, VerdictCode};
use nvkeep::formats::ReadAt;
use nvkeep::simulator::BadBlockAnswer;
use nvkeep::simulator::agent::Dialect;
use nvkeep::vault::Archive;

use crate::support::workbench::Workbench;

use super::{BOTH, IMEI, bench, facts, main_bytes, spare_bytes};

const KEPT: [&str; 5] = ["PRO_INFO", "NVRAM", "PROTECT_F", "PROTECT_S", "PMT"];

/// What the archive gives back of a range, as a reader of it sees it.
fn laid(bench: &Workbench, at: u64, len: u64) -> Vec<u8> {
    let mut open = open_archive(&bench.path("a.nvk")).unwrap();
    let mut bytes = vec![0; len as usize];
    open.disk.read_at(at, &mut bytes).unwrap();
    bytes
}

#[test]
fn every_identity_partition_is_kept_whole_with_its_spare_bytes() {
    for name in ["mt6572-nand", "mt6572-nand-4k", "mt6572-nand-new-bad-block"] {
        for dialect in BOTH {
            let bench = bench(name, dialect);
            let result = bench.backup("a.nvk").unwrap();
            let (flash, facts) = (bench.flash(), facts(&bench));
            let mut archive = Archive::open(&result.file).unwrap();
            let manifest = archive.manifest().clone();
            let record = manifest.nand.unwrap();
            assert_eq!(
                (record.page, record.spare, record.pages_per_block),
                (facts.page.into(), facts.spare.into(), facts.pages_per_block.into())
            );
            assert_eq!((manifest.phone.storage.as_str(), manifest.phone.cid.as_str()), ("nand", ""));
            let mut bad_met: Vec<u32> = Vec::new();
            for region in manifest.regions.iter().filter(|region| !region.kept.is_empty()) {
                let what = format!("{name} {dialect:?} {}", region.name);
                // The older dialect shows no spare bytes, and with them no table.
                assert!(KEPT.contains(&region.name.as_str()), "{what}");
                let (at, len) = (region.start, region.len);
                assert!(laid(&bench, at, len) == main_bytes(&flash, &facts, at, len), "{what}");
                if dialect == Dialect::D19 {
                    let spare = archive.file("spare", &region.name).unwrap();
                    assert!(spare == spare_bytes(&flash, &facts, at, len), "{what}: spare bytes");
                }
                let block = u64::from(facts.page) * u64::from(facts.pages_per_block);
                let all = facts.bad_blocks.iter().chain(&facts.new_bad_blocks);
                let bad: Vec<u32> = all
                    .copied()
                    .filter(|bad| (at / block..(at + len) / block).contains(&u64::from(*bad)))
                    .collect();
                // Of a bad block nothing is kept, and the archive says so.
                let gaps: Vec<_> =
                    region.not_kept.iter().map(|gap| (gap.at, gap.len, gap.reason.clone())).collect();
                let wanted: Vec<_> = bad
                    .iter()
                    .map(|bad| (u64::from(*bad) * block - at, block, format!("bad block {bad} of the NAND")))
                    .collect();
                assert_eq!(gaps, wanted, "{what}");
                let kept: u64 = region.kept.iter().map(|range| range.len).sum();
                assert_eq!(kept + block * bad.len() as u64, len, "{what}");
                bad_met.extend(bad);
            }
            bad_met.sort_unstable();
            assert_eq!(record.bad_blocks, bad_met, "{name} {dialect:?}");
            let kept = manifest.regions.iter().filter(|region| !region.kept.is_empty()).count();
            assert_eq!(kept, if dialect == Dialect::D19 { 5 } else { 4 });
            let without_spare = result.warnings.iter().any(|said| said.contains("no spare bytes"));
            assert_eq!(without_spare, dialect == Dialect::D13, "{:?}", result.warnings);
        }
    }
}

#[test]
fn however_an_agent_tells_of_bad_blocks_the_same_bytes_are_kept() {
    for answer in [BadBlockAnswer::Skipped, BadBlockAnswer::Refused, BadBlockAnswer::Passed] {
        let bench = bench("mt6572-nand", Dialect::D19);
        bench.slot.phone().as_mut().unwrap().0.nand.bad_block_answer = answer;
        let result = bench.backup("a.nvk").unwrap();
        let archive = Archive::open(&result.file).unwrap();
        assert_eq!(archive.manifest().nand.as_ref().unwrap().bad_blocks, [13, 24], "{answer:?}");
        let (flash, facts) = (bench.flash(), facts(&bench));
        for (name, at) in [("NVRAM", 0x18_0000), ("PROTECT_F", 0x30_0000)] {
            assert!(
                laid(&bench, at, 0x18_0000) == main_bytes(&flash, &facts, at, 0x18_0000),
                "{answer:?} {name}"
            );
        }
    }
}

#[test]
fn what_can_be_read_is_decoded_and_what_cannot_is_not_judged() {
    for dialect in BOTH {
        for name in ["mt6572-nand", "mt6572-nand-4k"] {
            let bench = bench(name, dialect);
            let report = bench.inspect().unwrap();
            let survey = &report.survey;
            let region = survey.layer("binregion").unwrap();
            assert_eq!(region.state, LayerState::Valid, "{:?}", region.reason);
            assert_eq!(region.imei[0].value.as_deref(), Some(IMEI));
            assert_eq!(region.wifi_mac.as_ref().unwrap().value.as_deref(), Some("02:4e:56:4b:50:01"));
            assert_eq!(survey.layer("pro_info").unwrap().imei[0].value.as_deref(), Some(IMEI));
            for layer in ["live", "simlock"] {
                let layer = survey.layer(layer).unwrap();
                assert_eq!(layer.state, LayerState::Unread);
                assert!(layer.reason.as_ref().unwrap().contains("YAFFS2"), "{:?}", layer.reason);
            }
            // The live files may be broken: nobody has seen them.
            assert_eq!(survey.boots_from, BootsFrom::Unknown);
            assert_eq!(survey.verdict.code, VerdictCode::Unread);
            assert!(survey.verdict.summary.contains("not read"), "{}", survey.verdict.summary);
            assert_eq!(report.phone.storage, "nand");
        }
    }
}

#[test]
fn damage_that_can_be_read_is_told() {
    for dialect in BOTH {
        let torn = bench("mt6572-nand-torn", dialect).inspect().unwrap();
        assert_eq!(torn.survey.layer("binregion").unwrap().state, LayerState::Corrupt);
        assert_ne!(torn.survey.verdict.code, VerdictCode::Unread);
        let null = bench("mt6572-nand-imei-null", dialect).inspect().unwrap();
        assert_eq!(null.survey.verdict.code, VerdictCode::Repairable, "{}", null.survey.verdict.summary);
        assert!(null.survey.verdict.summary.contains("IMEI in PRO_INFO"), "{}", null.survey.verdict.summary);
    }
}

#[test]
fn a_bad_block_that_the_bitmap_lists_is_no_loss_and_a_new_one_is() {
    for dialect in BOTH {
        let listed = bench("mt6572-nand", dialect);
        let result = listed.backup("a.nvk").unwrap();
        assert!(result.lacking.is_empty(), "{:?}", result.lacking);
        let warnings = result.warnings;
        assert!(!warnings.iter().any(|said| said.contains("NVRAM lies over bad")), "{warnings:?}");
        assert!(
            warnings.iter().any(|said| said.contains("PROTECT_F lies over bad block 24 of the NAND")),
            "{warnings:?}"
        );

        let new = bench("mt6572-nand-new-bad-block", dialect);
        let result = new.backup("a.nvk").unwrap();
        let said = result.warnings.join("\n");
        assert!(said.contains("NVRAM lies over bad block 14 of the NAND"), "{said}");
        assert_eq!(result.report.survey.layer("binregion").unwrap().state, LayerState::Corrupt);
        // What was in use is gone: the archive is made, and not called complete.
        assert_eq!(result.lacking, ["NVRAM"]);
    }
}

fn against_archive(bench: &Workbench) -> DiffResult {
    let context = bench.context();
    let archive = look(&context, Some(&bench.path("a.nvk"))).unwrap();
    of(&context, &archive, &look_at(&context, bench.port().as_mut()).unwrap()).unwrap()
}

#[test]
fn an_archive_of_it_is_verified_and_judged_like_the_phone() {
    for dialect in BOTH {
        let bench = bench("mt6572-nand", dialect);
        let phone = bench.inspect().unwrap();
        bench.backup("a.nvk").unwrap();
        let open = open_archive(&bench.path("a.nvk")).unwrap();
        assert!(open.layout.nand);
        let verified = nvkeep::app::archive::verify(&bench.context(), &bench.path("a.nvk")).unwrap();
        let words = |report: &nvkeep::app::Report| serde_json::to_value(&report.survey).unwrap();
        assert_eq!(words(&verified.report), words(&phone));
        let same = against_archive(&bench);
        assert!(same.comparison.same, "{:?}", same.comparison.summary);
        // What neither side can read is not called the same.
        assert!(!same.comparison.layers.iter().any(|pair| ["live", "simlock"].contains(&pair.name)));
    }
}

#[test]
fn a_changed_backup_region_shows_in_the_comparison() {
    let bench = bench("mt6572-nand", Dialect::D19);
    bench.backup("a.nvk").unwrap();
    let null = super::bench("mt6572-nand-imei-null", Dialect::D19).flash();
    bench.slot.phone().as_mut().unwrap().1 = null;
    let changed = against_archive(&bench);
    assert!(!changed.comparison.same && changed.comparison.damaged_in_b, "{:?}", changed.comparison.summary);
}

#[test]
fn a_record_that_may_lie_elsewhere_is_not_called_blank() {
    let bench = bench("mt6572-nand", Dialect::D19);
    // The first block of PRO_INFO; what was to be in it lies in the next good one (ap-nvram.md 5.3).
    bench.slot.phone().as_mut().unwrap().0.nand.bad_blocks.push(0x8_0000 / 0x2_0000);
    let report = bench.inspect().unwrap();
    let layer = report.survey.layer("pro_info").unwrap();
    assert_eq!(layer.state, LayerState::Unread, "{:?}", layer.reason);
    let warnings = bench.backup("a.nvk").unwrap().warnings.join("\n");
    assert!(
        warnings.contains("PRO_INFO lies over bad block 4 of the NAND: what was there may be lost"),
        "{warnings}"
    );
}

/// A block behind what is in use went bad: the data's own sum tells that nothing of them is lost.
#[test]
fn a_bad_block_that_took_nothing_is_told_and_the_backup_is_complete() {
    let bench = bench("mt6572-nand", Dialect::D19);
    // The last block of NVRAM: neither map, nor data, nor their second copy.
    bench.slot.phone().as_mut().unwrap().0.nand.bad_blocks.push(0x30_0000 / 0x2_0000 - 1);
    let result = bench.backup("a.nvk").unwrap();
    assert!(result.lacking.is_empty(), "{:?}", result.lacking);
    let said = result.warnings.join("\n");
    assert!(
        said.contains("NVRAM lies over bad block 23 of the NAND: its data are whole all the same"),
        "{said}"
    );
    assert_eq!(result.report.survey.layer("binregion").unwrap().state, LayerState::Valid);
}

#[test]
fn a_region_of_nothing_but_bad_blocks_is_no_backup() {
    let bench = bench("mt6572-nand", Dialect::D19);
    bench.slot.phone().as_mut().unwrap().0.nand.bad_blocks.extend(4..12);
    let failure = bench.backup("a.nvk").unwrap_err();
    assert_eq!(
        (failure.exit, failure.code),
        (nvkeep::app::Exit::ReadIncomplete, "nand-unreadable"),
        "{failure}"
    );
    assert!(!bench.path("a.nvk").exists());
}

#[test]
fn bit_errors_are_corrected_by_the_agent_and_spare_bytes_are_not_touched() {
    let bench = bench("mt6572-nand", Dialect::D19);
    let page = 0x18_0000 / 2048;
    bench.slot.phone().as_mut().unwrap().0.nand.bit_errors = vec![[page, 100, 3], [page, 700, 1]];
    bench.backup("a.nvk").unwrap();
    let (flash, facts) = (bench.flash(), facts(&bench));
    assert!(laid(&bench, 0x18_0000, 0x18_0000) == main_bytes(&flash, &facts, 0x18_0000, 0x18_0000));
}

#[test]
fn a_copy_for_publishing_leaves_the_spare_bytes_out() {
    let bench = bench("mt6572-nand", Dialect::D19);
    bench.backup("a.nvk").unwrap();
    let out = bench.path("public.nvk");
    nvkeep::app::redact::redact(&bench.context(), &bench.path("a.nvk"), &out, false).unwrap();
    let archive = Archive::open(&out).unwrap();
    let manifest = archive.manifest();
    assert!(manifest.redacted && manifest.nand.is_some());
    assert!(!manifest.files.iter().any(|file| file.layer == "spare"));
    // What is in a raw YAFFS2 volume nobody has looked through.
    let kept = |name: &str| manifest.regions.iter().find(|region| region.name == name).unwrap().kept.len();
    assert_eq!([kept("NVRAM"), kept("PROTECT_F"), kept("PROTECT_S")], [2, 0, 0]);
    let text = std::fs::read(&out).unwrap();
    assert!(!text.windows(IMEI.len()).any(|window| window == IMEI.as_bytes()));
}
