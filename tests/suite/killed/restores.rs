//! `kill -9` of the real program at 200 moments of a restore over TCP, chosen by seed and spread over its phases; then
//! `resume` or `resume --undo`. The clock is what the phone has heard, so that a moment means the same on a slow machine.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use super::course::{Course, RESTORE};
use super::{Loss, PATIENCE, ending, journals};
use crate::support::Random;
use crate::support::program::{Home, Said};
use crate::support::served::{Served, Then};
use crate::support::workbench::same;

const RUNS: usize = 200;
const SEED: u64 = 9;

/// When a run is killed.
#[derive(Debug, Clone)]
struct Moment {
    /// The phone has heard so many bytes.
    bytes: u64,
    /// After that, a file with this end lies among the journals.
    file: Option<&'static str>,
    /// After that, so much later. None: at once, before the phone says anything to what it heard.
    later: Option<Duration>,
    /// Whether the phone still hears what was on its way.
    heard: bool,
}

impl Moment {
    /// Chooses the moment of run `index`: a tenth while it connects, a sixth while it reads, half while it writes, the rest
    /// while it reads back, and where only files are made.
    fn of(index: usize, course: &Course, random: &mut Random) -> Self {
        let between = |random: &mut Random, from: u64, to: u64| from + random.below(to - from);
        let micros = |random: &mut Random, most| Some(Duration::from_micros(random.below(most)));
        let (bytes, file) = match index % 20 {
            0 | 1 => (between(random, 1, course.reading), None),
            2..=4 => (between(random, course.reading, course.planned), None),
            5..=13 => (between(random, course.planned, course.judging), None),
            14 | 15 => (between(random, course.judging, course.total), None),
            16 => (course.planned - course.planned / 50, Some(".part")),
            17 => (course.planned - course.planned / 50, Some(".journal")),
            18 => (course.judging, Some("proofs.jsonl")),
            _ => (course.judging, Some(".done")),
        };
        let later = match random.below(3) {
            _ if file.is_some() => micros(random, 800),
            0 => micros(random, 400),
            _ => None,
        };
        Self { bytes, file, later, heard: random.below(2) == 0 }
    }

    /// Lets the child come so far, and kills it. Returns its exit code where it ended by itself before.
    fn kill(&self, phone: &Served, child: &mut Child, folder: &Path) -> Option<i32> {
        let start = Instant::now();
        let patient = || assert!(start.elapsed() < PATIENCE, "{self:?} never comes");
        let kill = |child: &mut Child| {
            child.kill().unwrap();
            child.wait().unwrap().code()
        };
        while !phone.has_reached(Duration::from_millis(1)) {
            patient();
            if let Some(status) = child.try_wait().unwrap() {
                return status.code();
            }
        }
        let Some(later) = self.later else {
            let code = kill(child);
            phone.go_on(self.heard);
            return code;
        };
        if let Some(end) = self.file {
            while ending(folder, end).is_empty() {
                patient();
                if let Some(status) = child.try_wait().unwrap() {
                    return status.code();
                }
            }
        }
        let then = Instant::now();
        while then.elapsed() < later {
            std::hint::spin_loop();
        }
        kill(child)
    }
}

/// A worker's own phone and home.
struct Place<'a> {
    loss: &'a Loss,
    course: &'a Course,
    home: Home,
    phone: Served,
}

