//! The conversation with a legacy Download Agent, from its first byte on: a line for its opening, the configuration, the second
//! stage, its report, and each command. It goes by turns: whoever speaks out of turn ends what can be told, and from then on
//! bytes are counted. Lines are the same however the transfers are cut.

mod packets;
mod script;
mod told;

use std::fmt::Write;
use std::time::Duration;

pub(super) use self::script::Side;
use self::script::{Part, Sense, Size};
use self::told::Facts;
use super::kept::{Kept, bytes};
use super::names::Names;
use super::page::{Meaning, Page, Subject};
use crate::protocol::legacy::{AgentTrouble, Dialect};
use crate::wire::agent::reply;

/// What is talked about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Matter {
    Opening,
    Configuration,
    SecondStage,
    Report,
    /// The agent waits for a command.
    Idle,
    Command,
}

/// What comes after a piece.
enum Flow {
    /// The next part.
    Go,
    /// These parts instead.
    Instead(&'static [Part]),
    /// It is over: the agent takes the next command.
    Over,
    /// Nobody can tell what comes.
    Lost(String),
}

/// What is awaited besides the parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Await {
    Part,
    /// The error number behind an A5.
    Number,
}

/// A conversation that goes on.
pub(super) struct Talk {
    matter: Matter,
    parts: &'static [Part],
    awaiting: Await,
    /// The piece that comes: its beginning, its length and its sum.
    piece: Kept,
    sum: u16,
    left: u64,
    open: bool,
    side: Side,
    /// What was said of this matter so far; begun with its first byte.
    story: Option<Story>,
    facts: Facts,
    /// A time-out before the first byte of a matter was told.
    told: bool,
    lost: bool,
}

/// One line that is not whole.
struct Story {
    at: Duration,
    private: Kept,
    told: bool,
}

impl Talk {
    /// Waits for an agent's first byte.
    pub fn new() -> Self {
        let mut talk = Self {
            matter: Matter::Opening,
            parts: &script::OPENING,
            awaiting: Await::Part,
            piece: Kept::new(),
            sum: 0,
            left: 0,
            open: false,
            side: Side::Phone,
            story: None,
            facts: Facts::new(),
            told: false,
            lost: false,
        };
        talk.expect(Side::Phone, 1);
        talk
    }

    /// Takes what one side said.
    pub fn hear(&mut self, at: Duration, side: Side, mut said: &[u8], page: &mut Page, names: &Names) {
        while !said.is_empty() {
            if self.lost {
                let subject = Subject::Agent { sent: side == Side::Host };
                return page.note(at, subject, said, Meaning::Plain, String::new);
            }
            if side != self.side {
                if self.open && self.piece.total() > 0 {
                    self.whole(page, names);
                } else {
                    self.break_off("not the answer to it", page);
                }
                continue;
            }
            if self.matter == Matter::Idle {
                said = self.command(at, said, page, names);
                continue;
            }
            self.story.get_or_insert_with(|| Story { at, private: Kept::new(), told: false });
            let most = if self.open { u64::MAX } else { self.left };
            let taken = said.len().min(usize::try_from(most).unwrap_or(usize::MAX));
            let (piece, rest) = said.split_at(taken);
            self.piece.push(piece);
            if self.summed() {
                self.sum = piece.iter().fold(self.sum, |sum, byte| sum.wrapping_add(u16::from(*byte)));
            }
            said = rest;
            if !self.open {
                self.left -= taken as u64;
                if self.left == 0 {
                    self.whole(page, names);
                }
            }
        }
    }

    /// Whether the piece that comes is content with a sum behind it.
    fn summed(&self) -> bool {
        matches!(self.parts.first(), Some(Part::Bytes(_, _, Sense::Block))) && self.awaiting == Await::Part
    }

