//! Random sessions, judged from outside: whatever is pressed, pasted, pulled and swapped, nothing panics, and no byte of a
//! phone changes without its word, typed key by key.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use nvkeep::app::journal::{open_journal_of, resume_at};
use nvkeep::app::source::inspect_at;
use nvkeep::app::{Cables, Report};
use nvkeep::simulator::{Board, Flash};
use nvkeep::tui::key::{Code, Key, Mouse};
use nvkeep::tui::message::{Message, News, Outcome, Signal, Task};
use nvkeep::tui::model::{Leaving, LogKind, Model};

use super::bench::{Begin, ENTER, Session, context, picture};
use super::desk::Desk;
use crate::support::Random;
use crate::support::workbench::{built, same};

/// Phones that come and go; the last one is another card.
const PHONES: [&str; 6] = [
    "mt6572",
    "mt6572-imei-null",
    "mt6572-format-all",
    "mt6572-default-mac",
    "mt6572-torn-binregion",
    "mt6572-other-phone",
];
const KEYS: &str = "1234567835475bpnqwsrkjgGxetfiwuasclmdFUaboOcprhf?/ yY";
const WORDS: [&str; 9] =
    ["restore", "repair", "resume", "undo", "yes", "490154203237518", "bt", "zzz", "nvkeep-MT6572"];

/// What somebody who looks over the user's shoulder knows.
struct Outside {
    /// The phone as it was laid down, or as it was found at the last look.
    known: (Board, Flash),
    /// Letters typed since a plan came or Enter was pressed.
    typed: String,
    /// Whether a plan's word was typed since the last look.
    allowed: bool,
    /// Whether another flash lies on the desk than the one that was written to.
    swapped: bool,
    /// Writes that were seen.
    writes: u64,
}

impl Outside {
    /// Looks at a key before the program does.
    fn see(&mut self, model: &Model, key: Key) {
        if model.restore.offer.is_none() {
            self.typed.clear();
            return;
        }
        match (key.code, key.ctrl) {
            (Code::Char('u'), true) => self.typed.clear(),
            (Code::Char('w'), true) => {
                let words: Vec<&str> = self.typed.trim_end().rsplitn(2, ' ').collect();
                self.typed = words.get(1).map(|rest| format!("{rest} ")).unwrap_or_default();
            }
            (Code::Char(c), false) => self.typed.push(c),
            (Code::Backspace, _) => drop(self.typed.pop()),
            (Code::Enter, _) => {
                let word = match model.work.as_ref().map(|work| work.task) {
                    Some(Task::Restore) => "restore",
                    Some(Task::Repair) => "repair",
                    Some(Task::Resume) => "resume",
                    Some(Task::Undo) => "undo",
                    other => panic!("a plan of {other:?}"),
                };
                self.allowed |= self.typed.trim() == word;
                self.typed.clear();
            }
            _ => {}
        }
    }

    /// Pulls the cable and looks at the phone.
    fn look(&mut self, session: &Session) {
        let now = session.desk.phone();
        if !same(&now.1, &self.known.1) {
            assert!(self.allowed, "a phone was written to without its word");
            let journals = std::fs::read_dir(session.path("journals")).expect("a write leaves a journal");
            assert!(journals.count() > 0, "a write leaves a journal");
            self.writes += 1;
        }
        self.allowed = false;
        self.known = now;
    }

    /// Lays another phone on the desk.
    fn swap(&mut self, session: &Session, scenario: &str) {
        self.look(session);
        session.desk.phone_becomes(scenario);
        self.known = session.desk.phone();
        self.swapped = true;
    }
}

/// One session. Returns how many writes there were.
fn run(seed: u64, actions: u64) -> u64 {
    eprintln!("seed {seed}");
    let mut random = Random::new(seed);
    let mut session = Session::begin(
        Desk::with(PHONES[seed as usize % 5]),
        Begin {
            port: if seed.is_multiple_of(7) { "usb" } else { "sim:desk" },
            masked: seed.is_multiple_of(2),
            recorded: seed.is_multiple_of(3),
            ..Begin::default()
        },
    );
    let known = session.desk.phone();
    let mut outside = Outside { known, typed: String::new(), allowed: false, swapped: false, writes: 0 };
    session.desk.plug();
    session.settle(Duration::from_secs(1));
    for _ in 0..actions {
        act(&mut session, &mut outside, &mut random);
        bounded(&session.model);
        if random.below(8) == 0 {
            inside(&session.model);
            let _ = picture(&session.model, session.model.size);
        }
        // Whoever quits while nothing runs is asked to go on: a session that ends at its third key proves little.
        if session.ended && session.model.leaving != Leaving::No {
            break;
        }
        session.ended = false;
    }
    session.end();
    for message in &session.told {
        if let Message::News(news) = message
            && let News::Ended(Outcome::Failed(task, trouble)) = &**news
        {
            assert_ne!(trouble.code, "defect", "{task:?} panicked");
        }
    }
    outside.look(&session);
    settle(&session, &outside, random.below(2) == 0);
    outside.writes
}

