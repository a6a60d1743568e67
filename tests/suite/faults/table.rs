//! Use cases × kinds of fault × places, counted: what was told, what the phone then held, and what became of it. Two columns
//! must be zero.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::Write;
use std::sync::LazyLock;

use super::{backup, card, repair, restore, resume, returns, swapped};

/// Where a write stood when it failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Left {
    /// Nothing was written yet.
    Old,
    /// A part.
    Half,
    /// Everything, and only the word of it is missing.
    New,
}

/// What came of one fault at one place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was told to be done, and it is: the archive is the true one, the phone holds what was wanted.
    Done,
    /// It was told to have failed, and there is nothing of it: no file, no journal, no byte written.
    Nothing,
    /// It was told to have failed, and a journal is open, from which both ways were walked to their ends.
    Journal(Left),
    /// It was told to be done, and one data bit that came over the cable was wrong: USB's own checksum would have told, which
    /// this kind of fault leaves out; the conversation cannot.
    Beyond,
    /// Neither the old nor the new can be reached; why.
    Mixed(String),
    /// It was told to be done and is not, or failed and says nothing; why.
    False(String),
}

/// What came of one kind of fault in one use case.
#[derive(Debug, Default, Clone)]
struct Row {
    tried: usize,
    /// What the places were taken of: a name, and transfers or blocks from and to.
    spans: BTreeSet<(String, u64, u64)>,
    done: usize,
    nothing: usize,
    left: [usize; 3],
    beyond: usize,
    mixed: usize,
    wrong: usize,
}

/// The table.
#[derive(Debug, Default, Clone)]
pub struct Table {
    rows: BTreeMap<(&'static str, &'static str), Row>,
    /// Every mixture and every false success, with its place.
    pub offences: Vec<String>,
}

impl Table {
    /// Says of which places those that follow are taken; `of` names the course they belong to.
    pub fn span(&mut self, (case, fault): (&'static str, &'static str), of: &str, (from, to): (u64, u64)) {
        self.rows.entry((case, fault)).or_default().spans.insert((of.to_owned(), from, to));
    }

    /// Notes what came of a fault at a place.
    pub fn note(&mut self, case: &'static str, fault: &'static str, place: &str, outcome: &Outcome) {
        let row = self.rows.entry((case, fault)).or_default();
        row.tried += 1;
        match outcome {
            Outcome::Done => row.done += 1,
            Outcome::Nothing => row.nothing += 1,
            Outcome::Journal(left) => row.left[*left as usize] += 1,
            Outcome::Beyond => row.beyond += 1,
            Outcome::Mixed(why) => {
                row.mixed += 1;
                self.offences.push(format!("MIXED {case}, {fault}, {place}: {why}"));
            }
            Outcome::False(why) => {
                row.wrong += 1;
                self.offences.push(format!("FALSE {case}, {fault}, {place}: {why}"));
            }
        }
    }

    /// Adds another table.
    pub fn add(&mut self, other: &Self) {
        for (key, more) in &other.rows {
            let row = self.rows.entry(*key).or_default();
            row.tried += more.tried;
            row.spans.extend(more.spans.iter().cloned());
            row.done += more.done;
            row.nothing += more.nothing;
            row.beyond += more.beyond;
            row.mixed += more.mixed;
            row.wrong += more.wrong;
            for (sum, more) in row.left.iter_mut().zip(more.left) {
                *sum += more;
            }
        }
        self.offences.extend(other.offences.iter().cloned());
    }

    /// Counts an outcome over every row.
    pub fn count(&self, outcome: &Outcome) -> usize {
        let of = |row: &Row| match outcome {
            Outcome::Done => row.done,
            Outcome::Nothing => row.nothing,
            Outcome::Journal(left) => row.left[*left as usize],
            Outcome::Beyond => row.beyond,
            Outcome::Mixed(_) => row.mixed,
            Outcome::False(_) => row.wrong,
        };
        self.rows.values().map(of).sum()
    }

    /// Returns the places tried for a use case and a kind of fault.
    pub fn tried(&self, case: &str, fault: &str) -> usize {
        let chosen = self.rows.iter().filter(|((a, b), _)| *a == case && *b == fault);
        chosen.map(|(_, row)| row.tried).sum()
    }

