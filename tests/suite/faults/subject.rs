//! A phone that something is written to, with a fault: the old phone and the new one, and the proof that from whatever a
//! failure left, one as well as the other can be reached.

use std::collections::HashMap;
use std::path::PathBuf;

use nvkeep::app::archive::{OpenArchive, open_archive};
use nvkeep::app::journal::{ResumeResult, resume_at};
use nvkeep::app::repair::{RepairRequest, repair_at};
use nvkeep::app::restore::{RestoreRequest, restore_at};
use nvkeep::app::{Context, Failure, Selection};
use nvkeep::simulator::{Area, CardFault, Flash};
use nvkeep::transport::{Fault, Faults, Port};
use nvkeep::vault::Journal;

use super::course::{Course, Which};
use super::table::{Left, Outcome, Table};
use super::wrong_about;
use crate::support::workbench::{Workbench, same};

/// What is done to the phone.
pub enum Verb {
    Restore(Box<OpenArchive>, RestoreRequest),
    Repair(RepairRequest),
}

impl Verb {
    pub fn run(&self, context: &Context<'_>, port: &mut dyn Port) -> Result<(), Failure> {
        match self {
            Self::Restore(archive, request) => {
                restore_at(context, port, archive, request, &mut |_| true).map(drop)
            }
            Self::Repair(request) => repair_at(context, port, None, request, &mut |_| true).map(drop),
        }
    }
}

/// What a flash holds where another one differs.
type Difference = Vec<(u64, Vec<u8>)>;

/// The pieces of the user area of `flash` that `base` does not hold so. No other area is ever written: [`same`] looks at them.
fn difference(base: &Flash, flash: &Flash) -> Difference {
    let piece = |of: &Flash, chunk: u64| {
        let mut bytes = vec![0; 4096];
        of.read(Area::User, chunk * 4096, &mut bytes).map(|()| bytes).unwrap()
    };
    let mut chunks: Vec<u64> = base.written_chunks(Area::User).collect();
    chunks.extend(flash.written_chunks(Area::User));
    chunks.sort_unstable();
    chunks.dedup();
    let changed = chunks.into_iter().map(|chunk| (chunk, piece(flash, chunk)));
    changed.filter(|(chunk, bytes)| piece(base, *chunk) != *bytes).collect()
}

/// A phone before and after a write.
pub struct Subject {
    pub bench: Workbench,
    pub verb: Verb,
    pub old: Flash,
    pub new: Flash,
    pub cid: String,
    pub course: Course,
    /// States, with their journals, from which both ways were walked already, and what came of it.
    proven: HashMap<(Difference, Vec<u8>), Result<Left, String>>,
}

impl Subject {
    /// A restore of this selection to the phone of this scenario.
    pub fn restore(scenario: &str, selection: Selection) -> Self {
        let bench = Workbench::with("mt6572");
        bench.backup("a.nvk").unwrap();
        bench.flash_becomes(scenario);
        let archive = open_archive(&bench.path("a.nvk")).unwrap();
        let request = RestoreRequest { archive: bench.path("a.nvk"), dry_run: false, selection };
        Self::of(bench, Verb::Restore(Box::new(archive), request))
    }

    /// A repair of the phone on this bench, from what is on it.
    pub fn repair(bench: Workbench) -> Self {
        Self::of(bench, Verb::Repair(RepairRequest::default()))
    }

    /// This verb to the phone on this bench.
    pub fn of(bench: Workbench, verb: Verb) -> Self {
        let old = bench.flash();
        let cid = nvkeep::app::session::hex(&bench.slot.phone().as_ref().unwrap().0.card.cid);
        let (course, ()) = Course::of(bench.port(), |port, sink| {
            verb.run(&Context { sink, ..bench.context() }, port).unwrap();
        });
        let new = bench.flash();
        assert!(!same(&old, &new), "nothing was written");
        Self { bench, verb, old, new, cid, course, proven: HashMap::new() }
    }

    /// The same phone and verb, by the way to the flash that the bench has now.
    pub fn taken_again(mut self) -> Self {
        self.again();
        Self::of(self.bench, self.verb)
    }

    /// Returns where the writing begins and ends: the consent, the first block, the judgement behind the last.
    pub fn writing(&self) -> (u64, u64, u64) {
        (
            self.course.step("The plan is ready"),
            self.course.step("Writing"),
            self.course.step("Reading back and judging"),
        )
    }

    /// Returns the blocks the write changes, in the order of their numbers.
    pub fn blocks(&mut self) -> Vec<u64> {
        self.again();
        self.verb.run(&self.bench.context(), self.bench.port().as_mut()).unwrap();
        let mut kept = std::fs::read_dir(self.journals()).unwrap().map(|entry| entry.unwrap().path());
        let done = kept.find(|path| path.extension().is_some_and(|ext| ext == "done")).unwrap();
        Journal::open(&done).unwrap().blocks().iter().map(|block| block.lba).collect()
    }

    pub fn journals(&self) -> PathBuf {
        self.bench.path("journals")
    }