fn act(session: &mut Session, outside: &mut Outside, random: &mut Random) {
    let mut press = |session: &mut Session, key: Key| {
        outside.see(&session.model, key);
        session.press(key);
        if session.model.restore.offer.is_none() {
            outside.typed.clear();
        }
    };
    let letters = |session: &mut Session, press: &mut dyn FnMut(&mut Session, Key), text: &str| {
        text.chars().for_each(|c| press(session, Key::char(c)));
    };
    // Whoever sees a plan types its word often enough that writes happen.
    let knows = session.model.restore.offer.is_some() && random.below(3) == 0;
    match if knows { 99 } else { random.below(100) } {
        0..=29 => {
            let at = random.below(KEYS.len() as u64) as usize;
            press(session, Key::char(char::from(KEYS.as_bytes()[at])));
        }
        30..=44 => {
            let codes = [
                Code::Enter,
                Code::Enter,
                Code::Esc,
                Code::Tab,
                Code::BackTab,
                Code::Up,
                Code::Down,
                Code::Left,
                Code::Right,
                Code::PageUp,
                Code::PageDown,
                Code::Home,
                Code::End,
                Code::Backspace,
                Code::Delete,
            ];
            press(session, Key::plain(codes[random.below(codes.len() as u64) as usize]));
        }
        45..=48 => {
            let c = ['u', 'w', 'l', 'z', 'c', 'a'][random.below(6) as usize];
            press(session, Key::ctrl(c));
        }
        49..=58 => {
            let word = WORDS[random.below(WORDS.len() as u64) as usize];
            letters(session, &mut press, word);
            if random.below(3) > 0 {
                press(session, ENTER);
            }
        }
        59..=68 => {
            session.settle(Duration::from_secs(1));
            let way = ["5g", "5gj", "4", "7", "5F", "5U", "3", "6gaGb", "7O"][random.below(9) as usize];
            letters(session, &mut press, way);
            press(session, ENTER);
        }
        69..=71 => session
            .step(Message::Paste(WORDS[random.below(9) as usize].repeat(random.below(40) as usize) + "\n")),
        72..=74 => {
            let (x, y) = (random.below(120) as u16, random.below(3) as u16);
            session.step(Message::Mouse(match random.below(2) {
                0 => Mouse::Click { x, y },
                _ => Mouse::Wheel { down: if random.below(2) == 0 { 1 } else { -1 } },
            }));
        }
        75..=77 => {
            let size = match random.below(4) {
                0 => (random.below(8) as u16, random.below(8) as u16),
                1 => (80, 24),
                _ => (random.below(301) as u16, random.below(101) as u16),
            };
            session.step(Message::Resize(size.0, size.1));
            let _ = picture(&session.model, size);
        }
        78..=80 => session.step(Message::Tick(random.below(100_000))),
        81 if random.below(12) == 0 => session.step(Message::Signal(Signal::Terminate)),
        81 => session.step(Message::Signal(Signal::Continue)),
        82 => outside.look(session),
        83 => session.desk.pull_after(random.below(3000)),
        84 if random.below(3) == 0 => outside.swap(session, PHONES[random.below(6) as usize]),
        84 => session.desk.pull_when(|event| match event {
            nvkeep::app::Event::Progress(progress) => progress.what == "writing",
            _ => false,
        }),
        85..=88 => session.desk.plug(),
        89..=93 => session.drain(),
        _ => {
            let word = match (&session.model.restore.offer, session.model.work.as_ref().map(|work| work.task))
            {
                (Some(_), Some(Task::Repair)) => "repair",
                (Some(_), Some(Task::Restore)) => "restore",
                (Some(_), Some(Task::Resume)) => "resume",
                (Some(_), Some(Task::Undo)) => "undo",
                _ => return session.settle(Duration::from_secs(1)),
            };
            if random.below(3) > 0 {
                press(session, Key::ctrl('u'));
            }
            letters(session, &mut press, word);
            press(session, ENTER);
        }
    }
}

