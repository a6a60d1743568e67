//! Everything a card gets wrong behind an agent, which tells less of it than the controller does: a read that fails is not
//! even refused.

use std::sync::LazyLock;

use super::cable::of_the_imei;
use super::{BOTH, bench};
use crate::faults::backup::Ground;
use crate::faults::card::{faults, name_of, sweep};
use crate::faults::course::Which;
use crate::faults::subject::Subject;
use crate::faults::table::{Left, Outcome, Table};

static BACKUPS: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for dialect in BOTH {
        let ground = Ground::on(bench("mt6572", dialect));
        for fault in faults(3, 1, 0x7C00).into_iter().chain(faults(40, 1, 0x7C00 + 3)) {
            ground.bench.slot.phone().as_mut().unwrap().0.faults = vec![fault.clone()];
            let outcome = ground.settle(&ground.bench.backup_in_one_go("b.nvk"), false);
            table.note("backup, agent", name_of(&fault), &format!("{fault:?} {dialect:?}"), &outcome);
        }
    }
    table
});

static RESTORES: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for dialect in BOTH {
        let mut subject = of_the_imei(dialect);
        // A read takes three sends, and one data command of the card.
        let (from, to) = (subject.course.step("MT6572 with eMMC"), subject.writing().1);
        let reads = subject.course.take(from, to, Which::Sends(1)).len() as u64 / 3;
        sweep(&mut subject, &mut table, "restore, agent", reads, Subject::again, Subject::run, (false, 1));
    }
    table
});

#[test]
fn a_card_that_fails_never_makes_a_false_archive() {
    println!("{}", *BACKUPS);
    BACKUPS.holds();
    BACKUPS.met(&[Outcome::Done, Outcome::Nothing]);
}

#[test]
fn a_card_that_fails_while_it_is_written_leaves_a_way_back() {
    println!("{}", *RESTORES);
    RESTORES.holds();
    RESTORES.met(&[Outcome::Journal(Left::Half), Outcome::Journal(Left::Old)]);
}
