//! Everything the screen shows. Plain values, changed by `update` alone; drawing reads them.

pub mod archive;
pub mod bench;
pub mod input;
pub mod log;
pub mod records;
pub mod restore;
pub mod work;

use std::path::PathBuf;
use std::time::Duration;

use super::message::{Place, Task};
use super::subject::{Contrast, Origin, Subject};
use super::trouble::Trouble;
use crate::app::backup::BackupResult;

pub use archive::Archives;
pub use bench::{Cable, Connected, Tally, TallyRow};
pub use input::Input;
pub use log::{Log, LogKind, LogLine};
pub use records::{Pane, RecordsView};
pub use restore::{Ended, Restore};
pub use work::{Stage, Work};

/// The screens, in the order of their tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the words on the tabs")]
pub enum Screen {
    Connect,
    Phone,
    Records,
    Backup,
    Restore,
    Compare,
    Archive,
    Log,
}

impl Screen {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Connect,
        Self::Phone,
        Self::Records,
        Self::Backup,
        Self::Restore,
        Self::Compare,
        Self::Archive,
        Self::Log,
    ];

    /// Returns the word on its tab.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Connect => "Connect",
            Self::Phone => "Phone",
            Self::Records => "Records",
            Self::Backup => "Backup",
            Self::Restore => "Restore",
            Self::Compare => "Compare",
            Self::Archive => "Archive",
            Self::Log => "Log",
        }
    }

    /// Returns its place among the tabs, from 0.
    #[must_use]
    pub fn index(self) -> usize {
        Self::ALL.iter().position(|screen| *screen == self).unwrap_or(0)
    }
}

/// What does not change while the program runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Setup {
    /// The port's name.
    pub port: String,
    /// Folder where archives are looked for and made.
    pub folder: PathBuf,
    /// The source the program was started with.
    pub file: Option<PathBuf>,
    /// Whether identities are masked on the screen.
    pub masked: bool,
}

/// Whether somebody wants to leave the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Leaving {
    /// Nobody.
    #[default]
    No,
    /// The question is on the screen.
    Asked,
    /// Confirmed; the job ends after the block at hand.
    Waiting,
}

/// How a notice is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "words of their own")]
pub enum Tone {
    Good,
    Plain,
    Bad,
}

/// A line that goes away by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The line.
    pub text: String,
    /// How it is meant.
    pub tone: Tone,
    /// When it goes away.
    pub until: Duration,
}

/// What the backup screen keeps.
#[derive(Debug, Default)]
pub struct BackupView {
    /// The user's words for the next archive.
    pub note: Input,
    /// Whether the note is being typed.
    pub editing: bool,
    /// Read every byte of the identity partitions.
    pub full: bool,
    /// What the last one came to.
    pub last: Option<Result<Box<BackupResult>, Trouble>>,
}

/// What the compare screen keeps.
#[derive(Debug, Default)]
pub struct CompareView {
    /// The first side.
    pub a: Option<Place>,
    /// The second side.
    pub b: Option<Place>,
    /// Hide what is the same.
    pub only_differences: bool,
    /// What the last one came to.
    pub last: Option<Result<Box<Contrast>, Trouble>>,
    /// The place in the list of sources.
    pub cursor: usize,
}