/// Memory is bounded, whatever was told.
fn bounded(model: &Model) {
    assert!(model.log.lines.len() <= 5000);
    assert!(model.log.identities.len() < 100);
    assert!(model.pending.len() < 200, "{:?}", model.pending);
    if let Some(work) = &model.work {
        assert!(work.steps.len() <= 200 && work.warnings.len() <= 200 && work.transfers.len() <= 200);
    }
    assert!(model.tally.rows.len() <= 2, "two cards");
    for text in [&model.backup.note, &model.restore.typed, &model.records.filter, &model.log.filter] {
        assert!(text.text().chars().count() <= 200 && !text.text().contains(char::is_control));
    }
}

/// Every place is inside what there is, counted anew.
fn inside(model: &Model) {
    let shown = model.archives.shown().len();
    assert!(model.archives.cursor < shown.max(1));
    assert!(model.restore.cursor <= shown);
    assert!(model.compare.cursor < shown + 2);
    let lines = model.log.lines.iter().filter(|line| {
        let wanted = model.log.filter.text().to_lowercase();
        (model.log.wire || line.kind != LogKind::Wire) && line.text.to_lowercase().contains(&wanted)
    });
    assert!(model.log.back < lines.count().max(1));
    if let Some(subject) = model.subject() {
        let rows = model.records.rows(subject).len();
        assert!(model.records.cursor < rows.max(1), "{} of {rows}", model.records.cursor);
        let fields = model.records.file(subject).map_or(0, |file| file.fields.len());
        assert!(model.records.field < fields.max(1), "{} of {fields}", model.records.field);
    }
}

/// After the program: an unfinished write is finished or taken back, and the phone holds nobody else's numbers.
fn settle(session: &Session, outside: &Outside, undo: bool) {
    let sink: nvkeep::app::Sink = Arc::new(|_| {});
    let desk = &session.desk;
    let context = context(desk, session.folder.path(), Arc::new(AtomicBool::new(false)), "sim:desk", sink);
    let cid: String = outside.known.0.card.cid.iter().map(|byte| format!("{byte:02x}")).collect();
    let open = open_journal_of(&context, &cid).unwrap();
    if open.is_some() {
        desk.plug();
        match resume_at(&context, desk.port("desk", None).unwrap().as_mut(), undo, &mut |_| true) {
            Ok(result) => assert_eq!(result.undone, undo),
            Err(failure) => assert!(outside.swapped && failure.code == "phone-changed", "{failure:?}"),
        }
    }
    let report = inspect(&context, desk);
    let own = own_numbers(&report.phone.cid);
    let found = numbers(&report);
    assert!(found.is_subset(&own), "{found:?} on a phone of {own:?}");
}

fn inspect(context: &nvkeep::app::Context<'_>, desk: &Desk) -> Report {
    desk.pull();
    desk.plug();
    inspect_at(context, desk.port("desk", None).unwrap().as_mut()).unwrap()
}

fn numbers(report: &Report) -> BTreeSet<String> {
    // Digests of whole files count as identities too; a damaged phone's differ.
    let number = |one: &&String| one.len() < 64 && (one.starts_with("imei:") || one.starts_with("barcode:"));
    report.survey.identities.iter().filter(number).cloned().collect()
}

/// The numbers of the whole phone with this card.
fn own_numbers(cid: &str) -> BTreeSet<String> {
    let whole = [PHONES[0], PHONES[5]].into_iter().find(|scenario| {
        let card = built(scenario, None).0.card.cid;
        card.iter().map(|byte| format!("{byte:02x}")).collect::<String>() == cid
    });
    let desk = Desk::with(whole.expect("one of the two cards"));
    let folder = tempfile::tempdir().unwrap();
    let sink: nvkeep::app::Sink = Arc::new(|_| {});
    let context = context(&desk, folder.path(), Arc::new(AtomicBool::new(false)), "sim:desk", sink);
    numbers(&inspect(&context, &desk))
}

#[test]
fn writes_without_the_word_nor_panics_nor_loses_its_place() {
    let writes: u64 = (0..4).map(|seed| run(seed, 120)).sum();
    assert!(writes > 0, "sessions that never write prove little");
}

#[test]
#[ignore = "minutes: NVKEEP_SOAK_MINUTES, 10 when it is not set"]
fn does_any_of_it_in_a_long_time() {
    let minutes = std::env::var("NVKEEP_SOAK_MINUTES").ok().and_then(|text| text.parse().ok()).unwrap_or(10);
    let until = Instant::now() + Duration::from_secs(60 * minutes);
    let began = std::env::var("NVKEEP_SOAK_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(1000);
    let (mut seed, mut writes) = (began, 0);
    while Instant::now() < until {
        writes += run(seed, 600);
        seed += 1;
    }
    eprintln!("{} sessions, {writes} writes", seed - began);
    assert!(writes > 0);
}
