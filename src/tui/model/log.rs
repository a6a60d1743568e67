//! What happened, line by line, from steps down to the words on the wire. Bounded: the oldest words on the wire go first.

use std::collections::VecDeque;
use std::time::Duration;

use super::Input;

/// Lines that are kept.
pub const KEPT: usize = 5000;

/// Kinds of lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogKind {
    /// A step of a job.
    Step,
    /// Something worth knowing.
    Note,
    /// Something not to be missed.
    Warning,
    /// A failure.
    Failure,
    /// A word on the wire.
    Wire,
}

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogLine {
    /// When: since the session began, or on the link's clock for the wire.
    pub at: Duration,
    /// What kind.
    pub kind: LogKind,
    /// The line; of the wire, free of flash content.
    pub text: String,
    /// Flash content that passed; shown, never saved.
    pub private: Option<String>,
}

/// What the log screen keeps.
#[derive(Debug)]
pub struct Log {
    /// The lines, oldest first.
    pub lines: VecDeque<LogLine>,
    /// Lines that went.
    pub dropped: u64,
    /// Only lines with this text.
    pub filter: Input,
    /// Whether the filter is being typed.
    pub filtering: bool,
    /// Show the wire.
    pub wire: bool,
    /// Rows between the last line and the bottom of the screen; 0 follows what comes.
    pub back: usize,
    /// Identities that passed through this session.
    pub identities: Vec<String>,
}

impl Default for Log {
    fn default() -> Self {
        Self {
            lines: VecDeque::new(),
            dropped: 0,
            filter: Input::default(),
            filtering: false,
            wire: true,
            back: 0,
            identities: Vec::new(),
        }
    }
}

impl Log {
    /// Adds a line. Whoever looks at older ones keeps them before his eyes.
    pub fn add(&mut self, line: LogLine) {
        if self.lines.len() >= KEPT {
            // The wire talks most and is missed least: steps and failures outlive it.
            let oldest = self.lines.iter().position(|line| line.kind == LogKind::Wire).unwrap_or(0);
            self.lines.remove(oldest);
            self.dropped += 1;
        }
        if self.back > 0 && self.shows(&line, &self.filter.text().to_lowercase()) {
            self.back = (self.back + 1).min(KEPT);
        }
        self.lines.push_back(line);
        if self.back > 0 && self.lines.len() >= KEPT {
            // A line that went may have been the oldest that was looked at.
            self.back = self.back.min(self.shown().count().saturating_sub(1));
        }
    }

    /// Returns the lines the filter leaves.
    pub fn shown(&self) -> impl DoubleEndedIterator<Item = &LogLine> {
        let wanted = self.filter.text().to_lowercase();
        self.lines.iter().filter(move |line| self.shows(line, &wanted))
    }

    fn shows(&self, line: &LogLine, wanted: &str) -> bool {
        (self.wire || line.kind != LogKind::Wire)
            && (wanted.is_empty() || line.text.to_lowercase().contains(wanted))
    }

    /// Remembers identities, for masking what is saved.
    pub fn learn(&mut self, identities: &[String]) {
        for identity in identities {
            if !self.identities.contains(identity) && self.identities.len() < KEPT {
                self.identities.push(identity.clone());
            }
        }
    }
}
