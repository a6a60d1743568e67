//! Backups with a fault: an archive that is whole and true, or no file at all.

use std::sync::LazyLock;

use nvkeep::app::Context;
use nvkeep::app::Failure;
use nvkeep::app::backup::{BackupRequest, BackupResult, backup_at};
use nvkeep::transport::{Fault, Faults};
use nvkeep::vault::Archive;

use super::course::{Course, Which};
use super::table::{Outcome, Table};
use super::{REST as KINDS, wrong_about};
use crate::support::workbench::Workbench;

/// A bench, the digest of its true archive, and the course of its backup.
pub struct Ground {
    pub bench: Workbench,
    pub truth: String,
    pub course: Course,
}

impl Ground {
    pub fn of(scenario: &str) -> Self {
        Self::on(Workbench::with(scenario))
    }

    /// The same on this bench.
    pub fn on(bench: Workbench) -> Self {
        let (course, truth) = Course::of(bench.port(), |port, sink| {
            let context = Context { sink, ..bench.context() };
            let request = BackupRequest { output: Some(bench.path("b.nvk")), ..BackupRequest::default() };
            backup_at(&context, port, &request).unwrap().sha256
        });
        std::fs::remove_file(bench.path("b.nvk")).unwrap();
        Self { bench, truth, course }
    }

    /// Whatever happened to a backup: the archive is whole and true, or there is no file.
    pub fn settle(&self, result: &Result<BackupResult, Failure>, beyond: bool) -> Outcome {
        let files = self.bench.files();
        let result = match result {
            Ok(result) => result,
            Err(failure) => {
                return match (wrong_about(failure), files.is_empty()) {
                    (Some(why), _) => Outcome::False(why),
                    (None, true) => Outcome::Nothing,
                    (None, false) => Outcome::Mixed(format!("files stayed: {files:?}")),
                };
            }
        };
        if files != ["b.nvk"] || !Archive::open(&result.file).unwrap().verify().is_whole() {
            return Outcome::False(format!("the archive is not whole: {files:?}"));
        }
        std::fs::remove_file(&result.file).unwrap();
        match (result.sha256 == self.truth, beyond) {
            (true, _) => Outcome::Done,
            (false, true) => Outcome::Beyond,
            (false, false) => Outcome::False(format!("another archive: {:?}", result.warnings)),
        }
    }

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
            let fault = fault(at);
            self.bench.events.lock().unwrap().clear();
            self.bench.faults = Faults::at(at, fault);
            let result = self.bench.backup_in_one_go("b.nvk");
            let beyond = matches!(fault, Fault::Flip(_)) && !self.course.is_send(at);
            let outcome = self.settle(&result, beyond);
            table.note(case, name, &format!("{fault:?} at transfer {at}"), &outcome);
        }
    }
}

/// A formatted phone: the shortest backup there is.
pub static CUTS: LazyLock<Table> = LazyLock::new(|| {
    let mut ground = Ground::of("mt6572-format-all");
    let connected = ground.course.step("Reading the identity set");
    let last = ground.course.step("Writing and reading back");
    let len = ground.course.len();
    let mut table = Table::default();
    let name = ("backup", "cut before");
    ground.sweep(&mut table, name, |_| Fault::Cut, (0, connected), Which::Sends(2));
    ground.sweep(&mut table, name, |_| Fault::Cut, (connected, last), Which::Sends(90));
    ground.sweep(&mut table, name, |_| Fault::Cut, (last, len), Which::Sends(1));
    table
});

/// The healthy phone's own: more is read, and from more places.
pub static CUTS_OF_A_WHOLE_PHONE: LazyLock<Table> = LazyLock::new(|| {
    let mut ground = Ground::of("mt6572");
    let read =
        (ground.course.step("Reading the identity set"), ground.course.step("Writing and reading back"));
    let mut table = Table::default();
    ground.sweep(&mut table, ("backup, whole phone", "cut before"), |_| Fault::Cut, read, Which::Some(2, 4));
    table
});

pub static REST: LazyLock<Table> = LazyLock::new(|| {
    let mut ground = Ground::of("mt6572-format-all");
    let connected = ground.course.step("Reading the identity set");
    let len = ground.course.len();
    let mut table = Table::default();
    for (seed, (name, fault)) in (3..).zip(KINDS) {
        ground.sweep(&mut table, ("backup", name), fault, (0, connected), Which::Some(seed, 9));
        ground.sweep(&mut table, ("backup", name), fault, (connected, len), Which::Some(seed, 5));
    }
    table
});

#[test]
fn a_cable_cut_anywhere_leaves_a_whole_archive_or_no_file() {
    CUTS.holds();
    // A phone that leaves in the handshake is waited for again, and one that leaves while it is told to restart has given
    // everything by then.
    CUTS.met(&[Outcome::Done, Outcome::Nothing]);
    assert!(CUTS.count(&Outcome::Nothing) > CUTS.count(&Outcome::Done), "{}", *CUTS);
}

#[test]
fn a_cable_cut_while_a_whole_phone_is_read_leaves_no_file() {
    CUTS_OF_A_WHOLE_PHONE.holds();
    let tried = CUTS_OF_A_WHOLE_PHONE.tried("backup, whole phone", "cut before");
    assert_eq!(CUTS_OF_A_WHOLE_PHONE.count(&Outcome::Nothing), tried);
}

#[test]
fn nothing_else_a_cable_does_makes_a_false_archive() {
    REST.holds();
    REST.met(&[Outcome::Done, Outcome::Nothing, Outcome::Beyond]);
}
