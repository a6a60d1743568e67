//! Another phone in the slot, wherever a phone can be lost and taken up again: it is never written, whatever it holds, and
//! the open journal of the first one stays what it was.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use nvkeep::app::backup::BackupRequest;
use nvkeep::app::guard::{Ending, Flasher, GuardRequest, guard_at};
use nvkeep::app::journal::resume_at;
use nvkeep::app::{Exit, Failure};
use nvkeep::simulator::{Board, Flash};
use nvkeep::transport::{Fault, Faults, LinkError, Plugged, Port, WrappedPort};
use nvkeep::wiring::bench::{BenchPort, Slot};

use super::course::Which;
use super::restore::of_the_imei;
use super::resume::{Cut, interrupted};
use super::subject::{Kept, Subject};
use super::table::{Outcome, Table};
use crate::support::workbench::{Workbench, built, same};

/// The claim's row.
const FAULT: &str = "phone swapped";

/// A port into which these phones are plugged, one after the other, and the last one ever after.
struct Succession {
    slots: Vec<Slot>,
    opened: Arc<AtomicUsize>,
}

impl Port for Succession {
    fn open(&mut self, within: Duration) -> Result<Plugged, LinkError> {
        let number = self.opened.fetch_add(1, Ordering::Relaxed);
        BenchPort(self.slots[number.min(self.slots.len() - 1)].clone()).open(within)
    }
    fn name(&self) -> String {
        "sim:test".into()
    }
}

/// Two phones, the second one behind the first in one slot.
struct Pair<'a> {
    bench: &'a Workbench,
    other: Slot,
    opened: Arc<AtomicUsize>,
}

impl<'a> Pair<'a> {
    fn of(bench: &'a Workbench, (board, flash): (Board, Flash)) -> Self {
        Self { bench, other: Slot::new("other", board, flash), opened: Arc::default() }
    }

    /// A port at which the first phone is found so many times, and then the other.
    fn port(&self, first: usize) -> Box<dyn Port> {
        let faults = self.bench.faults.clone();
        let mut slots = vec![self.bench.slot.clone(); first];
        slots.push(self.other.clone());
        self.opened.store(0, Ordering::Relaxed);
        let succession = Succession { slots, opened: self.opened.clone() };
        Box::new(WrappedPort::new(succession, move |plugged| faults.wrap(plugged)))
    }

    fn other_flash(&self) -> Flash {
        self.other.phone().as_ref().unwrap().1.clone()
    }

    fn opened(&self) -> usize {
        self.opened.load(Ordering::Relaxed)
    }
}

/// The first phone's board with another card: nothing else tells the two apart.
fn twin(bench: &Workbench) -> Board {
    let mut board = bench.slot.phone().as_ref().unwrap().0.clone();
    board.card.cid[13] ^= 0x40;
    board
}

/// Phones that are not the one whose write was interrupted, however like it they are.
fn others(subject: &Subject, left: &Flash) -> Vec<(&'static str, (Board, Flash))> {
    let twin = twin(&subject.bench);
    let (other, theirs) = built("mt6572-other-phone", None);
    vec![
        ("another phone", (other.clone(), theirs)),
        ("a twin with the same half-written flash", (twin.clone(), left.clone())),
        ("a twin with the old flash", (twin, subject.old.clone())),
        ("another phone with the whole flash", (other, subject.new.clone())),
    ]
}

/// Judges a verb that met the other phone, or none: neither was written and the journal is what it was.
fn settle(
    pair: &Pair<'_>,
    (first, other): (&Flash, &Flash),
    kept: Option<&Kept>,
    failure: Option<Failure>,
    codes: &[&str],
) -> Outcome {
    if !same(&pair.other_flash(), other) {
        return Outcome::Mixed(format!("the other phone was written: {failure:?}"));
    }
    if !same(&pair.bench.flash(), first) {
        return Outcome::Mixed(format!("the first phone was written: {failure:?}"));
    }
    if kept.is_some_and(|kept| std::fs::read(&kept.path).ok().as_ref() != Some(&kept.bytes)) {
        return Outcome::Mixed(format!("the first phone's journal is not what it was: {failure:?}"));
    }
    match failure {
        None => Outcome::False("success with the wrong phone".into()),
        Some(failure) if pair.opened() > 1 && !codes.contains(&failure.code) => {
            Outcome::False(format!("not the reason: {failure:?}"))
        }
        Some(_) => Outcome::Nothing,
    }
}

