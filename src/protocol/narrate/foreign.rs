//! What the host says that is no command: boot-mode tokens (preloader-and-legacy-da.md 1.7), and bytes that a command loop merely
//! sends back.

use std::time::Duration;

use super::kept::{Kept, bytes};
use super::page::Page;
use crate::wire::preloader::{META_FORBIDDEN, TOKENS};

/// Bytes that were sent, and what came back.
pub(super) struct Foreign {
    at: Duration,
    sent: Kept,
    came: Kept,
}

impl Foreign {
    /// Begins with one byte.
    pub fn new(at: Duration, byte: u8) -> Self {
        let mut foreign = Self { at, sent: Kept::new(), came: Kept::new() };
        foreign.send(byte);
        foreign
    }

    /// One more was sent.
    pub fn send(&mut self, byte: u8) {
        self.sent.push(&[byte]);
    }

    fn token(&self) -> Option<(&'static [u8; 8], &'static [u8])> {
        TOKENS.into_iter().find(|(token, _)| self.sent.total() == 8 && self.sent.bytes() == *token)
    }

    /// Takes a byte that came, if it can be an answer.
    pub fn receive(&mut self, byte: u8) -> bool {
        let place = usize::try_from(self.came.total()).unwrap_or(usize::MAX);
        let fits = |answer: &[u8]| {
            answer.starts_with(self.came.bytes())
                && answer.get(place).is_some_and(|expected| *expected == byte)
        };
        let known = match self.token() {
            Some((token, answer)) => [&token[..], answer, META_FORBIDDEN].into_iter().any(fits),
            // Only what was kept can be compared.
            None => self.sent.bytes().get(place).is_none_or(|sent| *sent == byte),
        };
        if known {
            self.came.push(&[byte]);
        }
        known
    }

    /// Whether nothing more need come.
    pub fn is_answered(&self) -> bool {
        let answered = self.token().is_some_and(|(_, answer)| self.came.bytes() == answer);
        answered || self.came.total() == self.sent.total()
    }

    /// Writes its line.
    pub fn tell(&self, page: &mut Page) {
        if let Some((token, _)) = self.token() {
            let mut text = format!("boot-mode token {}", String::from_utf8_lossy(token));
            match self.came.bytes() {
                [] => text.push_str(": no answer"),
                came => text.push_str(&format!(" -> {}", String::from_utf8_lossy(came))),
            }
            return page.line(self.at, text, None);
        }
        let belongs = if self.sent.total() == 1 { "belongs" } else { "belong" };
        let text = format!("sent {} that {belongs} to no command", bytes(self.sent.total()));
        let text = match self.came.total() {
            0 => format!("{text}: no answer"),
            came if came == self.sent.total() => format!("{text}: came back"),
            came => format!("{text}: {came} came back"),
        };
        page.line(self.at, text, self.sent.hex());
    }
}
