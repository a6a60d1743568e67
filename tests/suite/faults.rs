//! Claims about a cable and a card that fail: wherever it happens, nothing false is called a success, no part of a file
//! stays, and a write that began is finished or taken back by `resume`.
//!
//! What a phone does depends on what it was sent, so a sweep cuts before and behind every *send*, and at a sample of the
//! far more numerous receives between them. `NVKEEP_SWEEP=all` takes every transfer, for a night.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nvkeep::app::archive::{OpenArchive, open_archive};
use nvkeep::app::journal::{ResumeResult, resume_at};
use nvkeep::app::restore::{RestoreRequest, RestoreResult, restore_at};
use nvkeep::app::{Event, Exit, Failure, Part, Selection};
use nvkeep::simulator::{CardFault, Flash, Leaves};
use nvkeep::transport::{Fault, Faults, Link, LinkError, Plugged, Port, WrappedPort};
use nvkeep::vault::{Archive, Journal};

use crate::support::Random;
use crate::support::workbench::{Workbench, same};

/// Notes for every transfer whether it was a send.
struct Ledger {
    link: Box<dyn Link>,
    sends: Arc<Mutex<Vec<bool>>>,
}

impl Link for Ledger {
    fn send(&mut self, bytes: &[u8], within: Duration) -> Result<(), LinkError> {
        self.sends.lock().unwrap().push(true);
        self.link.send(bytes, within)
    }
    fn receive(&mut self, into: &mut [u8], within: Duration) -> Result<(), LinkError> {
        self.sends.lock().unwrap().push(false);
        self.link.receive(into, within)
    }
    fn elapsed(&self) -> Duration {
        self.link.elapsed()
    }
    fn pause(&mut self, time: Duration) {
        self.link.pause(time);
    }
    fn describe(&self) -> String {
        self.link.describe()
    }
}

/// What passed in a run without faults.
struct Course {
    /// For every transfer, whether it was a send.
    sends: Vec<bool>,
    /// At which transfer each step began.
    steps: Vec<(String, u64)>,
}

impl Course {
    /// Runs a verb on a bench that nothing disturbs, and notes its transfers.
    fn of<T>(bench: &Workbench, verb: impl FnOnce(&mut dyn Port, nvkeep::app::Sink) -> T) -> Self {
        let sends: Arc<Mutex<Vec<bool>>> = Arc::default();
        let steps: Arc<Mutex<Vec<(String, u64)>>> = Arc::default();
        let noted = sends.clone();
        let mut port = WrappedPort::new(bench.port(), move |plugged: Plugged| Plugged {
            kind: plugged.kind,
            link: Box::new(Ledger { link: plugged.link, sends: noted.clone() }),
        });
        let (noted, begun) = (sends.clone(), steps.clone());
        verb(
            &mut port,
            Arc::new(move |event| {
                if let Event::Step(text) = event {
                    begun.lock().unwrap().push((text, noted.lock().unwrap().len() as u64));
                }
            }),
        );
        let (sends, steps) = (sends.lock().unwrap().clone(), steps.lock().unwrap().clone());
        Self { sends, steps }
    }

    fn len(&self) -> u64 {
        self.sends.len() as u64
    }

    /// Returns the transfer at which the step begins whose text starts so.
    fn step(&self, start: &str) -> u64 {
        self.steps.iter().find(|(text, _)| text.starts_with(start)).unwrap().1
    }

    /// Returns every `stride`-th send of `[from, to)`; every transfer when the long sweep is asked for.
    fn points(&self, from: u64, to: u64, stride: usize) -> Vec<u64> {
        if std::env::var_os("NVKEEP_SWEEP").is_some_and(|how| how == "all") {
            return (from..to).collect();
        }
        (from..to).filter(|number| self.sends[*number as usize]).step_by(stride).collect()
    }

    /// Returns a sample of `count` transfers of `[from, to)`, the same every time.
    fn sample(&self, seed: u64, from: u64, to: u64, count: usize) -> Vec<u64> {
        let mut random = Random::new(seed);
        (0..count).map(|_| from + random.below(to - from)).collect()
    }
}