/// A resume, and the first phone leaves at every transfer until it is known.
fn resumes(table: &mut Table) -> BTreeSet<usize> {
    let mut subject = of_the_imei();
    let (left, kept, _) = interrupted(&mut subject, Cut::Half);
    let known = subject.course.step("MT6572 with eMMC");
    let mut opened = BTreeSet::new();
    for (index, (who, other)) in others(&subject, &left).into_iter().enumerate() {
        for (undo, case) in super::resume::WAYS {
            table.span((case, FAULT), who, (0, known + 1));
            // Present at once, then at the places where the first one leaves.
            let places = subject.course.take(0, known, Which::Some(70 + index as u64, 12));
            for at in [None].into_iter().chain(places.into_iter().map(Some)) {
                subject.lay(left.clone(), Some(&kept));
                if let Some(at) = at {
                    subject.bench.faults = Faults::at(at, Fault::Cut);
                }
                let pair = Pair::of(&subject.bench, other.clone());
                let mut port = pair.port(usize::from(at.is_some()));
                let result = resume_at(&subject.bench.context(), port.as_mut(), undo, &mut |_| true);
                drop(port);
                let failure = result.err();
                let outcome = settle(&pair, (&left, &other.1), Some(&kept), failure, &["no-journal"]);
                opened.insert(pair.opened());
                table.note(case, FAULT, &format!("{who}, cut at {at:?}"), &outcome);
            }
        }
    }
    // The first phone comes back, and its journal leads on.
    subject.lay(left, Some(&kept));
    let result = subject.resume(false).map(drop);
    let outcome = subject.settle(&result, false, false);
    table.note("resume", FAULT, "the first phone again", &outcome);
    opened
}

/// A restore of the first phone's archive, which leaves before it is known.
fn restores(table: &mut Table) -> BTreeSet<usize> {
    let mut subject = of_the_imei();
    let known = subject.course.step("MT6572 with eMMC");
    let other = built("mt6572-other-phone", None);
    let mut opened = BTreeSet::new();
    table.span(("restore", FAULT), "", (0, known));
    for at in subject.course.take(0, known, Which::Some(80, 20)) {
        subject.again();
        subject.bench.faults = Faults::at(at, Fault::Cut);
        let pair = Pair::of(&subject.bench, other.clone());
        let mut port = pair.port(1);
        let result = subject.verb.run(&subject.bench.context(), port.as_mut());
        drop(port);
        let outcome = settle(&pair, (&subject.old, &other.1), None, result.err(), &["other-phone"]);
        opened.insert(pair.opened());
        table.note("restore", FAULT, &format!("cut at {at}"), &outcome);
    }
    opened
}

/// A flasher that runs inside the test.
struct Inside<F>(F);

impl<F: FnMut()> Flasher for Inside<F> {
    fn name(&self) -> String {
        "flash firmware".into()
    }
    fn obstacle(&self) -> Option<String> {
        None
    }
    fn run(&mut self) -> std::io::Result<Ending> {
        (self.0)();
        Ok(Ending { exit: Some(0), signal: None })
    }
}

