//! Repairs with a fault, as restores: what is written comes from the phone itself, so the old content is all there is.

use std::sync::LazyLock;

use super::course::Which;
use super::restore::{EVERY_END, cuts, rest};
use super::subject::Subject;
use super::table::{Left, Outcome, Table};
use super::{CUT, REST as KINDS};
use crate::support::workbench::Workbench;

/// A phone whose BinRegion and `pro_info` still know the number.
pub fn of_the_imei() -> Subject {
    Subject::repair(Workbench::with("mt6572-imei-null"))
}

pub static CUTS: LazyLock<Table> = LazyLock::new(|| cuts("repair", &mut of_the_imei(), 3));

pub static REST: LazyLock<Table> = LazyLock::new(|| rest("repair", &mut of_the_imei()));

/// A whole BinRegion made anew of the live files.
pub static REGION: LazyLock<Table> = LazyLock::new(|| {
    let mut subject = Subject::repair(Workbench::with("mt6572-nvram-blank"));
    let mut table = Table::default();
    let (_, writing, judging) = subject.writing();
    for (seed, (name, fault)) in (51..).zip([CUT, KINDS[1], KINDS[4], KINDS[5]]) {
        let which = Which::Some(seed, if seed == 51 { 3 } else { 1 });
        subject.sweep(&mut table, ("repair, whole region", name), fault, (writing, judging), which);
    }
    table
});

#[test]
fn a_cable_cut_anywhere_can_be_finished_and_taken_back() {
    CUTS.holds();
    CUTS.met(&EVERY_END);
}

#[test]
fn nothing_else_a_cable_does_makes_a_false_repair() {
    REST.holds();
    REST.met(&EVERY_END);
    assert_eq!(REST.count(&Outcome::Beyond), 0, "{}", *REST);
}

#[test]
fn a_whole_region_made_anew_survives_faults_while_it_is_written() {
    REGION.holds();
    assert!(REGION.count(&Outcome::Journal(Left::Half)) >= 4, "{}", *REGION);
}
