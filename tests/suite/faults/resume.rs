//! A resume with a fault is resumed again, or taken back, as often as it takes.

use std::sync::LazyLock;

use nvkeep::app::Context;
use nvkeep::app::journal::resume_at;
use nvkeep::simulator::{Area, CardFault, Flash, Leaves};
use nvkeep::transport::{Fault, Faults};

use super::REST as KINDS;
use super::course::{Course, Which};
use super::restore::{EVERY_END, of_the_imei};
use super::subject::{Kept, Subject};
use super::table::{Left, Outcome, Table};

/// Both ways.
pub const WAYS: [(bool, &str); 2] = [(false, "resume"), (true, "resume --undo")];

/// Where a write was cut.
#[derive(Debug, Clone, Copy)]
pub enum Cut {
    /// Before the first block.
    Early,
    /// In the middle.
    Half,
    /// Behind the last block, before it was told.
    Late,
    /// Power was lost while this block, counted from 1, was programmed: it holds neither.
    Torn(u64),
}

/// Cuts a write, and returns what is left of it.
pub fn interrupted(subject: &mut Subject, cut: Cut) -> (Flash, Kept, Cut) {
    let (_, writing, judging) = subject.writing();
    subject.again();
    let at = |number| Faults::at(number, Fault::Cut);
    match cut {
        Cut::Early => subject.bench.faults = at(writing + 1),
        Cut::Half => subject.bench.faults = at((writing + judging) / 2),
        Cut::Late => subject.bench.faults = at(judging - 1),
        Cut::Torn(nth) => subject.card(vec![CardFault::PowerLoss { nth, leaves: Leaves::Garbage }]),
    }
    subject.run().unwrap_err();
    subject.bench.faults = Faults::none();
    subject.card(Vec::new());
    let open = subject.open_journals();
    (subject.bench.flash(), Kept::of(&open[0]), cut)
}

/// Notes the course of a resume from this state.
fn course(subject: &mut Subject, (left, kept, _): &(Flash, Kept, Cut), undo: bool) -> Course {
    subject.lay(left.clone(), Some(kept));
    let bench = &subject.bench;
    let run = |port: &mut dyn nvkeep::transport::Port, sink| {
        resume_at(&Context { sink, ..bench.context() }, port, undo, &mut |_| true).unwrap();
    };
    Course::of(bench.port(), run).0
}

/// Plays a fault in a resume from this state.
fn sweep(
    subject: &mut Subject,
    table: &mut Table,
    state: &(Flash, Kept, Cut),
    (undo, case, name): (bool, &'static str, &'static str),
    fault: impl Fn(u64) -> Fault,
    (course, from, to, which): (&Course, u64, u64, Which),
) {
    table.span((case, name), &format!("{:?}", state.2), (from, to));
    for at in course.take(from, to, which) {
        subject.lay(state.0.clone(), Some(&state.1));
        let fault = fault(at);
        subject.bench.faults = Faults::at(at, fault);
        let result = subject.resume(undo).map(drop);
        let beyond = matches!(fault, Fault::Flip(_)) && !course.is_send(at);
        let outcome = subject.settle(&result, undo, beyond);
        table.note(case, name, &format!("{fault:?} at transfer {at}"), &outcome);
    }
}

pub static CUTS: LazyLock<Table> = LazyLock::new(|| {
    let mut subject = of_the_imei();
    let mut table = Table::default();
    for (cut, stride) in [(Cut::Half, 1), (Cut::Early, 10), (Cut::Late, 10), (Cut::Torn(3), 5)] {
        let state = interrupted(&mut subject, cut);
        for (undo, case) in WAYS {
            let course = course(&mut subject, &state, undo);
            let (begin, len) = (course.step("restore of"), course.len());
            let kind = (undo, case, "cut before");
            let connecting = (&course, 0, begin, Which::Sends(30));
            sweep(&mut subject, &mut table, &state, kind, |_| Fault::Cut, connecting);
            // The small one, of which every single transfer is taken.
            let which =
                if matches!((cut, undo), (Cut::Half, false)) { Which::All } else { Which::Sends(stride) };
            sweep(&mut subject, &mut table, &state, kind, |_| Fault::Cut, (&course, begin, len, which));
        }
    }
    table
});

