//! Lines before they are finished: repetitions are counted instead of written. A line is finished when something else happens,
//! or after a second.

use std::fmt::Write;
use std::time::Duration;

use super::Line;
use super::kept::{Kept, bytes};
use super::names;
use crate::wire::preloader::command;

/// A line that waits for repetitions is written after this long.
const PATIENCE: Duration = Duration::from_secs(1);
/// Most lines that wait at the same time.
const MOST_OPEN: usize = 4;
/// Most numbers in a line.
const MOST_VALUES: usize = 8;

/// What may repeat, or grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject {
    /// The same words read again; whether they are for publication.
    Read { op: u8, address: u32, count: u32, public: bool },
    /// Words popped from the data FIFO.
    FromFifo,
    /// Words pushed into it.
    IntoFifo,
    /// READY.
    Ready,
    /// A first byte of a handshake that stayed without answer.
    Knock,
    /// Bytes to an agent, or from it: another language.
    Agent { sent: bool },
    /// An agent was asked how fast the cable is, which is how it is asked whether it is there; what it said.
    Speed { said: &'static str },
}

impl Subject {
    /// Subjects of one kind may wait side by side.
    fn kind(self) -> u8 {
        match self {
            Self::Read { .. } | Self::FromFifo | Self::IntoFifo => 0,
            Self::Ready | Self::Knock => 1,
            Self::Agent { .. } => 2,
            Self::Speed { .. } => 3,
        }
    }

    fn grows(self) -> bool {
        matches!(self, Self::FromFifo | Self::IntoFifo | Self::Agent { .. })
    }
}

/// What the first word of a content says, beyond its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Nothing.
    Plain,
    /// Events of the controller.
    Events,
    /// The card's state.
    State,
}

struct Waiting {
    at: Duration,
    subject: Subject,
    /// What stands before the count.
    name: String,
    times: u64,
    /// The last content, or for what grows all of it.
    content: Kept,
    meaning: Meaning,
}

/// What was said so far.
#[derive(Default)]
pub(super) struct Page {
    waiting: Vec<Waiting>,
    finished: Vec<Line>,
}

impl Page {
    /// Returns the lines that are finished.
    pub fn take(&mut self) -> Vec<Line> {
        std::mem::take(&mut self.finished)
    }

    /// Writes a line.
    pub fn line(&mut self, at: Duration, text: String, private: Option<String>) {
        self.close();
        self.finished.push(Line { at, text, private });
    }

    /// Notes something that may repeat; `name` is asked only the first time.
    pub fn note(
        &mut self,
        at: Duration,
        subject: Subject,
        content: &[u8],
        meaning: Meaning,
        name: impl FnOnce() -> String,
    ) {
        let stale = |waiting: &Waiting| at.saturating_sub(waiting.at) >= PATIENCE;
        if self.waiting.iter().any(|waiting| waiting.subject.kind() != subject.kind() || stale(waiting)) {
            self.close();
        }
        if let Some(found) = self.waiting.iter_mut().find(|waiting| waiting.subject == subject) {
            if !subject.grows() {
                found.content = Kept::new();
            }
            found.content.push(content);
            found.times += 1;
            found.meaning = meaning;
            return;
        }
        if self.waiting.len() == MOST_OPEN {
            self.close();
        }
        let mut kept = Kept::new();
        kept.push(content);
        self.waiting.push(Waiting { at, subject, name: name(), times: 1, content: kept, meaning });
    }

    /// Finishes every line that waits.
    pub fn close(&mut self) {
        self.finished.extend(self.waiting.drain(..).map(Waiting::finish));
    }
}

impl Waiting {
    fn finish(self) -> Line {
        let Self { at, subject, mut name, times, content, meaning } = self;
        let private = match subject {
            Subject::Read { public: true, .. } | Subject::Ready | Subject::Knock | Subject::Speed { .. } => {
                None
            }
            _ => content.hex(),
        };
        let size = bytes(content.total());
        let text = match subject {
            Subject::Read { op, public, .. } => {
                if times > 1 {
                    let _ = write!(name, " x{times}");
                }
                name.push_str(" -> ");
                if public {
                    values(&mut name, if op == command::READ16 { 2 } else { 4 }, &content);
                    if let Some(said) = meaning.of(&content) {
                        let _ = write!(name, " ({said})");
                    }
                } else {
                    name.push_str(&size);
                }
                name
            }
            Subject::FromFifo => format!("{size} from the data FIFO"),
            Subject::IntoFifo => format!("{size} into the data FIFO"),
            Subject::Agent { sent: true } => format!("{size} to the agent"),
            Subject::Agent { sent: false } => format!("{size} from the agent"),
            Subject::Speed { said } if times == 1 => format!("{name} -> {said}"),
            Subject::Speed { said } => format!("{name} x{times} -> {said}"),
            Subject::Ready if times == 1 => "READY".to_owned(),
            Subject::Ready => format!("READY x{times}"),
            Subject::Knock if times == 1 => "handshake a0: no answer".to_owned(),
            Subject::Knock => format!("handshake a0 x{times}: no answer"),
        };
        Line { at, text, private }
    }
}

impl Meaning {
    fn of(self, content: &Kept) -> Option<String> {
        let word = content.bytes().first_chunk::<4>().map(|word| u32::from_be_bytes(*word))?;
        match self {
            Self::Plain => None,
            Self::Events => names::events(word),
            Self::State => names::card_state(word).map(str::to_owned),
        }
    }
}

/// Writes items of `width` bytes as numbers, the first few of many.
pub(super) fn values(text: &mut String, width: usize, content: &Kept) {
    for (at, item) in content.bytes().chunks(width).take(MOST_VALUES).enumerate() {
        text.push_str(if at == 0 { "0x" } else { " 0x" });
        for byte in item {
            let _ = write!(text, "{byte:02x}");
        }
    }
    if content.total() > (MOST_VALUES * width) as u64 {
        text.push_str(" …");
    }
}
