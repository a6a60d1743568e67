//! Everything that can happen to the screen, and everything the screen can want. Both are plain values: a session of
//! messages can be kept and played again.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::key::{Key, Mouse};
use super::subject::{Contrast, Subject};
use super::trouble::Trouble;
use crate::app::archive::VerifyResult;
use crate::app::backup::BackupResult;
use crate::app::carry::WriteResult;
use crate::app::info::InfoResult;
use crate::app::journal::ResumeResult;
use crate::app::shelf::Shelf;
use crate::app::staging::PlanSummary;
use crate::app::{Device, Event, Report, Selection};

/// Something that happened.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Message {
    /// A key.
    Key(Key),
    /// Text that was pasted, or typed by a scanner in one piece.
    Paste(String),
    /// The mouse.
    Mouse(Mouse),
    /// The terminal has another size now: columns, rows.
    Resize(u16, u16),
    /// Time went by: milliseconds since the session began.
    Tick(u64),
    /// The system wants something.
    Signal(Signal),
    /// The work tells how it goes.
    Event(Event),
    /// The worker reached something.
    News(Box<News>),
}

/// What the system can want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Signal {
    /// End now: SIGTERM, SIGHUP, SIGINT from outside.
    Terminate,
    /// The program goes on after it was stopped; the screen holds somebody else's text.
    Continue,
}

/// What the worker tells beside the events of the work.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum News {
    /// Nobody is connected, and the port is watched.
    Watching {
        /// Whether the port must be seen empty first: the phone that just left may still be on the bus.
        fresh: bool,
    },
    /// Nobody is connected, and nobody is waited for.
    Resting,
    /// What is on the bus, when that changed.
    Bus(Vec<Device>),
    /// A job was taken up.
    Began(Task),
    /// A phone is connected and known.
    Connected(Box<InfoResult>, OpenJournal),
    /// A plan waits for its confirmation.
    Offered(Box<Offered>),
    /// Whether a write to the connected phone did not finish, after a job that could have left one.
    Unfinished(OpenJournal),
    /// The connected phone was let go: it restarts.
    Left,
    /// The connected phone left by itself.
    Gone(Trouble),
    /// The job that was taken up ended.
    Ended(Outcome),
}

/// The title of a write to this phone that did not finish, none where there is none.
pub type OpenJournal = Option<String>;

/// What is asked to be confirmed.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Offered {
    /// In one line.
    pub title: String,
    /// The plan; none where an interrupted write is finished or undone, whose plan was confirmed once.
    pub proposal: Option<Proposal>,
}

/// A plan, and the phone before and after it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Proposal {
    /// The plan.
    pub plan: PlanSummary,
    /// The phone as it is.
    pub before: Report,
    /// The phone as it will be.
    pub after: Report,
}

/// The kinds of jobs, for titles and for knowing what ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "the jobs of [`Job`]")]
pub enum Task {
    Connect,
    Look,
    Open,
    Backup,
    Restore,
    Repair,
    Resume,
    Undo,
    Compare,
    List,
    Verify,
    Save,
    Leave,
}

impl Task {
    /// Returns what is being done, in words.
    #[must_use]
    pub fn title(self) -> &'static str {
        match self {
            Self::Connect => "Connecting",
            Self::Look => "Reading the phone",
            Self::Open => "Opening",
            Self::Backup => "Backing up",
            Self::Restore => "Restoring",
            Self::Repair => "Repairing",
            Self::Resume => "Finishing the interrupted write",
            Self::Undo => "Taking the interrupted write back",
            Self::Compare => "Comparing",
            Self::List => "Listing archives",
            Self::Verify => "Checking the archive",
            Self::Save => "Saving a file",
            Self::Leave => "Letting the phone go",
        }
    }

    /// Returns whether the job may write to the phone, once it is confirmed.
    #[must_use]
    pub fn writes(self) -> bool {
        matches!(self, Self::Restore | Self::Repair | Self::Resume | Self::Undo)
    }
}

/// How a job ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Outcome {
    /// A source was read and judged.
    Looked(Box<Subject>),
    /// An archive was made.
    Saved(Box<BackupResult>),
    /// A plan was carried out, or had nothing to do.
    Written(Task, Box<WriteResult>),
    /// An interrupted write was finished or undone.
    Resumed(Box<ResumeResult>),
    /// Two sources were compared.
    Compared(Box<Contrast>),
    /// The archives of the folder.
    Listed(Box<Shelf>),
    /// An archive was checked.
    Verified(PathBuf, Box<VerifyResult>),
    /// A file was written.
    Kept(PathBuf),
    /// There is nothing to tell.
    Done(Task),
    /// It failed.
    Failed(Task, Trouble),
}

/// What the screen wants done.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// A job for the worker.
    Work(Job),
    /// The running job ends after the block at hand.
    Stop,
    /// The program ends; the worker has nothing to do any more.
    Quit,
    /// The program is put to sleep, as the shell expects it of Ctrl-Z.
    Suspend,
    /// Everything is drawn anew.
    Redraw,
}

/// One of the two sides of a comparison.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Place {
    /// The connected phone.
    Phone,
    /// An archive, an image or a folder.
    File(PathBuf),
}

impl Job {
    /// Returns its kind; nothing for what is no work.
    #[must_use]
    pub fn task(&self) -> Option<Task> {
        Some(match self {
            Self::Watch { .. } | Self::Rest | Self::Answer(_) => return None,
            Self::Leave => Task::Leave,
            Self::Look => Task::Look,
            Self::Open(_) => Task::Open,
            Self::Backup { .. } => Task::Backup,
            Self::Restore { .. } => Task::Restore,
            Self::Repair { .. } => Task::Repair,
            Self::Resume { undo: false } => Task::Resume,
            Self::Resume { undo: true } => Task::Undo,
            Self::Compare(..) => Task::Compare,
            Self::List => Task::List,
            Self::Verify(_) => Task::Verify,
            Self::Save { .. } => Task::Save,
        })
    }
}

/// A job for the worker. There is none that carries an identity to be written (promise 2).
#[derive(Debug, Clone, PartialEq)]
pub enum Job {
    /// Wait for a phone; see [`News::Watching`].
    Watch {
        /// Whether the port must be seen empty first.
        fresh: bool,
    },
    /// Wait for nobody.
    Rest,
    /// Let the phone go: it restarts.
    Leave,
    /// Read the connected phone anew.
    Look,
    /// Read a file or folder.
    Open(PathBuf),
    /// Archive the connected phone.
    Backup {
        /// The user's words.
        note: String,
        /// Read every byte of the identity partitions.
        full: bool,
    },
    /// Put an archive back.
    Restore {
        /// The archive.
        archive: PathBuf,
        /// What of it.
        parts: Selection,
    },
    /// Mend the phone from what survives.
    Repair {
        /// More evidence.
        archive: Option<PathBuf>,
        /// The number on the label; only confirms.
        label: Option<String>,
        /// Make locally administered addresses where none survives.
        new_mac: bool,
        /// Search every unused block.
        deep: bool,
    },
    /// Finish or undo an interrupted write.
    Resume {
        /// Put the old content back.
        undo: bool,
    },
    /// The answer to [`News::Offered`].
    Answer(bool),
    /// Compare two sources.
    Compare(Place, Place),
    /// List the folder's archives.
    List,
    /// Check an archive.
    Verify(PathBuf),
    /// Write a file that does not exist yet.
    Save {
        /// Where.
        path: PathBuf,
        /// What.
        bytes: Vec<u8>,
    },
}