impl Place<'_> {
    /// Starts the program and kills it.
    fn killed(&self, arguments: &[&str], moment: &Moment) -> Option<i32> {
        let then = if moment.later.is_some() { Then::GoOn } else { Then::Hold };
        self.phone.stop_at(moment.bytes, then);
        let mut command = self.home.command(arguments);
        command.args(["--port", &self.phone.port()]).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().unwrap();
        let ended = moment.kill(&self.phone, &mut child, &journals(&self.home));
        self.phone.stop_no_more();
        ended
    }

    fn resume(&self, undo: bool) -> Said {
        let mut command = self.home.command(&["resume", "--yes", "--json", "--port", &self.phone.port()]);
        command.args(undo.then_some("--undo"));
        Said::of(&command.output().unwrap())
    }

    /// Says where the killed run was, by what it left.
    fn phase(&self, ended: Option<i32>) -> &'static str {
        let (folder, now) = (journals(&self.home), self.phone.flash());
        let (old, new) = (same(&now, &self.loss.old), same(&now, &self.course.new));
        let open = !ending(&folder, ".journal").is_empty();
        let done = !ending(&folder, ".done").is_empty();
        let part = !ending(&folder, ".part").is_empty();
        assert!(!(open && done), "a journal cannot be both open and done");
        assert!(open || done || old, "the phone was written to, and no journal tells of it");
        assert!(!done || new, "the journal is done, and the phone is not new");
        match () {
            () if ended.is_some() => "9 ended before",
            () if done => "8 finished",
            () if open && !ending(&folder, "proofs.jsonl").is_empty() => "7 proof kept",
            () if open && new => "6 reading back",
            () if open && old => "4 journal kept",
            () if open => "5 writing",
            () if part => "3 making the journal",
            () if self.phone.heard() < self.course.reading => "1 connecting",
            () => "2 reading",
        }
    }

    /// One run: killed, judged, finished or taken back, judged again. Returns phase, how it ended, and by what.
    fn run(&self, index: usize, random: &mut Random) -> (&'static str, &'static str, String) {
        let _ = std::fs::remove_dir_all(journals(&self.home));
        self.phone.lay(&self.loss.old);
        let moment = Moment::of(index, self.course, random);
        let undo = index % 2 == 1;
        let ended = self.killed(&RESTORE, &moment);
        assert!(ended.is_none_or(|code| code == 0), "{moment:?}: it failed by itself: {ended:?}");
        let phase = self.phase(ended);
        let open = !ending(&journals(&self.home), ".journal").is_empty();
        let finished = !ending(&journals(&self.home), ".done").is_empty();
        let mut by = if undo { "resume --undo".to_owned() } else { "resume".to_owned() };
        // Every fourth time the resume is killed as well, and another one comes.
        if open && random.below(4) == 0 {
            by = format!("killed {by}");
            let resume = [&["resume", "--yes"][..], if undo { &["--undo"] } else { &[] }].concat();
            let bytes = 1 + random.below(self.course.reading + self.course.judging - self.course.planned);
            let second = Moment { bytes, file: None, ..moment.clone() };
            self.killed(&resume, &second);
        }
        let still_open = !ending(&journals(&self.home), ".journal").is_empty();
        let said = self.resume(undo);
        if still_open {
            let value = said.exits(0).json();
            assert_eq!(value["result"]["undone"], undo, "{moment:?}: {value}");
        } else {
            assert_eq!(said.exits(2).json()["error"]["code"], "no-journal", "{moment:?}");
        }
        assert!(ending(&journals(&self.home), ".journal").is_empty(), "{moment:?}: it is still open");
        let now = self.phone.flash();
        let is_new = if open { !undo } else { finished };
        let wanted = if is_new { &self.course.new } else { &self.loss.old };
        assert!(same(&now, wanted), "{moment:?}, killed in {phase}, then {by}: a mixture stayed");
        if !open {
            by = "nothing to resume".into();
        }
        (phase, if is_new { "new" } else { "old" }, by)
    }
}

#[test]
fn a_restore_killed_at_any_moment_is_finished_or_taken_back() {
    let start = Instant::now();
    let loss = Loss::of_the_imei();
    let course = Course::of(&loss);
    println!(
        "a restore is {} bytes to the phone: {} to connect, {} to read, {} to write, {} to read back; {:.1?}",
        course.total,
        course.reading,
        course.planned - course.reading,
        course.judging - course.planned,
        course.total - course.judging,
        start.elapsed(),
    );
    let next = AtomicUsize::new(0);
    let table: Mutex<BTreeMap<(&str, &str, String), usize>> = Mutex::default();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let phone = Served::new(loss.board.clone(), loss.old.clone());
                let place = Place { loss: &loss, course: &course, home: loss.home(), phone };
                loop {
                    let index = next.fetch_add(1, Ordering::SeqCst);
                    if index >= RUNS {
                        return;
                    }
                    let row = place.run(index, &mut Random::new(SEED + index as u64 * 7919));
                    *table.lock().unwrap().entry(row).or_default() += 1;
                }
            });
        }
    });
    let table = table.into_inner().unwrap();
    println!("{:22} {:6} {:24} {:>5}", "killed in", "ended", "by", "runs");
    for ((phase, ended, by), count) in &table {
        println!("{phase:22} {ended:6} {by:24} {count:5}");
    }
    println!("{RUNS} runs in {:.1?}", start.elapsed());
    assert_eq!(table.values().sum::<usize>(), RUNS);
    for phase in ["1 connecting", "2 reading", "4 journal kept", "5 writing", "6 reading back", "8 finished"]
    {
        assert!(table.keys().any(|(killed, ..)| *killed == phase), "no run was killed in: {phase}");
    }
    let ways: Vec<_> =
        table.keys().filter(|(phase, ..)| *phase == "5 writing").map(|(_, end, _)| end).collect();
    assert!(ways.contains(&&"old") && ways.contains(&&"new"), "both ways were walked");
}
