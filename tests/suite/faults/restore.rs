//! Restores with a fault: the old phone, the new phone, or a journal that leads to either.

use std::sync::LazyLock;

use nvkeep::app::{Part, Selection};
use nvkeep::transport::Fault;

use super::course::Which;
use super::subject::Subject;
use super::table::{Left, Outcome, Table};
use super::{CUT, REST as KINDS};

/// The smallest restore there is: four blocks.
pub fn of_the_imei() -> Subject {
    Subject::restore("mt6572-imei-null", Selection::Only([Part::Imei].into()))
}

/// A cut before sends everywhere, and in the writing before every `thrift`-th, and at a sample of the receives between
/// them. What a phone's flash holds depends on the sends that reached it alone.
pub fn cuts(case: &'static str, subject: &mut Subject, thrift: usize) -> Table {
    let mut table = Table::default();
    let reading = subject.course.step("Reading what the phone holds");
    let (ready, writing, judging) = subject.writing();
    let len = subject.course.len();
    let name = (case, "cut before");
    for (from, to, which) in [
        (0, reading, Which::Sends(6 * thrift)),
        (reading, ready, Which::Sends(80 * thrift)),
        (ready, writing, Which::Sends(3 * thrift)),
        (writing, judging, Which::Sends(thrift)),
        (writing, judging, Which::Some(61, 12)),
        (judging, len, Which::Sends(1)),
    ] {
        subject.sweep(&mut table, name, |_| Fault::Cut, (from, to), which);
    }
    table
}

/// Every other kind, at samples.
pub fn rest(case: &'static str, subject: &mut Subject) -> Table {
    let mut table = Table::default();
    let (ready, writing, judging) = subject.writing();
    let len = subject.course.len();
    for (seed, (name, fault)) in (20..).zip(KINDS) {
        let name = (case, name);
        subject.sweep(&mut table, name, fault, (0, ready), Which::Some(seed, 4));
        subject.sweep(&mut table, name, fault, (ready, writing), Which::Some(seed, 2));
        subject.sweep(&mut table, name, fault, (writing, judging), Which::Sends(12));
        subject.sweep(&mut table, name, fault, (writing, judging), Which::Some(seed, 4));
        subject.sweep(&mut table, name, fault, (judging, len), Which::Sends(6));
    }
    table
}

/// Everything that a write with a fault can come to.
pub const EVERY_END: [Outcome; 5] = [
    Outcome::Done,
    Outcome::Nothing,
    Outcome::Journal(Left::Old),
    Outcome::Journal(Left::Half),
    Outcome::Journal(Left::New),
];

pub static CUTS: LazyLock<Table> = LazyLock::new(|| cuts("restore", &mut of_the_imei(), 1));

pub static REST: LazyLock<Table> = LazyLock::new(|| rest("restore", &mut of_the_imei()));

pub static EVERYTHING: LazyLock<Table> = LazyLock::new(|| {
    let mut subject = Subject::restore("mt6572-format-all", Selection::All);
    let mut table = Table::default();
    let (_, writing, judging) = subject.writing();
    for (seed, (name, fault)) in (31..).zip([CUT, KINDS[1], KINDS[4], KINDS[5]]) {
        let which = Which::Some(seed, if seed == 31 { 3 } else { 1 });
        subject.sweep(&mut table, ("restore, everything", name), fault, (writing, judging), which);
    }
    table
});

#[test]
fn a_cable_cut_anywhere_can_be_finished_and_taken_back() {
    CUTS.holds();
    CUTS.met(&EVERY_END);
}

#[test]
fn nothing_else_a_cable_does_makes_a_false_restore() {
    REST.holds();
    REST.met(&EVERY_END);
    // What a write rests on is read twice, so a wrong bit is told even without USB's checksum.
    assert_eq!(REST.count(&Outcome::Beyond), 0, "{}", *REST);
}

#[test]
fn everything_put_back_survives_faults_while_it_is_written() {
    EVERYTHING.holds();
    assert!(EVERYTHING.count(&Outcome::Journal(Left::Half)) >= 4, "{}", *EVERYTHING);
}
