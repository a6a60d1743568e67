//! What is said on the wire, in words: transfers in, a line for each command out. A reader only: it copes with any bytes, keeps a
//! bounded part of them, and puts whatever may hold an identity where it is not published.

mod agent;
mod answers;
mod command;
mod foreign;
mod kept;
mod names;
mod page;
mod stray;
mod teller;
mod vocabulary;

use std::collections::VecDeque;
use std::time::Duration;

use self::agent::{Side, Talk};
use self::command::{Command, Progress};
use self::foreign::Foreign;
use self::kept::bytes;
use self::stray::Stray;
use self::teller::Teller;
use super::ChipProfile;
use crate::transport::{LinkError, TraceEvent, Traced};
use crate::wire::preloader::HANDSHAKE;

/// Most commands that may wait for an answer: twice what the phone's ring could hold.
const MOST_WAITING: usize = 256;

/// One line of what was said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// When it began, on the link's clock.
    pub at: Duration,
    /// What was said; holds nothing of the flash and no identity.
    pub text: String,
    /// The beginning of what the text leaves out, in hex. Not for publication.
    pub private: Option<String>,
}

/// Something the host said that waits for the phone's word.
enum Said {
    Command(Box<Command>),
    /// A byte of the handshake.
    Handshake(Duration, u8),
    Foreign(Foreign),
}

/// Turns the transfers of one plugged-in phone into lines.
pub struct Narrator {
    waiting: VecDeque<Said>,
    /// Number of the handshake byte that may follow.
    shake: usize,
    /// The host gave up waiting, or heard something else: what it says next begins anew.
    doubt: bool,
    /// A command that carries data broke off: what comes next may be its data, whatever it looks like.
    wary: bool,
    /// The phone left, which is said once.
    gone: bool,
    stray: Stray,
    /// What is said once an agent runs.
    talk: Talk,
    teller: Teller,
}

impl Narrator {
    /// Starts with a phone nobody has spoken to; `chips` are those whose registers have names.
    #[must_use]
    pub fn new(chips: Vec<ChipProfile>) -> Self {
        Self {
            waiting: VecDeque::new(),
            shake: 0,
            doubt: false,
            wary: false,
            gone: false,
            stray: Stray::new(),
            talk: Talk::new(),
            teller: Teller::new(chips),
        }
    }

    /// Takes a transfer; returns the lines it finished.
    pub fn hear(&mut self, event: &TraceEvent<'_>) -> Vec<Line> {
        let at = event.at;
        match event.what {
            Traced::Sent(bytes) => self.sent(at, bytes),
            Traced::Received(bytes) => self.received(at, bytes),
            Traced::NotSent(bytes, error) => self.not_sent(at, bytes.len(), error),
            Traced::NotReceived(_, error) => self.not_received(at, error),
        }
        self.teller.page.take()
    }

    /// Ends the story; returns the lines that were waiting for more.
    pub fn finish(&mut self) -> Vec<Line> {
        self.give_up();
        if self.talk.is_open() {
            self.talk.break_off("no whole answer", &mut self.teller.page);
        }
        self.stray.break_off();
        self.stray.write(&mut self.teller.page);
        self.teller.page.close();
        self.teller.page.take()
    }

    fn sent(&mut self, at: Duration, mut bytes: &[u8]) {
        self.gone = false;
        if self.teller.with_agent {
            return self.talk(at, Side::Host, bytes);
        }
        if self.doubt {
            self.give_up();
        }
        self.stray.write(&mut self.teller.page);
        while let Some(&first) = bytes.first() {
            if let Some(Said::Command(command)) = self.waiting.back_mut() {
                let share = command.send(bytes);
                if share > 0 {
                    bytes = &bytes[share..];
                    continue;
                }
            }
            bytes = &bytes[1..];
            self.begin(at, first);
        }
    }

    fn talk(&mut self, at: Duration, side: Side, bytes: &[u8]) {
        self.talk.hear(at, side, bytes, &mut self.teller.page, &self.teller.names);
    }

    /// A byte that belongs to nothing before it.
    fn begin(&mut self, at: Duration, byte: u8) {
        if let Some(Said::Command(command)) = self.waiting.front()
            && command.may_be_over()
        {
            self.pop_answered();
        }
        if byte == HANDSHAKE[0] {
            self.shake = 0;
        }
        if (byte == HANDSHAKE[0] || self.shake > 0) && byte == HANDSHAKE[self.shake] {
            self.shake = (self.shake + 1) % HANDSHAKE.len();
            self.push(Said::Handshake(at, byte));
            return;
        }
        self.shake = 0;
        match (vocabulary::command(byte), self.waiting.back_mut()) {
            (Some(shape), _) => self.push(Said::Command(Box::new(Command::new(at, shape, !self.wary)))),
            (None, Some(Said::Foreign(foreign))) => foreign.send(byte),
            (None, _) => self.push(Said::Foreign(Foreign::new(at, byte))),
        }
    }

    fn push(&mut self, said: Said) {
        if self.waiting.len() == MOST_WAITING {
            self.give_up();
        }
        self.waiting.push_back(said);
    }

