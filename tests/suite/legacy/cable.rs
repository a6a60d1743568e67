//! A cable that fails at samples of every stretch: greeting, upload, reading, writing, judging. Cutting it takes the phone's
//! power too: an agent that was left running answers nobody (`advice`).
//!
//! An agent echoes nothing, so what USB itself guards - a bit of a command, a transfer that comes twice - no conversation can
//! tell. Such faults are played where the agent's sums guard too, and elsewhere a wrong outcome counts as beyond.

use std::sync::LazyLock;

use nvkeep::app::archive::open_archive;
use nvkeep::app::restore::RestoreRequest;
use nvkeep::app::{Part, Selection};
use nvkeep::simulator::agent::Dialect;
use nvkeep::transport::{Fault, Faults};

use super::{BOTH, bench};
use crate::faults::backup::Ground;
use crate::faults::course::Which;
use crate::faults::resume::{Cut, WAYS, interrupted};
use crate::faults::subject::{Subject, Verb};
use crate::faults::table::{Left, Outcome, Table};
use crate::faults::{CUT, Kind, REST};

/// Sends of a block: header, go-ahead, block, sum; and of its read-back: header, length, verdict.
const SENDS: usize = 7;

/// The smallest restore there is.
pub fn of_the_imei(dialect: Dialect) -> Subject {
    let bench = bench("mt6572", dialect);
    bench.backup("a.nvk").unwrap();
    bench.flash_becomes("mt6572-imei-null");
    let archive = open_archive(&bench.path("a.nvk")).unwrap();
    let selection = Selection::Only([Part::Imei].into());
    let request = RestoreRequest { archive: bench.path("a.nvk"), dry_run: false, selection };
    Subject::of(bench, Verb::Restore(Box::new(archive), request))
}

/// Whether USB's own checks would have told.
fn is_usbs(fault: Fault) -> bool {
    matches!(fault, Fault::Flip(_) | Fault::Twice)
}

fn names(dialect: Dialect) -> [&'static str; 3] {
    match dialect {
        Dialect::D19 => ["backup, D19", "restore, D19", "resume, D19"],
        Dialect::D13 => ["backup, D13", "restore, D13", "resume, D13"],
    }
}

fn kinds() -> impl Iterator<Item = (u64, Kind)> {
    (70..).zip(std::iter::once(CUT).chain(REST))
}

static BACKUPS: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for dialect in BOTH {
        let mut ground = Ground::on(bench("mt6572", dialect));
        let [upload, open, reading, saving] =
            ["Sending the Download", "MT6572 with eMMC", "Reading the identity", "Writing and reading back"]
                .map(|step| ground.course.step(step));
        let len = ground.course.len();
        for (seed, (name, fault)) in kinds() {
            for (from, to, count) in [
                (0, upload, 1),
                (upload, open, 4),
                (open, reading, 1),
                (reading, saving, 4),
                (saving, len, 1),
            ] {
                for at in ground.course.take(from, to, Which::Some(seed, count)) {
                    let fault = fault(at);
                    ground.bench.events.lock().unwrap().clear();
                    ground.bench.faults = Faults::at(at, fault);
                    let result = ground.bench.backup_in_one_go("b.nvk");
                    let outcome = ground.settle(&result, is_usbs(fault));
                    table.note(names(dialect)[0], name, &format!("{fault:?} at transfer {at}"), &outcome);
                }
            }
        }
    }
    table
});

/// Plays a fault at these transfers of a write.
fn play(
    subject: &mut Subject,
    table: &mut Table,
    (case, name): (&'static str, &'static str),
    fault: fn(u64) -> Fault,
    places: Vec<u64>,
) {
    for at in places {
        subject.again();
        let fault = fault(at);
        subject.bench.faults = Faults::at(at, fault);
        let result = subject.run();
        let outcome = subject.settle(&result, false, is_usbs(fault));
        table.note(case, name, &format!("{fault:?} at transfer {at}"), &outcome);
    }
}

static RESTORES: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for dialect in BOTH {
        let mut subject = of_the_imei(dialect);
        let course = subject.course.clone();
        let [upload, open] = ["Sending the Download", "MT6572 with eMMC"].map(|step| course.step(step));
        let (ready, writing, judging) = subject.writing();
        let len = course.len();
        let sends = course.take(writing, judging, Which::Sends(1));
        let blocks = subject.blocks().len();
        assert_eq!(sends.len(), SENDS * blocks, "a write has other transfers than are assumed here");
        for (seed, (name, fault)) in kinds() {
            let row = (names(dialect)[1], name);
            for (from, to, count) in
                [(0, upload, 1), (upload, open, 3), (open, ready, 2), (ready, writing, 1), (judging, len, 1)]
            {
                let places = course.take(from, to, Which::Some(seed, count));
                play(&mut subject, &mut table, row, fault, places);
            }
            let places = match is_usbs(fault(0)) {
                // Blocks, their sums, and whatever comes from the phone.
                true => {
                    let guarded = sends.iter().enumerate().filter(|(nth, _)| matches!(nth % SENDS, 2 | 3));
                    let received = (writing..judging).filter(|at| !course.is_send(*at)).step_by(7);
                    guarded.map(|(_, at)| *at).chain(received).collect()
                }
                false => course.take(writing, judging, Which::Sends(3)),
            };
            play(&mut subject, &mut table, row, fault, places);
        }
    }
    table
});

/// A resume that fails is resumed again.
static RESUMES: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    for dialect in BOTH {
        let mut subject = of_the_imei(dialect);
        for cut in [Cut::Early, Cut::Half, Cut::Late, Cut::Torn(2)] {
            let (left, kept, _) = interrupted(&mut subject, cut);
            for (undo, way) in WAYS {
                subject.lay(left.clone(), Some(&kept));
                let done = subject.resume(undo).map(drop);
                let outcome = subject.settle(&done, undo, false);
                assert_eq!(outcome, Outcome::Done, "{way} after {cut:?}: {done:?}");
                let transfers = {
                    subject.lay(left.clone(), Some(&kept));
                    subject.resume(undo).unwrap();
                    subject.bench.faults.transfers()
                };
                for (seed, (name, fault)) in kinds().filter(|(_, kind)| !is_usbs(kind.1(0))) {
                    let at = transfers - 1 - (seed * 37) % (transfers / 4);
                    subject.lay(left.clone(), Some(&kept));
                    subject.bench.faults = Faults::at(at, fault(at));
                    let result = subject.resume(undo).map(drop);
                    let outcome = subject.settle(&result, undo, false);
                    table.note(names(dialect)[2], name, &format!("{way} after {cut:?}, {at}"), &outcome);
                }
            }
        }
    }
    table
});

#[test]
fn a_backup_is_whole_and_true_or_no_file() {
    println!("{}", *BACKUPS);
    BACKUPS.holds();
    BACKUPS.met(&[Outcome::Done, Outcome::Nothing]);
}

#[test]
fn a_restore_leaves_the_old_phone_or_the_new_or_a_way_to_both() {
    println!("{}", *RESTORES);
    RESTORES.holds();
    RESTORES.met(&[
        Outcome::Done,
        Outcome::Nothing,
        Outcome::Journal(Left::Old),
        Outcome::Journal(Left::Half),
    ]);
}

#[test]
fn a_resume_ends_in_the_old_phone_or_the_new() {
    println!("{}", *RESUMES);
    RESUMES.holds();
    RESUMES.met(&[Outcome::Done, Outcome::Journal(Left::Half)]);
}
