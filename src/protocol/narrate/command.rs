//! One command on its way: it takes its share of what is sent and of what comes back, however the transfers are cut.
//! It compares echoes and keeps a bounded part of what it carries.

use std::time::Duration;

use super::kept::Kept;
use super::vocabulary::{Part, Shape};
use crate::wire::preloader::status;

/// Longest command with its arguments.
const MOST_HEAD: usize = 13;

/// How far a command is after some bytes of the phone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Progress {
    /// More must come.
    Open,
    /// It has its whole answer.
    Done,
    /// The phone refused it with this status.
    Refused(u16),
    /// What came is not its answer.
    Foreign,
}

/// A command that was begun.
#[derive(Debug, Clone)]
pub(super) struct Command {
    /// When its first byte was sent.
    pub at: Duration,
    /// What it is.
    pub shape: &'static Shape,
    /// What the host sends behind the arguments.
    pub sent: Kept,
    /// What the phone answers, statuses aside.
    pub answer: Kept,
    /// It stands where a command must stand: its arguments are not somebody's data.
    pub sure: bool,
    /// A line about it was written already.
    pub told: bool,
    head: [u8; MOST_HEAD],
    head_len: usize,
    echoed: usize,
    part: usize,
    /// Bytes of the current part that came.
    came: u64,
    /// The last bytes of a status or a length.
    word: u32,
}

impl Command {
    /// Begins a command whose first byte was just sent.
    pub fn new(at: Duration, shape: &'static Shape, sure: bool) -> Self {
        let mut head = [0; MOST_HEAD];
        head[0] = shape.op;
        Self {
            at,
            shape,
            sent: Kept::new(),
            answer: Kept::new(),
            sure,
            told: false,
            head,
            head_len: 1,
            echoed: 0,
            part: 0,
            came: 0,
            word: 0,
        }
    }

    /// Returns an argument, when it was sent.
    pub fn argument(&self, number: usize) -> Option<u32> {
        let at = 1 + number * 4;
        let whole = at + 4 <= self.head_len;
        self.head[at..].first_chunk::<4>().filter(|_| whole).map(|bytes| u32::from_be_bytes(*bytes))
    }

    /// Returns the arguments that were sent.
    pub fn arguments(&self) -> &[u8] {
        &self.head[1..self.head_len]
    }

    /// Takes what belongs to it of the bytes that are sent; returns how many.
    pub fn send(&mut self, bytes: &[u8]) -> usize {
        let missing = (1 + self.shape.arguments).saturating_sub(self.head_len).min(bytes.len());
        self.head[self.head_len..self.head_len + missing].copy_from_slice(&bytes[..missing]);
        self.head_len += missing;
        if self.head_len <= self.shape.arguments {
            return missing;
        }
        let left = self.carries().saturating_sub(self.sent.total());
        let data = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - missing);
        self.sent.push(&bytes[missing..missing + data]);
        missing + data
    }

    /// Whether data follow its arguments.
    pub fn carries_data(&self) -> bool {
        self.shape.parts.iter().any(|part| matches!(part, Part::Echoed(_) | Part::Taken(_)))
    }

    /// Bytes the host sends behind the arguments.
    fn carries(&self) -> u64 {
        let outward = |part: &Part| match part {
            Part::Echoed(width) | Part::Taken(width) => Some(self.items(*width)),
            _ => None,
        };
        self.shape.parts.iter().find_map(outward).unwrap_or(0)
    }

    fn items(&self, width: u64) -> u64 {
        u64::from(self.argument(1).unwrap_or(0)) * width
    }

    /// Takes what belongs to it of the bytes that came; returns how many. A command with others behind it has no answer that it
    /// need not have.
    pub fn receive(&mut self, bytes: &[u8], alone: bool) -> (usize, Progress) {
        let mut used = 0;
        if self.shape.echoed && self.echoed <= self.shape.arguments {
            let expected = &self.head[self.echoed..self.head_len];
            used = alike(expected, bytes);
            self.echoed += used;
            if used < bytes.len() && self.echoed <= self.shape.arguments {
                return (used, Progress::Foreign);
            }
            if self.echoed <= self.shape.arguments {
                return (used, Progress::Open);
            }
        }
        if !alone && self.may_be_over() {
            return (used, Progress::Done);
        }
        loop {
            let Some(part) = self.shape.parts.get(self.part).copied() else { return (used, Progress::Done) };
            let left = self.length(part).saturating_sub(self.came);
            let share = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - used);
            let taken = self.fill(part, &bytes[used..used + share]);
            used += taken;
            if taken < share {
                return (used, Progress::Foreign);
            }
            if self.came < self.length(part) {
                // Bytes are left only when a length has just become known.
                if used == bytes.len() {
                    return (used, Progress::Open);
                }
                continue;
            }
            let word = u16::try_from(self.word & 0xFFFF).unwrap_or(u16::MAX);
            if part == Part::Status && word > status::LAST_GOOD {
                return (used, Progress::Refused(word));
            }
            (self.part, self.came, self.word) = (self.part + 1, 0, 0);
        }
    }

    /// Bytes of a part that the phone sends, as far as that is known.
    fn length(&self, part: Part) -> u64 {
        match part {
            Part::Status => 2,
            Part::Answer(length) => length,
            Part::Items(width) | Part::Echoed(width) => self.items(width),
            Part::Taken(_) => 0,
            Part::Measured if self.came < 4 => 4,
            Part::Measured => 4 + u64::from(self.word),
        }
    }

    /// Takes bytes of a part; returns how many can belong to it.
    fn fill(&mut self, part: Part, piece: &[u8]) -> usize {
        let taken = match part {
            Part::Echoed(_) => self.echo(piece),
            _ => piece.len(),
        };
        match part {
            Part::Status => self.note(piece),
            Part::Measured if self.came < 4 => self.note(piece),
            Part::Measured | Part::Answer(_) | Part::Items(_) => self.answer.push(piece),
            Part::Echoed(_) | Part::Taken(_) => {}
        }
        self.came += taken as u64;
        taken
    }

    /// Compares echoed items with what was sent, as far as that was kept: the host compares everything.
    fn echo(&self, piece: &[u8]) -> usize {
        let ahead = self.sent.total().saturating_sub(self.came);
        let most = piece.len().min(usize::try_from(ahead).unwrap_or(usize::MAX));
        let start = usize::try_from(self.came).unwrap_or(usize::MAX).min(self.sent.bytes().len());
        let kept = &self.sent.bytes()[start..];
        let same = alike(kept, &piece[..most]);
        if same == kept.len() { most } else { same }
    }

    fn note(&mut self, piece: &[u8]) {
        for byte in piece {
            self.word = self.word << 8 | u32::from(*byte);
        }
    }

    /// Whether the phone has said something to it.
    pub fn was_heard(&self) -> bool {
        self.echoed > 0 || self.part > 0 || self.came > 0
    }

    /// Whether it came back and nothing else need follow.
    pub fn may_be_over(&self) -> bool {
        let optional = self.shape.parts.first() == Some(&Part::Measured);
        optional && self.echoed > self.shape.arguments && self.part == 0 && self.came == 0
    }
}

/// Returns how many first bytes are the same.
fn alike(one: &[u8], other: &[u8]) -> usize {
    one.iter().zip(other).take_while(|(one, other)| one == other).count()
}