/// A guard: the first phone was backed up and flashed, and leaves at a transfer of its way back.
fn guards(table: &mut Table) -> BTreeSet<usize> {
    let (board, whole) = built("mt6572", None);
    let formatted = built("mt6572-format-all", None).1;
    let bench = Workbench::holding(board, whole.clone(), None);
    let other_phone = built("mt6572-other-phone", None);
    let others = [
        ("another phone", other_phone),
        ("a twin with the whole flash", (twin(&bench), whole.clone())),
        ("a twin with the formatted flash", (twin(&bench), formatted.clone())),
    ];
    let mut opened = BTreeSet::new();
    for (who, other) in others {
        // Before it is spoken to, in the handshake, in the queries, while its controller is examined.
        for at in [None, Some(3), Some(30), Some(120)] {
            let mut bench =
                Workbench::holding(bench.slot.phone().as_ref().unwrap().0.clone(), whole.clone(), None);
            bench.faults = Faults::none();
            let faults = bench.faults.clone();
            let pair = Pair::of(&bench, other.clone());
            let mut flasher = Inside(|| {
                let formatted = formatted.clone();
                bench.change(|flash| *flash = formatted);
                if let Some(at) = at {
                    let _ = faults.clone().and(faults.transfers() + at, Fault::Cut);
                }
            });
            let mut port = pair.port(1 + usize::from(at.is_some()));
            let backup = BackupRequest { output: Some(bench.path("a.nvk")), ..BackupRequest::default() };
            let request = GuardRequest { backup, return_within: Duration::from_millis(300) };
            let result = guard_at(&bench.context(), port.as_mut(), &request, &mut flasher, &mut |_| true);
            drop(port);
            let outcome = settle(&pair, (&formatted, &other.1), None, result.err(), &["other-phone"]);
            opened.insert(pair.opened());
            table.span(("guard", FAULT), &format!("{who}, {at:?}"), (0, 1));
            table.note("guard", FAULT, &format!("{who}, cut at {at:?}"), &outcome);
        }
    }
    opened
}

pub static TABLE: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    // Some of the first phone's departures must have been early enough for the other one to be taken up.
    assert!(resumes(&mut table).contains(&2));
    assert!(restores(&mut table).contains(&2));
    assert!(guards(&mut table).contains(&3));
    table
});

#[test]
fn a_phone_that_is_not_the_one_is_never_written() {
    TABLE.holds();
    for case in ["resume", "resume --undo", "restore", "guard"] {
        assert!(TABLE.tried(case, FAULT) > 0, "{case}");
    }
    assert_eq!(TABLE.count(&Outcome::Done), 1, "the first phone itself");
}

/// What is at the port may be repaired from its own copies: the journal of the other phone has no part in that.
#[test]
fn a_repair_of_a_twin_leaves_the_other_ones_journal_alone() {
    let mut subject = of_the_imei();
    let (left, kept, _) = interrupted(&mut subject, Cut::Early);
    let other = (twin(&subject.bench), subject.old.clone());
    subject.lay(left.clone(), Some(&kept));
    let pair = Pair::of(&subject.bench, other.clone());
    let request = nvkeep::app::repair::RepairRequest::default();
    let context = subject.bench.context();
    let mut port = pair.port(0);
    let result =
        nvkeep::app::repair::repair_at(&context, port.as_mut(), None, &request, &mut |_| true).unwrap();
    drop(port);
    assert!(result.written && !same(&pair.other_flash(), &other.1));
    assert!(same(&subject.bench.flash(), &left));
    assert_eq!(std::fs::read(&kept.path).unwrap(), kept.bytes);
    let open = subject.open_journals();
    assert_eq!(open.len(), 1);
    // And neither a restore nor a repair of the first phone starts over it.
    let failure = subject.run().unwrap_err();
    assert_eq!((failure.code, failure.exit), ("journal-open", Exit::Forbidden));
    let result = subject.resume(true).map(drop);
    assert_eq!(subject.settle(&result, true, false), Outcome::Done);
}

/// Once a phone is known, a session has one cable: it ends with it, and no verb looks for a second phone.
#[test]
fn a_session_never_takes_up_a_second_phone() {
    let mut subject = of_the_imei();
    let known = subject.course.step("MT6572 with eMMC");
    let len = subject.course.len();
    for at in subject.course.take(known, len - 40, Which::Some(90, 8)) {
        subject.again();
        subject.bench.faults = Faults::at(at, Fault::Cut);
        let pair = Pair::of(&subject.bench, built("mt6572", None));
        let mut port = pair.port(1);
        let failure = subject.verb.run(&subject.bench.context(), port.as_mut()).unwrap_err();
        assert_eq!(pair.opened(), 1, "cut at {at}: {failure:?}");
    }
}