/// Use case, kind of fault, outcome: how often.
#[derive(Default)]
struct Table(BTreeMap<(&'static str, &'static str, String), usize>);

impl Table {
    fn note(&mut self, case: &'static str, fault: &'static str, outcome: impl Into<String>) {
        *self.0.entry((case, fault, outcome.into())).or_default() += 1;
    }

    fn print(&self) {
        for ((case, fault, outcome), count) in &self.0 {
            println!("{case:24} {fault:12} {outcome:36} {count:6}");
        }
    }

    fn count(&self, outcome: &str) -> usize {
        self.0.iter().filter(|((_, _, what), _)| what == outcome).map(|(_, count)| count).sum()
    }
}

/// Checks a failure: a code, a sentence, an exit code that is not success.
fn check_failure(failure: &Failure, place: &str) {
    assert!(!matches!(failure.exit, Exit::Done | Exit::Damaged), "{place}: {failure:?}");
    assert!(!failure.message.is_empty() && !failure.code.is_empty(), "{place}: {failure:?}");
}

// ---------------------------------------------------------------- backup

/// Backs up with one fault; whatever happens, the archive is whole and true, or there is no file at all.
fn backup_with(bench: &mut Workbench, at: u64, fault: Fault, truth: &str) -> String {
    let place = format!("{fault:?} at transfer {at}");
    bench.faults = Faults::at(at, fault);
    let result = bench.backup("b.nvk");
    let outcome = match &result {
        Ok(result) if result.sha256 == truth => "done, and true".to_owned(),
        Ok(result) => {
            // One wrong bit inside a data word, behind the card's checksum and with USB's own taken away: no
            // conversation can tell it. The archive must be whole all the same.
            assert!(matches!(fault, Fault::Flip(_)), "{place}: another archive: {:?}", result.warnings);
            "data bit, beyond detection".to_owned()
        }
        Err(failure) => {
            check_failure(failure, &place);
            format!("exit {}", failure.exit as u8)
        }
    };
    if result.is_ok() {
        assert_eq!(bench.files(), ["b.nvk"], "{place}");
        assert!(Archive::open(&bench.path("b.nvk")).unwrap().verify().is_whole(), "{place}");
        std::fs::remove_file(bench.path("b.nvk")).unwrap();
    } else {
        assert_eq!(bench.files(), [""; 0], "{place}: a file stayed");
    }
    outcome
}

/// Returns a bench, the digest of its true archive, and the course of its backup.
fn backup_bench(scenario: &str) -> (Workbench, String, Course) {
    let bench = Workbench::with(scenario);
    let truth = bench.backup("b.nvk").unwrap().sha256;
    std::fs::remove_file(bench.path("b.nvk")).unwrap();
    let course = Course::of(&bench, |port, sink| {
        let context = nvkeep::app::Context { sink, ..bench.context() };
        let request = nvkeep::app::backup::BackupRequest {
            output: Some(bench.path("b.nvk")),
            ..nvkeep::app::backup::BackupRequest::default()
        };
        assert_eq!(nvkeep::app::backup::backup_at(&context, port, &request).unwrap().sha256, truth);
    });
    std::fs::remove_file(bench.path("b.nvk")).unwrap();
    (bench, truth, course)
}

