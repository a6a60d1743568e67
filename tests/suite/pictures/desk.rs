//! A session without a terminal: keys in, pictures out. Names of the test's own folder are replaced by `/bench`.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use nvkeep::app::{Choices, Context, Event, Pace, descriptions};
use nvkeep::tui::key::{Code, Key};
use nvkeep::tui::message::{Effect, Job, Message, News, Outcome};
use nvkeep::tui::model::{Model, Setup};
use nvkeep::tui::subject::Origin;
use nvkeep::tui::update::update;
use nvkeep::tui::view::{Theme, draw};
use nvkeep::tui::work::Worker;
use nvkeep::wiring::Workshop;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::support::golden::golden;

/// Sizes every screen is drawn at: a phone technician's SSH, a laptop, a large screen.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// A session.
pub struct Desk {
    pub model: Model,
    orders: Sender<Job>,
    heard: Receiver<Message>,
    stop: Arc<AtomicBool>,
    folder: PathBuf,
}

/// Name of the Download Agent that a story may lay beside its vault.
pub const AGENT: &str = "MTK_AllInOne_DA.bin";

/// Tells a story to a session whose phone is at `port`; `prepare` fills the folder of archives first.
pub fn desk(port: &str, prepare: impl FnOnce(&Path), story: impl FnOnce(&mut Desk)) {
    open(port, None, prepare, story);
}

/// The same, for a session that was opened with a file of that folder.
pub fn desk_on(file: &str, prepare: impl FnOnce(&Path), story: impl FnOnce(&mut Desk)) {
    open("usb", Some(file), prepare, story);
}

fn open(port: &str, file: Option<&str>, prepare: impl FnOnce(&Path), story: impl FnOnce(&mut Desk)) {
    let folder = tempfile::tempdir().unwrap();
    let vault = folder.path().join("vault");
    std::fs::create_dir(&vault).unwrap();
    prepare(&vault);
    // A Download Agent laid beside the vault is used.
    let da = Some(folder.path().join(AGENT)).filter(|file| file.exists());
    let stop = Arc::new(AtomicBool::new(false));
    let (tell, heard) = channel();
    let sink = tell.clone();
    let context = Context {
        cables: &Workshop,
        catalog: descriptions::load(None).unwrap(),
        choices: Choices {
            port: port.into(),
            timeout: Duration::from_secs(5),
            pace: Pace::Strict,
            reach: nvkeep::app::Reach { da, ..nvkeep::app::Reach::default() },
            scatter: None,
            data: None,
            record: None,
            replay: None,
            keyring: nvkeep::app::Keyring::default(),
            journals: folder.path().join("journals"),
            records: true,
            wire: true,
        },
        sink: Arc::new(move |event| drop(sink.send(Message::Event(event)))),
        stop: stop.clone(),
        now: || "2026-11-25T01:42:00Z".into(),
    };
    let (orders, jobs) = channel();
    let setup = Setup {
        port: port.into(),
        folder: "/bench/vault".into(),
        file: file.map(|file| Path::new("/bench/vault").join(file)),
        masked: false,
    };
    std::thread::scope(|scope| {
        let (context, vault) = (&context, vault.clone());
        scope.spawn(move || {
            let tell = move |message| drop(tell.send(message));
            Worker::new(context, jobs, vault, &tell).with_pulse(Duration::from_secs(3600)).run();
        });
        let model = Model::new(setup, (80, 24));
        let mut desk = Desk { model, orders, heard, stop, folder: folder.path().to_owned() };
        match file {
            Some(file) => {
                desk.model.pending.push(nvkeep::tui::message::Task::Open);
                desk.orders.send(Job::Open(vault_of(&desk.folder).join(file))).unwrap();
            }
            None if port.starts_with("sim:") => desk.orders.send(Job::Watch { fresh: false }).unwrap(),
            None => {}
        }
        story(&mut desk);
        desk.stop.store(true, Ordering::Relaxed);
    });
}

fn vault_of(folder: &Path) -> PathBuf {
    folder.join("vault")
}

impl Desk {
    /// Takes a message in and does what it wants.
    pub fn feed(&mut self, message: Message) {
        match update(&mut self.model, message) {
            Some(Effect::Work(job)) => {
                self.stop.store(false, Ordering::Relaxed);
                self.orders.send(self.real(job)).unwrap();
            }
            Some(Effect::Stop) => self.stop.store(true, Ordering::Relaxed),
            _ => {}
        }
    }

    /// News as the worker would tell it.
    pub fn news(&mut self, news: News) {
        self.feed(Message::News(Box::new(news)));
    }