    pub fn open_journals(&self) -> Vec<Journal> {
        Journal::open_for(&self.journals(), &self.cid).unwrap()
    }

    /// Lays the damaged phone on the bench again, as if nothing had been tried.
    pub fn again(&mut self) {
        let old = self.old.clone();
        self.lay(old, None);
    }

    /// Lays a phone on the bench that holds `flash`, with this journal open or none.
    pub fn lay(&mut self, flash: Flash, journal: Option<&Kept>) {
        self.bench.faults = Faults::none();
        self.bench.events.lock().unwrap().clear();
        let _ = std::fs::remove_dir_all(self.journals());
        if let Some(journal) = journal {
            std::fs::create_dir_all(self.journals()).unwrap();
            std::fs::write(&journal.path, &journal.bytes).unwrap();
        }
        self.card(Vec::new());
        self.bench.change(|now| *now = flash);
    }

    /// Makes the card fail so.
    pub fn card(&self, faults: Vec<CardFault>) {
        self.bench.slot.phone().as_mut().unwrap().0.faults = faults;
    }

    pub fn run(&self) -> Result<(), Failure> {
        self.verb.run(&self.bench.context(), self.bench.port().as_mut())
    }

    pub fn resume(&self, undo: bool) -> Result<ResumeResult, Failure> {
        resume_at(&self.bench.context(), self.bench.port().as_mut(), undo, &mut |_| true)
    }

    /// Plays a fault at the chosen places of `[from, to)`, and settles what it leaves.
    pub fn sweep(
        &mut self,
        table: &mut Table,
        (case, name): (&'static str, &'static str),
        fault: impl Fn(u64) -> Fault,
        (from, to): (u64, u64),
        which: Which,
    ) {
        table.span((case, name), "", (from, to));
        for at in self.course.take(from, to, which) {
            self.again();
            let fault = fault(at);
            self.bench.faults = Faults::at(at, fault);
            let result = self.run();
            let beyond = matches!(fault, Fault::Flip(_)) && !self.course.is_send(at);
            let outcome = self.settle(&result, false, beyond);
            table.note(case, name, &format!("{fault:?} at transfer {at}"), &outcome);
        }
    }

    /// Whatever a write left: the phone as it was, the phone as it should be, or a journal that leads to either.
    /// `undo` tells which of both was wanted, `beyond` whether a data bit of a read was wrong.
    pub fn settle(&mut self, result: &Result<(), Failure>, undo: bool, beyond: bool) -> Outcome {
        self.bench.faults = Faults::none();
        self.card(Vec::new());
        let left = self.bench.flash();
        let open = self.open_journals();
        let failure = match result {
            Ok(()) if !open.is_empty() => return Outcome::False("success, and the journal is open".into()),
            Ok(()) if same(&left, if undo { &self.old } else { &self.new }) => return Outcome::Done,
            Ok(()) if beyond => return Outcome::Beyond,
            Ok(()) => return Outcome::False("success, and another phone".into()),
            Err(failure) => failure,
        };
        if let Some(why) = wrong_about(failure) {
            return Outcome::False(why);
        }
        let [journal] = &open[..] else {
            return match (open.len(), same(&left, &self.old)) {
                (0, true) => Outcome::Nothing,
                (0, false) => Outcome::Mixed(format!("written, and no journal tells of it: {failure:?}")),
                (count, _) => Outcome::Mixed(format!("{count} journals are open")),
            };
        };
        let kept = Kept::of(journal);
        let key = (difference(&self.old, &left), kept.bytes.clone());
        if !self.proven.contains_key(&key) {
            let walked = self.walk(&left, &kept);
            self.proven.insert(key.clone(), walked);
        }
        match &self.proven[&key] {
            Ok(left) => Outcome::Journal(*left),
            Err(why) => Outcome::Mixed(format!("{why}; after {failure:?}")),
        }
    }

    /// Walks both ways from a state to their ends.
    fn walk(&mut self, left: &Flash, kept: &Kept) -> Result<Left, String> {
        for undo in [false, true] {
            self.lay(left.clone(), Some(kept));
            self.resume(undo).map_err(|failure| format!("undo {undo}: {failure:?}"))?;
            if !same(&self.bench.flash(), if undo { &self.old } else { &self.new }) {
                return Err(format!("undo {undo}: a mixture stayed"));
            }
            if !self.open_journals().is_empty() {
                return Err(format!("undo {undo}: the journal is still open"));
            }
        }
        Ok(match (same(left, &self.old), same(left, &self.new)) {
            (true, _) => Left::Old,
            (_, true) => Left::New,
            _ => Left::Half,
        })
    }
}

/// A journal as it lay there.
#[derive(Clone)]
pub struct Kept {
    pub path: PathBuf,
    pub bytes: Vec<u8>,
}

impl Kept {
    pub fn of(journal: &Journal) -> Self {
        Self { path: journal.path().to_path_buf(), bytes: std::fs::read(journal.path()).unwrap() }
    }
}
