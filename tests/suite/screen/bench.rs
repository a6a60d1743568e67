//! A session of the screen without a terminal: model and `update` here, the real worker on a thread, a desk with a phone.
//! Effects are done as the program does them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::sync::{Arc, LazyLock, Mutex};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nvkeep::app::{Choices, Context, Pace, descriptions};
use nvkeep::formats::catalog::Catalog;
use nvkeep::tui::key::{Code, Key};
use nvkeep::tui::message::{Effect, Job, Message, News, Outcome, Task};
use nvkeep::tui::model::bench::CableState;
use nvkeep::tui::model::{Model, Setup};
use nvkeep::tui::tape::Recorder;
use nvkeep::tui::update::update;
use nvkeep::tui::view::{Theme, draw};
use nvkeep::tui::work::Worker;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use super::desk::Desk;

/// The longest any worker of these tests may take: a bound for hanging ones, not a time anything needs.
const PATIENCE: Duration = Duration::from_secs(60);

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| descriptions::load(None).unwrap());

pub const ENTER: Key = Key::plain(Code::Enter);
pub const ESC: Key = Key::plain(Code::Esc);

/// Where a recording is written to, readable while it is written.
#[derive(Clone, Default)]
pub struct Paper(pub Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// A running session.
pub struct Session {
    pub model: Model,
    pub desk: Desk,
    /// Archives, journals and saved files.
    pub folder: Arc<tempfile::TempDir>,
    /// Messages of the worker, as they were heard.
    pub told: Vec<Message>,
    /// Effects, as they were wanted.
    pub wanted: Vec<Effect>,
    /// Whether the program would have ended.
    pub ended: bool,
    pub paper: Paper,
    recorder: Option<Recorder<Paper>>,
    heard: Receiver<Message>,
    order: Option<mpsc::Sender<Job>>,
    stop: Arc<AtomicBool>,
    worker: Option<JoinHandle<()>>,
}

/// How a session begins.
pub struct Begin {
    pub port: &'static str,
    pub masked: bool,
    pub recorded: bool,
    pub folder: Option<Arc<tempfile::TempDir>>,
    pub file: Option<PathBuf>,
}

impl Default for Begin {
    fn default() -> Self {
        Self { port: "sim:desk", masked: false, recorded: false, folder: None, file: None }
    }
}

impl Session {
    /// A session that waits for the phone of a scenario.
    pub fn with(scenario: &str) -> Self {
        Self::begin(Desk::with(scenario), Begin::default())
    }

    /// A session at a desk.
    pub fn begin(desk: Desk, begin: Begin) -> Self {
        let folder = begin.folder.unwrap_or_else(|| Arc::new(tempfile::tempdir().unwrap()));
        let setup = Setup {
            port: begin.port.into(),
            folder: folder.path().to_path_buf(),
            file: begin.file.clone(),
            masked: begin.masked,
        };
        let mut model = Model::new(setup, (120, 40));
        let paper = Paper::default();
        let recorder = begin.recorded.then(|| Recorder::new(paper.clone(), &model).unwrap());
        let (tell, heard) = mpsc::sync_channel(1024);
        let (order, jobs) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let worker = std::thread::spawn({
            let (desk, folder, stop, port) = (desk.clone(), folder.clone(), stop.clone(), begin.port);
            move || work(&desk, folder.path(), stop, port, jobs, tell)
        });
        match begin.file {
            Some(file) => {
                model.pending.push(Task::Open);
                order.send(Job::Open(file)).unwrap();
            }
            None => order.send(Job::Watch { fresh: false }).unwrap(),
        }
        Self {
            model,
            desk,
            folder,
            told: Vec::new(),
            wanted: Vec::new(),
            ended: false,
            paper,
            recorder,
            heard,
            order: Some(order),
            stop,
            worker: Some(worker),
        }
    }

    /// Takes a message in and does what it wants, as the program's loop does.
    pub fn step(&mut self, message: Message) {
        let effect = match &mut self.recorder {
            None => update(&mut self.model, message),
            Some(recorder) => {
                let (effect, kept) = recorder.step(&mut self.model, message);
                kept.unwrap();
                effect
            }
        };
        match &effect {
            Some(Effect::Work(job)) => {
                self.stop.store(false, Ordering::Relaxed);
                let _ = self.order.as_ref().unwrap().send(job.clone());
            }
            Some(Effect::Stop) => self.stop.store(true, Ordering::Relaxed),
            Some(Effect::Quit) => self.ended = true,
            Some(Effect::Suspend | Effect::Redraw) | None => {}
        }
        self.wanted.extend(effect);
    }

    /// Presses a key.
    pub fn press(&mut self, key: Key) {
        self.step(Message::Key(key));
    }

    /// Types text key by key.
    pub fn write(&mut self, text: &str) {
        text.chars().for_each(|c| self.press(Key::char(c)));
    }

    /// Types a word and Enter.
    pub fn word(&mut self, word: &str) {
        self.write(word);
        self.press(ENTER);
    }

    /// Takes in what the worker told so far.
    pub fn drain(&mut self) {
        while let Ok(message) = self.heard.try_recv() {
            self.hear(message);
        }
    }

    /// Takes in what the worker tells until nothing is to be expected: nothing runs, nobody is plugged in that was not
    /// met, or a plan waits. Never longer than a bound.
    pub fn settle(&mut self, most: Duration) {
        let began = Instant::now();
        self.drain();
        loop {
            let waiting = !matches!(self.model.cable.state, CableState::Resting | CableState::Connected(_));
            let met = !(waiting && self.desk.is_plugged());
            if self.model.restore.offer.is_some() || (!self.model.busy() && met) {
                return;
            }
            match self.heard.recv_timeout(most.saturating_sub(began.elapsed())) {
                Ok(message) => self.hear(message),
                Err(_) => return,
            }
        }
    }

    fn hear(&mut self, message: Message) {
        self.told.push(message.clone());
        self.step(message);
    }

    /// Takes in what the worker tells until something holds.
    #[track_caller]
    pub fn until(&mut self, what: &str, holds: impl Fn(&Model) -> bool) {
        let began = Instant::now();
        while !holds(&self.model) {
            match self.heard.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
                Ok(message) => self.hear(message),
                Err(error) => {
                    panic!("waiting for {what}: {error}; {:#?}\n{}", self.model.work, self.picture())
                }
            }
        }
    }

    /// Returns how many sources were read so far.
    pub fn looks(&self) -> usize {
        let looked = |message: &&Message| match message {
            Message::News(news) => matches!(**news, News::Ended(Outcome::Looked(_))),
            _ => false,
        };
        self.told.iter().filter(looked).count()
    }

    /// Waits until so many sources were read.
    #[track_caller]
    pub fn until_looked(&mut self, looks: usize) {
        let began = Instant::now();
        while self.looks() < looks {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let message = self.heard.recv_timeout(left).expect("the source is read");
            self.hear(message);
        }
    }

    /// Waits until a phone is connected and read, and nothing runs.
    #[track_caller]
    pub fn until_read(&mut self) {
        self.until("the phone to be read", |model| {
            model.connected().is_some() && model.phone.is_some() && !model.busy()
        });
    }

    /// Waits for the end of whatever runs.
    #[track_caller]
    pub fn until_idle(&mut self) {
        self.until("the end of the job", |model| !model.busy());
    }

    /// Plugs the phone in and waits until it is read.
    #[track_caller]
    pub fn plug(&mut self) {
        self.desk.plug();
        self.until_read();
    }

    /// Pulls the cable and waits until that was noticed.
    #[track_caller]
    pub fn pull(&mut self) {
        self.desk.pull();
        self.until("the phone to be missed", |model| model.connected().is_none());
    }

    /// Ends the program: no job can come any more, and the worker has to end by itself.
    #[track_caller]
    pub fn end(&mut self) {
        self.order = None;
        let began = Instant::now();
        loop {
            match self.heard.recv_timeout(PATIENCE.saturating_sub(began.elapsed())) {
                Ok(message) => self.told.push(message),
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the worker did not end"),
            }
        }
        if let Some(worker) = self.worker.take() {
            worker.join().expect("the worker ends by itself");
        }
    }

    /// Returns a path in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Returns the files of the folder, journals aside.
    pub fn files(&self) -> Vec<PathBuf> {
        let all = std::fs::read_dir(self.folder.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = all.filter(|path| path.is_file()).collect();
        files.sort();
        files
    }

    /// Returns what is on the screen, as text.
    pub fn picture(&self) -> String {
        text(&picture(&self.model, self.model.size))
    }
}

/// Returns a context as the screen makes it, for a desk.
pub fn context<'a>(
    desk: &'a Desk,
    folder: &Path,
    stop: Arc<AtomicBool>,
    port: &str,
    sink: nvkeep::app::Sink,
) -> Context<'a> {
    Context {
        cables: desk,
        catalog: CATALOG.clone(),
        choices: Choices {
            port: port.into(),
            timeout: Duration::from_secs(5),
            pace: Pace::Strict,
            reach: nvkeep::app::Reach::default(),
            scatter: None,
            data: None,
            record: None,
            replay: None,
            keyring: nvkeep::app::Keyring::default(),
            journals: folder.join("journals"),
            records: true,
            wire: true,
        },
        sink,
        stop,
        now: || "2026-11-25T01:02:03Z".into(),
    }
}