#[test]
fn a_cable_cut_anywhere_in_a_backup_leaves_no_file() {
    let (mut bench, truth, course) = backup_bench("mt6572-format-all");
    let connected = course.step("Reading the identity set");
    let last = course.step("Writing and reading back");
    let mut table = Table::default();
    let mut points = course.points(0, connected, 1);
    points.extend(course.points(connected, last, 24));
    points.extend(course.sample(1, 0, connected, 50));
    for at in points {
        for (name, fault) in [("cut before", Fault::Cut), ("cut behind", Fault::CutAfter)] {
            let outcome = backup_with(&mut bench, at, fault, &truth);
            // A phone that leaves during the handshake is waited for again; later there is no second try.
            let again = at < connected && outcome == "done, and true";
            assert!(again || outcome.starts_with("exit"), "{name} {at}: {outcome}");
            table.note("backup, formatted phone", name, outcome);
        }
    }
    // The archive is whole by now: what fails is only to tell the phone to restart, and that is told as a warning.
    for at in course.points(last, course.len(), 1) {
        table.note("backup, restarting", "cut before", backup_with(&mut bench, at, Fault::Cut, &truth));
    }
    table.print();
    assert!(table.count("done, and true") > 0 && table.count("exit 6") > 50);
}

#[test]
fn a_cable_cut_in_the_backup_of_a_whole_phone_leaves_no_file() {
    let (mut bench, truth, course) = backup_bench("mt6572");
    let mut table = Table::default();
    for at in course.sample(2, 6000, course.step("Writing and reading back"), 10) {
        table.note("backup, healthy phone", "cut", backup_with(&mut bench, at, Fault::Cut, &truth));
    }
    table.print();
    assert_eq!(table.count("exit 6"), 10);
}

#[test]
fn a_stalled_shortened_or_flipped_transfer_never_makes_a_false_backup() {
    let (mut bench, truth, course) = backup_bench("mt6572-format-all");
    let mut table = Table::default();
    for (seed, name, fault) in
        [(3, "stall", Fault::Stall), (4, "short", Fault::Short), (5, "flip", Fault::Flip(13))]
    {
        let mut points = course.sample(seed, 0, course.len(), 16);
        points.extend(course.sample(seed + 10, 0, 6000, 40));
        for at in points {
            table.note("backup, formatted phone", name, backup_with(&mut bench, at, fault, &truth));
        }
    }
    // What the host sends is echoed: no bit of it can be wrong unnoticed.
    for at in course.points(0, course.len(), 30) {
        let outcome = backup_with(&mut bench, at, Fault::Flip(at as usize), &truth);
        assert_ne!(outcome, "data bit, beyond detection", "a flipped send at {at}");
        table.note("backup, formatted phone", "flipped send", outcome);
    }
    table.print();
}

// ---------------------------------------------------------------- restore and resume

/// A phone that lost its IMEI, the archive that has it, and the flash before and after.
struct Loss {
    bench: Workbench,
    archive: OpenArchive,
    request: RestoreRequest,
    old: Flash,
    new: Flash,
    cid: String,
    course: Course,
    /// Flash and journal from which both ways were walked already.
    proven: Vec<(Flash, Vec<u8>)>,
}

impl Loss {
    fn of_the_imei() -> Self {
        Self::of("mt6572-imei-null", Selection::Only([Part::Imei].into()))
    }

    fn of(scenario: &str, selection: Selection) -> Self {
        let bench = Workbench::with("mt6572");
        let cid = bench.backup("a.nvk").unwrap().report.phone.cid;
        bench.flash_becomes(scenario);
        let old = bench.flash();
        let archive = open_archive(&bench.path("a.nvk")).unwrap();
        let request = RestoreRequest { archive: bench.path("a.nvk"), dry_run: false, selection };
        let course = Course::of(&bench, |port, sink| {
            let context = nvkeep::app::Context { sink, ..bench.context() };
            assert!(restore_at(&context, port, &archive, &request, &mut |_| true).unwrap().written);
        });
        let new = bench.flash();
        assert!(new != old);
        Self { bench, archive, request, old, new, cid, course, proven: Vec::new() }
    }

    /// Lays the damaged phone on the bench again, as if nothing had been tried.
    fn again(&mut self) {
        self.bench.faults = Faults::none();
        let _ = std::fs::remove_dir_all(self.bench.path("journals"));
        let old = self.old.clone();
        self.bench.change(|flash| *flash = old);
    }

    fn restore(&self) -> Result<RestoreResult, Failure> {
        let context = self.bench.context();
        restore_at(&context, self.bench.port().as_mut(), &self.archive, &self.request, &mut |_| true)
    }