    /// Fails with every mixture and every false success.
    #[track_caller]
    pub fn holds(&self) {
        assert!(self.offences.is_empty(), "{self}\n{}", self.offences.join("\n"));
        assert!(!self.rows.is_empty());
    }

    /// Fails when the sweep never met one of these: then it proved less than it seems.
    #[track_caller]
    pub fn met(&self, outcomes: &[Outcome]) {
        for outcome in outcomes {
            assert!(self.count(outcome) > 0, "{self}\nthe sweep never met {outcome:?}");
        }
    }
}

impl Row {
    /// How many places there are in all.
    fn of(&self) -> u64 {
        self.spans.iter().map(|(_, from, to)| to - from).sum()
    }
}

impl fmt::Display for Table {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = |f: &mut fmt::Formatter<'_>, names: (&str, &str), row: &Row, of: u64| {
            let [old, half, new] = row.left;
            // Both ways were walked from every journal that was left open, or the row would count a mixture.
            let open = old + half + new;
            writeln!(
                f,
                "{:22} {:15} {:>6} {:>7} {:>6} {:>8} {old:>6} {half:>5} {new:>5} {open:>8} {open:>7} {:>7} {:>6} {:>6}",
                names.0, names.1, row.tried, of, row.done, row.nothing, row.beyond, row.mixed, row.wrong
            )
        };
        writeln!(
            f,
            "{:22} {:15} {:>6} {:>7} {:>6} {:>8} {:>6} {:>5} {:>5} {:>8} {:>7} {:>7} {:>6} {:>6}",
            "use case",
            "fault",
            "places",
            "of",
            "done",
            "nothing",
            "j.old",
            "half",
            "new",
            "resumed",
            "undone",
            "beyond",
            "MIXED",
            "FALSE"
        )?;
        let mut sum = Row::default();
        for (names, row) in &self.rows {
            line(f, *names, row, row.of())?;
            sum.tried += row.tried;
            sum.done += row.done;
            sum.nothing += row.nothing;
            sum.beyond += row.beyond;
            sum.mixed += row.mixed;
            sum.wrong += row.wrong;
            sum.left.iter_mut().zip(row.left).for_each(|(sum, more)| *sum += more);
        }
        line(f, ("all", ""), &sum, self.rows.values().map(Row::of).sum())
    }
}

/// What the columns mean.
const LEGEND: &str = "\
places   transfers (or commands, blocks) at which the fault was played, of how many there are
done     told to be done, and true: the archive is the right one, the phone holds all of the new identity
nothing  told to have failed or to be refused, and nothing written: no file, no journal, the phone as before
j.old, half, new  told to have failed with a journal open; what the phone held then
resumed, undone   places from which `resume` led to all of the new, `resume --undo` to all of the old
beyond   one data bit of a read came wrong with USB's own checksum taken away; told as done, as no conversation can tell it
MIXED    neither old nor new could be reached      FALSE  told to be done and not so, or failed without a word
";

#[test]
fn no_fault_anywhere_leaves_a_mixture_or_a_false_success() {
    let mut table = Table::default();
    let jobs: [&LazyLock<Table>; 15] = [
        &backup::CUTS,
        &backup::CUTS_OF_A_WHOLE_PHONE,
        &backup::REST,
        &restore::CUTS,
        &restore::REST,
        &restore::EVERYTHING,
        &repair::CUTS,
        &repair::REST,
        &repair::REGION,
        &resume::CUTS,
        &resume::REST,
        &card::BACKUP,
        &card::WRITES,
        &swapped::TABLE,
        &returns::CUTS,
    ];
    jobs.iter().for_each(|job| table.add(job));
    // Past the capture of the test harness: the table is there in every run.
    let _ = write!(std::io::stdout().lock(), "\n{table}{LEGEND}");
    table.holds();
    for case in ["backup", "restore", "repair", "resume", "resume --undo"] {
        let cable = ["cut before", "cut behind", "cut inside", "stall", "short", "twice", "lost", "flip"];
        let card = [
            "data CRC",
            "data time-out",
            "bad answer",
            "no answer",
            "busy for ever",
            "protected",
            "write lost",
            "reads differ",
            "unreadable",
            "power lost",
        ];
        for fault in cable.iter().chain(&card) {
            assert!(table.tried(case, fault) > 0, "{case} was never tried with: {fault}");
        }
    }
}