/// The whole state.
#[derive(Debug)]
pub struct Model {
    /// What does not change.
    pub setup: Setup,
    /// Columns and rows of the terminal.
    pub size: (u16, u16),
    /// Time since the session began, as far as it was told.
    pub now: Duration,
    /// The screen that is shown.
    pub screen: Screen,
    /// Whether help lies over it.
    pub help: bool,
    /// First row of a page that is longer than the screen; for the page on top.
    pub scroll: usize,
    /// Whether somebody wants to leave.
    pub leaving: Leaving,
    /// The phone and the way to it.
    pub cable: Cable,
    /// What the phone holds, as it was read last.
    pub phone: Option<Subject>,
    /// What the opened file holds.
    pub file: Option<Subject>,
    /// Whether the file is looked at, where there are both.
    pub shows_file: bool,
    /// The running job.
    pub work: Option<Work>,
    /// Jobs that were sent and that the worker has not taken up yet.
    pub pending: Vec<Task>,
    /// What opening the file that was asked for came to, when it failed.
    pub open_trouble: Option<Trouble>,
    /// Why the phone could not be read, when it failed.
    pub look_trouble: Option<Trouble>,
    /// The records screen.
    pub records: RecordsView,
    /// The backup screen.
    pub backup: BackupView,
    /// The restore screen.
    pub restore: Restore,
    /// The compare screen.
    pub compare: CompareView,
    /// The vault, for three screens.
    pub archives: Archives,
    /// The log screen.
    pub log: Log,
    /// Phones of this session.
    pub tally: Tally,
    /// A line that goes away by itself.
    pub notice: Option<Notice>,
}

impl Model {
    /// A session at its beginning.
    #[must_use]
    pub fn new(setup: Setup, size: (u16, u16)) -> Self {
        let screen = if setup.file.is_some() { Screen::Phone } else { Screen::Connect };
        Self {
            shows_file: setup.file.is_some(),
            setup,
            size,
            now: Duration::ZERO,
            screen,
            help: false,
            scroll: 0,
            leaving: Leaving::No,
            cable: Cable::default(),
            phone: None,
            file: None,
            work: None,
            pending: Vec::new(),
            open_trouble: None,
            look_trouble: None,
            records: RecordsView::default(),
            backup: BackupView::default(),
            restore: Restore::default(),
            compare: CompareView::default(),
            archives: Archives::default(),
            log: Log::default(),
            tally: Tally::default(),
            notice: None,
        }
    }

    /// Returns the source that is looked at.
    #[must_use]
    pub fn subject(&self) -> Option<&Subject> {
        if self.shows_file { self.file.as_ref() } else { self.phone.as_ref() }
    }

    /// Returns the connected phone.
    #[must_use]
    pub fn connected(&self) -> Option<&Connected> {
        self.cable.connected()
    }

    /// Returns whether a job runs or was sent.
    #[must_use]
    pub fn busy(&self) -> bool {
        self.work.is_some() || !self.pending.is_empty()
    }

    /// Returns whether a job that the user knows of runs or was sent. The list of archives is read by the way.
    #[must_use]
    pub fn occupied(&self) -> bool {
        let running = self.work.as_ref().map(|work| work.task);
        running.iter().chain(&self.pending).any(|task| *task != Task::List)
    }

    /// Returns whether blocks may be on their way to the phone.
    #[must_use]
    pub fn writing(&self) -> bool {
        self.work.as_ref().is_some_and(|work| work.stage == Stage::Writing)
    }

    /// Returns every identity that was seen, for masking what is saved or recorded.
    #[must_use]
    pub fn identities(&self) -> Vec<String> {
        let subjects = [&self.phone, &self.file].into_iter().flatten();
        let mut all: Vec<String> = subjects.flat_map(|subject| subject.identities.clone()).collect();
        all.extend(self.log.identities.iter().cloned());
        all
    }

    /// Returns what can be compared: the phone, the file that is open, the archives.
    #[must_use]
    pub fn sources(&self) -> Vec<Place> {
        let archives: Vec<PathBuf> =
            self.archives.shown().into_iter().map(|shelved| shelved.file.clone()).collect();
        let opened = self.opened().filter(|opened| !archives.contains(opened)).cloned();
        let files = opened.into_iter().chain(archives).map(Place::File);
        std::iter::once(Place::Phone).chain(files).collect()
    }

    /// Returns the file a subject came from.
    #[must_use]
    pub fn opened(&self) -> Option<&PathBuf> {
        match &self.file.as_ref()?.origin {
            Origin::File(path) => Some(path),
            Origin::Phone => None,
        }
    }

    /// Shows a line for a while.
    pub fn notify(&mut self, tone: Tone, text: impl Into<String>) {
        let until = self.now + Duration::from_secs(8);
        self.notice = Some(Notice { text: text.into(), tone, until });
    }
}