    fn resume(&self, undo: bool) -> Result<ResumeResult, Failure> {
        resume_at(&self.bench.context(), self.bench.port().as_mut(), undo, &mut |_| true)
    }

    fn open_journals(&self) -> Vec<Journal> {
        Journal::open_for(&self.bench.path("journals"), &self.cid).unwrap()
    }

    /// Restores with one fault, and proves that whatever it left can be finished and taken back.
    fn restore_with(&mut self, at: u64, fault: Fault) -> String {
        self.again();
        self.bench.faults = Faults::at(at, fault);
        let result = self.restore();
        let place = format!("{fault:?} at transfer {at}");
        if let Err(failure) = &result {
            check_failure(failure, &place);
        }
        self.settle(result.is_ok(), &place)
    }

    /// Whatever a write left: the old phone, the new phone, or a journal that leads to either.
    fn settle(&mut self, succeeded: bool, place: &str) -> String {
        self.bench.faults = Faults::none();
        let left = self.bench.flash();
        let open = self.open_journals();
        if succeeded {
            assert!(open.is_empty(), "{place}: success, and the journal is open");
            if same(&left, &self.new) {
                return "done, and true".into();
            }
            return "done, and another phone".into();
        }
        let Some(journal) = open.first() else {
            assert!(same(&left, &self.old), "{place}: something was written and no journal tells of it");
            return "failed, phone as before".into();
        };
        let kept = std::fs::read(journal.path()).unwrap();
        let path = journal.path().to_path_buf();
        let known = self.proven.iter().any(|(flash, journal)| *flash == left && *journal == kept);
        let ways = if known { &[][..] } else { &[false, true] };
        for undo in ways.iter().copied() {
            let wanted = if undo { self.old.clone() } else { self.new.clone() };
            std::fs::write(&path, &kept).unwrap();
            let _ = std::fs::remove_file(path.with_extension("done"));
            let left = left.clone();
            self.bench.change(|flash| *flash = left);
            self.resume(undo).unwrap_or_else(|failure| panic!("{place}, undo {undo}: {failure:?}"));
            assert!(same(&self.bench.flash(), &wanted), "{place}, undo {undo}: a mixture stayed");
            assert!(self.open_journals().is_empty(), "{place}: the journal is still open");
        }
        if !known {
            self.proven.push((left.clone(), kept));
        }
        let progress = if same(&left, &self.old) {
            "before the first block"
        } else if same(&left, &self.new) {
            "behind the last block"
        } else {
            "half-way"
        };
        format!("journal, {progress}")
    }
}

#[test]
fn a_cable_cut_anywhere_in_a_restore_can_be_finished_and_taken_back() {
    let mut loss = Loss::of_the_imei();
    let (reading, writing, judging) = (
        loss.course.step("Reading what the phone holds"),
        loss.course.step("Writing"),
        loss.course.step("Reading back and judging"),
    );
    let mut table = Table::default();
    for at in loss.course.points(0, reading, 2) {
        table.note("restore, connecting", "cut before", loss.restore_with(at, Fault::Cut));
    }
    for at in loss.course.points(reading, writing, 30) {
        table.note("restore, reading", "cut before", loss.restore_with(at, Fault::Cut));
    }
    for at in loss.course.points(writing, judging, 1) {
        table.note("restore, writing", "cut before", loss.restore_with(at, Fault::Cut));
    }
    for at in loss.course.points(writing, judging, 3) {
        table.note("restore, writing", "cut behind", loss.restore_with(at, Fault::CutAfter));
    }
    for at in loss.course.sample(7, writing, judging, 20) {
        table.note("restore, writing", "cut, any", loss.restore_with(at, Fault::Cut));
    }
    for at in loss.course.points(judging, loss.course.len(), 1) {
        table.note("restore, restarting", "cut before", loss.restore_with(at, Fault::Cut));
    }
    table.print();
    assert_eq!(table.count("done, and another phone"), 0);
    for outcome in [
        "failed, phone as before",
        "journal, before the first block",
        "journal, half-way",
        "journal, behind the last block",
        "done, and true",
    ] {
        assert!(table.count(outcome) > 0, "the sweep never met: {outcome}");
    }
}

