//! What is not done to a NAND: nothing is written, by no verb and no flag; a plan is shown where one can be made.

use std::path::Path;

use nvkeep::app::archive::open_archive;
use nvkeep::app::repair::{RepairRequest, RepairResult, repair_at};
use nvkeep::app::restore::{RestoreRequest, RestoreResult, restore_at};
use nvkeep::app::{Exit, Failure, Report, Selection};
use nvkeep::simulator::agent::Dialect;

use super::{BOTH, IMEI, bench};
use crate::support::workbench::Workbench;

fn restored(bench: &Workbench, archive: &Path) -> Result<RestoreResult, Failure> {
    let open = open_archive(archive).unwrap();
    let request = RestoreRequest { archive: archive.into(), dry_run: false, selection: Selection::All };
    restore_at(&bench.context(), bench.port().as_mut(), &open, &request, &mut |_| true)
}

fn repaired(bench: &Workbench, dry_run: bool) -> Result<RepairResult, Failure> {
    let request = RepairRequest { dry_run, ..RepairRequest::default() };
    repair_at(&bench.context(), bench.port().as_mut(), None, &request, &mut |_| true)
}

/// A phone that lost its IMEI, beside its own archive.
fn harmed(dialect: Dialect) -> Workbench {
    let bench = bench("mt6572-nand", dialect);
    bench.backup("a.nvk").unwrap();
    let null = super::bench("mt6572-nand-imei-null", dialect).flash();
    bench.slot.phone().as_mut().unwrap().1 = null;
    bench
}

#[test]
fn restore_and_repair_write_nothing_and_say_why() {
    for dialect in BOTH {
        let bench = harmed(dialect);
        let before = bench.flash();
        let failure = restored(&bench, &bench.path("a.nvk")).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "nand-read-only"), "{failure}");
        assert!(failure.advice.unwrap().contains("vault export"));
        let failure = repaired(&bench, false).unwrap_err();
        assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "nand-read-only"), "{failure}");
        assert!(bench.flash() == before, "{dialect:?}: the NAND changed");
        assert!(!bench.path("journals").exists());
    }
}

#[test]
fn a_plan_is_shown_and_stays_one() {
    for dialect in BOTH {
        let bench = harmed(dialect);
        let before = bench.flash();
        let shown = repaired(&bench, true).unwrap();
        assert!(!shown.written && shown.journal.is_none());
        let number = |report: &Report| report.survey.layer("binregion").unwrap().imei[0].value.clone();
        assert_ne!(number(&shown.before).as_deref(), Some(IMEI));
        assert_eq!(
            number(&shown.after).as_deref(),
            Some(IMEI),
            "the plan puts it back, around the bad block"
        );
        assert!(
            bench.warnings().iter().any(|said| said.contains("this stays a plan")),
            "{:?}",
            bench.warnings()
        );
        assert!(bench.flash() == before);
    }
}

#[test]
fn the_direct_engine_names_the_way_to_a_nand() {
    let bench = bench("mt6572-nand", Dialect::D19);
    bench.directly();
    let failure = bench.inspect().unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Refused, "nand-boot"));
    assert!(failure.advice.unwrap().contains("--da FILE"));
}

#[test]
fn an_archive_of_a_nand_is_not_written_to_an_emmc() {
    let nand = bench("mt6572-nand", Dialect::D19);
    nand.backup("a.nvk").unwrap();
    let archive = nand.path("a.nvk");
    assert_eq!(open_archive(&archive).unwrap().facts.storage, "nand");
    let emmc = Workbench::with("mt6572-imei-null");
    let before = emmc.flash();
    let failure = restored(&emmc, &archive).unwrap_err();
    assert_eq!((failure.exit, failure.code), (Exit::Forbidden, "other-layout"), "{failure}");
    assert!(emmc.flash() == before);
}
