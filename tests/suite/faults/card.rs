//! Everything a card gets wrong, in every use case, and power that is lost while it programs a block.

use std::sync::LazyLock;

use nvkeep::simulator::{CardFault, Leaves};

use super::backup::Ground;
use super::resume::{Cut, WAYS, interrupted};
use super::subject::Subject;
use super::table::{Left, Outcome, Table};
use super::{repair, restore};

/// Returns every way a card can fail, at this command, written block and address.
pub fn faults(command: u64, written: u64, lba: u64) -> Vec<CardFault> {
    let nth = command;
    let mut faults = vec![
        CardFault::DataCrc { nth },
        CardFault::DataTimeout { nth },
        CardFault::BadResponse { nth },
        CardFault::NoResponse { nth },
        CardFault::BusyForEver { nth: written },
        CardFault::WriteProtected { first: lba, count: 1 },
        CardFault::WriteDropped { lba },
        CardFault::ReadsDiffer { lba },
        CardFault::Unreadable { lba },
    ];
    let left = [Leaves::Old, Leaves::New, Leaves::Garbage];
    faults.extend(left.map(|leaves| CardFault::PowerLoss { nth: written, leaves }));
    faults
}

pub fn name_of(fault: &CardFault) -> &'static str {
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

pub static BACKUP: LazyLock<Table> = LazyLock::new(|| {
    let ground = Ground::of("mt6572");
    let mut table = Table::default();
    let read = |fault: &CardFault| {
        !matches!(name_of(fault), "busy for ever" | "protected" | "write lost" | "power lost")
    };
    // At the first reads every kind, later those that can meet a backup: it writes nothing.
    let later = faults(300, 1, 0x7C00 + 3).into_iter().filter(read);
    for fault in faults(3, 1, 0x7C00).into_iter().chain(later) {
        let name = ("backup", name_of(&fault));
        table.span(name, &format!("{fault:?}"), (0, 1));
        ground.bench.slot.phone().as_mut().unwrap().0.faults = vec![fault.clone()];
        let outcome = ground.settle(&ground.bench.backup_in_one_go("b.nvk"), false);
        table.note(name.0, name.1, &format!("{fault:?}"), &outcome);
    }
    table
});

/// Plays every fault at every block that is written. `first` is about the data command at which the writing begins.
pub fn sweep(
    subject: &mut Subject,
    table: &mut Table,
    case: &'static str,
    first: u64,
    lay: impl Fn(&mut Subject),
    run: impl Fn(&Subject) -> Result<(), nvkeep::app::Failure>,
    (undo, stride): (bool, usize),
) {
    for (index, lba) in (0..).zip(subject.blocks()).step_by(stride) {
        for fault in faults(first + 2 * index, index + 1, lba) {
            lay(subject);
            subject.card(vec![fault.clone()]);
            let result = run(subject);
            // The phone is well again: power is back, the card was taken care of.
            let outcome = subject.settle(&result, undo, false);
            let name = name_of(&fault);
            table.span((case, name), &format!("{fault:?}"), (0, 1));
            table.note(case, name, &format!("{fault:?}"), &outcome);
        }
    }
}

pub static WRITES: LazyLock<Table> = LazyLock::new(|| {
    let mut table = Table::default();
    let mut subject = restore::of_the_imei();
    sweep(&mut subject, &mut table, "restore", 165, Subject::again, Subject::run, (false, 1));
    for (undo, case) in WAYS {
        let (left, kept, _) = interrupted(&mut subject, if undo { Cut::Late } else { Cut::Early });
        let lay = |subject: &mut Subject| subject.lay(left.clone(), Some(&kept));
        let run = |subject: &Subject| subject.resume(undo).map(drop);
        sweep(&mut subject, &mut table, case, 24, lay, run, (undo, 1));
    }
    let mut subject = repair::of_the_imei();
    sweep(&mut subject, &mut table, "repair", 390, Subject::again, Subject::run, (false, 2));
    table
});

#[test]
fn a_card_that_fails_never_makes_a_false_archive() {
    BACKUP.holds();
    BACKUP.met(&[Outcome::Done, Outcome::Nothing]);
}

#[test]
fn a_card_that_fails_while_it_is_written_leaves_a_way_back() {
    WRITES.holds();
    WRITES.met(&[Outcome::Done, Outcome::Nothing, Outcome::Journal(Left::Half), Outcome::Journal(Left::Old)]);
    for case in ["restore", "repair", "resume", "resume --undo"] {
        assert_eq!(WRITES.tried(case, "power lost"), 3 * WRITES.tried(case, "write lost"));
    }
}