#[test]
fn a_cable_cut_anywhere_in_a_resume_can_be_resumed_again() {
    let mut loss = Loss::of_the_imei();
    let (writing, judging) = (loss.course.step("Writing"), loss.course.step("Reading back and judging"));
    let mut table = Table::default();
    // Three states to resume from: nothing written, half-way, everything written and not yet told.
    for at in [writing + 1, (writing + judging) / 2, judging - 1] {
        loss.again();
        loss.bench.faults = Faults::at(at, Fault::Cut);
        loss.restore().unwrap_err();
        let left = loss.bench.flash();
        let path = loss.open_journals()[0].path().to_path_buf();
        let kept = std::fs::read(&path).unwrap();
        let lay = |loss: &mut Loss| {
            loss.again();
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, &kept).unwrap();
            let left = left.clone();
            loss.bench.change(|flash| *flash = left);
        };
        for (undo, name) in [(false, "resume"), (true, "resume --undo")] {
            lay(&mut loss);
            let course = Course::of(&loss.bench, |port, _| {
                resume_at(&loss.bench.context(), port, undo, &mut |_| true).unwrap();
            });
            let wanted = if undo { loss.old.clone() } else { loss.new.clone() };
            for at in course.points(0, course.len(), if at == (writing + judging) / 2 { 2 } else { 12 }) {
                for fault in [Fault::Cut, Fault::CutAfter] {
                    lay(&mut loss);
                    loss.bench.faults = Faults::at(at, fault);
                    let result = loss.resume(undo);
                    let place = format!("{name}, {fault:?} at {at}");
                    if result.is_ok() {
                        assert!(same(&loss.bench.flash(), &wanted), "{place}");
                    }
                    table.note(
                        name,
                        "cut",
                        loss.settle(result.is_ok(), &place).replace(", and another phone", ", and true"),
                    );
                }
            }
        }
    }
    table.print();
    assert!(table.count("journal, half-way") > 0 && table.count("done, and true") > 0);
}

#[test]
fn a_stalled_shortened_or_flipped_transfer_never_makes_a_false_restore() {
    let mut loss = Loss::of_the_imei();
    let (writing, judging) = (loss.course.step("Writing"), loss.course.step("Reading back and judging"));
    let mut table = Table::default();
    for (seed, name, fault) in
        [(21, "stall", Fault::Stall), (22, "short", Fault::Short), (23, "flip", Fault::Flip(13))]
    {
        let mut points = loss.course.sample(seed, 0, writing, 16);
        points.extend(loss.course.sample(seed + 10, writing, judging, 24));
        for at in points {
            let mut outcome = loss.restore_with(at, fault);
            if name == "flip" && at < writing && outcome == "done, and another phone" {
                outcome = "data bit, beyond detection".into();
            }
            table.note("restore", name, outcome);
        }
    }
    for at in loss.course.points(writing, judging, 4) {
        let outcome = loss.restore_with(at, Fault::Flip(at as usize * 7));
        assert_ne!(outcome, "done, and another phone", "a flipped send at {at}");
        table.note("restore", "flipped send", outcome);
    }
    table.print();
    assert_eq!(table.count("done, and another phone"), 0);
}

#[test]
fn a_restore_of_everything_survives_cuts_while_it_writes() {
    let mut loss = Loss::of("mt6572-format-all", Selection::All);
    let (writing, judging) = (loss.course.step("Writing"), loss.course.step("Reading back and judging"));
    let mut table = Table::default();
    for at in loss.course.sample(31, writing, judging, 8) {
        table.note("restore, everything", "cut", loss.restore_with(at, Fault::Cut));
    }
    table.print();
    assert!(table.count("journal, half-way") >= 6);
}

