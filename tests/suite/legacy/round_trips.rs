//! Lost and back again, whole and in part, by restore and by repair.

use nvkeep::app::repair::{RepairRequest, repair_at};
use nvkeep::app::{Exit, Part, Selection};
use nvkeep::identity::VerdictCode;
use nvkeep::simulator::agent::Dialect;
use nvkeep::vault::{Archive, Journal};

use super::{BOTH, bench, bench_with};
use crate::support::workbench::{Workbench, same};

/// Backs up, loses, restores and inspects; the phone must be the one that the direct engine leaves, byte for byte.
fn round_trip(bench: &Workbench, lost: &str, selection: impl Fn() -> Selection) {
    let backup = bench.backup("a.nvk").unwrap();
    assert_eq!(backup.report.phone.engine, "legacy");
    let mut archive = Archive::open(&backup.file).unwrap();
    assert!(archive.verify().is_whole());
    let agent = archive.manifest().agent.as_ref().unwrap();
    assert!(agent.sha256.len() == 64 && !agent.build.is_empty() && agent.entry.contains("chip 6572"));

    bench.flash_becomes(lost);
    let damaged = bench.inspect().unwrap();
    assert!(!damaged.is_healthy(), "{}", damaged.survey.verdict.summary);
    let result = bench.restore_with("a.nvk", selection(), false).unwrap();
    assert!(result.written);
    let left = bench.flash();
    let end = bench.inspect().unwrap();
    assert_eq!(end.survey.verdict.code, VerdictCode::Healthy, "{}", end.survey.verdict.summary);

    bench.directly();
    bench.flash_becomes(lost);
    let direct = bench.restore_with("a.nvk", selection(), false).unwrap();
    assert_eq!(direct.plan.blocks, result.plan.blocks);
    assert!(same(&left, &bench.flash()), "the engines leave different phones");
}

fn all() -> Selection {
    Selection::All
}

fn imei() -> Selection {
    Selection::Only([Part::Imei].into())
}

#[test]
fn everything_lost_comes_back() {
    for dialect in BOTH {
        round_trip(&bench("mt6572", dialect), "mt6572-format-all", all);
    }
}

#[test]
fn everything_lost_comes_back_on_a_ddr_phone() {
    round_trip(&bench("mt6572-ddr", Dialect::D19), "mt6572-format-all", all);
}

#[test]
fn everything_lost_comes_back_on_a_phone_with_gpt() {
    for dialect in BOTH {
        round_trip(&bench("lr12a", dialect), "lr12a-deleted-imei", all);
    }
}

#[test]
fn everything_lost_comes_back_on_real_data() {
    let Some(folder) = crate::support::real_data("legacy::everything_lost_comes_back_on_real_data") else {
        return;
    };
    for dialect in BOTH {
        let bench = bench_with("mt6572", dialect, Some(folder.join("mt6572-emmc-android44")));
        round_trip(&bench, "mt6572-format-all", all);
    }
}

#[test]
fn one_imei_comes_back_and_nothing_else_is_touched() {
    for dialect in BOTH {
        round_trip(&bench("mt6572", dialect), "mt6572-imei-null", imei);
    }
}

#[test]
fn a_repair_leaves_the_phone_that_the_direct_engine_leaves() {
    let repaired = |bench: &Workbench| {
        let request = RepairRequest::default();
        let result =
            repair_at(&bench.context(), bench.port().as_mut(), None, &request, &mut |_| true).unwrap();
        assert!(result.written && result.after.is_healthy(), "{:?}", result.after.survey.verdict);
        bench.flash()
    };
    for scenario in ["mt6572-imei-null", "mt6572-nvram-blank"] {
        let direct = repaired(&Workbench::with(scenario));
        for dialect in BOTH {
            assert!(same(&repaired(&bench(scenario, dialect)), &direct), "{scenario} {dialect:?}");
        }
    }
}

#[test]
fn another_phone_is_refused_and_not_one_block_written() {
    for dialect in BOTH {
        let bench = bench("mt6572", dialect);
        bench.backup("a.nvk").unwrap();
        bench.phone_becomes("mt6572-other-phone");
        let before = bench.flash();
        let failure = bench.restore("a.nvk").unwrap_err();
        assert_eq!(failure.exit, Exit::Forbidden, "{failure}");
        assert!(bench.flash() == before);
        assert!(Journal::open_for(&bench.path("journals"), "").is_ok_and(|journals| journals.is_empty()));
    }
}