    /// Begins a command; returns what is left.
    fn command<'a>(&mut self, at: Duration, said: &'a [u8], page: &mut Page, names: &Names) -> &'a [u8] {
        let Some((shape, rest)) =
            said.split_first().and_then(|(op, rest)| Some((script::command(*op)?, rest)))
        else {
            self.lost = true;
            return said;
        };
        self.facts.begin(shape.name);
        self.story = Some(Story { at, private: Kept::new(), told: false });
        match shape.parts {
            Some(parts) => {
                (self.matter, self.parts) = (Matter::Command, parts);
                self.advance(page, names);
            }
            None => self.break_off("what follows is not told", page),
        }
        rest
    }

    /// A piece is whole.
    fn whole(&mut self, page: &mut Page, names: &Names) {
        let piece = std::mem::replace(&mut self.piece, Kept::new());
        if std::mem::replace(&mut self.awaiting, Await::Part) == Await::Number {
            return self.refused(&piece, page);
        }
        let part = self.parts.split_first().map(|(part, rest)| {
            self.parts = rest;
            *part
        });
        let flow = match part {
            Some(Part::Ack) => match piece.bytes() {
                [reply::ACK] => Flow::Go,
                [reply::NACK] => {
                    self.awaiting = Await::Number;
                    return self.expect(Side::Phone, 4);
                }
                _ => Flow::Lost("not the answer to it".to_owned()),
            },
            Some(Part::Bytes(_, _, sense) | Part::Newer(_, _, sense)) => self.take(sense, &piece, names),
            Some(Part::Then(_)) | None => Flow::Go,
        };
        self.follow(flow, page, names);
    }

    fn take(&mut self, sense: Sense, piece: &Kept, names: &Names) -> Flow {
        let hidden = matches!(sense, Sense::Private | Sense::Block | Sense::Half | Sense::Configuration)
            || (sense == Sense::Word && !self.facts.is_public(names));
        if let Some(story) = self.story.as_mut().filter(|_| hidden) {
            story.private.push(piece.bytes());
            story.private.count(piece.total() - piece.bytes().len() as u64);
        }
        let sum = self.sum;
        if sense != Sense::Block {
            self.sum = 0;
        }
        self.facts.take(sense, piece, sum, names)
    }

    fn follow(&mut self, flow: Flow, page: &mut Page, names: &Names) {
        match flow {
            Flow::Go => {}
            Flow::Instead(parts) => self.parts = parts,
            Flow::Over => self.parts = &script::END,
            Flow::Lost(why) => return self.break_off(&why, page),
        }
        self.advance(page, names);
    }

    /// Goes to the next piece that has bytes.
    fn advance(&mut self, page: &mut Page, names: &Names) {
        loop {
            let Some((part, rest)) = self.parts.split_first() else { return self.over(page) };
            match *part {
                Part::Newer(..) if self.facts.dialect == Dialect::D13 => self.parts = rest,
                Part::Bytes(side, Size::Open, _) | Part::Newer(side, Size::Open, _) => {
                    self.expect(side, 0);
                    self.open = true;
                    return;
                }
                Part::Bytes(side, size, sense) | Part::Newer(side, size, sense) => {
                    let length = self.facts.length(size);
                    if length > 0 {
                        return self.expect(side, length);
                    }
                    self.parts = rest;
                    if let Flow::Lost(why) = self.take(sense, &Kept::new(), names) {
                        return self.break_off(&why, page);
                    }
                }
                Part::Ack => return self.expect(Side::Phone, 1),
                Part::Then(sense) => {
                    self.parts = rest;
                    match self.take(sense, &Kept::new(), names) {
                        Flow::Go => {}
                        Flow::Instead(parts) => self.parts = parts,
                        Flow::Over => self.parts = &script::END,
                        Flow::Lost(why) => return self.break_off(&why, page),
                    }
                }
            }
        }
    }

    fn expect(&mut self, side: Side, length: u64) {
        (self.side, self.left, self.open) = (side, length, false);
        self.piece = Kept::new();
    }

    /// A matter ends as it should.
    fn over(&mut self, page: &mut Page) {
        match (self.facts.speed(), self.story.take()) {
            (Some((asked, said)), Some(story)) => {
                page.note(story.at, Subject::Speed { said }, &[], Meaning::Plain, || asked.to_owned());
            }
            (_, story) => {
                self.story = story;
                self.write(self.facts.whole(), page);
            }
        }
        self.told = false;
        let (matter, name, parts): (_, _, &'static [Part]) = match self.matter {
            Matter::Opening => (Matter::Configuration, "configuration", &script::CONFIGURATION),
            Matter::Configuration => (Matter::SecondStage, "second stage", &script::UPLOAD),
            Matter::SecondStage if self.facts.dialect == Dialect::D19 => {
                (Matter::Report, "the agent's report", &script::NEW_REPORT)
            }
            Matter::SecondStage => (Matter::Report, "the agent's report", &script::OLD_REPORT),
            Matter::Report | Matter::Idle | Matter::Command => return self.idle(),
        };
        (self.matter, self.parts) = (matter, parts);
        self.facts.begin(name);
        // None of these begins with nothing.
        match parts.first() {
            Some(Part::Bytes(side, Size::Bytes(length), _)) => self.expect(*side, u64::from(*length)),
            _ => {
                self.expect(Side::Host, 0);
                self.open = true;
            }
        }
    }

    fn idle(&mut self) {
        self.matter = Matter::Idle;
        self.expect(Side::Host, 1);
    }

    /// A5 and a number. A command that is refused leaves the agent in its loop; a stage that is refused leaves nothing to tell.
    fn refused(&mut self, number: &Kept, page: &mut Page) {
        let text = format!("{}: {}", self.facts.so_far(), self.facts.error(number));
        self.write(text, page);
        if self.matter == Matter::Command {
            self.idle();
        } else {
            self.lost = true;
        }
    }

    fn write(&mut self, text: String, page: &mut Page) {
        if let Some(story) = self.story.take() {
            page.line(story.at, text, story.private.hex());
        }
    }

    /// What is open has no end to hope for, and nothing after it can be understood.
    pub fn break_off(&mut self, why: &str, page: &mut Page) {
        self.lost = true;
        if self.story.as_ref().is_some_and(|story| story.told) {
            self.story = None;
        }
        let text = format!("{}: {why}", self.facts.so_far());
        self.write(text, page);
    }

    /// Whether something was begun.
    pub fn is_open(&self) -> bool {
        self.story.is_some()
    }

    /// Whether something was begun of which no line was written yet.
    pub fn is_untold(&self) -> bool {
        self.story.as_ref().is_some_and(|story| !story.told)
    }

    /// The host waited for nothing; what comes late counts.
    pub fn late(&mut self, at: Duration, why: &str, page: &mut Page) {
        let awaited = !self.lost && self.matter != Matter::Idle && self.side == Side::Phone;
        let text = format!("{}: {why}", self.facts.so_far());
        match &mut self.story {
            Some(story) if !story.told => {
                story.told = true;
                let (at, private) = (story.at, story.private.hex());
                page.line(at, text, private);
            }
            None if awaited && !std::mem::replace(&mut self.told, true) => page.line(at, text, None),
            _ => {}
        }
    }
}