    fn received(&mut self, at: Duration, mut bytes: &[u8]) {
        self.gone = false;
        while let Some(&first) = bytes.first() {
            if self.teller.with_agent {
                return self.talk(at, Side::Phone, bytes);
            }
            let used = match self.waiting.front_mut() {
                None => {
                    self.stray.take(at, bytes, &mut self.teller.page);
                    return;
                }
                Some(Said::Command(_)) => self.answer(bytes),
                Some(Said::Handshake(began, byte)) => {
                    // Its complement, itself from a command loop, or the complaint of a phone that is out of step.
                    let began = *began;
                    let known = [!*byte, HANDSHAKE[0], HANDSHAKE[0] + 1, HANDSHAKE[1] + 1].contains(&first);
                    if known {
                        let byte = *byte;
                        self.waiting.pop_front();
                        self.settle();
                        self.wary &= !self.teller.handshake(began, byte, first);
                    }
                    usize::from(known)
                }
                Some(Said::Foreign(foreign)) => {
                    let comes_back = foreign.receive(first);
                    if !comes_back || foreign.is_answered() {
                        self.pop_answered();
                    }
                    if !comes_back {
                        continue;
                    }
                    1
                }
            };
            if used == 0 {
                // What came answers nothing that was said; the host will notice too.
                self.doubt = !self.waiting.is_empty();
                self.stray.take(at, &bytes[..1], &mut self.teller.page);
            }
            bytes = &bytes[used.max(1)..];
        }
        if self.waiting.is_empty() {
            self.doubt = false;
        }
    }

    /// Gives bytes to the command in front; returns how many it took.
    fn answer(&mut self, bytes: &[u8]) -> usize {
        let alone = self.waiting.len() == 1;
        let Some(Said::Command(command)) = self.waiting.front_mut() else { return 0 };
        let (used, progress) = command.receive(bytes, alone);
        let lost = progress == Progress::Foreign && command.was_heard();
        if used > 0 {
            self.settle();
        }
        match progress {
            Progress::Done => self.pop_answered(),
            Progress::Refused(status) => {
                if let Some(Said::Command(command)) = self.waiting.pop_front() {
                    self.teller.refused(&command, status);
                }
            }
            Progress::Foreign if lost => {
                self.break_off("not the answer to it");
            }
            Progress::Foreign | Progress::Open => {}
        }
        used
    }

    /// The phone answers: what came before was no half READY.
    fn settle(&mut self) {
        self.stray.break_off();
        self.stray.write(&mut self.teller.page);
    }

    fn pop_answered(&mut self) {
        match self.waiting.pop_front() {
            Some(Said::Command(command)) => self.teller.answered(&command),
            Some(Said::Foreign(foreign)) => foreign.tell(&mut self.teller.page),
            Some(Said::Handshake(..)) | None => {}
        }
    }

    /// Says how many wait behind the one in front, which is no longer among them.
    fn behind(&self) -> String {
        match self.waiting.len() {
            0 => String::new(),
            1 => "; nor was 1 more answered".to_owned(),
            count => format!("; nor were {count} more answered"),
        }
    }

    /// Nobody waits for an answer any more.
    fn give_up(&mut self) {
        self.doubt = false;
        while let Some(said) = self.waiting.pop_front() {
            match said {
                Said::Handshake(at, byte) => self.teller.unanswered_handshake(at, byte),
                Said::Foreign(foreign) => foreign.tell(&mut self.teller.page),
                Said::Command(command) if command.may_be_over() => self.teller.answered(&command),
                said @ Said::Command(_) => {
                    self.waiting.push_front(said);
                    self.break_off("no whole answer");
                }
            }
        }
    }

    /// The command in front has no answer to hope for, nor has what waits behind it.
    fn break_off(&mut self, why: &str) {
        let carries = |said: &Said| matches!(said, Said::Command(command) if command.carries_data());
        self.wary |= self.waiting.iter().any(carries);
        let Some(Said::Command(command)) = self.waiting.pop_front() else { return };
        let behind = self.behind();
        self.waiting.clear();
        if !command.told {
            self.teller.failed(&command, &format!("{why}{behind}"));
        } else if !behind.is_empty() {
            self.teller.failed(&command, &format!("given up{behind}"));
        }
    }

    fn not_sent(&mut self, at: Duration, len: usize, error: &LinkError) {
        if !self.gone {
            self.stray.write(&mut self.teller.page);
            self.give_up();
            if self.talk.is_open() {
                self.talk.break_off("given up", &mut self.teller.page);
            }
            let text = format!("sending {}: {}", bytes(len as u64), trouble(error));
            self.teller.page.line(at, text, None);
        }
        self.gone = *error == LinkError::Gone;
    }

    fn not_received(&mut self, at: Duration, error: &LinkError) {
        if let LinkError::Timeout { got, .. } = error {
            self.doubt = !self.waiting.is_empty();
            if self.teller.with_agent {
                return self.talk.late(at, &trouble(error), &mut self.teller.page);
            }
            match self.waiting.front_mut() {
                Some(Said::Command(command)) if !command.told && !command.may_be_over() => {
                    command.told = true;
                    let command = command.clone();
                    self.teller.failed(&command, &trouble(error));
                }
                // Draining until nothing comes is not worth a line.
                None if *got > 0 => {
                    self.stray.write(&mut self.teller.page);
                    self.teller.page.line(at, trouble(error), None);
                }
                _ => {}
            }
            return;
        }
        if std::mem::replace(&mut self.gone, *error == LinkError::Gone) {
            return;
        }
        self.stray.break_off();
        self.stray.write(&mut self.teller.page);
        match self.waiting.front() {
            Some(Said::Command(command)) if !command.told => self.break_off(&trouble(error)),
            _ if self.talk.is_untold() => self.talk.break_off(&trouble(error), &mut self.teller.page),
            _ => {
                self.give_up();
                self.teller.page.line(at, trouble(error), None);
            }
        }
    }
}

/// Names a failure of the cable. A replay tells what it expected to be sent, which may be anybody's data.
fn trouble(error: &LinkError) -> String {
    match error {
        LinkError::Replay { .. } => "replay: this is not what was recorded".to_owned(),
        error => error.to_string(),
    }
}