pub static REST: LazyLock<Table> = LazyLock::new(|| {
    let mut subject = of_the_imei();
    let mut table = Table::default();
    let state = interrupted(&mut subject, Cut::Half);
    for (undo, case) in WAYS {
        let course = course(&mut subject, &state, undo);
        let (begin, len) = (course.step("restore of"), course.len());
        for (seed, (name, fault)) in (40..).zip(KINDS) {
            let kind = (undo, case, name);
            let connecting = (&course, 0, begin, Which::Some(seed, 3));
            sweep(&mut subject, &mut table, &state, kind, fault, connecting);
            sweep(&mut subject, &mut table, &state, kind, fault, (&course, begin, len, Which::Sends(10)));
            sweep(&mut subject, &mut table, &state, kind, fault, (&course, begin, len, Which::Some(seed, 4)));
        }
    }
    table
});

#[test]
fn a_cable_cut_anywhere_can_be_resumed_again_or_taken_back() {
    CUTS.holds();
    let ends = EVERY_END.iter().filter(|end| **end != Outcome::Nothing).cloned();
    CUTS.met(&ends.collect::<Vec<_>>());
}

#[test]
fn nothing_else_a_cable_does_makes_a_false_resume() {
    REST.holds();
    REST.met(&[Outcome::Done, Outcome::Journal(Left::Half)]);
    assert_eq!(REST.count(&Outcome::Beyond), 0, "{}", *REST);
}

/// Power is lost while a block is programmed, and again while `resume` programs another, and once more: at no time may two
/// blocks hold neither content, or nobody could tell them from somebody else's.
#[test]
fn power_lost_again_and_again_tears_one_block_at_a_time() {
    let mut subject = of_the_imei();
    let blocks = subject.blocks().len() as u64;
    assert!(blocks > 3);
    let mut torn_again = 0;
    for torn in 1..=blocks {
        for (undo, case) in WAYS {
            for again in [1, 2] {
                let (left, kept, _) = interrupted(&mut subject, Cut::Torn(torn));
                subject.lay(left, Some(&kept));
                let place = format!("{case}, block {torn} torn, then the {again}. of the resume");
                let mut result = Ok(());
                for fault in [Some(again), Some(1), None] {
                    let faults = fault.map(|nth| CardFault::PowerLoss { nth, leaves: Leaves::Garbage });
                    subject.card(faults.into_iter().collect());
                    result = subject.resume(undo).map(drop);
                    subject.card(Vec::new());
                    if result.is_ok() {
                        break; // sooner where there were fewer blocks to write
                    }
                    torn_again += 1;
                }
                assert_eq!(subject.settle(&result, undo, false), Outcome::Done, "{place}: {result:?}");
            }
        }
    }
    assert!(torn_again > 4 * blocks, "{torn_again}");
}

/// What makes a layer valid is written last, when a write is finished later as when it is not interrupted.
#[test]
fn the_last_block_of_a_write_is_the_last_of_its_resume() {
    let mut subject = of_the_imei();
    let blocks = subject.blocks();
    let lost = CardFault::PowerLoss { nth: blocks.len() as u64, leaves: Leaves::Old };
    // The blocks that still hold what they held.
    let untouched = |subject: &Subject| -> Vec<u64> {
        let read = |flash: &Flash, lba: u64| {
            let mut bytes = [0; 512];
            flash.read(Area::User, lba * 512, &mut bytes).unwrap();
            bytes
        };
        let now = subject.bench.flash();
        blocks.iter().copied().filter(|lba| read(&now, *lba) == read(&subject.old, *lba)).collect()
    };
    subject.again();
    subject.card(vec![lost.clone()]);
    subject.run().unwrap_err();
    let last = untouched(&subject);
    assert!(
        last.len() == 1 && last[0] != blocks[blocks.len() - 1],
        "no order to be kept: {last:?} of {blocks:?}"
    );
    let (left, kept, _) = interrupted(&mut subject, Cut::Early);
    subject.lay(left, Some(&kept));
    subject.card(vec![lost]);
    subject.resume(false).unwrap_err();
    assert_eq!(untouched(&subject), last);
}