// ---------------------------------------------------------------- the card

/// Returns every way a card can fail, at this command, written block and address.
fn card_faults(nth: u64, lba: u64) -> Vec<CardFault> {
    vec![
        CardFault::DataCrc { nth },
        CardFault::DataTimeout { nth },
        CardFault::BadResponse { nth },
        CardFault::NoResponse { nth },
        CardFault::BusyForEver { nth: 2 },
        CardFault::WriteProtected { first: lba, count: 1 },
        CardFault::WriteDropped { lba },
        CardFault::ReadsDiffer { lba },
        CardFault::Unreadable { lba },
        CardFault::PowerLoss { nth: 2, leaves: Leaves::Old },
        CardFault::PowerLoss { nth: 2, leaves: Leaves::New },
        CardFault::PowerLoss { nth: 2, leaves: Leaves::Garbage },
    ]
}

fn name_of(fault: &CardFault) -> &'static str {
    match fault {
        CardFault::DataCrc { .. } => "data CRC",
        CardFault::DataTimeout { .. } => "data time-out",
        CardFault::BusyForEver { .. } => "busy for ever",
        CardFault::BadResponse { .. } => "bad answer",
        CardFault::NoResponse { .. } => "no answer",
        CardFault::WriteProtected { .. } => "protected",
        CardFault::WriteDropped { .. } => "write lost",
        CardFault::ReadsDiffer { .. } => "reads differ",
        CardFault::Unreadable { .. } => "unreadable",
        CardFault::PowerLoss { .. } => "power lost",
    }
}

#[test]
fn a_card_that_fails_never_makes_a_false_backup() {
    let truth = backup_bench("mt6572").1;
    let mut table = Table::default();
    for fault in [3, 40, 300].into_iter().flat_map(|nth| card_faults(nth, 0x7C00 + nth)) {
        let bench = Workbench::with("mt6572");
        bench.slot.phone().as_mut().unwrap().0.faults = vec![fault.clone()];
        let outcome = match bench.backup("b.nvk") {
            Ok(result) => {
                assert_eq!(result.sha256, truth, "{fault:?}");
                "done, and true".to_owned()
            }
            Err(failure) => {
                check_failure(&failure, name_of(&fault));
                assert!(bench.files().is_empty(), "{fault:?}: {:?}", bench.files());
                format!("exit {} {}", failure.exit as u8, failure.code)
            }
        };
        table.note("backup", name_of(&fault), outcome);
    }
    table.print();
}

#[test]
fn a_card_that_fails_in_a_restore_leaves_a_way_back() {
    let mut loss = Loss::of_the_imei();
    loss.again();
    // The blocks the restore writes, from the journal of one that went well.
    loss.restore().unwrap();
    let mut kept = std::fs::read_dir(loss.bench.path("journals")).unwrap().map(|entry| entry.unwrap().path());
    let done = kept.find(|path| path.extension().is_some_and(|ext| ext == "done")).unwrap();
    let blocks: Vec<u64> = Journal::open(&done).unwrap().blocks().iter().map(|block| block.lba).collect();
    let mut table = Table::default();
    for (index, lba) in blocks.iter().enumerate() {
        for fault in card_faults(165 + 2 * index as u64, *lba) {
            loss.again();
            loss.bench.slot.phone().as_mut().unwrap().0.faults = vec![fault.clone()];
            let result = loss.restore();
            // The phone is well again: power is back, the card was taken care of.
            loss.bench.slot.phone().as_mut().unwrap().0.faults = Vec::new();
            if let Err(failure) = &result {
                check_failure(failure, name_of(&fault));
            }
            let code = result.as_ref().err().map_or("", |failure| failure.code);
            let outcome = loss.settle(result.is_ok(), &format!("{fault:?}"));
            assert_ne!(outcome, "done, and another phone", "{fault:?}");
            table.note("restore", name_of(&fault), format!("{outcome} {code}"));
        }
    }
    table.print();
}