fn work(
    desk: &Desk,
    folder: &Path,
    stop: Arc<AtomicBool>,
    port: &str,
    jobs: Receiver<Job>,
    tell: mpsc::SyncSender<Message>,
) {
    let told = tell.clone();
    let ears = desk.clone();
    let sink: nvkeep::app::Sink = Arc::new(move |event| {
        ears.hear(&event);
        let _ = told.send(Message::Event(event));
    });
    let context = context(desk, folder, stop, port, sink);
    let tell = move |message| drop(tell.send(message));
    let worker = Worker::new(&context, jobs, folder.to_path_buf(), &tell);
    worker.with_pulse(Duration::from_millis(20)).run();
}

/// Draws a model at a size.
pub fn picture(model: &Model, size: (u16, u16)) -> Buffer {
    let mut terminal = Terminal::new(TestBackend::new(size.0, size.1)).unwrap();
    terminal.draw(|frame| draw(model, &Theme { plain: false }, frame)).unwrap();
    terminal.backend().buffer().clone()
}

/// Returns a picture's letters.
pub fn text(buffer: &Buffer) -> String {
    let width = usize::from(buffer.area.width).max(1);
    let rows = buffer.content.chunks(width);
    rows.map(|row| row.iter().map(ratatui::buffer::Cell::symbol).collect::<String>() + "\n").collect()
}