    /// Presses keys: words letter by letter, `<Enter>` and its like by name.
    pub fn press(&mut self, keys: &str) {
        let mut rest = keys;
        while let Some(c) = rest.chars().next() {
            let code = match rest.find('>') {
                Some(end) if c == '<' => {
                    let name = &rest[1..end];
                    rest = &rest[end + 1..];
                    named(name)
                }
                _ => {
                    rest = &rest[c.len_utf8()..];
                    Code::Char(c)
                }
            };
            self.feed(Message::Key(Key::plain(code)));
        }
    }

    /// Takes in what the worker tells until this holds.
    pub fn until(&mut self, holds: impl Fn(&Model) -> bool) {
        while !holds(&self.model) {
            let message = self.heard.recv_timeout(Duration::from_secs(60)).expect("the worker fell silent");
            let message = self.renamed(message);
            self.feed(message);
        }
    }

    /// Until nothing is being done.
    pub fn done(&mut self) {
        self.until(|model| !model.busy());
    }

    /// Until the phone is connected and judged.
    pub fn read(&mut self) {
        self.until(|model| model.phone.is_some() && !model.busy());
    }

    /// Compares the screen with its pictures, at every size.
    pub fn shot(&mut self, name: &str) {
        for (width, height) in SIZES {
            self.feed(Message::Resize(width, height));
            let text = text(&self.picture());
            golden(&format!("screen/{name}-{width}x{height}.txt"), &text);
        }
        self.feed(Message::Resize(80, 24));
    }

    /// Draws the screen at its size.
    pub fn picture(&self) -> Buffer {
        let (width, height) = self.model.size;
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| draw(&self.model, &Theme::default(), frame)).unwrap();
        terminal.backend().buffer().clone()
    }

    /// The job with the names of the real folder.
    fn real(&self, job: Job) -> Job {
        let path = |path: PathBuf| match path.strip_prefix("/bench") {
            Ok(rest) => self.folder.join(rest),
            Err(_) => path,
        };
        let place = |place| match place {
            nvkeep::tui::message::Place::File(file) => nvkeep::tui::message::Place::File(path(file)),
            phone => phone,
        };
        match job {
            Job::Open(file) => Job::Open(path(file)),
            Job::Restore { archive, parts } => Job::Restore { archive: path(archive), parts },
            Job::Compare(a, b) => Job::Compare(place(a), place(b)),
            Job::Verify(file) => Job::Verify(path(file)),
            Job::Save { path: file, bytes } => Job::Save { path: path(file), bytes },
            job => job,
        }
    }

    /// What the worker tells, with the names of the bench. A subject is renamed by hand: its bytes are in no recording.
    fn renamed(&self, mut message: Message) -> Message {
        let real = self.folder.display().to_string();
        if let Message::News(news) = &mut message
            && let News::Ended(Outcome::Looked(subject)) = news.as_mut()
        {
            subject.report.source = subject.report.source.replace(&real, "/bench");
            if let Origin::File(path) = &mut subject.origin {
                *path = path.display().to_string().replace(&real, "/bench").into();
            }
            return message;
        }
        // Simulated volumes carry the time they were made: what depends on it is the same in every picture.
        match &mut message {
            Message::Event(Event::Wire(line)) => {
                line.private = line.private.take().map(|_| "0123456789abcdef…".into());
                return message;
            }
            Message::News(news) => match news.as_mut() {
                News::Ended(Outcome::Saved(result)) => {
                    (result.sha256, result.bytes) = ("0123456789abcdef".repeat(4), 256_000);
                }
                News::Ended(Outcome::Verified(_, result)) => result.sha256 = "0123456789abcdef".repeat(4),
                _ => {}
            },
            _ => {}
        }
        let text = serde_json::to_string(&message).unwrap().replace(&real, "/bench");
        serde_json::from_str(&text).unwrap()
    }
}

fn named(name: &str) -> Code {
    match name {
        "Enter" => Code::Enter,
        "Esc" => Code::Esc,
        "Tab" => Code::Tab,
        "Up" => Code::Up,
        "Down" => Code::Down,
        "Left" => Code::Left,
        "Right" => Code::Right,
        "PgUp" => Code::PageUp,
        "PgDn" => Code::PageDown,
        "End" => Code::End,
        other => panic!("no key is called {other}"),
    }
}

/// A picture as text, without the blanks at the ends of its rows.
pub fn text(buffer: &Buffer) -> String {
    let rows = buffer.content().chunks(buffer.area.width.into());
    let row = |cells: &[ratatui::buffer::Cell]| {
        let row: String = cells.iter().map(ratatui::buffer::Cell::symbol).collect();
        format!("{}\n", row.trim_end())
    };
    rows.map(row).collect()
}