/// Returns the beginning of a number as it stands on the wire, high end first.
fn number(piece: &Kept) -> u64 {
    piece.bytes().iter().take(8).fold(0, |number, byte| number << 8 | u64::from(*byte))
}

/// Returns an error number in words. One that is not known may be anything, so it is not shown.
fn error(dialect: Dialect, code: u64) -> String {
    let trouble = AgentTrouble::Number { dialect, code: u32::try_from(code).unwrap_or(u32::MAX) };
    if trouble.code() == "agent-error" {
        return format!("the agent answered an error that is not known (dialect {dialect})");
    }
    trouble.to_string()
}

/// Returns `1 packet`, `12 packets`.
fn packets(count: u64) -> String {
    if count == 1 { "1 packet".to_owned() } else { format!("{count} packets") }
}

/// Adds a count and what it counts, where there is any.
fn add(text: &mut String, count: u64, what: &str) {
    if count > 0 {
        let _ = write!(text, ", {count} {what}");
    }
}

/// Returns a size of storage in its largest whole unit.
fn size(length: u64) -> String {
    match length {
        _ if length > 0 && length.is_multiple_of(1 << 20) => format!("{} MiB", length >> 20),
        _ if length > 0 && length.is_multiple_of(1 << 10) => format!("{} KiB", length >> 10),
        _ => bytes(length),
    }
}
